package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

// homeless finds files that know of no home.
var homeless = &Files{LookupEnv: func(string) (string, bool) { return "", false }}

func TestDocumentEdits(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before string
		keys   string
		value  string // empty to unset
		after  string
	}{
		"empty":                      {"", "retries", "3", "retries: 3\n"},
		"comments only":              {"# nothing yet\n\n# really\n", "retries", "3", "# nothing yet\n\n# really\nretries: 3\n"},
		"comments only, no line end": {"# nothing yet", "retries", "3", "# nothing yet\nretries: 3\n"},
		"no line end":                {"host: x", "retries", "3", "host: x\nretries: 3\n"},
		"another system's lines":     {"host: x\r\n# c\r\n", "retries", "3", "host: x\r\nretries: 3\r\n# c\r\n"},
		"a document's mark":          {"---\nhost: x\n...\n", "retries", "3", "---\nhost: x\nretries: 3\n...\n"},
		"in front of the profiles":   {"host: x\n\n# sets\nprofiles:\n  a:\n    retries: 1\n", "timeout", "5s", "host: x\ntimeout: 5s\n\n# sets\nprofiles:\n  a:\n    retries: 1\n"},
		"only profiles":              {"profiles:\n  a:\n    retries: 1\n", "timeout", "5s", "profiles:\n  a:\n    retries: 1\ntimeout: 5s\n"},
		"the first profile":          {"host: x\n", "profiles.a.retries", "1", "host: x\nprofiles:\n  a:\n    retries: 1\n"},
		"wide indentation":           {"profiles:\n    a:\n        retries: 1\n", "profiles.a.host", "x", "profiles:\n    a:\n        retries: 1\n        host: x\n"},
		"an empty profile":           {"profiles:\n  a: # later\n  b:\n    host: x\n", "profiles.a.retries", "1", "profiles:\n  a: # later\n    retries: 1\n  b:\n    host: x\n"},
		"quotes":                     {"host: 'it''s' # c\nkey: \"a\\\"b\" # d\n", "key", "new", "host: 'it''s' # c\nkey: new # d\n"},
		"single quotes":              {"host: 'it''s' # c\n", "host", "x", "host: x # c\n"},
		"letters of more bytes":      {"profiles: {é: {host: x}}\n", "profiles.é.host", "y", "profiles: {é: {host: y}}\n"},
		"an anchor":                  {"host: &h x # c\nproxy: *h\n", "host", "y", "host: &h y # c\nproxy: *h\n"},
		"an alias":                   {"host: &h x\nproxy: *h # c\n", "proxy", "y", "host: &h x\nproxy: y # c\n"},
		"a profile that is an alias": {"profiles:\n  a: &a\n    host: x\n  b: *a\n", "profiles.b.retries", "1", "profiles:\n  a: &a\n    host: x\n  b:\n    <<: *a\n    retries: 1\n"},
		"flow style":                 {"profiles: {a: {host: x}} # c\n", "profiles.a.retries", "1", "profiles: {a: {host: x, retries: 1}} # c\n"},
		"what must be quoted":        {"retries: 1\n", "key", "0123", "retries: 1\nkey: \"0123\"\n"},
		"a comment's sign":           {"retries: 1\n", "key_command", "echo a # b", "retries: 1\nkey_command: 'echo a # b'\n"},
		"gone":                       {"# a\nhost: x # b\n# c\nretries: 1\n", "host", "", "# a\n# c\nretries: 1\n"},
		"the last one gone":          {"# a\nhost: x\n", "host", "", "# a\n"},
		"a long one gone":            {"key_command: >\n  pass show\n  authy\n\nretries: 1\n", "key_command", "", "retries: 1\n"},
		"a quoted long one gone":     {"key_command: \"pass show\n  authy\"\nretries: 1\n", "key_command", "", "retries: 1\n"},
		"a profile gone":             {"profiles:\n  a:\n    host: x\n  b:\n    host: y\n", "profiles.a", "", "profiles:\n  b:\n    host: y\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := homeless.Document("c.yaml", []byte(test.before))
			if err != nil {
				t.Fatal(err)
			}
			keys := strings.Split(test.keys, ".")
			if test.value == "" {
				_, err = d.unset(keys)
			} else {
				var node *yaml.Node
				if node, err = Must(keys[len(keys)-1]).node(test.value); err == nil {
					err = d.set(keys, node)
				}
			}
			if got := string(d.text); err != nil || got != test.after {
				t.Errorf("%v\ngot:\n%s\nwant:\n%s", err, got, test.after)
			}
		})
	}
}

// FuzzConfigEdit sets and removes a setting in files of any form: what was there is there still, and the new value holds.
func FuzzConfigEdit(f *testing.F) {
	source, err := os.ReadFile("../../../../config.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(source), "a", "new")
	f.Add("profiles: &a\n  b: {host: x}\n", "b", "x: y")
	f.Add("profiles:\n  a: &x {host: x}\n  b: *x\n", "b", "- z")
	f.Add("? host\n: |\n  x\n\n\n# end", "", "é")
	f.Add("{host: x, profiles: {a: {<<: {retries: 1}}}}", "a", "#")
	f.Fuzz(func(t *testing.T, source, profile, value string) {
		parse := func(text []byte) (*File, error) {
			c := homeless.empty("x.yaml")
			return c, c.parse(text)
		}
		before, err := parse([]byte(source))
		if err != nil {
			return
		}
		host := Must("host")
		node, err := host.node(value)
		if err != nil || checkProfileName(profile) != nil {
			return
		}
		key := Key{Profile: profile, Setting: host}
		d, err := homeless.Document("x.yaml", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.set(key.Path(), node); err != nil {
			if _, told := errors.AsType[*Error](err); !told {
				t.Errorf("setting: %v", err)
			}
			return
		}
		after, err := parse(d.text)
		if err != nil {
			return // an anchor's value, which others have in their places, may not be one for them
		}
		if got := after.Level(profile)["host"].Value; got != value {
			t.Errorf("got %q, want %q in\n%s", got, value, d.text)
		}
		if !strings.Contains(source, "&") {
			for name, v := range before.Top {
				if got := after.Top[name].Value; got != v.Value && (name != "host" || profile != "") {
					t.Errorf("%s was %v and is %v in\n%s", name, v.Value, got, d.text)
				}
			}
		}
		if _, err := d.unset(key.Path()); err != nil {
			return
		}
		if again, err := parse(d.text); err == nil && !strings.ContainsAny(source, "*<") {
			if _, there := again.Level(profile)["host"]; there {
				t.Errorf("still there in\n%s", d.text)
			}
		}
	})
}

// TestConcurrentEdits loses none of many changes that come at once.
func TestConcurrentEdits(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := filepath.Join(home, "c.yaml")
	var group sync.WaitGroup
	const many = 20
	for i := range many {
		group.Go(func() {
			files := &Files{
				Named: path, LookupEnv: homeless.LookupEnv, Lock: filepath.Join(home, "config.lock"), Note: func(string) {},
			}
			key := Key{Profile: fmt.Sprintf("p%d", i), Setting: Must("retries")}
			use := func(*Settings) error { return nil }
			_, err := files.Edit(t.Context(), Target{}, func(d *Document) error { return d.Put(key, "1", use) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	text, err := os.ReadFile(path)
	if got := strings.Count(string(text), "retries: 1\n"); err != nil || got != many {
		t.Errorf("%d of %d changes are left: %v", got, many, err)
	}
	if left, _ := filepath.Glob(filepath.Join(home, ".c.yaml*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
