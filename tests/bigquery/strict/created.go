package main

import "github.com/goccy/go-googlesql"

// createsTable is a statement that creates a table, with or without a query.
type createsTable interface {
	NamePath() ([]string, error)
	CreateMode() (googlesql.ResolvedCreateStatementEnums_CreateMode, error)
	ColumnDefinitionList() ([]*googlesql.ResolvedColumnDefinition, error)
}

// note records the tables that a statement creates or drops. It returns the statement's kind.
func (a *Analyzer) note(output *googlesql.AnalyzerOutput) (string, error) {
	statement, err := output.ResolvedStatement()
	if err != nil {
		return "", err
	}
	kind, err := statement.NodeKindString()
	if err != nil {
		return "", err
	}
	switch made := statement.(type) {
	case *googlesql.ResolvedCreateTableStmt:
		return kind, a.noteTable(made)
	case *googlesql.ResolvedCreateTableAsSelectStmt:
		return kind, a.noteTable(made)
	case *googlesql.ResolvedCreateViewStmt:
		return kind, a.noteView(made)
	case *googlesql.ResolvedDropStmt:
		path, err := made.NamePath()
		a.tables.drop(named(path))
		return kind, err
	}
	return kind, nil
}

func (a *Analyzer) noteTable(made createsTable) error {
	path, err := made.NamePath()
	if err != nil {
		return err
	}
	mode, err := made.CreateMode()
	if err != nil {
		return err
	}
	isKept := mode == googlesql.ResolvedCreateStatementEnums_CreateModeCreateIfNotExists
	if isKept && a.tables.has(named(path)) {
		return nil
	}
	columns, err := made.ColumnDefinitionList()
	if err != nil {
		return err
	}
	typed := make([]typedColumn, len(columns))
	for position, column := range columns {
		if typed[position].name, err = column.Name(); err != nil {
			return err
		}
		if typed[position].kind, err = column.Type(); err != nil {
			return err
		}
	}
	return a.tables.put(named(path), typed)
}

func (a *Analyzer) noteView(made *googlesql.ResolvedCreateViewStmt) error {
	path, err := made.NamePath()
	if err != nil {
		return err
	}
	columns, err := made.OutputColumnList()
	if err != nil {
		return err
	}
	typed := make([]typedColumn, len(columns))
	for position, column := range columns {
		if typed[position].name, err = column.Name(); err != nil {
			return err
		}
		resolved, err := column.Column()
		if err != nil {
			return err
		}
		if typed[position].kind, err = resolved.Type(); err != nil {
			return err
		}
	}
	return a.tables.put(named(path), typed)
}
