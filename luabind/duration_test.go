package luabind

import (
	"math"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	const s, ms = time.Second, time.Millisecond
	const rule = `must be a length of time with a unit, such as "250ms", "5s" or "1h30m", or a number of `
	for _, test := range []struct {
		value lua.LValue
		unit  time.Duration
		want  time.Duration
		err   string
	}{
		{lua.LNumber(5), s, 5 * s, ""},
		{lua.LNumber(5), ms, 5 * ms, ""},
		{lua.LNumber(0.25), s, 250 * ms, ""},
		{lua.LNumber(0), s, 0, ""},
		{lua.LString("250ms"), s, 250 * ms, ""},
		{lua.LString("5s"), ms, 5 * s, ""},
		{lua.LString("2m"), ms, 2 * time.Minute, ""},
		{lua.LString("1h30m"), s, 90 * time.Minute, ""},
		{lua.LString("1.5h"), s, 90 * time.Minute, ""},
		{lua.LString("0s"), s, 0, ""},
		{lua.LNumber(-5), s, 0, "must not be negative, got -5"},
		{lua.LNumber(math.NaN()), s, 0, "must be a finite length of time, got NaN"},
		{lua.LNumber(math.Inf(1)), s, 0, "must be a finite length of time, got +Inf"},
		{lua.LNumber(math.Inf(-1)), s, 0, "must be a finite length of time, got -Inf"},
		{lua.LNumber(1e12), s, 0, "is too long, got 1e+12 seconds"},
		{lua.LNumber(math.MaxInt64) / 1e6, ms, 0, "is too long, got 9.223372036854775e+12 milliseconds"},
		{lua.LString("5"), s, 0, `must have a unit, got "5": write "5s", or the number without quotes for seconds`},
		{lua.LString("5"), ms, 0, `must have a unit, got "5": write "5ms", or the number without quotes for milliseconds`},
		{lua.LString("-0.5"), s, 0, `must have a unit, got "-0.5": write "-0.5s", or the number without quotes for seconds`},
		{lua.LString("-5s"), s, 0, `must not be negative, got "-5s"`},
		{lua.LString(""), s, 0, rule + `seconds, got ""`},
		{lua.LString("5 s"), s, 0, rule + `seconds, got "5 s"`},
		{lua.LString("soon"), ms, 0, rule + `milliseconds, got "soon"`},
		{lua.LString("1d"), time.Minute, 0, rule + `minutes, got "1d"`},
		{lua.LString("999999999h"), s, 0, `is too long, got "999999999h"`},
		{lua.LTrue, s, 0, rule + "seconds, got a boolean"},
		{lua.LNil, s, 0, rule + "seconds, got nil"},
	} {
		got, err := parseDuration(test.value, test.unit)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if test.value == lua.LNumber(math.MaxInt64)/1e6 {
			message, _, _ = strings.Cut(message, ".")
			test.err, _, _ = strings.Cut(test.err, ".")
		}
		if got != test.want || message != test.err {
			t.Errorf("parseDuration(%v, %v) = %v, %q, want %v, %q", test.value, test.unit, got, message, test.want, test.err)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, seed := range []string{"5s", "1h30m", "250ms", "-5s", "5", "", "1e9s", "9223372036854775807ns", "9223372036854775808ns", ".5s", "µs", "1µs", "0"} {
		f.Add(seed, 5.0)
	}
	f.Add("1s", math.MaxFloat64)
	f.Add("1s", math.NaN())
	f.Add("1s", 9223372036.854775807)
	f.Fuzz(func(t *testing.T, text string, number float64) {
		for _, v := range []lua.LValue{lua.LString(text), lua.LNumber(number)} {
			d, err := parseDuration(v, time.Second)
			if d < 0 || err != nil && d != 0 {
				t.Fatalf("parseDuration(%v) = %v, %v", v, d, err)
			}
			if err != nil {
				if message := err.Error(); strings.Contains(message, "\n") || len(message) > 500 {
					t.Fatalf("parseDuration(%v): error %q is no short line", v, message)
				}
				continue
			}
			if again, err := parseDuration(lua.LString(d.String()), time.Second); err != nil || again != d {
				t.Fatalf("parseDuration(%q) = %v, %v, want %v", d.String(), again, err, d)
			}
		}
	})
}
