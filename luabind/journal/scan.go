package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// readBuffer is how much of a journal is read at once.
const readBuffer = 256 << 10

// lineReader gives the lines of a file that end, and their offsets.
type lineReader struct {
	r      *bufio.Reader
	long   []byte // a line that is longer than the buffer
	number int    // of the line last read, from 1
	end    int64  // after the line last read
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, readBuffer)}
}

// newShortLineReader is for one line, which is short as a rule.
func newShortLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 4<<10)}
}

var errLongLine = errors.New("line too long")

// next returns the next line without its end; it is valid until the next call. With io.EOF it returns what stands
// behind the last line that has an end.
func (l *lineReader) next() (line []byte, offset int64, err error) {
	offset = l.end
	line, err = l.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = l.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) {
			if l.long = append(l.long, line...); len(l.long) > maxRecord {
				l.number++
				return nil, offset, errLongLine
			}
			line, err = l.r.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	if err != nil {
		return line, offset, err
	}
	l.number++
	l.end += int64(len(line))
	return line[:len(line)-1], offset, nil
}

// scanned is what reading a whole journal told beside its events.
type scanned struct {
	header Header
	empty  bool  // there is not even a header, or one whose writing was cut short
	end    int64 // after the last line that has an end
	torn   bool  // something follows
}

// scan reads a journal and shows its events to visit, which gets the line too, valid until it returns. A last line
// without an end is passed over.
func scan(path string, r io.Reader, visit func(e *event, line []byte, offset int64) error) (scanned, error) {
	var s scanned
	lines := newLineReader(r)
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
		e, ok := decodeEvent(string(line))
		if !ok {
			return s, &FormatError{path, lines.number, damage(line)}
		}
		if err := visit(&e, line, offset); err != nil {
			return s, err
		}
	}
}

func notAJournal(path string) error {
	_, err := decodeHeader(path, nil)
	return err
}

func damage(line []byte) string {
	what := "is damaged: it is no event of a journal"
	if bytes.IndexByte(line, 0) >= 0 {
		what = "is damaged: the disk lost a part of it"
	}
	return what + "; restore the file from a copy, or remove the line if you know what became of its row"
}
