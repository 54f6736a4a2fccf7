package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The pieces of Lua on a page, and the functions that they belong to.
var (
	luaFunction = regexp.MustCompile(`(?m)^### (.*)$`)
	luaExample  = regexp.MustCompile("(?ms)^```lua\n(.*?)^```$")
)

// TestDocsExamplesOfLua runs every example of the modules' pages as a script in front of a private sandbox. Every function
// has one.
func TestDocsExamplesOfLua(t *testing.T) {
	t.Parallel()
	a, _ := commandTree(t)
	_, pages := writtenDocs(t, nil, "markdown")
	for _, m := range a.manual().Modules() {
		text := pages["authysh-lua-"+m.Name+".md"]
		if text == "" {
			t.Errorf("no page of the module %s", m.Name)
			continue
		}
		starts := luaFunction.FindAllStringSubmatchIndex(text, -1)
		for i, at := range starts {
			name := strings.ReplaceAll(text[at[2]:at[3]], `\_`, "_")
			end := len(text)
			if i+1 < len(starts) {
				end = starts[i+1][0]
			}
			example := luaExample.FindStringSubmatch(text[at[1]:end])
			if example == nil {
				if a.manual().Usage(name) != "" && !strings.Contains(name, ":") {
					t.Errorf("%s has no example", name)
				}
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				source := strings.ReplaceAll(example[1], `"people.csv"`, `"`+filepath.ToSlash(filepath.Join(t.TempDir(), "people.csv"))+`"`)
				config := filepath.Join(t.TempDir(), "config.yaml")
				if err := os.WriteFile(config, []byte("access_key: an-access-key\nsigning_key: a-signing-key\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				code, stdout, stderr := authysh(t, "", nil, "--sandbox", "--config", config, "-e", source)
				if code != 0 || strings.Contains(example[1], "print(") && strings.TrimSpace(stdout) == "" {
					t.Errorf("exit code %d, output %q, error %q, of:\n%s", code, stdout, stderr, example[1])
				}
			})
		}
	}
}

// TestSandboxExamplesFit holds the examples and the functions of the module sandbox together.
func TestSandboxExamplesFit(t *testing.T) {
	t.Parallel()
	known := newPrivateSandbox().module(nil).Functions
	var names []string
	for _, f := range known {
		names = append(names, f.Name)
		if f.Example == "" || !strings.Contains(f.Example, "sandbox."+f.Name) {
			t.Errorf("sandbox.%s lacks an example that calls it", f.Name)
		}
	}
	for name := range maps.Keys(sandboxExamples) {
		if !slices.Contains(names, name) {
			t.Errorf("there is an example of sandbox.%s, which does not exist", name)
		}
	}
}
