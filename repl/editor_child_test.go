//go:build unix

package repl

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// editorChildEnv makes the test binary the program under test: "edit" reads lines and tells what it got,
// "shell" runs that program as a job, for the tests of Ctrl-Z.
const editorChildEnv = "AUTHYSH_TEST_EDITOR"

func init() {
	switch os.Getenv(editorChildEnv) {
	case "edit":
		os.Exit(runEditorChild())
	case "shell":
		os.Exit(runJobShell())
	}
}

// childHistory is what Up and Ctrl-R find.
var childHistory = []string{"print('old')", "authy.first()", "function f()\n  return 1\nend", "print('new')", "print('new')"}

func runEditorChild() (status int) {
	ed, err := newEditor(os.Stdin, os.Stdout, os.Getenv("NO_COLOR") == "")
	if err != nil {
		fmt.Println("failed:", err)
		return 4
	}
	defer func() {
		if r := recover(); r != nil {
			_ = ed.Close()
			fmt.Println("panic: on purpose:", r)
			status = 70
		}
	}()
	usr := make(chan os.Signal, 8)
	signal.Notify(usr, unix.SIGUSR1, unix.SIGUSR2)
	go func() {
		for s := range usr {
			if s == unix.SIGUSR2 {
				_ = ed.Close()
				return
			}
			ed.Print("printed above")
		}
	}()
	c := &editorChild{ed: ed, q: childQuestion(), status: -1}
	for c.status < 0 {
		c.read()
	}
	_ = ed.Close()
	_ = ed.Close()
	signal.Stop(usr)
	close(usr)
	if err := goleak.Find(goleak.IgnoreAnyFunction("os/signal.loop")); err != nil {
		fmt.Println("leak:", err)
		return 9
	}
	return c.status
}

type editorChild struct {
	ed     *editor
	q      question
	count  int
	status int
}

func childQuestion() question {
	return question{
		Prompt:      "> ",
		PaintPrompt: func(s string) string { return "\x1b[1m" + s + "\x1b[0m" },
		Paint:       func(s string) string { return "\x1b[36m" + s + "\x1b[0m" },
		History:     childHistory,
		Complete:    childComplete,
	}
}

func (c *editorChild) read() {
	c.status = -1
	text, how := c.ed.Read(c.q)
	c.q = childQuestion()
	c.count++
	fmt.Printf("got #%d %d %q\n", c.count, how, text)
	switch how {
	case endOfFile:
		c.status = 0
		return
	case closed:
		c.status = 5
		return
	}
	verb, rest, _ := strings.Cut(text, " ")
	switch verb {
	case ":secret":
		c.q.Secret = true
	case ":initial":
		c.q.Initial = strings.ReplaceAll(rest, "|", "\n")
	case ":prompt":
		c.q.Prompt = rest
	case ":panic":
		c.q.Complete = func(string, int) Completions { panic("completer") }
	case ":exit":
		os.Exit(3)
	case ":wait":
		fmt.Println("waiting")
		select {
		case <-c.ed.Interrupts():
			fmt.Println("interrupted")
		case <-time.After(patience):
			fmt.Println("not interrupted")
		}
	case ":size":
		fmt.Println(c.ed.Size())
	case ":files":
		fmt.Println("files", openFiles())
	case ":inherited":
		out, err := exec.Command("sh", "-c", "ls -l /proc/self/fd").CombinedOutput()
		fmt.Printf("inherited %v %v\n", strings.Contains(string(out), "/dev/tty\n"), err)
	}
}

// openFiles counts the open descriptors.
func openFiles() (n int) {
	var st unix.Stat_t
	for fd := range 256 {
		if unix.Fstat(fd, &st) == nil {
			n++
		}
	}
	return n
}

// childComplete completes a few names after the last character that is no letter.
func childComplete(text string, pos int) Completions {
	from := strings.LastIndexFunc(text[:pos], func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) + 1
	out := Completions{From: from}
	if strings.Contains(text[:pos], "(") {
		out.Hint = "call(first, second)"
	}
	for _, c := range []Candidate{
		{"alpha", "The first letter."}, {"alphabet", "All of them."}, {"authy", "The API.\nMore."},
		{"beta", ""}, {"register_user", "Enrol a phone number."}, {"request_sms", "Send a code."},
	} {
		if strings.HasPrefix(c.Text, text[from:pos]) && (from < pos || from > 0 && text[from-1] == '.') {
			out.Candidates = append(out.Candidates, c)
		}
	}
	return out
}

// runJobShell runs the editor as a foreground job and continues it when it was stopped, as a shell does.
func runJobShell() int {
	signal.Ignore(unix.SIGTTOU)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), editorChildEnv+"=edit")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
		return 1
	}
	job := cmd.Process.Pid
	for {
		var ws unix.WaitStatus
		if _, err := unix.Wait4(job, &ws, unix.WUNTRACED, nil); err != nil {
			if err == unix.EINTR {
				continue
			}
			fmt.Println(err)
			return 1
		}
		if !ws.Stopped() {
			return ws.ExitStatus()
		}
		_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, unix.Getpgrp())
		fmt.Println("job stopped")
		if _, err := fmt.Scanln(); err != nil { // a line, so the terminal must be cooked
			fmt.Println("continue:", err)
		}
		_ = unix.IoctlSetPointerInt(0, unix.TIOCSPGRP, job)
		_ = unix.Kill(-job, unix.SIGCONT)
	}
}
