package main

import (
	"io"
	"net/http"
	"time"

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

// answer approve|deny answers the oldest pending approval request of the script's sandbox, as its user, as soon as there is
// one: a program in the background may just be about to make it.
func answerPush(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answer approve|deny")
	}
	ask := func(method, path string) string {
		r, err := http.NewRequest(method, ts.Getenv("URL")+path, nil)
		ts.Check(err)
		r.Header.Set("X-Authy-API-Key", ts.Getenv("KEY"))
		response, err := http.DefaultClient.Do(r)
		ts.Check(err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		ts.Check(err)
		return string(body)
	}
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for range 2000 {
		pending := gjson.Get(ask(http.MethodGet, "/sandbox/approvals?status=pending"), "approvals.@reverse.0.uuid")
		if pending.Exists() {
			ask(http.MethodPost, "/sandbox/approvals/"+pending.String()+"/"+args[0])
			return
		}
		<-ticks.C
	}
	ts.Fatalf("nobody asks for an approval")
}
