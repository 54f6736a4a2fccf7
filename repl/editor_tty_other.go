//go:build !unix

package repl

import (
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/c-bata/go-prompt"
	"github.com/mattn/go-colorable"
	"golang.org/x/term"
)

// pollInterval is how often a console without poll(2) is asked for keys.
const pollInterval = 10 * time.Millisecond

// ttyDevice is the console. go-prompt's own parser switches its mode and reads it; its bytes go through the
// same decoder as elsewhere.
type ttyDevice struct {
	in     *prompt.WindowsParser
	fd     int
	out    io.Writer
	raw    bool
	woken  atomic.Bool
	closed atomic.Bool
}

// openTTY takes the console behind out.
func openTTY(_, out *os.File) (*ttyDevice, error) {
	// colorable translates escape sequences for consoles that do not know them.
	return &ttyDevice{in: prompt.NewStandardInputParser(), fd: int(out.Fd()), out: colorable.NewColorable(out)}, nil
}

func (t *ttyDevice) output() io.Writer { return t.out }

// makeRaw opens the console for reading keys.
func (t *ttyDevice) makeRaw() error {
	if t.raw {
		return nil
	}
	err := t.in.Setup()
	t.raw = err == nil
	return err
}

// restore gives the console the mode it had.
func (t *ttyDevice) restore() error {
	if !t.raw {
		return nil
	}
	t.raw = false
	return t.in.TearDown()
}

// size is that of the window, 0 where it is not known.
func (t *ttyDevice) size() (columns, rows int) {
	columns, rows, err := term.GetSize(t.fd)
	if err != nil {
		return 0, 0
	}
	return columns, rows
}

// wait returns the bytes that come within a time, 0 meaning no limit and noWait no time at all; nothing when it is over or after wake.
func (t *ttyDevice) wait(limit time.Duration) ([]byte, error) {
	for begun := time.Now(); ; time.Sleep(pollInterval) {
		if t.closed.Load() {
			return nil, io.EOF
		}
		if b, err := t.in.Read(); err == nil && len(b) > 0 {
			return b, nil
		}
		if t.woken.Swap(false) || limit == noWait || limit > 0 && time.Since(begun) >= limit {
			return nil, nil
		}
	}
}

// wake ends a wait.
func (t *ttyDevice) wake() { t.woken.Store(true) }

// release ends all waiting.
func (t *ttyDevice) release() error {
	t.closed.Store(true)
	return nil
}

// closeOnExecTTY has nothing to do: no descriptor is opened for good.
func closeOnExecTTY() {}
