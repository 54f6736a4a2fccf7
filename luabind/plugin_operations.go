package luabind

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/plugin"
	lua "github.com/yuin/gopher-lua"
)

// module describes what the plugin adds for scripts; ok is false when that is nothing.
func (g *guest) module() (m Module, ok bool, err error) {
	m = Module{Name: plugin.LuaName(g.name), Doc: g.manifest.Summary, Plugin: true}
	for _, o := range g.manifest.Operations {
		op, err := authy.Declare(
			g.name+" "+strings.ReplaceAll(o.Name, "_", "-"), o.Doc, authy.Route{Name: m.Name + "." + o.Name, Effect: o.Effect},
			o.Params, o.Result, func(ctx context.Context, params map[string]any) (any, error) { return g.operate(ctx, o, params) },
		)
		if err != nil {
			return m, false, err
		}
		m.Operations = append(m.Operations, op)
	}
	return m, len(m.Operations) > 0, nil
}

// operate runs an operation. The interpreter of the script is given away meanwhile.
func (g *guest) operate(ctx context.Context, o plugin.Operation, params map[string]any) (result any, err error) {
	b := g.newBudget(ctx, o.Name, operationLead)
	err = g.run(&b, func() *lua.LFunction { return g.operations[o.Name] }, func(L *lua.LState) int {
		L.Push(ToLua(L, params))
		L.Push(g.context)
		return 2
	}, func(v lua.LValue) error {
		if result, err = export(v); err != nil {
			return &borderError{"the result", err}
		}
		return checkResult(o.Result, &result)
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &PluginError{Plugin: g.name, Where: o.Name, Op: plugin.LuaName(g.name) + "." + o.Name, Reason: err.Error(), untouched: !b.touched}
	}
	return result, nil
}

// checkResult compares a result with what is declared of it. Nothing is an empty result.
func checkResult(specs []authy.Spec, result *any) error {
	switch r := (*result).(type) {
	case nil:
		*result = map[string]any{}
		return nil
	case map[string]any:
		for _, s := range specs {
			if v, ok := r[s.Name]; ok && !suits(s.Type, v) {
				return fmt.Errorf("gave a result whose %s is no %s", s.Name, s.Type)
			}
		}
		return nil
	}
	return fmt.Errorf("must give a table with names, or nothing")
}

func suits(typ string, v any) bool {
	ok := false
	switch typ {
	case "string":
		_, ok = v.(string)
	case "boolean":
		_, ok = v.(bool)
	case "number":
		_, ok = v.(float64)
	case "integer":
		n, isNumber := v.(float64)
		return isNumber && n == math.Trunc(n)
	case "string[]":
		list, isList := v.([]any)
		object, isObject := v.(map[string]any)
		for _, item := range list {
			if _, isText := item.(string); !isText {
				return false
			}
		}
		return isList || isObject && len(object) == 0
	case "table":
		switch v.(type) {
		case map[string]any, []any:
			ok = true
		}
	}
	return ok
}

// format renders a value.
func (g *guest) format(ctx context.Context, name string, value any) (text string, err error) {
	b := g.newBudget(ctx, "format "+name, operationLead)
	err = g.run(&b, func() *lua.LFunction { return g.formats[name] }, func(L *lua.LState) int {
		L.Push(ToLua(L, value))
		L.Push(g.context)
		return 2
	}, textInto(&text))
	if err != nil {
		return "", &PluginError{Plugin: g.name, Where: "format " + name, Reason: err.Error()}
	}
	return text, nil
}

// textInto takes the text that a format gave.
func textInto(text *string) func(lua.LValue) error {
	return func(v lua.LValue) error {
		s, ok := v.(lua.LString)
		if !ok {
			return fmt.Errorf("must give a text, got %s", luavalue.TypeName(v))
		}
		*text = string(s)
		return nil
	}
}

// formatIn renders a value of a script, whose interpreter is held.
func (g *guest) formatIn(h *Host, L *lua.LState, name string, value lua.LValue) (text string, err error) {
	// As in runHook: whoever holds the script's interpreter must not block on the plugin's.
	if !g.interpreter.TryLock() {
		h.Wait(L, func(context.Context) { g.interpreter.Lock() })
	}
	defer g.interpreter.Unlock()
	failed := func(reason string) error {
		return &PluginError{Plugin: g.name, Where: "format " + name, Reason: reason}
	}
	if err := g.ready(); err != nil {
		return "", failed(err.Error())
	}
	copied, err := g.border.carry(value)
	if err != nil {
		return "", failed("the value " + err.Error())
	}
	b := g.newBudget(contextOf(L), "format "+name, operationLead)
	b.outer, b.script = h, L
	err = g.runLocked(&b, g.formats[name], func(inner *lua.LState) int {
		inner.Push(copied)
		inner.Push(g.context)
		return 2
	}, textInto(&text))
	if err != nil {
		return "", failed(err.Error())
	}
	return text, nil
}
