package main

import (
	"fmt"
	"strings"

	"github.com/goccy/go-googlesql"
)

type typedColumn struct {
	name string
	kind googlesql.Googlesql_TypeNode
}

// Tables is the part of the catalog that jobs change.
type Tables struct {
	googlesql.CatalogCallbackDefaults
	found map[string]*googlesql.SimpleTable
}

func newTables() *Tables {
	return &Tables{found: map[string]*googlesql.SimpleTable{}}
}

// named is the same for `p.d.t`, `p`.`d`.`t` and p.d.t, which are one name in BigQuery.
func named(path []string) string {
	return strings.Join(path, ".")
}

func (t *Tables) has(name string) bool {
	return t.found[name] != nil
}

// drop removes a table, or all tables of a dataset.
func (t *Tables) drop(name string) {
	for table := range t.found {
		if table == name || strings.HasPrefix(table, name+".") {
			delete(t.found, table)
		}
	}
}

func (t *Tables) put(name string, columns []typedColumn) error {
	table, err := googlesql.NewSimpleTable(name, 0)
	if err != nil {
		return err
	}
	for _, column := range columns {
		made, err := googlesql.NewSimpleColumn(name, column.name, column.kind, false, true)
		if err != nil {
			return err
		}
		if err := table.AddColumn2(made, false); err != nil {
			return err
		}
	}
	t.found[name] = table
	return nil
}

// FullName is the name of the catalog.
func (t *Tables) FullName() (string, error) { return "tables", nil }

// FindTable is called by the analyzer.
func (t *Tables) FindTable(path []string, _ *googlesql.FindOptions) (googlesql.TableNode, error) {
	if table := t.found[named(path)]; table != nil {
		return table, nil
	}
	return nil, fmt.Errorf("there is no table %s", named(path))
}

// FindFunction is called if no built-in function has the name.
func (t *Tables) FindFunction(path []string, _ *googlesql.FindOptions) (*googlesql.Function, error) {
	return nil, fmt.Errorf("there is no function %s", named(path))
}

// FindType is called if no built-in type has the name.
func (t *Tables) FindType(
	path []string, _ *googlesql.FindOptions,
) (googlesql.Googlesql_TypeNode, error) {
	return nil, fmt.Errorf("there is no type %s", named(path))
}
