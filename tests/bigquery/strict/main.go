// Strict-sql reads statements for BigQuery, one JSON object a line, in the order in which they ran,
// and says of each whether Google's own analyser of GoogleSQL accepts it.
//
// Nothing is executed: what a statement creates is noted in a catalogue, with the columns that the
// analyser finds, and the following ones are resolved against it. goccy/bigquery-emulator is built
// around the same analyser, but would also have to run everything, and is laxer: it allows what
// only Google itself may use, and features that BigQuery does not have.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/goccy/go-googlesql"
)

// Job is one of three: a statement or script with its parameters (name → type), a table that a load
// job made, or the name of a table or dataset that was deleted without SQL.
type Job struct {
	SQL        string            `json:"sql"`
	Parameters map[string]string `json:"parameters"`
	Table      string            `json:"table"`
	Columns    []Column          `json:"columns"`
	Deleted    string            `json:"deleted"`
}

// Column of a table, with its type as BigQuery names it.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Verdict is what the analyser says of one job: the kinds of statements that it accepts, and what it
// has against the one after them, if there is one; the rest of a script is not looked at then.
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
	analyser, err := newAnalyser()
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
		if err := analyser.take(job, &verdict); err != nil {
			verdict.Refused = err.Error()
		}
		if err := encoder.Encode(verdict); err != nil {
			return err
		}
	}
	return nil
}
