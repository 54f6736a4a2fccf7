package repl

import (
	"errors"
	"strings"
	"time"

	"github.com/c-bata/go-prompt"
)

// turn tells who acts: go-prompt and the keys take turns, one key at a time. So a key is judged by the
// frame that the person saw when pressing it, however fast the keys come.
type turn int

const (
	turnPrompt turn = iota // go-prompt works on a key
	turnKeys               // the frame is drawn, a key may come
	turnOver               // Input is about to return: nothing is handed out
)

const (
	// resizeQuiet is how long the size must stay before the line is drawn anew. It keeps keys alive while
	// a window is being dragged.
	resizeQuiet = 60 * time.Millisecond
	// minColumns and allRows are reported to go-prompt instead of less: it draws nothing in smaller windows.
	minColumns = 5
	allRows    = 65535
)

// The bytes handed to go-prompt. It is never given the bytes of the terminal.
var (
	bytesEnter   = []byte("\n")
	bytesTab     = []byte("\t")
	bytesBackTab = []byte("\x1b[Z")
	bytesUp      = []byte("\x1b[A")
	bytesDown    = []byte("\x1b[B")
	bytesRedraw  = []byte("\x1b[E")       // prompt.Ignore: leaves Input and keeps the line
	bytesAct     = []byte("\x1b!act\x07") // runs editor.act; not defined, so go-prompt accepts a selection first
)

// errNoKey makes go-prompt ask again.
var errNoKey = errors.New("no key")

// keyParser is the ConsoleParser of go-prompt.
type keyParser struct{ e *editor }

var _ prompt.ConsoleParser = keyParser{}

// Setup makes the terminal raw for an Input.
func (k keyParser) Setup() error {
	e := k.e
	e.mu.Lock()
	e.turn, e.fresh, e.woken = turnPrompt, true, false
	e.mu.Unlock()
	e.resizedAt.Store(0)
	return e.enterRaw()
}

// TearDown gives the terminal back after an Input. A redraw goes straight on to the next one.
func (k keyParser) TearDown() error {
	switch k.e.how {
	case redrawn:
		return nil
	case entered:
		k.e.lookAhead()
	}
	return k.e.leaveRaw()
}

// lookAhead looks for a Ctrl-C among what came behind Enter. As long as the terminal is raw it is no signal, but is meant
// for the chunk all the same; it takes what was typed before it along.
func (e *editor) lookAhead() {
	if e.gone.Load() || e.closing.Load() {
		return
	}
	e.receive(noWait)
	for {
		ev, ok := e.decoder.next()
		if !ok {
			break
		}
		e.queue = append(e.queue, ev)
	}
	for i := len(e.queue) - 1; i >= 0; i-- {
		if e.queue[i].code != keyInterrupt {
			continue
		}
		e.queue = e.queue[i+1:]
		select {
		case e.interrupts <- struct{}{}:
		default: // one is waiting
		}
		return
	}
}

// noWait as the limit of a wait takes what is there.
const noWait time.Duration = -1

// GetWinSize reports the size as go-prompt can bear it.
func (k keyParser) GetWinSize() *prompt.WinSize {
	e := k.e
	e.columns, e.rows = e.Size()
	e.columns = max(e.columns, minColumns)
	return &prompt.WinSize{Row: allRows, Col: uint16(min(e.columns, allRows))}
}

// Read hands out one key. It waits without limit, because go-prompt's own goroutine waits for the key in
// Flush and cannot ask to stop reading; only the first frame of an Input is not waited for.
func (k keyParser) Read() ([]byte, error) {
	e := k.e
	e.mu.Lock()
	for e.turn == turnPrompt {
		e.cond.Wait()
	}
	over, first := e.turn == turnOver, !e.woken
	e.woken = true
	e.mu.Unlock()
	if over {
		return nil, errNoKey
	}
	for {
		ev, ok := e.readyKey()
		if !ok {
			if first { // brings go-prompt from its polling loop into Flush
				e.batch = nil
				return e.pass(bytesAct), nil
			}
			ev = e.waitKey()
		}
		if b := e.judge(ev); b != nil {
			return e.pass(b), nil
		}
	}
}

// pass gives go-prompt its turn.
func (e *editor) pass(b []byte) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.turn = turnPrompt
	e.cond.Broadcast()
	return b
}

// flushed runs in go-prompt's goroutine when a frame has been drawn. It returns with the next key, so that
// go-prompt does not poll.
func (e *editor) flushed(d drawing) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch d {
	case drewEnd:
		e.turn = turnOver
	case drewFrame:
		e.turn = turnKeys
	}
	e.cond.Broadcast()
	if e.fresh { // drawn before go-prompt began to read
		e.fresh = false
		return
	}
	for e.turn == turnKeys {
		e.cond.Wait()
	}
}

// readyKey returns a key that has come already.
func (e *editor) readyKey() (keyEvent, bool) {
	if len(e.queue) > 0 {
		ev := e.queue[0]
		e.queue = e.queue[1:]
		return ev, true
	}
	return e.decoder.next()
}

// waitKey waits for the next key, a new size or the end of the terminal.
func (e *editor) waitKey() keyEvent {
	for {
		if e.closing.Load() || e.gone.Load() {
			return keyEvent{code: keyGone}
		}
		if e.pressed.Swap(false) {
			return keyEvent{code: keyInterrupt}
		}
		quiet := time.Duration(0)
		if at := e.resizedAt.Load(); at != 0 {
			if quiet = resizeQuiet - time.Since(time.Unix(0, at)); quiet <= 0 {
				e.resizedAt.Store(0)
				return keyEvent{code: keyRedraw}
			}
		}
		silence := e.decoder.silence()
		if silence > 0 {
			if silence -= time.Since(e.lastByte); silence <= 0 {
				if ev, ok := e.decoder.expire(); ok {
					return ev
				}
				silence = 0
			}
		}
		e.receive(shorter(quiet, silence))
		if ev, ok := e.decoder.next(); ok {
			if e.resizedAt.Swap(0) != 0 { // or the key would be drawn where the line stood in the old size
				e.queue = append([]keyEvent{ev}, e.queue...)
				return keyEvent{code: keyRedraw}
			}
			return ev
		}
	}
}

// receive waits for bytes; 0 waits without limit, and noWait not at all.
func (e *editor) receive(limit time.Duration) {
	b, err := e.tty.wait(limit)
	if err != nil {
		e.gone.Store(true)
		return
	}
	if len(b) > 0 {
		quiet := time.Since(e.lastByte)
		e.lastByte = time.Now()
		e.decoder.feed(b, quiet)
	}
}

// shorter is the shorter of two times, where 0 means none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// judge decides what a key means now and returns what go-prompt gets for it, nil if it is done with.
func (e *editor) judge(ev keyEvent) []byte {
	s := e.state
	searching, selected := s.search != nil, e.screen.selected
	e.how = entered
	switch ev.code {
	case keyNone:
		return nil
	case keyGone:
		e.how = closed
		return bytesEnter
	case keyRedraw:
		e.how = redrawn
		return bytesRedraw
	case keyInterrupt:
		e.how = canceled
		return bytesEnter
	case keySuspend:
		e.suspend()
		return nil
	case keyClear:
		e.screen.clear()
		return nil
	case keyEnter:
		if !searching && !selected {
			return bytesEnter
		}
	case keyDeleteOrEOF:
		// The indentation that the loop put there was not typed.
		if text := s.line.String(); !searching && !selected && (text == "" || text == s.q.Initial && strings.TrimSpace(text) == "") {
			e.how = endOfFile
			return bytesEnter
		}
	case keyTab, keyBackTab, keyUp, keyDown:
		if !searching {
			if b := menuKey(ev.code, selected); b != nil {
				return b
			}
		}
	}
	e.collect(ev, searching)
	return bytesAct
}

// menuKey is the key with which go-prompt moves in its menu, nil if the key is none there.
func menuKey(code keyCode, selected bool) []byte {
	switch {
	case code == keyTab:
		return bytesTab
	case code == keyBackTab:
		return bytesBackTab
	case selected && code == keyUp:
		return bytesUp
	case selected && code == keyDown:
		return bytesDown
	}
	return nil
}

// collect makes a batch of keys that only change the line, when they have come already: a flood of arrows
// or a macro costs one frame then.
func (e *editor) collect(ev keyEvent, searching bool) {
	e.batch = append(e.batch[:0:0], ev)
	if searching || !ev.code.edits() {
		return
	}
	for {
		next, ok := e.readyKey()
		if !ok {
			return
		}
		if !next.code.edits() {
			e.queue = append([]keyEvent{next}, e.queue...)
			return
		}
		e.batch = append(e.batch, next)
	}
}

// resized asks for the line to be drawn anew once the size has come to rest.
func (e *editor) resized() {
	e.resizedAt.Store(time.Now().UnixNano())
	e.tty.wake()
}
