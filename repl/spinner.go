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
			if !c.hasStatus() {
				c.showSpinner(dim(fmt.Sprintf(" %s %s", spinnerFrames[i%len(spinnerFrames)], clock(now.Sub(start)))))
			}
			next.Reset(spinnerStep)
		}
	}
}

// Status shows a line on standard error, such as a progress bar, that is drawn anew several times a second until stop is
// called; nothing is left of it then. What is written through the console meanwhile stands above it.
//
// text gives the line for a width; it is called by another goroutine, and must not write to the console. Where standard
// error is no terminal, nothing is shown. Of several lines the latest is shown.
func (c *Console) Status(text func(columns int) string) (stop func()) {
	if !c.err.terminal {
		return func() {}
	}
	quit, gone := make(chan struct{}), make(chan struct{})
	c.mu.Lock()
	c.statuses++
	number := c.statuses
	c.status = number
	c.mu.Unlock()
	go func() {
		defer close(gone)
		ticks := time.NewTicker(spinnerStep)
		defer ticks.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticks.C:
			}
			c.mu.Lock()
			mine := c.status == number
			c.mu.Unlock()
			if columns, _ := c.size(); mine {
				c.showSpinner(printable(text(columns - 1)))
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.status == number {
			c.status = 0
		}
		c.hideSpinner()
	}
}

func (c *Console) hasStatus() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status != 0
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
