package main

import (
	"io"
	"net/http"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"
)

// keep NAME MEMBER [METHOD PATH] sets a variable to a member of the JSON that the last program printed, or that the
// script's sandbox answers.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 && len(args) != 4 {
		ts.Fatalf("usage: keep name member [method path]")
	}
	document := ""
	if len(args) == 2 {
		document = ts.ReadFile("stdout")
	} else {
		r, err := http.NewRequest(args[2], ts.Getenv("URL")+args[3], nil)
		ts.Check(err)
		r.Header.Set("X-Authy-API-Key", ts.Getenv("KEY"))
		answer, err := http.DefaultClient.Do(r)
		ts.Check(err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		ts.Check(err)
		document = string(body)
	}
	value := gjson.Get(document, args[1])
	if !value.Exists() {
		ts.Fatalf("no %s in %s", args[1], document)
	}
	ts.Setenv(args[0], value.String())
}
