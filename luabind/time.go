package luabind

import (
	"fmt"
	"math"
	"time"

	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// timeModule is time: the clock, waiting, and times as text.
func timeModule(h *Host) Module {
	const layouts = `"rfc3339" (when left out), "rfc1123", "date", "time", "datetime", %Y-%m-%d codes, or Go's reference time`
	zone := Param{Name: "zone", Type: "string", Doc: `"UTC" (when left out), "local", or a name such as "Europe/Lisbon"`, Optional: true}
	start, latest := h.clock(), time.Duration(0)
	return Module{
		Name: "time", Doc: "Tells the time, waits, and reads and writes times.",
		Functions: []Function{
			{
				Name: "now", Doc: "Gives the current time.",
				Returns: []Param{{Name: "seconds", Type: "number", Doc: "Unix time, to the microsecond"}},
				Call: func(L *lua.LState) int {
					L.Push(unixSeconds(h.clock()))
					return 1
				},
			},
			{
				Name: "sleep", Doc: "Waits, while other tasks go on.",
				Params: []Param{{Name: "duration", Type: "number|string", Doc: `seconds, or such as "250ms"`}},
				Call:   sleeper(h, "time.sleep"),
			},
			{
				Name: "format", Doc: "Writes a time as text.",
				Params: []Param{
					{Name: "time", Type: "number", Doc: "Unix seconds; now when nil", Optional: true},
					{Name: "layout", Type: "string", Doc: layouts, Optional: true}, zone,
				},
				Returns: []Param{{Name: "text", Type: "string"}},
				Call:    timeFormat(h),
			},
			{
				Name: "parse", Doc: "Reads a time from text; raises when it is none.",
				Params: []Param{
					{Name: "text", Type: "string"},
					{Name: "layout", Type: "string", Doc: layouts + "; common forms when left out", Optional: true}, zone,
				},
				Returns: []Param{{Name: "seconds", Type: "number", Doc: "Unix time"}},
				Call:    timeParse,
			},
			{
				Name: "since", Doc: "Gives the seconds that have passed since a time.",
				Params:  []Param{{Name: "time", Type: "number", Doc: "as from time.now()"}},
				Returns: []Param{{Name: "seconds", Type: "number"}},
				Call: func(L *lua.LState) int {
					t, reason := timeOf(L.Get(1))
					if reason != "" {
						refuse(L, "time.since", "time", reason)
					}
					L.Push(lua.LNumber(float64(h.clock().UnixMicro()-t.UnixMicro()) / 1e6))
					return 1
				},
			},
			{
				Name: "duration", Doc: "Gives a length of time in seconds.",
				Params:  []Param{{Name: "duration", Type: "number|string", Doc: `such as "250ms", "5s" or "1h30m"`}},
				Returns: []Param{{Name: "seconds", Type: "number"}},
				Call: func(L *lua.LState) int {
					L.Push(lua.LNumber(durationAt(L, 1, "time.duration").Seconds()))
					return 1
				},
			},
			{
				Name: "monotonic", Doc: "Gives the seconds since the start; it never goes back.",
				Returns: []Param{{Name: "seconds", Type: "number", Doc: "to measure with, whatever happens to the clock"}},
				Call: func(L *lua.LState) int {
					latest = max(latest, h.clock().Sub(start)) // the host's clock may be one that goes back
					L.Push(lua.LNumber(latest.Seconds()))
					return 1
				},
			},
		},
	}
}

// unixSeconds is a time as scripts have it. A float64 holds today's Unix time to a quarter of a microsecond.
func unixSeconds(t time.Time) lua.LNumber { return lua.LNumber(float64(t.UnixMicro()) / 1e6) }

// timeOf is the time that a script means by Unix seconds, in UTC, or the reason to refuse it.
func timeOf(v lua.LValue) (t time.Time, reason string) {
	n, ok := v.(lua.LNumber)
	if !ok {
		return t, mistyped("Unix seconds, a number", v).Error()
	}
	seconds, fraction := math.Modf(float64(n))
	const first, last = -62135596800, 253402300799 // the years 1 to 9999, which RFC 3339 can write
	if !(first <= seconds && seconds <= last) {
		return t, fmt.Sprintf("must be Unix seconds of the years 1 to 9999, got %v", float64(n))
	}
	return time.Unix(int64(seconds), int64(math.Round(fraction*1e6))*1e3).UTC(), ""
}

func durationAt(L *lua.LState, i int, op string) time.Duration {
	d, err := parseDuration(L.Get(i), time.Second)
	if err != nil {
		refuse(L, op, "duration", err.Error())
	}
	return d
}

func timeFormat(h *Host) lua.LGFunction {
	return func(L *lua.LState) int {
		const op = "time.format"
		t := h.clock()
		if L.Get(1) != lua.LNil {
			var reason string
			if t, reason = timeOf(L.Get(1)); reason != "" {
				refuse(L, op, "time", reason)
			}
		}
		layout := layoutAt(L, 2, op)
		L.Push(lua.LString(layout.format(t.In(zoneAt(L, 3, op)))))
		return 1
	}
}

func timeParse(L *lua.LState) int {
	const op = "time.parse"
	text := textAt(L, 1, op, "text")
	zone := zoneAt(L, 3, op)
	var t time.Time
	var err error
	if L.Get(2) == lua.LNil {
		t, err = parseCommonTime(text, zone)
	} else {
		layout := layoutAt(L, 2, op)
		if layout.reference == "" {
			refuse(L, op, "layout", "can be written but not read: "+luatext.Excerpt(layout.given))
		}
		if t, err = time.ParseInLocation(layout.reference, text, zone); err != nil {
			err = fmt.Errorf("%s is no time by the layout %s", luatext.Excerpt(text), luatext.Excerpt(layout.given))
		}
	}
	if err != nil {
		fail(L, op, err)
	}
	L.Push(unixSeconds(t))
	return 1
}

// zoneAt is the time zone that argument i names.
func zoneAt(L *lua.LState, i int, op string) *time.Location {
	if L.Get(i) == lua.LNil {
		return time.UTC
	}
	switch name := textAt(L, i, op, "zone"); name {
	case "local", "Local":
		return time.Local
	case "utc":
		return time.UTC
	default:
		zone, err := time.LoadLocation(name)
		if err != nil || name == "" {
			refuse(L, op, "zone", `must be "UTC", "local" or a name such as "Europe/Lisbon", got `+luatext.Excerpt(name))
		}
		return zone
	}
}
