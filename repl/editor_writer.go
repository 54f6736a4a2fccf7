package repl

import "github.com/c-bata/go-prompt"

var _ prompt.ConsoleWriter = (*screen)(nil)

// The rest of prompt.ConsoleWriter. What go-prompt draws between two flushes is collected; cursor, title and
// blinking are the screen's own affair.

// WriteRaw adds bytes as they are: the newline with which go-prompt wraps a full row.
func (s *screen) WriteRaw(data []byte) { s.buf.Write(data) }

// WriteRawStr adds text as it is.
func (s *screen) WriteRawStr(data string) { s.buf.WriteString(data) }

// Write draws text in the role set last.
func (s *screen) Write(data []byte) { s.WriteStr(string(data)) }

// EraseScreen clears the whole screen.
func (s *screen) EraseScreen() { s.buf.WriteString("\x1b[2J") }

// EraseUp clears up to the cursor.
func (s *screen) EraseUp() { s.buf.WriteString("\x1b[1J") }

// EraseDown clears from the cursor on.
func (s *screen) EraseDown() { s.buf.WriteString("\x1b[J") }

// EraseStartOfLine clears the row up to the cursor.
func (s *screen) EraseStartOfLine() { s.buf.WriteString("\x1b[1K") }

// EraseEndOfLine clears the row from the cursor on.
func (s *screen) EraseEndOfLine() { s.buf.WriteString("\x1b[K") }

// EraseLine clears the row.
func (s *screen) EraseLine() { s.buf.WriteString("\x1b[2K") }

// ShowCursor does nothing: each frame shows the cursor when it is complete.
func (s *screen) ShowCursor() {}

// HideCursor does nothing: each frame begins with it.
func (s *screen) HideCursor() {}

// CursorGoTo moves to a row and column, both counted from 1; 0, 0 is the corner.
func (s *screen) CursorGoTo(row, col int) {
	s.buf.WriteString(csi(row-1, 'B') + csi(col-1, 'C'))
}

// CursorUp moves n rows up, or down for a negative n.
func (s *screen) CursorUp(n int) { s.buf.WriteString(up(n) + down(-n)) }

// CursorDown moves n rows down. go-prompt calls it itself for the rows of the menu only.
func (s *screen) CursorDown(n int) {
	s.menu += n
	s.buf.WriteString(down(n) + up(-n))
}

// CursorForward moves n columns to the right, or to the left for a negative n.
func (s *screen) CursorForward(n int) { s.buf.WriteString(csi(n, 'C') + csi(-n, 'D')) }

// CursorBackward moves n columns to the left, or to the right for a negative n.
func (s *screen) CursorBackward(n int) { s.CursorForward(-n) }

// AskForCPR does nothing: nobody waits for the report.
func (s *screen) AskForCPR() {}

// SaveCursor stores the position of the cursor in the terminal.
func (s *screen) SaveCursor() { s.buf.WriteString("\x1b7") }

// UnSaveCursor goes back to it.
func (s *screen) UnSaveCursor() { s.buf.WriteString("\x1b8") }

// ScrollDown goes a row down and scrolls at the bottom.
func (s *screen) ScrollDown() { s.buf.WriteString("\x1bD") }

// ScrollUp goes a row up and scrolls at the top.
func (s *screen) ScrollUp() { s.buf.WriteString("\x1bM") }

// SetTitle does nothing: the title belongs to the person's terminal.
func (s *screen) SetTitle(string) {}

// ClearTitle does nothing, for the same reason.
func (s *screen) ClearTitle() {}
