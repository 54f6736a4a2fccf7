package journal

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/tidwall/gjson"
)

// maxRows is the highest row number that a journal takes.
const maxRows = math.MaxUint32

// maxRecord is the longest line that is written or read, in bytes, its end included.
const maxRecord = 16 << 20

// kind is what an event says.
type kind uint8

const (
	noKind kind = iota
	started
	called
	stepped
	undone
	done
	failed
	doubt
	interrupted
	skipped
	resumed
	ended
)

var kindNames = [...]string{
	started: "started", called: "call", stepped: "step", undone: "undone", done: "done", failed: "failed", doubt: "doubt",
	interrupted: "interrupted", skipped: "skipped", resumed: "resumed", ended: "ended",
}

// event is a line after the first. Its strings may be parts of the line.
type event struct {
	kind       kind
	repeatable bool
	n          uint32

	at, key, op, effect, step, reason string
	row, result, err, script, totals  string // JSON; empty if the line has none
}

// decodeEvent takes a line apart; ok is false if it is no event. Fields that it does not know are passed over.
func decodeEvent(line string) (e event, ok bool) {
	if !validLine(line) {
		return e, false
	}
	object := line[skip(line, 0):]
	return e, object[0] == '{' && eachField(object, e.set) && e.complete()
}

// validLine reports whether text is JSON. A long one is left to encoding/json, which is slower, but refuses a value
// that is nested so deeply that gjson would exhaust the stack.
func validLine(text string) bool {
	const long = 64 << 10
	if len(text) > long {
		return json.Valid([]byte(text))
	}
	return gjson.Valid(text)
}

// set takes in one field; false means that its value is of the wrong type.
func (e *event) set(name, value string) bool {
	switch name {
	case "n":
		return e.setRow(value)
	case "ev":
		return e.setKind(value)
	case "repeatable":
		e.repeatable = value == "true"
		return e.repeatable || value == "false"
	case "at":
		return setString(&e.at, value)
	case "key":
		return setString(&e.key, value)
	case "op":
		return setString(&e.op, value)
	case "effect":
		return setString(&e.effect, value)
	case "step":
		return setString(&e.step, value)
	case "reason":
		return setString(&e.reason, value)
	case "row":
		e.row = value
	case "result":
		e.result = value
	case "error":
		e.err = value
	case "script":
		e.script = value
	case "totals":
		e.totals = value
	}
	return true
}

func setString(field *string, value string) bool {
	if value[0] != '"' {
		return false
	}
	if *field = value[1 : len(value)-1]; strings.IndexByte(value, '\\') >= 0 {
		*field = gjson.Parse(value).Str
	}
	return true
}

func (e *event) setRow(digits string) bool {
	var n uint64
	for _, c := range []byte(digits) {
		if n = n*10 + uint64(c-'0'); c < '0' || c > '9' || n > maxRows {
			return false
		}
	}
	e.n = uint32(n)
	return true
}

func (e *event) setKind(value string) bool {
	if len(value) < 3 || value[0] != '"' {
		return false
	}
	for k, known := range kindNames {
		if known == value[1:len(value)-1] {
			e.kind = kind(k)
			return true
		}
	}
	return false
}

// ends reports whether the event is the end of a row.
func (e *event) ends() bool {
	switch e.kind {
	case done, failed, doubt, skipped:
		return true
	}
	return false
}

// complete reports whether the event has what its kind needs.
func (e *event) complete() bool {
	switch e.kind {
	case noKind:
		return false
	case resumed, ended:
		return e.n == 0
	case called:
		return e.n > 0 && e.op != ""
	case stepped, undone:
		return e.n > 0 && e.step != ""
	}
	return e.n > 0
}
