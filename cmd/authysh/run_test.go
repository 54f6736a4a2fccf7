package main

import (
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

func synctestSleep(d time.Duration) {
	time.Sleep(d + time.Millisecond) // of the bubble's clock
	synctest.Wait()
}

// asleep is an input that interrupts the program as soon as it is read, and then has nothing until it is woken.
type asleep struct {
	signals chan os.Signal
	send    []os.Signal
	woken   chan struct{}
}

func (r *asleep) Read([]byte) (int, error) {
	for _, s := range r.send {
		r.signals <- s
	}
	r.send = nil
	<-r.woken
	return 0, io.EOF
}

// TestEndedWhileReading interrupts the program in a read that nothing can end: first with patience, then without.
func TestEndedWhileReading(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		send []os.Signal
		want int
		wait time.Duration
	}{
		"script from standard input": {[]string{"-"}, []os.Signal{os.Interrupt}, 130, grace},
		"termination":                {[]string{"-"}, []os.Signal{syscall.SIGTERM}, 143, grace},
		"second signal":              {[]string{"-"}, []os.Signal{os.Interrupt, os.Interrupt}, 130, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in := &asleep{make(chan os.Signal, 2), tt.send, make(chan struct{})}
				wake := sync.OnceFunc(func() { close(in.woken) })
				var out strings.Builder
				started, ended, code := time.Now(), time.Duration(-1), -1
				run(t.Context(), tt.args, stdio{
					program: "authysh", stdin: in, stdout: &out, stderr: &out, signals: in.signals,
					lookupEnv: func(string) (string, bool) { return "", false },
					exit: func(c int) {
						ended, code = time.Since(started), c
						wake()
					},
				})
				wake()
				if code != tt.want || ended != tt.wait {
					t.Errorf("ended with %d after %s, want %d after %s", code, ended, tt.want, tt.wait)
				}
			})
		})
	}
}

func TestKeyCommandInterrupted(t *testing.T) {
	t.Parallel()
	a := &app{}
	s, err := config.Merge(config.Layer{"key_command": {Value: "sleep 30", Origin: config.Origin{Where: "test"}}})
	if err != nil {
		t.Fatal(err)
	}
	signals := make(chan os.Signal, 1)
	a.signals, a.exit = signals, func(int) {}
	a.out = newOutput(io.Discard, false)
	a.graceful.Store(true)
	ctx, stop := a.interruptible(t.Context())
	defer stop()
	signals <- os.Interrupt
	if _, err := a.key(ctx, s); exitCodeOf(err) != exitInterrupted {
		t.Errorf("got %v, want an interrupt", err)
	}
}

func TestSplitWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line string
		want string // words between bars; "!" and what the error says
	}{
		{`pass show authy`, `pass|show|authy`},
		{`  a   b  `, `a|b`},
		{`sh -c 'echo "$KEY" \n'`, `sh|-c|echo "$KEY" \n`},
		{`cat "my key.txt"`, `cat|my key.txt`},
		{`a "x\"y\\z\n"`, `a|x"y\z\n`},
		{`a my\ key\'s`, `a|my key's`},
		{`a '' ""`, `a||`},
		{`a'b'"c"d`, `abcd`},
		{"a\tb\nc", `a|b|c`},
		{`a | b > $c`, `a|||b|>|$c`},
		{`a "b`, `!lacks the closing quote "`},
		{`a 'b`, `!lacks the closing quote '`},
		{`a \`, `!ends with a lone backslash`},
		{`  `, `!names no program`},
		{`'' x`, `!names no program`},
	}
	for _, tt := range tests {
		words, err := splitWords(tt.line)
		got := strings.Join(words, "|")
		if err != nil {
			got = "!" + err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.line, got, tt.want)
		}
	}
}
