//go:build unix

package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestBashCompletes presses Tab in a bash that has read nothing but the completion script.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	p := sitDownAt(t, bash, t.TempDir(), []string{"PS1=ready> ", "HISTFILE="}, "--norc", "--noprofile", "-i")
	p.sees(`ready> $`)
	p.types("eval \"$(authysh completion bash)\"\n")
	p.sees(`ready> $`)
	p.types("authysh config sh\t")
	p.sees(`authysh config show $`)
	p.types("--output=js\t")
	p.sees(`--output=json $`)
	p.types("\x15authysh docto\t")
	p.sees(`authysh doctor $`)
	p.types("\x15authysh user request \t\t")
	p.sees(`call +\(call a user and read a code out\)`)
	p.sees(`sms +\(text a code to a user\)`)
	p.types("\x15exit\n")
}

// FuzzComplete asks for the completion of any line: it must answer with a directive at the end, and change nothing.
func FuzzComplete(f *testing.F) {
	for _, line := range []string{
		"", "config ", "--output=", "--output", "-e x ", "-- x ", "x.lua --", "user create --data.", "onetouch create --logos.0.re", "call ",
		"call register_activity type=", "call create_approval_request logos.0..res=", "help lua ", "docs man user ", "--", "-", "@", "--profile ",
		"user update 1 --email @", "__complete ", "help help ", "--dry-run=", "user get status --visible.", "call x =",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := append([]string{"__complete"}, strings.Split(line, " ")...)
		code, stdout, _ := authysh(t, "", nil, args...)
		lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
		if last := lines[len(lines)-1]; code != 0 || !strings.HasPrefix(last, ":") {
			t.Errorf("%q: exit code %d, output %q", line, code, stdout)
		}
	})
}
