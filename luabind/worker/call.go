package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/authysh/authysh/luabind"
)

// Bounds of what crosses in calls, as JSON.
const (
	mostArguments = mostScript
	mostResults   = mostFromChild / 2
)

// program is a script that was loaded.
type program struct{ script luabind.Script }

// Load runs a script, as [Worker.Run] does, in a runtime that is kept: [Worker.Call] calls the functions that the script has
// left there. It takes the place of one that was loaded before, also when the script fails; then none is loaded.
func (w *Worker) Load(ctx context.Context, script luabind.Script) error {
	return w.inTurn(ctx, func(child *process) error {
		w.program = nil
		p := &program{script}
		if err := w.load(ctx, child, p); err != nil {
			return err
		}
		w.program = p
		return nil
	})
}

// load has the child run a program and keep what it leaves.
func (w *Worker) load(ctx context.Context, child *process, p *program) error {
	child.loaded = nil
	if err := child.script(ctx, p.script, true); err != nil {
		return err
	}
	child.loaded = p
	return nil
}

// Call calls a function of the script that was loaded, by a name such as "on_login" or "rules.on_login"; see
// [luabind.Runtime.Call]. Globals last from one call to the next, and nothing that [Worker.Run] runs sees them.
//
// Arguments cross as encoding/json writes them, results as it reads them: nil, string, float64, bool, []any or map[string]any.
// A whole number beyond 2^53 becomes a text in Lua, as with [luabind.ToLua]. A text that is not UTF-8 and a number that is not
// finite are errors, and so are more than 32 MiB of arguments or 512 KiB of results.
//
// The limits count anew for each call. Errors are those of [Worker.Run], except that os.exit(0) is an
// [*luabind.ExitError] too, because there is no result. When the child was killed or died, all that the script kept is lost:
// the next call first runs the script anew in another child, with limits of its own, and fails if that does.
func (w *Worker) Call(ctx context.Context, function string, arguments ...any) (results []any, err error) {
	asked := &call{Function: function}
	if asked.Arguments, err = encodeValues("argument", arguments, mostArguments); err != nil {
		return nil, err
	}
	err = w.inTurn(ctx, func(child *process) error {
		if w.program == nil {
			return errors.New("worker: Call: no script is loaded; call Load first")
		}
		if child.loaded != w.program {
			if err := w.load(ctx, child, w.program); err != nil {
				return fmt.Errorf("worker: Call: the script was lost with its process, and does not load again: %w", err)
			}
		}
		texts, err := child.run(ctx, &run{Call: asked})
		if err != nil {
			return err
		}
		results, err = decodeValues(texts, float)
		return err
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// encodeValues writes values, which are called what in errors.
func encodeValues(what string, values []any, most int) ([]json.RawMessage, error) {
	texts, size := make([]json.RawMessage, len(values)), 0
	for i, v := range values {
		text, err := json.Marshal(v)
		switch size += len(text); {
		case err != nil:
			return nil, fmt.Errorf("worker: Call: %s %d: %w", what, i+1, err)
		case hasReplaced(text):
			return nil, fmt.Errorf("worker: Call: %s %d holds a text that is not UTF-8; write it in another form, such as base64", what, i+1)
		case size > most:
			return nil, fmt.Errorf("worker: Call: the %ss have more than %d bytes as JSON", what, most)
		}
		texts[i] = text
	}
	return texts, nil
}

// hasReplaced reports whether encoding/json has replaced bytes that are not UTF-8. It writes their replacement as an escape, and
// that of the character itself, which a text may hold, as it is.
func hasReplaced(text []byte) bool {
	const mark = `\ufffd`
	for {
		i := bytes.Index(text, []byte(mark))
		if i < 0 {
			return false
		}
		before := len(text[:i]) - len(bytes.TrimRight(text[:i], `\`))
		if before%2 == 0 {
			return true
		}
		text = text[i+len(mark):]
	}
}

// decodeValues reads values. Numbers are as number makes them.
func decodeValues(texts []json.RawMessage, number func(json.Number) any) ([]any, error) {
	values := make([]any, len(texts))
	for i, text := range texts {
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&values[i]); err != nil {
			return nil, fmt.Errorf("worker: Call: value %d: %w", i+1, err)
		}
		values[i] = withNumbers(values[i], number)
	}
	return values, nil
}

func withNumbers(v any, number func(json.Number) any) any {
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			v[i] = withNumbers(v[i], number)
		}
	case map[string]any:
		for k := range v {
			v[k] = withNumbers(v[k], number)
		}
	}
	return v
}

// float is a number of a result.
func float(n json.Number) any {
	f, _ := n.Float64() // JSON has no others, and what is too large is infinite
	return f
}

// exact is a number of an argument: whole ones keep their digits, which beyond 2^53 makes a text of them in Lua.
func exact(n json.Number) any {
	if whole, err := n.Int64(); err == nil {
		return whole
	}
	if whole, err := strconv.ParseUint(n.String(), 10, 64); err == nil {
		return whole
	}
	return float(n)
}
