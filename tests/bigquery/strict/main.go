// Strict-sql reads BigQuery statements, one JSON object per line, in the order in which they ran,
// and reports for each whether Google's own GoogleSQL analyzer accepts it.
//
// Nothing is executed. A catalog records what each statement creates, with the columns that the
// analyzer finds, and later statements are resolved against it. goccy/bigquery-emulator uses the
// same analyzer, but it also has to run everything and is less strict: it allows features that
// only Google may use, and features that BigQuery does not have.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/goccy/go-googlesql"
)

// Job is one of three: a statement or script with its parameters (name → type), a table that a load
// job created, or the name of a table or dataset that was deleted without SQL.
type Job struct {
	SQL        string            `json:"sql"`
	Parameters map[string]string `json:"parameters"`
	Table      string            `json:"table"`
	Columns    []Column          `json:"columns"`
	Deleted    string            `json:"deleted"`
}

// Column is a column of a table, with its BigQuery type name.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Verdict is the result for one job: the kinds of the accepted statements, and the error of the
// next statement, if there is one. The rest of a script is then not checked.
type Verdict struct {
	Accepted []string `json:"accepted"`
	Refused  string   `json:"refused"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := googlesql.Init(); err != nil {
		return err
	}
	analyzer, err := newAnalyzer()
	if err != nil {
		return err
	}
	decoder, encoder := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for decoder.More() {
		var job Job
		if err := decoder.Decode(&job); err != nil {
			return err
		}
		verdict := Verdict{Accepted: []string{}}
		if err := analyzer.take(job, &verdict); err != nil {
			verdict.Refused = err.Error()
		}
		if err := encoder.Encode(verdict); err != nil {
			return err
		}
	}
	return nil
}
