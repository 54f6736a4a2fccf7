//go:build unix

package repl

import (
	"os"
	"os/signal"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// stopWait is how long to wait for the stop that was asked for. A stopped process's clock goes on, so
	// after "fg" the time is over; and where nobody could continue the process (an orphaned process group)
	// the kernel does not stop it at all.
	stopWait = 200 * time.Millisecond
	// partingWait bounds what a fatal signal waits for a terminal that takes no output.
	partingWait = 500 * time.Millisecond
)

// signalWatch handles the signals of the process while there is an editor. SIGTSTP is not among them: once it was
// watched, the Go runtime never gives it back its effect, and the process could not be stopped any more.
type signalWatch struct {
	e       *editor
	signals chan os.Signal
	resumes chan struct{} // SIGCONT, for suspend
	done    chan struct{}
	over    sync.WaitGroup
}

func watchSignals(e *editor) *signalWatch {
	w := &signalWatch{
		e:       e,
		signals: make(chan os.Signal, 16),
		resumes: make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	signal.Notify(w.signals, unix.SIGINT, unix.SIGWINCH, unix.SIGCONT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT)
	w.over.Go(w.run)
	return w
}

// stop returns the signals to their usual effect. The handler itself may call it.
func (w *signalWatch) stop() {
	signal.Stop(w.signals)
	close(w.done)
}

func (w *signalWatch) run() {
	for {
		select {
		case <-w.done:
			return
		case s := <-w.signals:
			w.handle(s.(unix.Signal))
		}
	}
}

func (w *signalWatch) handle(s unix.Signal) {
	switch s {
	case unix.SIGINT:
		w.e.interrupted()
	case unix.SIGWINCH:
		w.e.resized()
	case unix.SIGCONT:
		select {
		case w.resumes <- struct{}{}:
		default:
		}
		w.e.continued()
	default:
		w.e.die(128 + int(s))
	}
}

// interrupted passes an interrupt on, unless a line is being edited: there Ctrl-C is a key, and a signal from
// outside means nothing.
func (e *editor) interrupted() {
	e.modeMu.Lock()
	edited := e.raw
	e.modeMu.Unlock()
	if edited {
		return
	}
	e.dropInput.Store(true)
	select {
	case e.interrupts <- struct{}{}:
	default: // one is waiting
	}
}

// continued makes the terminal raw again after a stop that went past the editor (a signal from outside): the
// shell has given it another mode meanwhile.
func (e *editor) continued() {
	e.modeMu.Lock()
	raw := e.raw
	if raw {
		_ = e.tty.makeRaw()
		e.screen.raw("\x1b[?2004h")
	}
	e.modeMu.Unlock()
	if raw {
		e.resized()
	}
}

// suspend stops the process as Ctrl-Z does in a cooked terminal, and shows the line again afterwards.
func (e *editor) suspend() {
	w := e.signals
	e.screen.leave()
	_ = e.leaveRaw()
	select {
	case <-w.resumes: // of long ago
	default:
	}
	if err := unix.Kill(0, unix.SIGTSTP); err == nil {
		select {
		case <-w.resumes:
		case <-time.After(stopWait):
		case <-w.done:
		}
	}
	e.modeMu.Lock()
	reading := e.reading
	e.modeMu.Unlock()
	if !reading {
		return
	}
	_ = e.enterRaw()
	e.screen.resume()
	if columns, _ := e.Size(); columns != e.screen.columns() {
		e.resized()
	}
}

// die gives the terminal back and ends the process.
func (e *editor) die(status int) {
	if done := lentTo.Load(); done != nil { // a pager, say, which has the terminal in a mode of its own
		_ = unix.Kill(0, unix.SIGTERM)
		select {
		case <-*done:
		case <-time.After(partingWait):
		}
		_ = e.tty.restore()
	}
	parted := make(chan struct{})
	go func() {
		defer close(parted)
		_ = e.leaveRaw()
		e.screen.leave()
	}()
	select {
	case <-parted:
	case <-time.After(partingWait): // the terminal takes no output; its mode was restored before
	}
	os.Exit(status)
}
