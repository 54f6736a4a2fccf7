package worker

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// run is what the child needs to know of one run: of a script, or of a function that a script has left behind.
type run struct {
	Number  int64          `json:"number"`
	Name    string         `json:"name,omitempty"`
	Source  string         `json:"source,omitempty"`
	Args    []string       `json:"args,omitempty"`
	Keep    bool           `json:"keep,omitempty"` // the runtime, for calls
	Call    *call          `json:"call,omitempty"` // in place of a script
	Limits  luabind.Limits `json:"limits"`
	Memory  int64          `json:"memory"` // of the process
	Timeout time.Duration  `json:"timeout"`
	Retries int            `json:"retries"`
	Most    int64          `json:"most"` // bytes of an answer
}

// call is a call of a function in the runtime that was kept.
type call struct {
	Function  string            `json:"function"`
	Arguments []json.RawMessage `json:"arguments,omitempty"`
}

// outcome is how a run ended.
type outcome struct {
	failure *failure
	results []json.RawMessage // of a call
}

// request is a request to the service, without host and key.
type request struct {
	ID          int64  `json:"id"`
	Method      string `json:"method"`
	Path        string `json:"path"` // escaped
	Query       string `json:"query,omitempty"`
	ContentType string `json:"content_type,omitempty"`
	Body        []byte `json:"body,omitempty"`
}

// answer is what came back for it.
type answer struct {
	ID     int64               `json:"id"`
	Status int                 `json:"status,omitempty"`
	Header map[string][]string `json:"header,omitempty"`
	Body   []byte              `json:"body,omitempty"`
	Error  string              `json:"error,omitempty"` // in place of an answer
}

// failure is the error of a script. Everything in it is the child's word.
type failure struct {
	Text       string                 `json:"text"`
	Script     *luabind.ScriptError   `json:"script,omitempty"`
	Limit      *luabind.LimitError    `json:"limit,omitempty"`
	Exit       *luabind.ExitError     `json:"exit,omitempty"`
	API        *authy.APIError        `json:"api,omitempty"`
	Validation *authy.ValidationError `json:"validation,omitempty"`
	Other      *otherError            `json:"other,omitempty"`
}

// otherError is an error of a call of the API whose type does not travel, such as one of the network.
type otherError struct {
	Sort authy.Kind `json:"kind"`
	Op   string     `json:"op,omitempty"`
	Text string     `json:"text"`
}

func (e *otherError) Error() string     { return e.Text }
func (e *otherError) Kind() authy.Kind  { return e.Sort }
func (e *otherError) Operation() string { return e.Op }

// failureOf is an error in a form that travels.
func failureOf(err error) *failure {
	if err == nil {
		return nil
	}
	f := &failure{Text: err.Error()}
	f.Script, _ = errors.AsType[*luabind.ScriptError](err)
	f.Limit, _ = errors.AsType[*luabind.LimitError](err)
	f.Exit, _ = errors.AsType[*luabind.ExitError](err)
	f.API, _ = errors.AsType[*authy.APIError](err)
	f.Validation, _ = errors.AsType[*authy.ValidationError](err)
	if other, ok := errors.AsType[authy.Error](err); ok && f.API == nil && f.Validation == nil {
		f.Other = &otherError{other.Kind(), other.Operation(), other.Error()}
	}
	return f
}

// err is the failure as an error again.
func (f *failure) err() error {
	if f == nil {
		return nil
	}
	e := &remoteError{text: f.Text}
	if f.Script != nil {
		e.causes = append(e.causes, f.Script)
	}
	if f.Limit != nil {
		e.causes = append(e.causes, f.Limit)
	}
	if f.Exit != nil {
		e.causes = append(e.causes, f.Exit)
	}
	if f.API != nil {
		e.causes = append(e.causes, f.API)
	}
	if f.Validation != nil {
		e.causes = append(e.causes, f.Validation)
	}
	if f.Other != nil {
		e.causes = append(e.causes, f.Other)
	}
	return e
}

// remoteError is the error of a script in the child; errors.As finds what it was made of.
type remoteError struct {
	text   string
	causes []error
}

func (e *remoteError) Error() string { return e.text }

func (e *remoteError) Unwrap() []error { return e.causes }
