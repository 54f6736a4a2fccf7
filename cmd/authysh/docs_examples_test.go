package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authysh/authysh/cmd/authysh/internal/private"
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

// TestDocsHaveWhatOnlyPluginsHave: the pages of the modules that scripts lack, each function with its example. That package luabind
// runs them in a plugin.
func TestDocsHaveWhatOnlyPluginsHave(t *testing.T) {
	t.Parallel()
	a, _ := commandTree(t)
	_, pages := writtenDocs(t, nil, "markdown")
	var names []string
	for _, m := range a.onlyInPlugins() {
		names = append(names, m.Name)
		text := pages["authysh-lua-"+m.Name+".md"]
		if !strings.Contains(text, "\nOnly plugins have it.\n") || !strings.Contains(text, "(authysh-plugins.md)") {
			t.Errorf("the page of %s does not tell of plugins: %s", m.Name, text)
		}
		for _, f := range m.Functions {
			if f.Example == "" || !strings.Contains(text, "```lua\n"+f.Example+"\n```\n") || !strings.Contains(text, "\n```\n"+m.Name+"."+f.Name) {
				t.Errorf("%s.%s has no example or no usage", m.Name, f.Name)
			}
		}
	}
	if want := []string{"plugin", "http", "env", "fs", "exec"}; !slices.Equal(names, want) {
		t.Errorf("pages of %q, want %q", names, want)
	}
}

// TestSandboxExamplesFit holds the examples and the functions of the module sandbox together.
func TestSandboxExamplesFit(t *testing.T) {
	t.Parallel()
	known := private.New().Module(nil).Functions
	var names []string
	for _, f := range known {
		names = append(names, f.Name)
		if f.Example == "" || !strings.Contains(f.Example, "sandbox."+f.Name) {
			t.Errorf("sandbox.%s lacks an example that calls it", f.Name)
		}
	}
	for name := range maps.Keys(private.Examples) {
		if !slices.Contains(names, name) {
			t.Errorf("there is an example of sandbox.%s, which does not exist", name)
		}
	}
}

// exampleCommands are the calls of the program in the examples of a command: their arguments, and whether they stand alone.
func exampleCommands(example string) (calls [][]string, alone []bool) {
	joined := strings.NewReplacer("|\n", "| ", "\\\n", " ").Replace(example)
	for line := range strings.SplitSeq(joined, "\n") {
		piped := strings.Contains(line, "|") || strings.Contains(line, "<")
		var words []string
		word, quoted, begun := "", false, false
		end := func() {
			if begun {
				words = append(words, word)
			}
			word, begun = "", false
		}
		flush := func() {
			if end(); len(words) > 0 && words[0] == "authysh" {
				calls, alone = append(calls, words[1:]), append(alone, !piped)
			}
			words = nil
		}
		for i, r := range line {
			switch {
			case r == '\'':
				quoted, begun = !quoted, true
			case quoted:
				word += string(r)
			case r == ' ':
				end()
			case strings.ContainsRune("|&><", r):
				flush()
			default:
				word, begun = word+line[i:i+len(string(r))], true
			}
		}
		flush()
	}
	return calls, alone
}

// TestDocsExamplesOfCommands reads the examples of all commands as the program would, so that none names what is no more,
// and runs those that need nothing but a folder.
func TestDocsExamplesOfCommands(t *testing.T) {
	t.Parallel()
	a, root := commandTree(t)
	runs := []string{"callback sign --url", "check onboard", "config init --key-command", "config list", "config show", "config set timeout",
		"config get host", "config use", "config unset timeout", "docs ", "plugin list", "stubs", "version", "completion"}
	seen := 0
	for _, p := range a.commandPages(root) {
		calls, alone := exampleCommands(p.cmd.Example)
		for i, args := range calls {
			seen++
			line := strings.Join(args, " ")
			_, fresh := commandTree(t)
			cmd, rest, err := fresh.Find(args)
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err == nil {
				err = cmd.ValidateArgs(cmd.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: the example %q: %v", p.cmd.CommandPath(), line, err)
			}
			if alone[i] && slices.ContainsFunc(runs, func(r string) bool { return strings.HasPrefix(line, r) }) {
				t.Run(line, func(t *testing.T) { t.Parallel(); runExample(t, args) })
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d examples were found", seen)
	}
}

// runExample runs an example in a folder that has what it names.
func runExample(t *testing.T, args []string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"onboard.lua": "print(1)\n", "scripts/a.lua": "print(2)\n",
		"authysh.yaml": "timeout: 1s\nprofiles:\n  staging: { host: https://authy.staging.example.com, timeout: 2s }\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("authysh", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "AUTHY_KEY=a-key", noRaceSleep)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
