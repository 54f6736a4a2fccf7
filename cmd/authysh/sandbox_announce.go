package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// announced is what a sandbox says of itself when it starts. The keys at the top are those of the first application.
type announced struct {
	URL        string         `json:"url" yaml:"url"`
	Key        string         `json:"key" yaml:"key"`
	AccessKey  string         `json:"access_key" yaml:"access_key"`
	SigningKey string         `json:"signing_key" yaml:"signing_key"`
	AdminToken string         `json:"admin_token" yaml:"admin_token"`
	Page       string         `json:"page" yaml:"page"`
	Apps       []announcedApp `json:"apps" yaml:"apps"`
}

// announcedApp is one application of a sandbox and what opens it.
type announcedApp struct {
	Name       string `json:"name" yaml:"name"`
	Key        string `json:"key" yaml:"key"`
	AccessKey  string `json:"access_key" yaml:"access_key"`
	SigningKey string `json:"signing_key" yaml:"signing_key"`
}

// announce says where the sandbox is and how to use it. A program reads it as one line of JSON.
func (a *app) announce(p *present.Printer, server *sandbox.Server) error {
	keys := server.Dashboard()
	result := announced{
		URL: server.URL(), Key: server.Key(), AccessKey: keys.AccessKey, SigningKey: keys.SigningKey,
		AdminToken: server.AdminToken(),
		Page:       server.URL() + "/sandbox/?token=" + url.QueryEscape(server.AdminToken()),
	}
	for _, app := range server.Apps() {
		keys := app.Dashboard()
		result.Apps = append(result.Apps, announcedApp{app.Name(), app.Key(), keys.AccessKey, keys.SigningKey})
	}
	err := a.printPlain(p, present.Result{
		Value: result, Pretty: result.pretty, Head: []string{"url", "key", "access_key", "signing_key", "admin_token", "page"},
		Rows: [][]string{{result.URL, result.Key, result.AccessKey, result.SigningKey, result.AdminToken, result.Page}},
	})
	if err != nil {
		return err
	}
	return a.out.Flush()
}

// pretty writes it for people.
func (r *announced) pretty(w io.Writer) {
	fmt.Fprintf(w, "sandbox      %s\n", r.URL)
	if len(r.Apps) == 1 {
		fmt.Fprintf(w, "key          %s\n", r.Key)
	} else {
		rows := [][]string{{"app", "key"}}
		for _, app := range r.Apps {
			rows = append(rows, []string{oneLineOf(app.Name), app.Key})
		}
		writeTable(w, append([][]string{{""}}, append(rows, []string{""})...))
	}
	fmt.Fprintf(w, "admin token  %s\n", r.AdminToken)
	fmt.Fprintf(w, "page         %s\n\n", r.Page)
	fmt.Fprintf(w, "try it in another terminal:\n  authysh --host %s --key %s -e 'print(authy.get_application_details().app.name)'\n\n", r.URL, r.Key)
	fmt.Fprintf(w, "what it sent, with the codes:\n  authysh sandbox outbox --url %s --key %s\n\n", r.URL, r.Key)
	fmt.Fprintf(w, "Ctrl-C stops it\n")
}
