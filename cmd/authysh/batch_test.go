//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/authysh/authysh/luabind/journal"
)

// waitingRows is a script whose rows say that they have begun, and end when a line comes in.
const waitingRows = `
local rows = {}
for i = 1, 6 do rows[i] = { id = "user " .. i } end
batch.run{
  source = rows, key = "id", workers = 2, journal = arg[1],
  each = function(row, ctx)
    print("begun", ctx.number)
    io.stdout:flush()
    io.read()
    return "met"
  end,
}
print("after")`

// beginRows runs waitingRows in a process whose two outputs are one.
func beginRows(t *testing.T, journal string) *running {
	t.Helper()
	return begin(t.Fatalf, "/bin/sh", []string{"-c", `exec authysh --sandbox -e "$1" "$2" 2>&1`, "sh", waitingRows, journal},
		[]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "GORACE=" + noRaceSleep})
}

func (p *running) mustPrint(t *testing.T, lines ...string) {
	t.Helper()
	for _, want := range lines {
		if got := p.line(); !strings.HasPrefix(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestInterruptFinishesRows(t *testing.T) {
	t.Parallel()
	for signal, want := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		path := filepath.Join(t.TempDir(), "j")
		p := beginRows(t, path)
		p.mustPrint(t, "begun\t1", "begun\t2")
		if err := p.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		p.mustPrint(t, "authysh: interrupted, finishing the rows in the works")
		fmt.Fprint(p.stdin, "\n\n")
		code, rest, _ := p.finish()
		if code != want || strings.Contains(rest, "begun") || strings.Contains(rest, "after") {
			t.Errorf("%s: exit code %d, want %d\n%s", signal, code, want, rest)
		}
		for _, text := range []string{"batch: 2 rows in", " 2  done", "to resume from " + path} {
			if !strings.Contains(rest, text) {
				t.Errorf("%s: no %q in\n%s", signal, text, rest)
			}
		}
		p = beginRows(t, path)
		p.mustPrint(t, "begun\t3", "begun\t4")
		fmt.Fprint(p.stdin, strings.Repeat("\n", 4))
		if code, rest, _ := p.finish(); code != 0 || strings.Count(rest, "begun") != 2 || !strings.Contains(rest, "6 rows in") {
			t.Errorf("resumed: exit code %d\n%s", code, rest)
		}
	}
}

func TestSecondInterruptStops(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j")
	p := beginRows(t, path)
	p.mustPrint(t, "begun\t1", "begun\t2")
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	p.mustPrint(t, "authysh: interrupted, finishing")
	code, rest, _ := p.finish(os.Interrupt)
	if code != 130 || !strings.Contains(rest, " 2  not finished") {
		t.Errorf("exit code %d\n%s", code, rest)
	}
	summary, err := journal.Summarize(t.Context(), path)
	if err != nil || summary.Totals.Interrupted != 2 || summary.Totals.InDoubt != 0 {
		t.Errorf("the journal says %+v, %v", summary, err)
	}
}

func TestBatchBar(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	list := filepath.Join(home, "list.csv")
	if err := os.WriteFile(list, []byte("id\n"+strings.Repeat("x\n", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	const code = `batch.run{ source = csv.open("list.csv"), workers = 2, each = function(row, ctx)
		if ctx.number == 5 then print("printed above") end
		if ctx.number == 6 then io.read() end
		if ctx.number == 7 then error("seven") end
		if ctx.number > 30 then io.read() end
	end }
	print("after")`
	p := sitDown(t, home, nil, "--sandbox", "-e", code)
	p.sees(`printed above\n`)
	p.sees(`31 rows.*  28 ok  1 failed \[=+>? *\] \d+%  0:0\d`)
	p.types(strings.Repeat("\r", 12))
	p.sees(`batch: 40 rows in 0:\d\d`)
	p.sees(`39  done\n +1  failed\n +1 x  script: -e:4: seven \(row 7\)\nafter\n`)
	p.leaves(0)

	p = sitDown(t, home, []string{"TERM=dumb"}, "--sandbox", "-e", code)
	p.sees(`printed above\n`)
	p.types(strings.Repeat("\r", 12))
	p.sees(`after\n`)
	p.leaves(0)
	if strings.Contains(p.bytes(), "\x1b") {
		t.Errorf("a terminal that knows no sequences got %q", p.bytes())
	}
}

func TestBatchAtThePrompt(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "rows.lua"), []byte(strings.Replace(waitingRows, "io.read()", "task.sleep(600)", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	p := sitDown(t, home, nil, "--norc")
	p.sees(`no key> `)
	p.types("arg = { 'people.journal' } dofile('rows.lua')\r")
	p.sees(`begun\s+1\s+begun\s+2`)
	p.types("\x03")
	p.sees(`interrupted: finishing what is under way`)
	p.types("\x03")
	p.sees(`2  not finished`)
	p.sees(`resume from people.journal`)
	p.enters("6 * 7", shown("42"))
	p.types(".exit\r")
	p.leaves(0)
}

// TestBatchLines looks at what is written now and then where there is no terminal.
func TestBatchLines(t *testing.T) {
	t.Parallel()
	const code = `batch.run{ source = { 1, 2, 3, 4 }, workers = 1, each = function(n)
		task.sleep(9)
		if n == 2 then error("two") end
	end }`
	synctest.Test(t, func(t *testing.T) {
		status, out, problems := authysh(t, "", nil, "-e", code)
		want := "batch: 2 rows, 0.2/s, 1 ok, 0:10, 50%, 0:10 left\n" +
			"batch: 3 rows, 0.2/s, 1 ok, 1 failed, 0:20, 75%, 0:05 left\n" +
			"batch: 4 rows, 0.1/s, 2 ok, 1 failed, 0:30, 100%\n" +
			"batch: 4 rows in 0:36, 0.1/s\n           3  done\n           1  failed\n         1 x  script: -e:3: two (row 2)\n"
		if status != 0 || out != "" || problems != want {
			t.Errorf("code %d, %s\n%s", status, out, problems)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		_, _, problems := authysh(t, "", nil, "-e", "batch.run{ source = { 1 }, each = function() task.sleep(11) end }")
		if want := "batch: 1 row, 0.1/s, 0 ok, 0:10, 100%\nbatch: 1 row in 0:11"; !strings.HasPrefix(problems, want) {
			t.Errorf("one row: %s", problems)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		if status, out, problems := authysh(t, "", nil, "--quiet", "-e", code); status != 0 || out+problems != "" {
			t.Errorf("with --quiet: code %d, %s%s", status, out, problems)
		}
	})
}
