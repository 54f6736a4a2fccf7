//go:build unix

package main

import (
	"strings"
	"testing"
)

func TestDoctorOnTerminal(t *testing.T) {
	t.Parallel()
	p := sitDown(t, t.TempDir(), nil, "doctor", "--sandbox")
	p.sees(`ok    config +there is no file`)
	p.sees(`ok    terminal +xterm, 100 by 30, no colours, UTF-8\n`)
	p = sitDown(t, t.TempDir(), []string{"NO_COLOR=", "LC_ALL=", "LANG=C"}, "doctor", "--sandbox")
	p.sees(`warn  terminal +xterm, 100 by 30, colours, the locale is not UTF-8\n +set LC_ALL to`)
	p.mu.Lock()
	defer p.mu.Unlock()
	if raw := p.raw.String(); !strings.Contains(raw, "\x1b[32mok  \x1b[0m  config") {
		t.Errorf("no colours: %q", raw)
	}
}
