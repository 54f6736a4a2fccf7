package repl

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// vtScreen is a small terminal: enough to see what a person would see. It wraps late, as terminals do, and lays
// wrapped lines out anew when it is resized.
type vtScreen struct {
	columns, rows int
	cells         [][]string
	wrapped       []bool // the row goes on in the next one
	x, y          int
	pending       bool // a character in the last column: the next one wraps
	hidden        bool
	pasting       bool // bracketed paste is on
	input         []byte
}

func newVTScreen(columns, rows int) *vtScreen {
	v := &vtScreen{columns: columns, rows: rows}
	for range rows {
		v.addRow()
	}
	return v
}

func (v *vtScreen) addRow() {
	v.cells = append(v.cells, make([]string, v.columns))
	v.wrapped = append(v.wrapped, false)
}

// text is the screen as lines without trailing blanks; wrapped rows stay apart.
func (v *vtScreen) text() string {
	var lines []string
	for _, row := range v.cells {
		lines = append(lines, rowString(row))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func rowString(row []string) string {
	var b strings.Builder
	for _, c := range row {
		switch c {
		case "":
			b.WriteByte(' ')
		case "wide":
		default:
			b.WriteString(c)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// Write takes output; sequences may be cut anywhere.
func (v *vtScreen) Write(p []byte) (int, error) {
	v.input = append(v.input, p...)
	for len(v.input) > 0 {
		n := v.one(v.input)
		if n == 0 {
			break
		}
		v.input = v.input[n:]
	}
	return len(p), nil
}

func (v *vtScreen) one(b []byte) int {
	switch c := b[0]; {
	case c == 0x1b:
		return v.escape(b)
	case c == '\r':
		v.x, v.pending = 0, false
	case c == '\n':
		v.index()
	case c == '\b':
		v.x, v.pending = max(0, v.x-1), false
	case c < 0x20:
	default:
		if !utf8.FullRune(b) {
			return 0
		}
		r, size := utf8.DecodeRune(b)
		v.put(r)
		return size
	}
	return 1
}

func (v *vtScreen) put(r rune) {
	w := runewidth.RuneWidth(r)
	if w == 0 {
		return
	}
	if v.pending || v.x+w > v.columns && v.columns > 1 {
		v.wrapped[v.y] = true
		v.x, v.pending = 0, false
		v.index()
	}
	v.cells[v.y][v.x] = string(r)
	if w == 2 && v.x+1 < v.columns {
		v.cells[v.y][v.x+1] = "wide"
	}
	if v.x += w; v.x >= v.columns {
		v.x, v.pending = v.columns-1, true
	}
}

// index goes down a row and scrolls at the bottom.
func (v *vtScreen) index() {
	v.pending = false
	if v.y++; v.y == v.rows {
		v.y--
		v.cells, v.wrapped = v.cells[1:], v.wrapped[1:]
		v.addRow()
	}
}

func (v *vtScreen) escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case 'D':
		v.index()
		return 2
	case 'M':
		v.pending = false
		if v.y--; v.y < 0 {
			v.y = 0
			v.cells = append([][]string{make([]string, v.columns)}, v.cells[:v.rows-1]...)
			v.wrapped = append([]bool{false}, v.wrapped[:v.rows-1]...)
		}
		return 2
	case '[':
	default:
		return 2
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= 0x40 && b[i] <= 0x7e {
			v.csi(string(b[2:i]), b[i])
			return i + 1
		}
	}
	return 0
}

func (v *vtScreen) csi(params string, final byte) {
	n, err := strconv.Atoi(params)
	if err != nil {
		n = 1
	}
	if final != 'm' && final != 'h' && final != 'l' {
		v.pending = false
	}
	switch final {
	case 'A':
		v.y = max(0, v.y-n)
	case 'B':
		v.y = min(v.rows-1, v.y+n)
	case 'C':
		v.x = min(v.columns-1, v.x+n)
	case 'D':
		v.x = max(0, v.x-n)
	case 'G':
		v.x = min(v.columns, n) - 1
	case 'H':
		v.x, v.y = 0, 0
	case 'K':
		clear(v.cells[v.y][v.x:])
	case 'J':
		v.erase(params == "2")
	case 'h', 'l':
		switch params {
		case "?25":
			v.hidden = final == 'l'
		case "?2004":
			v.pasting = final == 'h'
		}
	}
}

func (v *vtScreen) erase(all bool) {
	from := v.y + 1
	if all {
		from = 0
	} else {
		clear(v.cells[v.y][v.x:])
		v.wrapped[v.y] = false
	}
	for y := from; y < v.rows; y++ {
		clear(v.cells[y])
		v.wrapped[y] = false
	}
}

// resize lays the text out anew and keeps the cursor at its character.
func (v *vtScreen) resize(columns, rows int) {
	w := newVTScreen(columns, rows)
	cx, cy := v.x, v.y
	var tx, ty int
	last := v.y
	for y := range v.cells {
		if rowString(v.cells[y]) != "" {
			last = max(last, y)
		}
	}
	for y, row := range v.cells[:last+1] {
		end := len(row)
		if !v.wrapped[y] {
			end = len([]rune(rowString(row)))
			if y == cy {
				end = max(end, cx)
			}
		}
		for x := range min(end, len(row)) {
			if y == cy && x == cx {
				tx, ty = w.x, w.y
			}
			if c := row[x]; c != "wide" {
				r, _ := utf8.DecodeRuneInString(c + " ")
				w.put(r)
			}
		}
		if y == cy && cx >= end {
			tx, ty = w.x, w.y
		}
		if !v.wrapped[y] && y < last {
			before := w.y
			w.x = 0
			w.index()
			if w.y == before {
				ty--
			}
		}
	}
	w.x, w.y, w.hidden, w.pasting, w.input = min(tx, columns-1), max(0, min(ty, rows-1)), v.hidden, v.pasting, v.input
	w.pending = false
	*v = *w
}
