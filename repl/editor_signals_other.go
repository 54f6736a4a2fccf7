//go:build !unix

package repl

import (
	"os"
	"os/signal"
)

// signalWatch passes Ctrl-C on. The console reports it as a signal at the prompt too.
type signalWatch struct {
	e       *editor
	signals chan os.Signal
	done    chan struct{}
}

func watchSignals(e *editor) *signalWatch {
	w := &signalWatch{e: e, signals: make(chan os.Signal, 1), done: make(chan struct{})}
	signal.Notify(w.signals, os.Interrupt)
	go w.run()
	return w
}

func (w *signalWatch) run() {
	for {
		select {
		case <-w.done:
			return
		case <-w.signals:
			w.e.interrupted()
		}
	}
}

func (w *signalWatch) stop() {
	signal.Stop(w.signals)
	close(w.done)
}

// suspend does nothing: there is no job control.
func (e *editor) suspend() {}

// interrupted passes Ctrl-C on: as the key to a line being edited, else as an interrupt.
func (e *editor) interrupted() {
	e.modeMu.Lock()
	reading := e.reading
	e.modeMu.Unlock()
	if reading {
		e.pressed.Store(true)
		e.tty.wake()
		return
	}
	e.dropInput.Store(true)
	select {
	case e.interrupts <- struct{}{}:
	default: // one is waiting
	}
}
