//go:build unix

package main

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

// TestDeleteQuestion: on a terminal a delete asks, and only a yes deletes.
func TestDeleteQuestion(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer string
		flags  []string
		code   int
		left   int
	}{
		"y":          {"y\r", nil, 0, 0},
		"yes":        {" YES \r", nil, 0, 0},
		"n":          {"n\r", nil, 130, 1},
		"return":     {"\r", nil, 130, 1},
		"other word": {"yesterday\r", nil, 130, 1},
		"ctrl-d":     {"\x04", nil, 130, 1},
		"ctrl-c":     {"\x03", nil, 130, 1},
		"--yes":      {"", []string{"--yes"}, 0, 0},
		"--dry-run":  {"", []string{"--dry-run"}, 0, 1},
		"wrong key":  {"y\r", []string{"--key", "another-key-012345"}, 5, 1},
		"no digits":  {"", nil, 3, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := sandbox.New(sandbox.WithKeys("the-key-of-tests"))
			server := httptest.NewServer(service)
			t.Cleanup(server.Close)
			env := []string{"AUTHY_KEY=the-key-of-tests", "AUTHYSH_HOST=" + server.URL}
			vars := map[string]string{"AUTHY_KEY": "the-key-of-tests", "AUTHYSH_HOST": server.URL}
			if code, _, stderr := authysh(t, "", vars, "user", "create", "911234567", "PT", "ana@example.com"); code != 0 {
				t.Fatal(stderr)
			}
			id := strconv.FormatInt(service.Users(1)[0].ID, 10)
			if name == "no digits" {
				id = "12a"
			}
			p := sitDown(t, t.TempDir(), env, append([]string{"user", "delete", id}, tt.flags...)...)
			if tt.answer != "" {
				p.sees(`Remove a user from the application: ` + id + `, at ` + strings.TrimPrefix(server.URL, "http://") + `, for good\? \[y/N\] $`)
				p.types(tt.answer)
			}
			p.leaves(tt.code)
			if p.screen() != "" {
				p.sees(`\n$`) // where the shell's prompt comes
			}
			if strings.Contains(p.screen(), "for good?") != (tt.answer != "") {
				t.Errorf("asked or not:\n%s", p.screen())
			}
			if left := len(service.Users(2)); left != tt.left {
				t.Errorf("%d users are left, want %d; screen:\n%s", left, tt.left, p.screen())
			}
		})
	}
}

// TestValueFromTerminal: a dash reads what is typed until Ctrl-D.
func TestValueFromTerminal(t *testing.T) {
	t.Parallel()
	p := sitDown(t, t.TempDir(), nil, "onetouch", "create", "1635", "-", "--dry-run", "--output", "json")
	p.types("Log in?\r\x04")
	p.sees(`"message":"Log in\?"`)
	p.leaves(0)
}

// TestWaitInterrupted leaves a program that waits with Ctrl-C, as a person does.
func TestWaitInterrupted(t *testing.T) {
	t.Parallel()
	s, env, user := serveAsked(t)
	asked := make(chan string, 100)
	s.onAsked.Store(func(id string) { asked <- id })
	p := sitDown(t, t.TempDir(), listOf(env), "onetouch", "create", user, "Log in?", "--wait")
	id := <-asked
	p.sees("waiting for the answer")
	p.types("\x03")
	p.sees(`\^C\r?\n`) // so that neither what follows nor the shell's prompt stands behind it
	p.sees(id)
	p.leaves(130)
}

// TestDrawCode has the QR code drawn on a terminal.
func TestDrawCode(t *testing.T) {
	t.Parallel()
	_, env, user := serveAsked(t)
	p := sitDown(t, t.TempDir(), append(listOf(env), "NO_COLOR=1"), "user", "get", "qr", user)
	p.sees("██ ▄▄▄▄▄ █")
	p.leaves(0)
}

// listOf is an environment as a process takes it.
func listOf(env map[string]string) []string {
	var list []string
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}
