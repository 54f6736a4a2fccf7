package luabind

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/internal/masking"
	lua "github.com/yuin/gopher-lua"
)

// logModule is log: messages with fields, into the log of the host.
func logModule(h *Host) Module {
	module := Module{Name: "log", Doc: "Writes to the program's log."}
	for _, level := range []struct {
		name, doc string
		level     slog.Level
	}{
		{"debug", "Logs what helps to find a fault.", slog.LevelDebug},
		{"info", "Logs what happens.", slog.LevelInfo},
		{"warn", "Logs what may need a look.", slog.LevelWarn},
		{"error", "Logs what went wrong; it does not raise.", slog.LevelError},
	} {
		module.Functions = append(module.Functions, Function{
			Name: level.name, Doc: level.doc,
			Params: []Param{
				{Name: "message", Type: "any", Doc: "shown as tostring does"},
				{Name: "fields", Type: "table", Optional: true,
					Doc: "values by name; one named token, code, key, password or the like is masked"},
			},
			Call: logAt(h, "log."+level.name, level.level),
		})
	}
	return module
}

func logAt(h *Host, op string, level slog.Level) lua.LGFunction {
	return func(L *lua.LState) int {
		if L.GetTop() == 0 {
			refuse(L, op, "message", "is required")
		}
		var fields *lua.LTable
		if L.Get(2) != lua.LNil {
			fields = tableAt(L, 2, op, "fields")
		}
		ctx := contextOf(L)
		logger := h.logger()
		if !logger.Enabled(ctx, level) {
			return 0
		}
		message := L.ToStringMeta(L.Get(1)).String()
		entry := logEntry{size: len(message)}
		var attrs []slog.Attr
		if fields != nil {
			if attrs = entry.attrs(fields, nil); entry.count > maxCarried {
				refuse(L, op, "fields", fmt.Sprintf("must not have more than %d values", maxCarried))
			}
		}
		if r := runOf(ctx); r != nil {
			if err := r.print(entry.size); err != nil {
				L.RaiseError("%v", err)
			}
		}
		logger.LogAttrs(ctx, level, message, attrs...)
		return 0
	}
}

// logEntry is how much of an entry there is so far: values and bytes. Tables that stand in it twice are written twice, so a
// small one may have a large text.
type logEntry struct{ count, size int }

// attrs makes the fields of a table attributes, in alphabetical order. Tables inside become groups. It gives up where there
// are too many.
func (e *logEntry) attrs(t *lua.LTable, above []*lua.LTable) []slog.Attr {
	above = append(above, t)
	var attrs []slog.Attr
	t.ForEach(func(key, v lua.LValue) {
		if e.count++; e.count > maxCarried {
			return
		}
		name := key.String()
		e.size += len(name)
		if text, ok := v.(lua.LString); ok {
			e.size += len(text)
		} else {
			const perValue = 8
			e.size += perValue
		}
		inner, isTable := v.(*lua.LTable)
		switch {
		case masking.IsSecret(name):
			attrs = append(attrs, slog.String(name, masking.Mask))
		case !isTable:
			attrs = append(attrs, slog.Any(name, logValue(v)))
		case slices.Contains(above, inner) || len(above) == luavalue.MaxDepth:
			attrs = append(attrs, slog.String(name, "…"))
		default:
			attrs = append(attrs, slog.Attr{Key: name, Value: slog.GroupValue(e.attrs(inner, above)...)})
		}
	})
	slices.SortStableFunc(attrs, func(a, b slog.Attr) int { return compareNames(a.Key, b.Key) })
	return attrs
}

// compareNames sorts the indices of a list by number, and before names.
func compareNames(a, b string) int {
	if isIndex(a) && isIndex(b) && len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func isIndex(name string) bool { return name != "" && strings.Trim(name, "0123456789") == "" }

func logValue(v lua.LValue) any {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LBool:
		return bool(v)
	case lua.LNumber:
		if whole, err := wholeNumber(float64(v)); err == nil {
			return whole
		}
		return float64(v)
	}
	if luavalue.IsNull(v) {
		return nil
	}
	return v.String()
}
