package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/tidwall/gjson"
)

// stamp is a time as it was written last. Many records are of the same millisecond, and writing the time is the most
// work of a record.
type stamp struct {
	milli int64
	text  []byte
}

func (s *stamp) at(t time.Time) []byte {
	if milli := t.UnixMilli(); milli != s.milli || s.text == nil {
		s.milli = milli
		s.text = t.UTC().AppendFormat(s.text[:0], "2006-01-02T15:04:05.000Z07:00")
	}
	return s.text
}

// appendEvent appends a line. Its fields stand in the order in which people look for them.
func appendEvent(b, at []byte, e *event) []byte {
	b = append(b, '{')
	if e.n > 0 {
		b = append(b, `"n":`...)
		b = strconv.AppendUint(b, uint64(e.n), 10)
		b = append(b, ',')
	}
	b = append(b, `"at":"`...)
	b = append(b, at...)
	b = append(b, `","ev":"`...)
	b = append(b, kindNames[e.kind]...)
	b = append(b, '"')
	b = appendString(b, "op", e.op)
	b = appendString(b, "effect", e.effect)
	b = appendString(b, "step", e.step)
	b = appendString(b, "reason", e.reason)
	b = appendString(b, "key", e.key)
	b = appendJSON(b, "row", e.row)
	b = appendJSON(b, "result", e.result)
	b = appendJSON(b, "error", e.err)
	b = appendJSON(b, "script", e.script)
	b = appendJSON(b, "totals", e.totals)
	if e.kind == called || e.kind == failed {
		b = append(b, `,"repeatable":`...)
		b = strconv.AppendBool(b, e.repeatable)
	}
	return append(b, '}', '\n')
}

func appendString(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return gjson.AppendJSONString(b, value)
}

func appendJSON(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return append(b, value...)
}

// oneLine checks a value that the caller wants recorded, and makes it one line. Nil is no value, and stays none.
func oneLine(raw json.RawMessage) (string, error) {
	if raw == nil {
		return "", nil
	}
	if text := string(raw); bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 && validLine(text) {
		return text, nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return "", errors.New("not valid JSON, or nested too deeply")
	}
	return b.String(), nil
}
