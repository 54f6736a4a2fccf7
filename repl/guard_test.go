package repl

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sessionFunc is a session of one function.
type sessionFunc struct {
	Session
	eval func(ctx context.Context, src string) (string, error)
}

func (s *sessionFunc) Eval(ctx context.Context, src string) (string, error) { return s.eval(ctx, src) }

// evaluating replaces what a session does with chunks.
func (p *play) evaluating(eval func(ctx context.Context, src string) (string, error)) Session {
	return &sessionFunc{p.session, eval}
}

func TestInterruptedChunk(t *testing.T) {
	t.Parallel()
	p := stage(t, "x = 5", "while true do end", "x")
	s := p.evaluating(func(ctx context.Context, src string) (string, error) {
		if strings.HasPrefix(src, "while") {
			p.editor.interrupts <- struct{}{}
		}
		return p.session.Eval(ctx, src)
	})
	got := p.runWith(t, s)
	if want := "lua> x = 5\nlua> while true do end\ninterrupted\nlua x> x\n5\nlua> \n"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

func TestContextOutlivesItsChunk(t *testing.T) {
	t.Parallel()
	p := stage(t, "start", "stop", "look")
	var first context.Context
	s := p.evaluating(func(ctx context.Context, src string) (string, error) {
		switch src {
		case "start":
			first = ctx
		case "stop":
			p.editor.interrupts <- struct{}{}
			<-ctx.Done()
			return "", context.Cause(ctx)
		case "look":
			if err := first.Err(); err != nil {
				t.Errorf("the context of an earlier chunk ended with %v", err)
			}
		}
		return "", nil
	})
	p.runWith(t, s)
	if first.Err() == nil {
		t.Error("the context of a chunk goes on after Run")
	}
}

func TestInterruptBetweenChunksIsForgotten(t *testing.T) {
	t.Parallel()
	p := stage(t, func(question) any { return "1" })
	p.editor.interrupts <- struct{}{}
	if got, want := p.run(t), "lua> 1\n1\nlua> \n"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

// A Ctrl-C pressed right behind Enter comes before the chunk has begun.
func TestInterruptBehindEnter(t *testing.T) {
	t.Parallel()
	p := stage(t, "stop", "1")
	s := p.evaluating(func(ctx context.Context, src string) (string, error) {
		if src != "stop" {
			return src, nil
		}
		<-ctx.Done()
		return "", context.Cause(ctx)
	})
	p.editor.answers[0] = func(question) any {
		p.editor.interrupts <- struct{}{}
		return "stop"
	}
	if got, want := p.runWith(t, s), "lua> stop\ninterrupted\nlua x> 1\n1\nlua> \n"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

func TestThirdInterruptGivesUp(t *testing.T) {
	t.Parallel()
	p := stage(t, "stuck")
	release, left := make(chan struct{}), make(chan struct{})
	s := p.evaluating(func(ctx context.Context, _ string) (string, error) {
		defer close(left)
		for range 3 {
			p.editor.interrupts <- struct{}{}
		}
		<-release
		return "", nil
	})
	got := p.runWith(t, s)
	close(release)
	<-left
	if p.code != ExitInterrupted || !strings.Contains(got, "cannot be stopped from outside") {
		t.Errorf("ended with %d and %q, want %d and an explanation", p.code, got, ExitInterrupted)
	}
}

func TestStuckChunkDoesNotHoldTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := stage(t, "stuck")
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		s := p.evaluating(func(context.Context, string) (string, error) {
			cancel()
			<-release
			return "", nil
		})
		start := time.Now()
		code, err := Run(ctx, s, p.options)
		close(release)
		if code != ExitInterrupted || err == nil || time.Since(start) != farewell {
			t.Errorf("ended with %d, %v after %v; want %d, an error, after %v", code, err, time.Since(start), ExitInterrupted, farewell)
		}
	})
}

func TestSpinner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := stage(t, "quick", "slow")
		p.console.err.terminal = true
		s := p.evaluating(func(_ context.Context, src string) (string, error) {
			if src == "quick" {
				time.Sleep(spinnerDelay - time.Millisecond)
				return "", nil
			}
			time.Sleep(spinnerDelay + 3*spinnerStep/2)
			p.console.Stdout().Write([]byte("half"))
			time.Sleep(3 * spinnerStep)
			p.console.Stdout().Write([]byte(" a line\n"))
			time.Sleep(spinnerStep)
			return "", nil
		})
		p.console.out.terminal = true
		p.runWith(t, s)
		_, got, _ := strings.Cut(p.screen.String(), "lua> slow\n")
		quick, _, _ := strings.Cut(p.screen.String(), "lua> slow\n")
		if strings.Contains(quick, "\x1b7") {
			t.Errorf("a quick chunk showed a spinner: %q", quick)
		}
		frame := func(s string) string { return "\x1b7\x1b[?7l\x1b[K " + s + "\x1b[?7h\x1b8" }
		want := frame("- 0.5s") + frame(`\ 0.6s`) + "\x1b[Khalf a line\n" + frame(`\ 1.0s`) + "\x1b[K"
		if !strings.HasPrefix(got, want) {
			t.Errorf("the terminal got\n%q, want\n%q", got, want)
		}
	})
}

func TestNoSpinnerDuringAQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := stage(t, "ask", func(question) any { time.Sleep(3*time.Second + spinnerStep/2); return "yes" })
		p.console.out.terminal, p.console.err.terminal = true, true
		p.runWith(t, p.evaluating(func(ctx context.Context, _ string) (string, error) {
			return p.console.Ask(ctx, "well? ")
		}))
		if strings.Contains(p.screen.String(), "\x1b7") {
			t.Errorf("a spinner turned during a question: %q", p.screen)
		}
	})
}

func TestNoSpinnerWithoutTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := stage(t, "slow")
		p.options.LookupEnv = func(string) (string, bool) { return "", false }
		s := p.evaluating(func(context.Context, string) (string, error) {
			time.Sleep(2 * time.Second)
			return "", nil
		})
		if got, want := p.runWith(t, s), "lua> slow\ntook 2s\nlua> \n"; got != want {
			t.Errorf("the screen shows %q, want %q", got, want)
		}
	})
}

func TestTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := stage(t, ".time", ".time on", "quick", ".time off", "slow", ".time slow", "quick", "slow", ".time quick")
		s := p.evaluating(func(_ context.Context, src string) (string, error) {
			d := map[string]time.Duration{"quick": 1500 * time.Microsecond, "slow": 2345 * time.Millisecond}[src]
			time.Sleep(d)
			return "7", nil
		})
		got := p.runWith(t, s)
		want := `lua> .time
time is slow
lua> .time on
lua> quick
7
took 1.5ms
lua> .time off
lua> slow
7
lua> .time slow
lua> quick
7
lua> slow
7
took 2.35s
lua> .time quick
7
took 1.5ms
lua> 
`
		if got != want {
			t.Errorf("the screen shows\n%s\nwant\n%s", got, want)
		}
	})
}

func TestClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0.0s", 540 * time.Millisecond: "0.5s", 59990 * time.Millisecond: "59.9s",
		time.Minute: "1m00s", 61*time.Minute + 5*time.Second: "61m05s",
	} {
		if got := clock(d); got != want {
			t.Errorf("clock(%v) = %q, want %q", d, got, want)
		}
	}
}
