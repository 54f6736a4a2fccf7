package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A terminal's worth of console.
func liveStage(t *testing.T, answers ...any) *play {
	p := stage(t, answers...)
	p.console.out.terminal, p.console.err.terminal = true, true
	return p
}

func TestTaskPrintsWhileALineIsTyped(t *testing.T) {
	t.Parallel()
	p := liveStage(t, func(question) any {
		return ""
	}, "2")
	p.editor.answers[0] = func(question) any {
		fmt.Fprint(p.console.Stdout(), "one\ntw")
		p.screen.await(t, "^one\n")
		fmt.Fprint(p.console.Stderr(), "o\nrest")
		p.screen.await(t, "^two\n")
		return "1"
	}
	got := p.run(t)
	if want := "lua> ^one\n^two\n1\nrest%\n1\nlua> 2\n2\nlua> \n"; got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

func TestFloodWhileALineIsTyped(t *testing.T) {
	t.Parallel()
	const lines, width = 64, 64 << 10
	p := liveStage(t)
	written := make(chan struct{})
	p.editor.answers = []any{func(question) any {
		go func() {
			defer close(written)
			for range lines {
				fmt.Fprint(p.console.Stdout(), strings.Repeat("x", width)+"\n")
			}
		}()
		<-written
		return "1"
	}}
	p.run(t)
	if n := strings.Count(p.screen.String(), strings.Repeat("x", width)+"\n"); n != lines {
		t.Errorf("%d lines arrived, want %d", n, lines)
	}
}

// A writer that has to wait for the screen goes on when the line has been entered.
func TestWriterWaitsNoLongerThanTheLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := liveStage(t)
		stalled := make(chan struct{})
		p.editor.printing = func() { <-stalled }
		var written atomic.Int64
		p.editor.answers = lines(func(question) any {
			for range 3 {
				go func() {
					n, _ := p.console.Stdout().Write(append(bytes.Repeat([]byte("x"), maxHeld-1), '\n'))
					written.Add(int64(n))
				}()
				synctest.Wait()
			}
			if n := written.Load(); n != 2*maxHeld {
				t.Errorf("%d bytes were taken while the screen stood still, want %d", n, 2*maxHeld)
			}
			time.AfterFunc(time.Second, func() { close(stalled) })
			return "1"
		})
		p.run(t)
		synctest.Wait()
		if n := written.Load(); n != 3*maxHeld {
			t.Errorf("%d bytes were taken in the end, want %d", n, 3*maxHeld)
		}
	})
}

func TestRedirectedErrorsAreNotHeld(t *testing.T) {
	t.Parallel()
	file := newBuffer()
	p := stage(t)
	p.console = NewConsole(strings.NewReader(""), p.screen, file)
	p.console.out.terminal = true
	p.options.Console = p.console
	p.editor.answers = []any{func(question) any {
		fmt.Fprint(p.console.Stderr(), "log line")
		if file.String() != "log line" {
			t.Errorf("the file holds %q while a line is typed", file)
		}
		return endOfFile
	}}
	p.run(t)
}

func TestAsk(t *testing.T) {
	t.Parallel()
	p := stage(t, "ask", "Ana", "ask", canceled, "ask", endOfFile, "secret", "hunter2")
	var answers []string
	s := p.evaluating(func(ctx context.Context, src string) (string, error) {
		ask := p.console.Ask
		if src == "secret" {
			ask = p.console.AskSecret
		}
		answer, err := ask(ctx, "first line\nwho\x1b[2J? ")
		if err != nil {
			return "", err
		}
		answers = append(answers, answer)
		return "", nil
	})
	got := p.runWith(t, s)
	want := `lua> ask
first line
who\27[2J? Ana
lua> ask
first line
who\27[2J? 
error: no answer was given
lua x> ask
first line
who\27[2J? 
error: no answer was given
lua x> secret
first line
who\27[2J? hunter2
lua> 
`
	if got != want {
		t.Errorf("the screen shows\n%s\nwant\n%s", got, want)
	}
	if fmt.Sprint(answers) != "[Ana hunter2]" {
		t.Errorf("the answers are %q", answers)
	}
	for _, q := range p.editor.questions {
		if asked := strings.HasPrefix(q.Prompt, "who"); asked && (q.Complete != nil || q.History != nil) {
			t.Error("a question offers the history or completions of the prompt")
		}
	}
	if last := p.editor.questions[len(p.editor.questions)-2]; !last.Secret {
		t.Error("the secret was asked for in the open")
	}
}

func TestTaskCannotAskWhileALineIsTyped(t *testing.T) {
	t.Parallel()
	p := stage(t)
	p.editor.answers = []any{func(question) any {
		if _, err := p.console.Ask(t.Context(), "well? "); !errors.Is(err, errBusy) {
			t.Errorf("the question ended with %v, want %v", err, errBusy)
		}
		return endOfFile
	}}
	p.run(t)
}

func TestAskInEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ErrInterrupted)
	c := NewConsole(strings.NewReader("yes\n"), newBuffer(), newBuffer())
	if _, err := c.Ask(ctx, "well? "); !errors.Is(err, ErrInterrupted) {
		t.Errorf("the question ended with %v, want %v", err, ErrInterrupted)
	}
	if answer, err := c.Ask(t.Context(), "well? "); answer != "yes" || err != nil {
		t.Errorf("without a prompt, the answer is %q, %v; want yes", answer, err)
	}
	if _, err := c.Ask(t.Context(), "well? "); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("at the end of the input, the error is %v, want %v", err, ErrNoAnswer)
	}
}
