//go:build unix

package main

import (
	"os/exec"
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
