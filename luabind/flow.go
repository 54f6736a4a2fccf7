package luabind

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

const (
	flowType   = "flow.Flow"
	flowDefine = "flow.define"
	flowRunOp  = "flow:run"
)

// flowModule is flow: chains of steps that are retried and undone.
func flowModule(h *Host) Module {
	steps := Param{Name: "steps", Type: "table[]", Doc: `each { "name", function(ctx) ... end, undo =, retry = }`, Fields: stepFields()}
	return Module{
		Name: "flow", Doc: "Chains steps that can be retried, and undone when a later one fails.",
		Functions: []Function{{
			Name: "define", Doc: "Defines a chain of steps; each gets the results of those before.",
			Params:  []Param{{Name: "name", Type: "string"}, steps},
			Returns: []Param{{Name: "flow", Type: flowType}},
			Call:    func(L *lua.LState) int { return defineFlow(L, h) },
		}},
		Types: []Type{{
			Name: flowType, Doc: "A chain of steps.",
			Methods: []Function{
				{
					Name: "run", Doc: "Runs the steps; when one fails, undoes those before and raises.",
					Params: []Param{
						{Name: "input", Type: "any", Doc: "ctx.input of the steps", Optional: true},
						{Name: "options", Type: "table", Optional: true, Fields: optionParams[flowRunOptions]()},
					},
					Returns: []Param{{Name: "ctx", Type: "table", Doc: "input, and each step's result by its name"}},
					Call:    func(L *lua.LState) int { return runFlow(L, h, checkFlow(L, 1)) },
				},
				{
					Name: "describe", Doc: "Prints the steps.",
					Call: func(L *lua.LState) int {
						fmt.Fprint(h.Stdout, checkFlow(L, 1).describe())
						return 0
					},
				},
			},
			Fields: []Param{{Name: "name", Type: "string"}},
		}},
	}
}

// stepFields describes a step: its name and function need no names of their own, and retry may be a table.
func stepFields() []Param {
	fields := optionParams[flowStepOptions]()
	for i := range fields {
		switch fields[i].Name {
		case "name":
			fields[i].Place = 1
		case "run":
			fields[i].Place = 2
		case "retry":
			fields[i].Type, fields[i].Fields = "integer|table", optionParams[flowRetryOptions]()
			fields[i].accepts = nil
		}
	}
	return fields
}

// flow is what flow.define gives.
type flow struct {
	name  string
	steps []flowStep
}

// flowStep is one step of a flow.
type flowStep struct {
	name  string
	run   *lua.LFunction
	undo  *lua.LFunction // nil when there is nothing to undo
	retry stepRetry
}

// stepRetry says when a step that failed is tried again.
type stepRetry struct {
	times   int
	backoff time.Duration  // before the first retry; doubles
	on      []string       // kinds, codes and statuses of errors; nil for any
	ask     *lua.LFunction // decides instead
	unsafe  bool           // also when a call that may not be repeated may have been carried out
}

const (
	firstBackoff = 500 * time.Millisecond
	mostBackoff  = time.Minute
	mostRetries  = 100
)

type flowStepOptions struct {
	Name  string         `json:"name" doc:"names the result in ctx" required:""`
	Run   *lua.LFunction `json:"run" doc:"gets ctx; what it returns is ctx[name] for later steps" required:""`
	Undo  *lua.LFunction `json:"undo" doc:"gets ctx; undoes the step when a later one fails"`
	Retry lua.LValue     `json:"retry" doc:"how often to try again, or a table"`
}

type flowRetryOptions struct {
	Times   int           `json:"times" doc:"how often to try again" required:""`
	On      lua.LValue    `json:"on" doc:"kinds, codes or statuses of errors, or a function of the error"`
	Backoff time.Duration `json:"backoff" doc:"pause before the first retry, 500ms when left out; doubles" unit:"s"`
	Unsafe  bool          `json:"unsafe" doc:"also when what was sent may have arrived"`
}

type flowRunOptions struct {
	DryRun bool `json:"dry_run" doc:"print the calls that would be made, and send nothing"`
}

// defineFlow is flow.define.
func defineFlow(L *lua.LState, h *Host) int {
	f := &flow{name: textAt(L, 1, flowDefine, "name")}
	if !isStepName(f.name) {
		refuse(L, flowDefine, "name", "must be a word of letters, digits, _ and -, got "+luatext.Excerpt(f.name))
	}
	list := tableAt(L, 2, flowDefine, "steps")
	if list.Len() == 0 {
		refuse(L, flowDefine, "steps", "must be a list of at least one step")
	}
	for i := range list.Len() {
		at := fmt.Sprintf("steps[%d]", i+1)
		t, ok := list.RawGetInt(i + 1).(*lua.LTable)
		if !ok {
			refuse(L, flowDefine, at, mistyped(`a table such as { "name", function(ctx) ... end }`, list.RawGetInt(i+1)).Error())
		}
		step := readStep(L, at, t)
		if slices.ContainsFunc(f.steps, func(s flowStep) bool { return s.name == step.name }) {
			refuse(L, flowDefine, at, "is the second step named "+luatext.Excerpt(step.name))
		}
		f.steps = append(f.steps, step)
	}
	L.Push(&lua.LUserData{Value: f, Metatable: flowMetatable(L, h), Env: L.Env})
	return 1
}

// isStepName reports whether text can be a field of ctx, and a name in a journal.
func isStepName(text string) bool {
	for _, r := range text {
		if !luatext.IsNameByte(byte(r)) && r != '-' || r > '~' {
			return false
		}
	}
	return text != "" && len(text) <= 100
}

func readStep(L *lua.LState, at string, t *lua.LTable) flowStep {
	named := L.NewTable()
	t.ForEach(func(k, v lua.LValue) {
		switch k {
		case lua.LNumber(1):
			k = lua.LString("name")
		case lua.LNumber(2):
			k = lua.LString("run")
		}
		named.RawSet(k, v)
	})
	var o flowStepOptions
	readNested(L, at, named, &o)
	switch {
	case !isStepName(o.Name):
		refuse(L, flowDefine, at+".name", "must be a word of letters, digits, _ and -, got "+luatext.Excerpt(o.Name))
	case o.Name == "input":
		refuse(L, flowDefine, at+".name", `must not be "input", where ctx has what the flow is run with`)
	}
	return flowStep{o.Name, o.Run, o.Undo, readRetry(L, at+".retry", o.Retry)}
}

// readNested reads the options of a part of the definition.
func readNested(L *lua.LState, at string, t *lua.LTable, into any) {
	err := readOptions(flowDefine, t, into)
	if err == nil {
		return
	}
	failure, ok := errors.AsType[*authy.ValidationError](err)
	if !ok {
		raise(L, err)
	}
	for i := range failure.Problems {
		failure.Problems[i].Param = at + "." + failure.Problems[i].Param
	}
	raise(L, failure)
}

func readRetry(L *lua.LState, at string, v lua.LValue) stepRetry {
	var o flowRetryOptions
	switch v := v.(type) {
	case nil:
		return stepRetry{}
	case lua.LNumber:
		o.Times = int(v)
		if lua.LNumber(o.Times) != v {
			refuse(L, flowDefine, at, "must be a whole number, got "+v.String())
		}
	case *lua.LTable:
		readNested(L, at, v, &o)
	default:
		refuse(L, flowDefine, at, mistyped("a number or a table", v).Error())
	}
	if o.Times < 1 || o.Times > mostRetries {
		refuse(L, flowDefine, at+".times", "must be from 1 to "+strconv.Itoa(mostRetries)+", got "+strconv.Itoa(o.Times))
	}
	retry := stepRetry{times: o.Times, backoff: cmp.Or(o.Backoff, firstBackoff), unsafe: o.Unsafe}
	switch on := o.On.(type) {
	case nil:
	case *lua.LFunction:
		retry.ask = on
	case *lua.LTable:
		on.ForEach(func(_, name lua.LValue) { retry.on = append(retry.on, name.String()) })
	case lua.LString, lua.LNumber:
		retry.on = []string{on.String()}
	default:
		refuse(L, flowDefine, at+".on", mistyped("a list of kinds and codes, or a function", on).Error())
	}
	return retry
}

func checkFlow(L *lua.LState, i int) *flow {
	if data, ok := L.Get(i).(*lua.LUserData); ok {
		if f, ok := data.Value.(*flow); ok {
			return f
		}
	}
	L.ArgError(i, flowType+" expected, got "+L.Get(i).Type().String()+" (call methods with a colon, as in f:run{...})")
	return nil
}

// flowMetatable lets scripts read the name of a flow, and shows it.
func flowMetatable(L *lua.LState, h *Host) *lua.LTable {
	mt := flowModule(h).Types[0].metatable(L)
	methods, ok := mt.RawGetString("__index").(*lua.LTable)
	if !ok {
		return mt
	}
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		if L.Get(2) == lua.LString("name") {
			L.Push(lua.LString(checkFlow(L, 1).name))
			return 1
		}
		L.Push(methods.RawGet(L.Get(2)))
		return 1
	}))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		f := checkFlow(L, 1)
		L.Push(lua.LString(fmt.Sprintf("flow %s (%d steps)", f.name, len(f.steps))))
		return 1
	}))
	return mt
}

// describe lists the steps.
func (f *flow) describe() string {
	width := 0
	for _, step := range f.steps {
		width = max(width, len(step.name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "flow %s\n", f.name)
	for i, step := range f.steps {
		var notes []string
		if !step.run.IsG {
			notes = append(notes, positionOfFunction(step.run))
		}
		if step.retry.times > 0 {
			notes = append(notes, step.retry.describe())
		}
		if step.undo != nil {
			notes = append(notes, "can be undone")
		}
		line := fmt.Sprintf("  %2d  %-*s  %s", i+1, width, step.name, strings.Join(notes, ", "))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func (r stepRetry) describe() string {
	text := fmt.Sprintf("up to %d retries", r.times)
	if r.times == 1 {
		text = "one retry"
	}
	if r.on != nil {
		text += " on " + strings.Join(r.on, ", ")
	}
	if r.unsafe {
		text += ", also when what was sent may have arrived"
	}
	return text
}
