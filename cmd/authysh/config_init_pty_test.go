//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestConfigInitOnATerminal answers the questions, a wrong one first. Neither the screen nor the terminal keep anything.
func TestConfigInitOnATerminal(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	p := sitDown(t, home, []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=" + home}, "config", "init")
	p.sees(`this makes the configuration file .*config.yaml; Enter takes what stands in brackets`)
	p.sees(`host \[https://api.authy.com\]: $`)
	p.enters("nowhere", `host must be an http or https URL`)
	p.sees(`host .*: $`)
	p.enters("", `keyring +the keyring of this system`)
	p.sees(`key from \[file\]: $`)
	p.enters("fiel", `did you mean "file"`)
	p.sees(`key from .*: $`)
	p.enters("", `file that holds the key \[.*/.config/authysh/key\]: $`)
	p.enters("", `API key \(it is not shown\): $`)
	p.enters("two words", `several words`)
	p.sees(`API key .*: $`)
	p.enters("a-typed-secret", `wrote .*config.yaml`)
	p.leaves(0)
	if strings.Contains(p.screen(), "a-typed-secret") {
		t.Error("the key was shown")
	}
	folder := filepath.Join(home, ".config", "authysh")
	for name, want := range map[string]string{"key": "a-typed-secret\n", "config.yaml": "key_file: " + filepath.Join(folder, "key") + "\n"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.HasSuffix(string(text), want) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestConfigInitLeft leaves the questions by each way: nothing is written, and the terminal shows again what is typed.
func TestConfigInitLeft(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]string{"Ctrl-C": "\x03", "Ctrl-D": "\x04"} {
		for _, question := range []string{"host", "API key"} {
			t.Run(name+" at "+question, func(t *testing.T) {
				t.Parallel()
				home := t.TempDir()
				p := sitDown(t, home, nil, "config", "init", "--key-from", "config")
				p.sees(`host .*: $`)
				if question == "API key" {
					p.enters("", regexp.QuoteMeta(question)+`.*: $`)
				}
				p.types(with)
				p.leaves(130)
				if _, err := os.Stat(filepath.Join(home, ".config")); !os.IsNotExist(err) {
					t.Errorf("something was written: %v", err)
				}
			})
		}
	}
}

// TestColorSetting is the prompt with colours though NO_COLOR is set, and without though it is not.
func TestColorSetting(t *testing.T) {
	t.Parallel()
	coloured := regexp.MustCompile("\x1b\\[3[0-9]")
	for name, c := range map[string]struct {
		env, choice string
		want        bool
	}{"always": {"NO_COLOR=1", "always", true}, "never": {"NO_COLOR=", "never", false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := begins(t, t.TempDir(), []string{c.env}, "--sandbox", "--color", c.choice)
			p.answers("{ a = 'text' }", "text")
			p.types("\x04")
			p.leaves(0)
			if got := coloured.MatchString(p.bytes()); got != c.want {
				t.Errorf("colours: %v", got)
			}
		})
	}
}
