package repl

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/c-bata/go-prompt"
	"github.com/mattn/go-runewidth"
)

// The roles of what go-prompt draws. It is given them as colours that nobody else uses, so that the
// screen knows what a text is when it arrives.
const (
	rolePrompt prompt.Color = 1000 + iota
	roleInput
	rolePreview // the selected completion, drawn over the word that it will replace
	roleMenu
	roleMenuSelected
	roleDoc
	roleDocSelected
	roleThumb
	roleBar
)

// menuColors are the SGR parameters of the roles; plainMenuColors serve under NO_COLOR.
var (
	menuColors = map[prompt.Color]string{
		rolePreview:      "32",
		roleMenu:         "97;44",
		roleMenuSelected: "30;46",
		roleDoc:          "37;44",
		roleDocSelected:  "30;46",
		roleThumb:        "47",
		roleBar:          "44",
	}
	plainMenuColors = map[prompt.Color]string{roleMenuSelected: "7", roleDocSelected: "7"}
)

// drawing is the kind of what go-prompt has drawn since the last flush.
type drawing int

const (
	drewNothing drawing = iota
	drewFrame           // prompt, line and menu
	drewEnd             // prompt and line with a newline: Input is about to return
)

// frameLayout is what the screen must know about a frame besides its bytes, in cells.
type frameLayout struct {
	columns, rows int
	before, after int    // the line before and after the cursor
	word          int    // the part of before that a selected completion replaces
	hint          string // shown under the line and the menu
}

// screen is the ConsoleWriter of go-prompt. It keeps the last frame, so that a frame can be moved: text
// printed above it, a suspended session, a cleared screen all end in the frame being drawn again.
type screen struct {
	out   io.Writer
	color bool
	// The editor's part: the layout of the frame being flushed, how texts are painted, what ends a line
	// that was left, and what to do after a flush.
	layout  func() frameLayout
	paint   func(role prompt.Color, text string) string
	ending  func() (suffix string, redraw bool)
	flushed func(drawing)

	// Of the frame being drawn; used by go-prompt's goroutine only.
	buf      bytes.Buffer
	kind     drawing
	role     prompt.Color
	prompt   int // width
	at       int // cell where the next text of the line goes
	preview  int // width of the selected completion, -1 if none is
	menu     int // rows
	styled   bool
	selected bool // the last frame showed a selected completion

	mu    sync.Mutex
	shown bool // the frame is on the screen, the cursor in it
	frame []byte
	place framePlace
}

// framePlace is where the cursor stands in a frame and how tall the text is, counted from the prompt's row.
type framePlace struct {
	cell      int
	row       int
	textRows  int
	columns   int
	tinySpace bool // the terminal was too small for anything to be in its place
}

// SetColor begins a text with a role. The prompt is always the first one: whatever go-prompt did to the
// cursor before it is replaced by the way home that the screen knows.
func (s *screen) SetColor(fg, bg prompt.Color, _ bool) {
	if fg == rolePrompt {
		s.buf.Reset()
		s.kind, s.preview, s.menu, s.at, s.styled = drewFrame, -1, 0, 0, false
	}
	s.role = fg
	if bg == roleThumb || bg == roleBar {
		s.role = bg
	}
	if s.styled { // no reset without need: NO_COLOR means not one colour sequence
		s.buf.WriteString("\x1b[0m")
		s.styled = false
	}
	colors := menuColors
	if !s.color {
		colors = plainMenuColors
	}
	if sgr := colors[s.role]; sgr != "" {
		s.buf.WriteString("\x1b[" + sgr + "m")
		s.styled = true
	}
}

// WriteStr draws text in the role set last.
func (s *screen) WriteStr(text string) {
	switch s.role {
	case rolePrompt:
		s.prompt = runewidth.StringWidth(text)
		s.at, s.styled = s.prompt, s.color
		s.buf.WriteString(s.paint(rolePrompt, text))
	case roleInput:
		if line, ended := strings.CutSuffix(text, "\n"); ended {
			s.kind = drewEnd
			text = line
		}
		s.writeLine(text)
	case rolePreview:
		l := s.layout()
		s.preview = runewidth.StringWidth(text)
		s.at = s.prompt + l.before - l.word
		s.writeLine(text)
	default:
		if s.preview < 0 {
			s.buf.WriteString(glyphs(strings.Map(onlyShowable, text)))
			return
		}
		s.writeLine(text) // the line behind the selected completion
		if s.at%max(s.layout().columns, 1) != 0 {
			s.buf.WriteString("\x1b[K") // the completion may be shorter than the word
		}
	}
}

func onlyShowable(r rune) rune {
	if r == newlineMark || showable(r) {
		return r
	}
	return '?'
}

// writeLine draws a part of the line at cell s.at. Only the whole line is painted: a part makes no sense to a lexer.
func (s *screen) writeLine(text string) {
	painted := text
	if s.role == roleInput {
		painted = s.paint(roleInput, text)
		s.styled = s.color
	}
	painted = glyphs(painted)
	if joins(text) {
		painted = restated(painted, s.at, s.layout().columns)
	}
	s.buf.WriteString(painted)
	s.at += runewidth.StringWidth(text)
}

// restated draws characters of several runes so that the cursor is where the sum of their widths says, whether
// the terminal joins them into one narrower glyph or not: blanks first, the runes over them, then the column.
func restated(painted string, cell, columns int) string {
	var b strings.Builder
	for len(painted) > 0 {
		plain := len(painted)
		if loc := terminalSequence().FindStringIndex(painted); loc != nil {
			if plain = loc[0]; plain == 0 {
				b.WriteString(painted[:loc[1]])
				painted = painted[loc[1]:]
				continue
			}
		}
		for text := []rune(painted[:plain]); len(text) > 0; {
			n := clusterAfter(text)
			cluster := string(text[:n])
			text = text[n:]
			width := runewidth.StringWidth(cluster)
			if from, to := cell%columns, cell%columns+width; n > 1 && joins(cluster) && to < columns {
				fmt.Fprintf(&b, "%*s\x1b[%dG%s\x1b[%dG", width, "", from+1, cluster, to+1)
			} else { // at the edge there is no column behind it
				b.WriteString(cluster)
			}
			cell += width
		}
		painted = painted[plain:]
	}
	return b.String()
}

// Flush shows what was drawn, in one write, and then lets the editor have its turn.
func (s *screen) Flush() error {
	kind, body := s.kind, bytes.Clone(s.buf.Bytes())
	s.kind, s.role = drewNothing, 0
	s.buf.Reset()
	switch kind {
	case drewFrame:
		s.selected = s.preview >= 0
		s.showFrame(body)
	case drewEnd:
		s.selected = false
		s.endFrame(body)
	}
	s.flushed(kind)
	return nil
}

func (s *screen) showFrame(body []byte) {
	l := s.layout()
	columns := max(l.columns, 1)
	anchor := (s.prompt + l.before) / columns // the menu hangs on this row
	cell := s.prompt + l.before
	if s.selected {
		cell += s.preview - l.word
	}
	place := framePlace{
		cell:      cell,
		columns:   l.columns,
		row:       cell / columns,
		textRows:  (cell+l.after)/columns + 1,
		tinySpace: l.columns <= minColumns || l.rows <= 1,
	}
	var frame bytes.Buffer
	frame.WriteString("\x1b[?25l")
	frame.Write(body)
	under := max(place.textRows-1, anchor+s.menu)
	frame.WriteString(s.hint(l, under+1, place))
	frame.WriteString("\x1b[?25h")

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown && bytes.Equal(frame.Bytes(), s.frame) {
		return
	}
	s.write(s.home(), frame.String())
	s.shown, s.frame, s.place = true, frame.Bytes(), place
}

// hint draws the hint line on a row counted from the prompt's, and comes back to the cursor.
func (s *screen) hint(l frameLayout, row int, place framePlace) string {
	if l.hint == "" || row+1 > l.rows || l.columns < 20 {
		return ""
	}
	text := cut(l.hint, l.columns-1)
	if s.color {
		text = "\x1b[0;2m" + text + "\x1b[0m"
	}
	down := row - place.row
	// Index and reverse index make room at the bottom of the screen without leaving the column.
	return strings.Repeat("\x1bD", down) + strings.Repeat("\x1bM", down) +
		fmt.Sprintf("\x1b[%dB\r%s\x1b[%dA\x1b[%dG", down, text, down, place.cell%l.columns+1)
}

// endFrame shows the line for the last time, without menu and hint.
func (s *screen) endFrame(body []byte) {
	suffix, redraw := s.ending()
	s.mu.Lock()
	defer s.mu.Unlock()
	if redraw {
		s.rewind()
		return
	}
	s.write(s.home(), "\x1b[J", string(body), suffix, "\n")
	s.shown = false
}

// rewind goes to where the prompt began and clears from there, in a window that may have a new width.
// Terminals that lay the text out anew have put the cursor where the new width says.
func (s *screen) rewind() {
	if !s.shown {
		return
	}
	columns := max(s.layout().columns, 1)
	s.shown = false
	if s.place.tinySpace {
		s.write("\x1b[H\x1b[2J")
		return
	}
	s.write(up(s.place.cell/columns), "\r\x1b[J")
}

// print writes text above the frame, or just writes it when there is none.
func (s *screen) print(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.shown {
		s.write(text)
		return
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	s.write(s.home(), "\x1b[J", text, string(s.frame))
}

// clear empties the screen and draws the frame at its top.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write("\x1b[H\x1b[2J")
	if s.shown {
		s.write(string(s.frame))
	}
}

// leave puts the cursor on a new row under the frame. resume draws the frame again.
func (s *screen) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown {
		s.write(down(s.place.textRows-1-s.place.row), "\r\n\x1b[J")
	}
}

func (s *screen) resume() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown {
		s.write("\r\x1b[J", string(s.frame))
	}
}

// columns is the width that the frame on the screen was drawn for.
func (s *screen) columns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.place.columns
}

// home leads from the cursor to the start of the prompt.
func (s *screen) home() string {
	if !s.shown {
		return ""
	}
	return up(s.place.row) + "\r"
}

// raw writes control sequences at once.
func (s *screen) raw(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(text)
}

// write sends all parts in one write. Errors are left to the reader, which learns that a terminal is gone.
func (s *screen) write(parts ...string) {
	_, _ = io.WriteString(s.out, strings.Join(parts, ""))
}

func up(n int) string   { return csi(n, 'A') }
func down(n int) string { return csi(n, 'B') }

func csi(n int, final byte) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%d%c", n, final)
}
