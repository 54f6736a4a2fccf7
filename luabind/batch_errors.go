package luabind

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luajson"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// rowError is why a row failed, as the journal, the results and the summary have it.
type rowError struct {
	// Kind is that of an error value; "script" for other errors of a script, "source" for a row that cannot be read, and
	// "duplicate" for one whose key came before.
	Kind    string `json:"kind"`
	Op      string `json:"op,omitempty"`
	Status  int    `json:"status,omitempty"`
	Code    string `json:"code,omitempty"`
	Step    string `json:"step,omitempty"` // of a flow
	Message string `json:"message"`
	Where   string `json:"where,omitempty"`

	fields []string // the parameters at fault
}

// The kinds of errors that only rows have.
const (
	kindScript    = "script"
	kindSource    = "source"
	kindDuplicate = "duplicate"
)

// Bounds of what is kept of an error, in bytes.
const (
	mostMessage = 4 << 10
	mostWord    = 100
)

// newRowError describes whatever a script raised.
func newRowError(err error) *rowError {
	failure, ok := errors.AsType[*ScriptError](err)
	if !ok {
		e := &rowError{Kind: kindScript, Message: clip(err.Error(), mostMessage)}
		if call, ok := errors.AsType[authy.Error](err); ok {
			e.Kind, e.Op = string(call.Kind()), call.Operation()
		}
		return e
	}
	e := &rowError{Kind: kindScript, Message: clip(failure.Message, mostMessage), Where: failure.Where}
	if t, ok := failure.Value.(*lua.LTable); ok && luavalue.Error(t) == nil && t.RawGetString("message") == lua.LNil {
		if encoded, err := luajson.Encode(t, ""); err == nil { // all that the script says
			e.Message = clip(string(encoded), mostMessage)
		}
	}
	if t, ok := failure.Value.(*lua.LTable); ok {
		text := func(name string) string {
			if s, ok := t.RawGetString(name).(lua.LString); ok {
				return clip(string(s), mostWord)
			}
			return ""
		}
		e.Kind, e.Op, e.Code, e.Step = cmp.Or(text("kind"), kindScript), text("op"), text("code"), text("step")
		if status, ok := t.RawGetString("status").(lua.LNumber); ok {
			e.Status = int(status)
		}
		if fields, ok := t.RawGetString("fields").(*lua.LTable); ok {
			fields.ForEach(func(name, _ lua.LValue) { e.fields = append(e.fields, name.String()) })
			slices.Sort(e.fields)
		}
	}
	if text, ok := failure.Value.(lua.LString); ok { // with its position, if the script wants one
		e.Message = clip(string(text), mostMessage)
	}
	return e
}

func (e *rowError) encode() json.RawMessage {
	encoded, err := json.Marshal(e)
	if err != nil { // of strings and numbers alone it cannot fail
		return json.RawMessage(`{"kind":"script"}`)
	}
	return encoded
}

// BatchErrors is the failures of a batch that are of one kind.
type BatchErrors struct {
	// Kind is that of the error value, such as "api"; "script" for an error without one, "source" for a row that could
	// not be read, "duplicate" for one whose key came before.
	Kind string
	// Op is the operation, Code the service's error code; either may be empty.
	Op, Code string
	// Count is how many rows failed so.
	Count int64
	// Example is one of their messages, and Row that row's number.
	Example string
	Row     int64
}

// mostGroups bounds how many kinds of errors are told apart. What comes later is counted together.
const mostGroups = 100

// errorGroups counts failures by kind. It is safe for concurrent use.
type errorGroups struct {
	mu     sync.Mutex
	groups map[[4]string]*BatchErrors
}

func (g *errorGroups) add(n int64, e *rowError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.groups == nil {
		g.groups = map[[4]string]*BatchErrors{}
	}
	key := [4]string{e.Kind, e.Op, e.Code, strings.Join(e.fields, " ")}
	if g.groups[key] == nil && len(g.groups) >= mostGroups {
		key = [4]string{"others"}
	}
	group := g.groups[key]
	if group == nil {
		group = &BatchErrors{Kind: key[0], Op: key[1], Code: key[2], Example: e.Message, Row: n}
		g.groups[key] = group
	}
	group.Count++
}

// list is the groups, the most frequent first.
func (g *errorGroups) list() []BatchErrors {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]BatchErrors, 0, len(g.groups))
	for _, group := range g.groups {
		list = append(list, *group)
	}
	slices.SortFunc(list, func(a, b BatchErrors) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Row, b.Row))
	})
	return list
}

// batchError is a batch that ended before its time. It is an [authy.Error], so that scripts find a kind in it.
type batchError struct {
	kind authy.Kind
	text string
}

func (e *batchError) Error() string     { return batchOp + ": " + e.text }
func (e *batchError) Kind() authy.Kind  { return e.kind }
func (e *batchError) Operation() string { return batchOp }
