package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"go.yaml.in/yaml/v3"
)

// show writes the result of a command to standard output in the form that --output names: compact JSON unless that
// says otherwise or a person is looking.
//
// The value is for JSON and YAML, pretty writes it for people, and head and rows are the table.
func (a *app) show(s *settings, value any, pretty func(io.Writer), head []string, rows [][]string) error {
	form := s.text("output")
	if form == "" {
		if form = "json"; a.stdoutTerminal {
			form = "pretty"
		}
	}
	switch form {
	case "pretty":
		pretty(a.out)
		return nil
	case "table":
		writeTable(a.out, append([][]string{head}, rows...))
		return nil
	case "yaml":
		encoded, err := yaml.Marshal(value)
		if err != nil {
			return fmt.Errorf("cannot show the result as YAML: %w", err)
		}
		_, err = a.out.Write(encoded)
		return err
	}
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// writeTable writes rows with aligned columns.
func writeTable(w io.Writer, rows [][]string) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	table.Flush()
}
