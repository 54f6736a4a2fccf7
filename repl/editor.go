package repl

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/c-bata/go-prompt"
	"github.com/mattn/go-runewidth"
)

// redrawn is the ending of an Input that is begun again at once, for a window of a new size.
const redrawn ending = -1

// editor is the lineEditor for terminals. go-prompt holds the line, draws it and keeps the menu; the
// terminal's mode, the bytes, the meaning of keys, history, kill ring, colours and signals are the editor's.
//
// Three goroutines meet here. The caller of Read runs go-prompt's loop: it draws, completes, and carries out
// keys. go-prompt's reader, alive during Read only, runs keyParser.Read. The signal goroutine lives from
// newEditor to Close. The first two take turns (see turn), so the state of the line needs no lock.
type editor struct {
	tty        *ttyDevice
	screen     *screen
	prompt     *prompt.Prompt
	color      bool
	signals    *signalWatch
	interrupts chan struct{}

	// Handed to and fro by the turns.
	state         *lineState
	held          heldTexts
	kills         killRing
	menu          menuState
	columns, rows int // of the Input that is on
	how           ending
	batch         []keyEvent
	decoder       keyDecoder
	queue         []keyEvent // decoded, not yet handed out
	lastByte      time.Time

	mu    sync.Mutex // guards the three fields below
	cond  *sync.Cond
	turn  turn
	fresh bool // the next frame is the first of its Input
	woken bool // the first key of the Input was handed out

	modeMu  sync.Mutex // guards reading, raw, freed and the mode of the terminal
	reading bool
	raw     bool
	freed   bool

	closing   atomic.Bool
	gone      atomic.Bool  // the terminal answered end of file or an error
	pressed   atomic.Bool  // Ctrl-C came as a signal while a line was edited: Windows
	dropInput atomic.Bool  // an interrupt made the input typed ahead worthless
	resizedAt atomic.Int64 // Unix nanoseconds of the last change of size not yet drawn
}

var _ lineEditor = (*editor)(nil)

// newEditor takes over the terminal behind in and out. Without color nothing but reverse video for the
// selected completion is sent. The process needs a controlling terminal; one editor per process is enough,
// because go-prompt opens the terminal once for each and never closes it.
func newEditor(in, out *os.File, color bool) (*editor, error) {
	tty, err := openTTY(in, out)
	if err != nil {
		return nil, fmt.Errorf("line editor: %w", err)
	}
	e := &editor{tty: tty, color: color, interrupts: make(chan struct{}, 1)}
	e.cond = sync.NewCond(&e.mu)
	e.state = &lineState{held: &e.held, kills: &e.kills}
	e.screen = &screen{out: tty.output(), color: color,
		layout: e.layout, paint: e.paint, ending: e.farewell, flushed: e.flushed}
	if e.prompt, err = newPrompt(e.complete, e.options()...); err != nil {
		return nil, errors.Join(fmt.Errorf("line editor: %w", err), tty.release())
	}
	e.signals = watchSignals(e)
	return e, nil
}

// newPrompt is prompt.New, which panics without a controlling terminal.
func newPrompt(c prompt.Completer, o ...prompt.Option) (p *prompt.Prompt, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("no controlling terminal: %v", r)
		}
	}()
	p = prompt.New(func(string) {}, c, o...)
	closeOnExecTTY()
	return p, nil
}

func (e *editor) options() []prompt.Option {
	return []prompt.Option{
		prompt.OptionParser(keyParser{e}),
		prompt.OptionWriter(e.screen),
		prompt.OptionLivePrefix(func() (string, bool) { return e.promptText(), true }),
		prompt.OptionSwitchKeyBindMode(prompt.CommonKeyBind),
		prompt.OptionCompletionWordSeparator(noSeparator),
		prompt.OptionShowCompletionAtStart(),
		prompt.OptionAddASCIICodeBind(prompt.ASCIICodeBind{ASCIICode: bytesAct, Fn: e.act}),
		prompt.OptionAddKeyBind(prompt.KeyBind{Key: prompt.Ignore, Fn: e.keepLine}),
		prompt.OptionSetExitCheckerOnInput(func(string, bool) bool { return e.how == redrawn }),
		prompt.OptionPrefixTextColor(rolePrompt),
		prompt.OptionInputTextColor(roleInput),
		prompt.OptionPreviewSuggestionTextColor(rolePreview),
		prompt.OptionSuggestionTextColor(roleMenu),
		prompt.OptionSuggestionBGColor(prompt.DefaultColor),
		prompt.OptionSelectedSuggestionTextColor(roleMenuSelected),
		prompt.OptionSelectedSuggestionBGColor(prompt.DefaultColor),
		prompt.OptionDescriptionTextColor(roleDoc),
		prompt.OptionDescriptionBGColor(prompt.DefaultColor),
		prompt.OptionSelectedDescriptionTextColor(roleDocSelected),
		prompt.OptionSelectedDescriptionBGColor(prompt.DefaultColor),
		prompt.OptionScrollbarThumbColor(roleThumb),
		prompt.OptionScrollbarBGColor(roleBar),
	}
}

// Read shows the prompt and returns what was entered.
func (e *editor) Read(q question) (string, ending) {
	if !e.begin(q) {
		return "", closed
	}
	defer e.finish()
	_ = prompt.OptionInitialBufferText(e.state.line.String())(e.prompt)
	var text string
	for again := true; again; again = e.how == redrawn {
		text = e.prompt.Input()
	}
	_ = prompt.OptionHistory(nil)(e.prompt) // it keeps its own list, which nobody reads
	switch {
	case e.how != entered:
		return "", e.how
	case q.Secret:
		return text, entered
	}
	return strings.TrimRight(unmarkNewlines(e.held.expand(text)), "\n"), entered
}

// begin prepares the state for a question. It is false once the editor is closed.
func (e *editor) begin(q question) bool {
	e.modeMu.Lock()
	e.reading = !e.closing.Load()
	ok := e.reading
	e.modeMu.Unlock()
	if !ok {
		return false
	}
	if e.dropInput.Swap(false) {
		e.decoder.reset()
		e.queue = nil
	}
	e.columns, e.rows = e.Size()
	q.Prompt = onePromptLine(q.Prompt)
	kills := &e.kills
	if q.Secret { // killed text must not come back in another line
		kills, q.History, q.Complete = &killRing{}, nil, nil
	}
	e.how, e.menu = entered, menuState{}
	e.state = &lineState{q: q, held: &e.held, kills: kills, fits: e.fits}
	e.state.line = e.state.recalled(q.Initial)
	return true
}

// finish ends a Read, also when the session's completer panicked.
func (e *editor) finish() {
	_ = e.leaveRaw()
	e.modeMu.Lock()
	defer e.modeMu.Unlock()
	e.reading = false
	e.releaseClosed()
}

// act carries out the keys of a batch, in go-prompt's goroutine. Before that go-prompt has put a selected
// completion into the line, which is right for every key but Escape and Ctrl-G.
func (e *editor) act(b *prompt.Buffer) {
	s := e.state
	completed := bufferLine(b)
	for _, ev := range e.batch {
		if ev.code == keyEscape || ev.code == keyAbort {
			e.menu.closed = true
		} else {
			s.accepted(completed)
		}
		s.do(ev)
		completed = s.line
	}
	if len(e.batch) == 0 {
		s.accepted(completed)
	}
	setBuffer(b, s.line)
}

// keepLine undoes that go-prompt put a selected completion into the line because the window changed.
func (e *editor) keepLine(b *prompt.Buffer) {
	setBuffer(b, e.state.line)
	e.menu.line = noSeparator + noSeparator // no line is like this: the list is made anew for the new size
}

// bufferLine and setBuffer translate between go-prompt's line and ours.
func bufferLine(b *prompt.Buffer) editLine {
	d := b.Document()
	return editLine{before: []rune(d.TextBeforeCursor()), after: []rune(d.TextAfterCursor())}
}

func setBuffer(b *prompt.Buffer, l editLine) {
	if bufferLine(b).same(l) {
		return
	}
	// CursorRight counts what is left in bytes and then steps over the end, so it is told the exact number.
	b.CursorRight(len([]rune(b.Document().TextAfterCursor())))
	b.DeleteBeforeCursor(len([]rune(b.Text())))
	b.InsertText(l.String(), false, true)
	b.CursorLeft(len(l.after))
}

// onePromptLine makes a prompt fit for one line of the screen.
func onePromptLine(text string) string { return strings.ReplaceAll(cleanText(text), "\n", " ") }

// promptText is the prompt shown now. One that would fill the window is cut down to its end.
func (e *editor) promptText() string {
	if live := e.state.q.Live; live != nil {
		text, paint := live()
		e.state.q.Prompt, e.state.q.PaintPrompt = onePromptLine(text), paint
	}
	text := e.state.q.Prompt
	if e.state.search != nil {
		text = e.state.search.prompt()
	}
	if runewidth.StringWidth(text) <= max(e.columns/2, 2) {
		return text
	}
	runes := []rune(text)
	for len(runes) > 2 && runewidth.StringWidth(string(runes)) > max(e.columns/2, 2) {
		runes = runes[1:]
	}
	return string(runes)
}

// fits reports whether a whole line fits the screen with its prompt and leaves a row for a menu.
func (e *editor) fits(line string) bool {
	cells := runewidth.StringWidth(e.state.q.Prompt) + runewidth.StringWidth(line)
	return cells/max(e.columns, minColumns)+1 <= max(1, e.rows-2)
}

// layout tells the screen about the frame being drawn.
func (e *editor) layout() frameLayout {
	l := frameLayout{columns: e.columns, rows: e.rows, hint: e.hintLine(), word: e.menu.word}
	l.before = runewidth.StringWidth(string(e.state.line.before))
	l.after = runewidth.StringWidth(string(e.state.line.after))
	return l
}

// farewell is what the screen shows behind a line that is left, or that the line is to be drawn anew.
func (e *editor) farewell() (suffix string, redraw bool) {
	switch e.how {
	case redrawn:
		e.columns, e.rows = e.Size()
		e.columns = max(e.columns, minColumns)
		return "", true
	case canceled:
		return "^C", false
	}
	return "", false
}

// sgr is a sequence for colours and attributes, the only ones that a painter may use.
var sgr = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\x1b\[[0-9;:]*m`) })

// paint colours the prompt and the line. A painter that changes the text itself is not listened to.
func (e *editor) paint(role prompt.Color, text string) string {
	q := &e.state.q
	painter := q.Paint
	switch {
	case role == rolePrompt:
		painter = q.PaintPrompt
		if e.state.search != nil {
			painter = nil
		}
	case q.Secret:
		return strings.Repeat("*", runewidth.StringWidth(text))
	}
	if painter == nil || !e.color {
		return text
	}
	plain := unmarkNewlines(text)
	painted := painter(plain)
	if sgr().ReplaceAllString(painted, "") != plain {
		return text
	}
	dim := "\x1b[2m" + string(newlineMark) + "\x1b[22m"
	return strings.ReplaceAll(painted, "\n", dim)
}

// Size is that of the terminal now; 80 by 24 where the terminal does not know.
func (e *editor) Size() (columns, rows int) {
	columns, rows = e.tty.size()
	if columns <= 0 {
		columns = 80
	}
	if rows <= 0 {
		rows = 24
	}
	return columns, rows
}

// Interrupts delivers Ctrl-C and SIGINT while no Read is active.
func (e *editor) Interrupts() <-chan struct{} { return e.interrupts }

// Print writes above the line being edited, or plainly when none is.
func (e *editor) Print(text string) { e.screen.print(text) }

// Refresh draws the line anew as for a window of a new size.
func (e *editor) Refresh() { e.resized() }

// Close gives the terminal back and ends a Read that is active.
func (e *editor) Close() error {
	if e.closing.Swap(true) {
		return nil
	}
	e.signals.stop()
	err := e.leaveRaw()
	e.tty.wake()
	e.modeMu.Lock()
	defer e.modeMu.Unlock()
	return errors.Join(err, e.releaseClosed())
}

// releaseClosed closes the descriptors when nobody uses them any more. It needs modeMu.
func (e *editor) releaseClosed() error {
	if e.reading || e.freed || !e.closing.Load() {
		return nil
	}
	e.freed = true
	return e.tty.release()
}

// enterRaw and leaveRaw switch the terminal between what the editor needs and what it was.
func (e *editor) enterRaw() error {
	e.modeMu.Lock()
	defer e.modeMu.Unlock()
	if e.closing.Load() || e.raw {
		return nil
	}
	if err := e.tty.makeRaw(); err != nil {
		e.gone.Store(true)
		return err
	}
	e.raw = true
	select { // pressed for what has ended meanwhile
	case <-e.interrupts:
	default:
	}
	e.screen.raw("\x1b[?2004h")
	return nil
}

func (e *editor) leaveRaw() error {
	e.modeMu.Lock()
	defer e.modeMu.Unlock()
	if !e.raw {
		return nil
	}
	e.raw = false
	err := e.tty.restore() // first: writing may take its time
	e.screen.raw(e.parting())
	return err
}

// parting switches off what the editor switched on.
func (e *editor) parting() string {
	if e.color {
		return "\x1b[?2004l\x1b[?25h\x1b[0m"
	}
	return "\x1b[?2004l\x1b[?25h"
}
