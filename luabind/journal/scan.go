package journal

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// readBuffer is how much of a journal is read at once.
const readBuffer = 256 << 10

// lineReader gives the lines of a file that end, and their offsets. Lines are parts of one string for each block that was
// read, as a string for each line takes a quarter of the time of it all.
type lineReader struct {
	r      io.Reader
	buf    []byte
	block  string // what was read and not given yet
	number int    // of the line last given, from 1
	end    int64  // after the line last given
}

func newLineReader(r io.Reader, block int) *lineReader {
	return &lineReader{r: r, buf: make([]byte, block)}
}

var errLongLine = errors.New("line too long")

// next returns the next line without its end. With io.EOF it returns what stands behind the last line that has an end.
func (l *lineReader) next() (line string, offset int64, err error) {
	for {
		line, rest, found := strings.Cut(l.block, "\n")
		switch {
		case len(line) >= maxRecord:
			l.number++
			return "", l.end, errLongLine
		case found:
			l.block = rest
			l.number++
			offset, l.end = l.end, l.end+int64(len(line))+1
			return line, offset, nil
		case err != nil:
			return line, l.end, err
		}
		if len(line) == len(l.buf) {
			l.buf = make([]byte, 2*len(l.buf))
		}
		n := copy(l.buf, line)
		var more int
		more, err = l.r.Read(l.buf[n:])
		l.block = string(l.buf[:n+more])
	}
}

// scanned is what reading a whole journal told beside its events.
type scanned struct {
	header Header
	empty  bool  // there is not even a header, or one whose writing was cut short
	end    int64 // after the last line that has an end
	torn   bool  // something follows
}

// scan reads a journal and shows its events to visit, with the line and where it stands; the event is valid until visit
// returns. A last line without an end is passed over.
func scan(path string, r io.Reader, visit func(e *event, line string, offset int64) error) (scanned, error) {
	var s scanned
	lines := newLineReader(r, readBuffer)
	var e event // one for all, as visit makes it escape
	for {
		line, offset, err := lines.next()
		switch {
		case errors.Is(err, io.EOF):
			s.torn = len(line) > 0
			if lines.number == 0 {
				s.empty = true
				if !begunHeader(line) {
					return s, notAJournal(path)
				}
			}
			return s, nil
		case errors.Is(err, errLongLine):
			if lines.number == 1 {
				return s, notAJournal(path)
			}
			return s, &FormatError{path, lines.number, fmt.Sprintf("has more than %d bytes: restore the file from a copy", maxRecord)}
		case err != nil:
			return s, fmt.Errorf("%s: cannot read the journal: %w", path, err)
		}
		s.end = lines.end
		if lines.number == 1 {
			if s.header, err = decodeHeader(path, line); err != nil {
				return s, err
			}
			continue
		}
		var ok bool
		if e, ok = decodeEvent(line); !ok {
			return s, &FormatError{path, lines.number, damage(line)}
		}
		if err := visit(&e, line, offset); err != nil {
			return s, err
		}
	}
}

func notAJournal(path string) error {
	_, err := decodeHeader(path, "")
	return err
}

func damage(line string) string {
	what := "is damaged: it is no event of a journal"
	if strings.IndexByte(line, 0) >= 0 {
		what = "is damaged: the disk lost a part of it"
	}
	return what + "; restore the file from a copy, or remove the line if you know what became of its row"
}
