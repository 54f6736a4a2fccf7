package repl

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCommandSeesThePrompt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rc.lua")
	if err := os.WriteFile(path, []byte("loaded = 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := stage(t, "x = 1", "error('no')", ".look", "loaded")
	p.options.Commands = []Command{{Name: "look", Run: noArgs(func(ctx context.Context, c *Context) error {
		if got := strings.Join(c.History(), "|"); got != "x = 1|error('no')|.look" {
			t.Errorf("the history is %q", got)
		}
		if got := c.LastSource(); got != "error('no')" {
			t.Errorf("the last chunk is %q", got)
		}
		if err := c.LastError(); err == nil || err.Error() != "no" {
			t.Errorf("the last error is %v", err)
		}
		if columns, rows := c.Size(); columns != 80 || rows != 24 || !c.Interactive() {
			t.Errorf("the terminal has %d by %d, interactive %v", columns, rows, c.Interactive())
		}
		if text, _, ok := c.Help(".look"); !ok || !strings.HasPrefix(text, ".look\n") || len(c.Commands()) < 10 {
			t.Errorf("the help is %q, %v, of %d commands", text, ok, len(c.Commands()))
		}
		return c.Foreground(func() error {
			p.editor.interrupts <- struct{}{} // is the other program's
			return c.Load(ctx, path)
		})
	})}}
	if got := p.run(t); !strings.HasSuffix(got, "lua x> .look\nlua> loaded\n5\nlua> \n") {
		t.Errorf("the screen shows\n%s", got)
	}
}
