package journal

import (
	"context"
	"io"
	"os"

	"github.com/tidwall/gjson"
)

// place is where the file tells of a row; 0 is nowhere, as the header stands there.
type place struct {
	start int64 // the last started
	from  int64 // the last started before which nothing but steps matters any more
	call  int64 // the last call that may not be repeated
	end   int64 // how the row ended
	group uint32
}

// survey is what a journal says of all rows, and where.
type survey struct {
	scanned
	index    index
	places   map[uint32]place // of the rows that are not done, or of all
	all      bool
	groups   errorGroups
	script   string // the last one that ran, as JSON
	last     string // when the last event was
	sessions int
	ended    bool // the last event ends a run
}

// read takes in a whole journal.
func (s *survey) read(path string, r io.Reader) error {
	s.places = make(map[uint32]place)
	s.sessions = 1
	found, err := scan(path, r, func(e *event, _ string, offset int64) error {
		if e.at != "" {
			s.last = e.at
		}
		s.ended = e.kind == ended
		if e.kind == resumed {
			s.sessions++
			s.script = e.script
		}
		s.index.apply(e, offset)
		if e.n > 0 {
			s.note(e, offset)
		}
		return nil
	})
	s.scanned = found
	if err == nil && found.empty {
		return &FormatError{path, 1, "is empty: no run has begun in it"}
	}
	return err
}

// note keeps where an event stands.
func (s *survey) note(e *event, offset int64) {
	now := s.index.state(e.n)
	if now == stateDone && (!s.all || e.kind != done) {
		if !s.all {
			delete(s.places, e.n)
		}
		return
	}
	p := s.places[e.n]
	switch e.kind {
	case started:
		p.start, p.end = offset, 0
		if now == stateStarted {
			p.from = offset
		}
	case called:
		if !e.repeatable {
			p.call = offset
		}
	case failed, doubt:
		p.end, p.group = offset, s.groups.number(e.err)
	case done:
		p.end = offset
	case skipped:
		if now == stateSkipped { // else it changes nothing
			p.end = offset
		}
	}
	if now == stateStarted {
		p.call = 0
	}
	s.places[e.n] = p
}

// errorGroups numbers the kinds of errors.
type errorGroups struct {
	numbers map[[2]string]uint32
	names   [][2]string // kind and code
}

func (g *errorGroups) number(failure string) uint32 {
	kind, code, _ := describe(failure)
	name := [2]string{kind, code}
	n, known := g.numbers[name]
	if !known {
		if g.numbers == nil {
			g.numbers = make(map[[2]string]uint32)
		}
		n = uint32(len(g.names))
		g.numbers[name] = n
		g.names = append(g.names, name)
	}
	return n
}

// describe takes an error as recorded apart: an object with kind, code and message, or only a message.
func describe(failure string) (kind, code, message string) {
	v := gjson.Parse(failure)
	switch {
	case v.IsObject():
		for name, field := range v.All() {
			switch name.Str {
			case "kind":
				kind = field.String()
			case "code":
				code = field.String()
			case "message":
				message = field.String()
			}
		}
	case v.Type == gjson.String:
		message = v.Str
	}
	if message == "" {
		message = failure
	}
	return kind, code, message
}

// openToRead opens a journal without the lock.
func openToRead(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, &FormatError{path, 1, "is not a journal: it is not a regular file"}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, cannotOpen(path, err)
	}
	return file, nil
}

// surveyFile reads a journal and hands over the open file, from which places can be read.
func surveyFile(ctx context.Context, path string, s *survey) (*os.File, error) {
	file, err := openToRead(path)
	if err != nil {
		return nil, err
	}
	if err := s.read(path, contextReader{ctx, file}); err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}
