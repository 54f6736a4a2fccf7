package repl

import (
	"fmt"
	"io"
	"time"
)

const (
	// spinnerDelay is how long a call may take without a sign of life.
	spinnerDelay = 500 * time.Millisecond
	// spinnerStep is how long a frame stays.
	spinnerStep = 100 * time.Millisecond
)

// spinnerFrames need no more than ASCII, which every terminal and font has.
var spinnerFrames = []string{"-", `\`, "|", "/"}

// spin shows on standard error that something is still running, and for how long, until stop is called; nothing is
// left of it then. Without a terminal it does nothing.
func (c *Console) spin(dim func(string) string) (stop func()) {
	c.mu.Lock()
	useful := c.live && c.err.terminal
	c.mu.Unlock()
	if !useful {
		return func() {}
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		c.turn(time.Now(), dim, quit)
	}()
	return func() {
		close(quit)
		<-gone
		c.mu.Lock()
		defer c.mu.Unlock()
		c.hideSpinner()
	}
}

func (c *Console) turn(start time.Time, dim func(string) string, quit <-chan struct{}) {
	next := time.NewTimer(spinnerDelay)
	defer next.Stop()
	for i := 0; ; i++ {
		select {
		case <-quit:
			return
		case now := <-next.C:
			c.showSpinner(dim(fmt.Sprintf(" %s %s", spinnerFrames[i%len(spinnerFrames)], clock(now.Sub(start)))))
			next.Reset(spinnerStep)
		}
	}
}

// clock is an elapsed time, never shorter than a moment before.
func clock(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1fs", d.Truncate(100*time.Millisecond).Seconds())
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}

// showSpinner draws right of the cursor and takes the cursor back, so that what the user types ahead stays readable. It
// draws nothing in the middle of a line, which may be a progress report of the script's own.
func (c *Console) showSpinner(frame string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reading || c.lent || c.out.mid && c.out.terminal || c.err.mid {
		return
	}
	c.spinner = frame
	io.WriteString(c.err.w, "\x1b7\x1b[?7l\x1b[K"+frame+"\x1b[?7h\x1b8") // without wrapping, so it never scrolls
}

// hideSpinner needs the lock.
func (c *Console) hideSpinner() {
	if c.spinner != "" {
		c.spinner = ""
		io.WriteString(c.err.w, "\x1b[K")
	}
}
