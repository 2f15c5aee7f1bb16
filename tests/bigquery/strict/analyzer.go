package main

import (
	"fmt"
	"strings"

	"github.com/goccy/go-googlesql"
)

// Analyzer resolves statements against the tables that earlier statements created.
type Analyzer struct {
	options *googlesql.AnalyzerOptions
	types   *googlesql.TypeFactory
	tables  *Tables
	catalog googlesql.CatalogNode
}

func newAnalyzer() (*Analyzer, error) {
	language, err := newLanguage()
	if err != nil {
		return nil, err
	}
	options, err := googlesql.NewAnalyzerOptions2()
	if err != nil {
		return nil, err
	}
	if err := options.SetLanguage(language); err != nil {
		return nil, err
	}
	types, err := googlesql.NewTypeFactory()
	if err != nil {
		return nil, err
	}
	builtin, err := googlesql.NewSimpleCatalog("bigquery", types)
	if err != nil {
		return nil, err
	}
	builtins := &googlesql.BuiltinFunctionOptions{LanguageOptions: language}
	if err := builtin.AddBuiltinFunctionsAndTypes(builtins); err != nil {
		return nil, err
	}
	tables := newTables()
	ours, err := googlesql.NewCatalogFromImpl(tables)
	if err != nil {
		return nil, err
	}
	catalog, err := googlesql.NewMultiCatalogCreate("all", []googlesql.CatalogNode{builtin, ours})
	if err != nil {
		return nil, err
	}
	return &Analyzer{options, types, tables, catalog}, nil
}

// take records the changes of a job. SQL is analyzed first.
func (a *Analyzer) take(job Job, verdict *Verdict) error {
	switch {
	case job.Deleted != "":
		a.tables.drop(job.Deleted)
		return nil
	case job.Table != "":
		return a.noteLoaded(job.Table, job.Columns)
	}
	return a.judge(job, verdict)
}

// judge analyzes a statement, or each statement of a script.
func (a *Analyzer) judge(job Job, verdict *Verdict) error {
	if err := a.declare(job.Parameters); err != nil {
		return err
	}
	rest, err := googlesql.NewParseResumeLocationFromString(job.SQL)
	if err != nil {
		return err
	}
	for {
		position, err := rest.BytePosition()
		if err != nil {
			return err
		}
		if strings.Trim(job.SQL[position:], " \t\r\n;") == "" {
			return nil
		}
		output, err := googlesql.AnalyzeNextStatement(rest, a.options, a.catalog, a.types)
		if err != nil {
			return err
		}
		kind, err := a.note(output)
		if err != nil {
			return err
		}
		verdict.Accepted = append(verdict.Accepted, kind)
	}
}

func (a *Analyzer) declare(parameters map[string]string) error {
	if err := a.options.ClearQueryParameters(); err != nil {
		return err
	}
	for name, kind := range parameters {
		found, err := a.typeOf(kind)
		if err != nil {
			return err
		}
		if err := a.options.AddQueryParameter(name, found); err != nil {
			return err
		}
	}
	return nil
}

// typeOf finds a type by its name in BigQuery SQL or in table schemas.
func (a *Analyzer) typeOf(name string) (googlesql.Googlesql_TypeNode, error) {
	switch name {
	case "INTEGER":
		name = "INT64"
	case "FLOAT":
		name = "FLOAT64"
	case "BOOLEAN":
		name = "BOOL"
	}
	return googlesql.AnalyzeType(name, a.options, a.catalog, a.types)
}

func (a *Analyzer) noteLoaded(table string, columns []Column) error {
	typed := make([]typedColumn, len(columns))
	for position, column := range columns {
		found, err := a.typeOf(column.Type)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", table, column.Name, err)
		}
		typed[position] = typedColumn{column.Name, found}
	}
	return a.tables.put(table, typed)
}
