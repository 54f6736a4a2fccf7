package journal

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	magic   = "authysh batch"
	version = 1
)

// A Header says what a journal is of: which script, over which source.
type Header struct {
	Created time.Time // when the journal was made; [Open] fills it in
	Script  Script
	Source  Source
	Key     string   // the column that names a row; empty if a function does
	Columns []string // the columns of the source in their order; nil if it has none, or they are not known
	Service string   // what the calls go to; empty if that is not known
}

// A Script is the program that runs. A resumed run may have another: it was mended, perhaps.
type Script struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // in hexadecimal; empty if unknown
}

// A Source is where the rows come from. Without a SHA256 (an iterator, a list, standard input) it cannot be compared
// as a whole, and rows are compared one by one: see [Journal.Check].
type Source struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // in bytes
	SHA256 string `json:"sha256"` // in hexadecimal; empty if unknown
}

// headerLine is the first line of the file, its fields in the order in which they are written.
type headerLine struct {
	Journal string    `json:"journal"`
	Version int       `json:"version"`
	Created time.Time `json:"created"`
	Script  Script    `json:"script"`
	Source  Source    `json:"source"`
	Key     string    `json:"key"`
	Columns []string  `json:"columns,omitempty"`
	Service string    `json:"service,omitempty"`
}

func (h Header) encode() ([]byte, error) {
	line, err := json.Marshal(headerLine{magic, version, h.Created.UTC(), h.Script, h.Source, h.Key, h.Columns, h.Service})
	if len(line) >= maxRecord {
		return nil, fmt.Errorf("the header of the journal is %d bytes long, and may have %d", len(line), maxRecord)
	}
	return append(line, '\n'), err
}

// decodeHeader reads the first line of a file that may be anything.
func decodeHeader(path, line string) (Header, error) {
	var probe struct {
		Journal string
		Version int
	}
	if json.Unmarshal([]byte(line), &probe) != nil || probe.Journal != magic {
		return Header{}, &FormatError{path, 1, "is not a journal: it does not begin as one; name another file for the journal"}
	}
	if probe.Version != version {
		return Header{}, &FormatError{path, 1, fmt.Sprintf(
			"is a journal of version %d, and this program knows version %d: use the program that wrote it, or name a new journal", probe.Version, version)}
	}
	var h headerLine
	if err := json.Unmarshal([]byte(line), &h); err != nil {
		return Header{}, &FormatError{path, 1, fmt.Sprintf("is a journal with a damaged first line: %v; restore the file, or name a new journal", err)}
	}
	return Header{h.Created, h.Script, h.Source, h.Key, h.Columns, h.Service}, nil
}

// begunHeader reports whether line, which has no end, may be a header whose writing was cut short.
func begunHeader(line string) bool {
	start := fmt.Sprintf(`{"journal":%q,"version":%d,`, magic, version)
	return strings.HasPrefix(start, line) || strings.HasPrefix(line, start)
}

// compareService returns a *ServiceError if what was done was done at another service: nothing of it holds for this one.
func compareService(path string, was, now Header) error {
	if was.Service == "" || now.Service == "" || was.Service == now.Service {
		return nil
	}
	return &ServiceError{path, was.Service, now.Service}
}

// compareSource returns a *ChangedError if a journal with the header was is no journal of what now describes. The name
// of the source may differ: a file that was moved has the same rows.
func compareSource(path string, was, now Header) error {
	var changes []string
	a, b := was.Source, now.Source
	switch {
	case a.SHA256 == "" && b.SHA256 == "":
	case a.SHA256 == "":
		changes = append(changes, fmt.Sprintf("it was %q, which is no file that can be compared", a.Name))
	case b.SHA256 == "":
		changes = append(changes, fmt.Sprintf("it was the file %q, and is nothing that can be compared", a.Name))
	case a.Size != b.Size:
		changes = append(changes, fmt.Sprintf("it had %d bytes, and has %d", a.Size, b.Size))
	case !strings.EqualFold(a.SHA256, b.SHA256):
		changes = append(changes, "its contents changed")
	}
	if was.Key != now.Key {
		changes = append(changes, fmt.Sprintf("the key was %s, and is %s", describeKey(was.Key), describeKey(now.Key)))
	}
	if changes == nil {
		return nil
	}
	return &ChangedError{path, b.Name, changes}
}

func describeKey(column string) string {
	if column == "" {
		return "a function"
	}
	return fmt.Sprintf("column %q", column)
}
