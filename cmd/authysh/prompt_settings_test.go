//go:build unix

package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
)

// homeWith is a home folder with files in it, by their paths.
func homeWith(t *testing.T, files map[string]string) string {
	t.Helper()
	home := t.TempDir()
	for name, text := range files {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func TestPromptConfirms(t *testing.T) {
	t.Parallel()
	const (
		writes  = `authy.update_user{ authy_id = id, email = "new@example.com" }`
		sends   = `authy.request_sms{ authy_id = id, force = true }`
		deletes = `authy.delete_user{ authy_id = id }`
	)
	for setting, asks := range map[string]map[string]bool{
		"confirm: always":                      {writes: true, sends: true, deletes: true},
		"confirm: writes":                      {writes: true, sends: false, deletes: true},
		"confirm: deletes":                     {writes: false, sends: false, deletes: true},
		"confirm: never\nproduction: true":     {writes: false, sends: false, deletes: false},
		"production: true":                     {writes: false, sends: false, deletes: true},
		"production: false # nothing is asked": {writes: false, sends: false, deletes: false},
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			service := sandbox.New(sandbox.WithKeys("a-key"))
			server := httptest.NewServer(service)
			defer server.Close()
			client := &authy.Client{Key: "a-key", Host: server.URL}
			ana := authy.RegisterUserParams{CountryCode: "PT", Phone: "911234567", Email: "ana@example.com"}
			registered, err := client.RegisterUser(t.Context(), ana)
			if err != nil {
				t.Fatal(err)
			}
			user := fmt.Sprint(registered.User.ID)
			home := homeWith(t, map[string]string{"authysh.yaml": "host: " + server.URL + "\nkey: a-key\n" + setting + "\n"})
			p := begins(t, home, nil)
			p.answers(fmt.Sprintf("id = %q", user), "")
			p.answers("authy.get_user_status{ authy_id = id }.success", "true") // a read is never asked about
			for _, call := range []string{sends, writes, deletes} {
				if asks[call] {
					p.enters(call, "type the id "+user+" to confirm")
					p.answers("n", "not confirmed, nothing was sent")
					p.enters(call+".success", "type the id "+user+" to confirm")
					p.answers(user, "true")
					continue
				}
				p.answers(call+".success", value("true"))
			}
			p.types("\x04")
			p.leaves(0)
		})
	}
}

func TestPromptStartsWithoutAGoodRC(t *testing.T) {
	t.Parallel()
	home := homeWith(t, map[string]string{".config/authysh/rc.lua": "early = 1\nerror('bro' .. 'ken')\n"})
	p := sitDown(t, home, nil, "--sandbox", "--quiet")
	p.sees(`rc\.lua:2: broken`)
	p.sees("> $")
	p.answers("early + 1", value("2"))
	p.types("\x04")
	p.leaves(0)
	p = begins(t, home, nil, "--sandbox") // with --norc
	p.answers("early", value("nil"))
	p.types("\x04")
	p.leaves(0)
	if strings.Contains(p.screen(), "broken") {
		t.Error("--norc ran rc.lua")
	}
	home = homeWith(t, map[string]string{".config/authysh/rc.lua": "x = = 1"})
	p = sitDown(t, home, nil, "--sandbox", "--quiet")
	p.sees(`syntax error`)
	p.sees("> $")
	p.answers("1 + 1", value("2"))
}

func TestPromptEdits(t *testing.T) {
	t.Parallel()
	home := homeWith(t, map[string]string{"editor.sh": `sed -i "s/wrong/'right'/" "$1"`})
	p := begins(t, home, []string{"EDITOR=sh " + filepath.Join(home, "editor.sh")}, "--sandbox")
	p.answers("answer = wrong", "")
	p.answers(".edit", "answer = 'right'")
	p.answers("answer", value(`"right"`))
	p.types("\x04")
	p.leaves(0)
	p = begins(t, home, []string{"EDITOR=a-program-that-is-not-there"}, "--sandbox")
	p.answers(".edit", `the editor "a-program-that-is-not-there" failed`)
	p.types("\x04")
	p.leaves(0)
}

func TestPromptAfterAFile(t *testing.T) {
	t.Parallel()
	home := homeWith(t, map[string]string{"first.lua": "left = ... print('file ' .. 'ran')", "bad.lua": "left = 1\nerror('bad')"})
	p := begins(t, home, nil, "--sandbox", "-i", "first.lua", "behind")
	p.answers("left .. '!'", value(`"behind!"`))
	p.types("\x04")
	p.leaves(0)
	p = begins(t, home, nil, "--sandbox", "-i", "bad.lua")
	p.answers("left + 1", value("2"))
	if !strings.Contains(p.screen(), "bad.lua:2: bad") {
		t.Errorf("the error of the script is not shown:\n%s", p.screen())
	}
}

// TestPromptColors counts the sequences that only colour.
func TestPromptColors(t *testing.T) {
	t.Parallel()
	sgr := regexp.MustCompile("\x1b\\[[0-9;:]*m")
	for name, c := range map[string]struct {
		env     string
		colours bool
	}{"NO_COLOR": {"NO_COLOR=1", false}, "colours": {"NO_COLOR=", true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := begins(t, t.TempDir(), []string{c.env}, "--sandbox")
			p.answers("{ a = 'text', b = 1 }", "text")
			p.answers("error('bo' .. 'om')", "error: boom")
			p.types("authy.\t")
			p.sees("create_webhook")
			p.types("\x03\x04")
			p.leaves(0)
			others := 0
			for _, found := range sgr.FindAllString(p.bytes(), -1) {
				switch found {
				case "\x1b[0m", "\x1b[m", "\x1b[7m", "\x1b[27m", "\x1b[2m", "\x1b[22m", "\x1b[1m": // no colour
				default:
					others++
				}
			}
			if (others > 0) != c.colours {
				t.Errorf("%d colour sequences, want some: %v", others, c.colours)
			}
		})
	}
}

// TestPromptInterruptRightBehindEnter presses Ctrl-C before the chunk can have begun.
func TestPromptInterruptRightBehindEnter(t *testing.T) {
	t.Parallel()
	p := begins(t, t.TempDir(), nil, "--sandbox")
	for range 20 {
		p.types("while true do end\r\x03")
		p.sees("interrupted")
		p.sees(ready)
	}
	p.answers("6 * 7", value("42"))
	p.types("\x04")
	p.leaves(0)
}

// TestPromptOpensNoFiles counts the open files before and after many lines.
func TestPromptOpensNoFiles(t *testing.T) {
	t.Parallel()
	if _, err := os.ReadDir("/proc/self/fd"); err != nil {
		t.Skip("no /proc to count open files in")
	}
	p := begins(t, t.TempDir(), nil, "--sandbox")
	count := func() int {
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	p.answers("n = 0", "")
	before := count()
	for i := range manyLines {
		p.types("n = n + 1\r")
		if i%50 == 49 { // more than fits the terminal's buffer must not wait there
			p.answers("'at ' .. n", fmt.Sprintf(`at %d"`, i+1))
		}
	}
	if after := count(); after != before {
		t.Errorf("%d open files, then %d after %d lines", before, after, manyLines)
	}
	p.types("\x04")
	p.leaves(0)
}
