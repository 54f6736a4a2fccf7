package luabind

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// parseDuration reads a length of time: text with a unit, such as "250ms", "5s" or "1h30m", or a bare number of units.
//
// A string of digits is refused, as its reader cannot tell which unit was meant: in a variable it looks like a number,
// and a number's unit depends on the parameter. So are negative and endless times, and what exceeds 292 years. A
// fraction below a nanosecond is dropped. The error reads on after the parameter's name.
func parseDuration(v lua.LValue, unit time.Duration) (time.Duration, error) {
	switch v := v.(type) {
	case lua.LNumber:
		return durationOfNumber(float64(v), unit)
	case lua.LString:
		return durationOfText(string(v), unit)
	}
	return 0, fmt.Errorf("must be %s, got %s", durationRule(unit), luavalue.TypeName(v))
}

func durationOfNumber(n float64, unit time.Duration) (time.Duration, error) {
	switch nanoseconds := n * float64(unit); {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return 0, fmt.Errorf("must be a finite length of time, got %v", n)
	case n < 0:
		return 0, fmt.Errorf("must not be negative, got %v", n)
	case nanoseconds >= math.MaxInt64: // as a float64 the limit is 2^63 itself
		return 0, fmt.Errorf("is too long, got %v %s", n, unitName(unit))
	default:
		return time.Duration(nanoseconds), nil
	}
}

func durationOfText(text string, unit time.Duration) (time.Duration, error) {
	if text != "" && strings.Trim(text, "+-.0123456789") == "" {
		return 0, fmt.Errorf("must have a unit, got %s: write %s, or the number without quotes for %s",
			luatext.Excerpt(text), luatext.Excerpt(text+unitSymbol(unit)), unitName(unit))
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil && hasUnits(text):
		return 0, fmt.Errorf("is too long, got %s", luatext.Excerpt(text))
	case err != nil:
		return 0, fmt.Errorf("must be %s, got %s", durationRule(unit), luatext.Excerpt(text))
	case d < 0:
		return 0, errors.New("must not be negative, got " + luatext.Excerpt(text))
	}
	return d, nil
}

// hasUnits reports whether the text is a well-formed duration, only too long: with one digit in place of each number
// it would be read.
func hasUnits(text string) bool {
	short := make([]byte, 0, len(text))
	for i := range len(text) {
		digit := '0' <= text[i] && text[i] <= '9'
		if !digit || i == 0 || text[i-1] < '0' || text[i-1] > '9' {
			short = append(short, text[i])
		}
	}
	_, err := time.ParseDuration(string(short))
	return err == nil
}

func durationRule(unit time.Duration) string {
	return `a length of time with a unit, such as "250ms", "5s" or "1h30m", or a number of ` + unitName(unit)
}

func unitName(unit time.Duration) string {
	switch unit {
	case time.Millisecond:
		return "milliseconds"
	case time.Second:
		return "seconds"
	case time.Minute:
		return "minutes"
	}
	return "units of " + unit.String()
}

func unitSymbol(unit time.Duration) string {
	switch unit {
	case time.Millisecond:
		return "ms"
	case time.Minute:
		return "m"
	}
	return "s"
}
