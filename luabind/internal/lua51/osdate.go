package lua51

import (
	"fmt"
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// lastSecond is the end of the year 2^31, beyond which C has no dates.
const lastSecond = 67_768_036_191_676_799

// osDate is os.date([format [, time]]). Names are those of the C locale.
func (v *vm) osDate(L *lua.LState) int {
	format, seconds := "%c", float64(time.Now().Unix())
	if L.Get(1) != lua.LNil {
		format = v.checkString(L, "date", 1)
	}
	if L.Get(2) != lua.LNil {
		seconds = math.Trunc(v.checkNumber(L, "date", 2))
	}
	if !(math.Abs(seconds) <= lastSecond) {
		L.Push(lua.LNil)
		return 1
	}
	t := time.Unix(int64(seconds), 0)
	if rest, utc := strings.CutPrefix(format, "!"); utc {
		format, t = rest, t.In(greenwich)
	}
	if format == "*t" {
		L.Push(dateTable(L, t))
		return 1
	}
	L.Push(lua.LString(strftime(t, format)))
	return 1
}

// greenwich is UTC under the name that C gives it.
var greenwich = time.FixedZone("GMT", 0)

// dateTable is what the format *t gives.
func dateTable(L *lua.LState, t time.Time) *lua.LTable {
	table := L.CreateTable(0, 9)
	for name, n := range map[string]int{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "min": t.Minute(), "sec": t.Second(),
		"wday": int(t.Weekday()) + 1, "yday": t.YearDay(),
	} {
		table.RawSetString(name, lua.LNumber(n))
	}
	table.RawSetString("isdst", lua.LBool(t.IsDST()))
	return table
}

// layouts are the directives of C's strftime that a layout of Go writes.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': time.ANSIC, 'd': "02", 'D': "01/02/06", 'e': "_2",
	'F': "2006-01-02", 'h': "Jan", 'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM", 'P': "pm",
	'r': "03:04:05 PM", 'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06",
	'Y': "2006", 'z': "-0700", 'Z': "MST", 'n': "\n", 't': "\t", '%': "%",
}

// strftime writes a time by a format of C. A directive that it does not know stays as it is.
func strftime(t time.Time, format string) string {
	var out []byte
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 || i+1 == len(format) {
			return string(append(out, format...))
		}
		out = append(out, format[:i]...)
		letter := format[i+1]
		if layout, ok := layouts[letter]; ok {
			out = t.AppendFormat(out, layout)
		} else {
			out = appendDirective(out, t, letter)
		}
		format = format[i+2:]
	}
}

// appendDirective writes the directives that Go has no layout for.
func appendDirective(out []byte, t time.Time, letter byte) []byte {
	year, week := t.ISOWeek()
	weekday := int(t.Weekday())
	switch letter {
	case 'C':
		return fmt.Appendf(out, "%02d", t.Year()/100)
	case 'g':
		return fmt.Appendf(out, "%02d", year%100)
	case 'G':
		return fmt.Append(out, year)
	case 'k':
		return fmt.Appendf(out, "%2d", t.Hour())
	case 'l':
		return fmt.Appendf(out, "%2d", (t.Hour()+11)%12+1)
	case 's':
		return fmt.Append(out, t.Unix())
	case 'u':
		return fmt.Append(out, (weekday+6)%7+1)
	case 'U': // weeks that begin on Sunday; the days before the first one are week 0
		return fmt.Appendf(out, "%02d", (t.YearDay()+6-weekday)/7)
	case 'V':
		return fmt.Appendf(out, "%02d", week)
	case 'w':
		return fmt.Append(out, weekday)
	case 'W': // weeks that begin on Monday
		return fmt.Appendf(out, "%02d", (t.YearDay()+6-(weekday+6)%7)/7)
	}
	return append(out, '%', letter)
}

// osTime is os.time([table]), in local time. Fields may be out of their ranges: day 0 is the last of the month before.
// It is nil for a time too far away.
func (v *vm) osTime(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		L.Push(lua.LNumber(time.Now().Unix()))
		return 1
	}
	table, tooFar := v.checkTable(L, "time", 1), false
	field := func(name string, otherwise int) int {
		n, ok := convert(L.GetField(table, name)).(lua.LNumber)
		switch {
		case !ok && otherwise < 0:
			v.fail(L, "field '"+name+"' missing in date table")
		case !ok:
			return otherwise
		}
		tooFar = tooFar || !(math.Abs(float64(n)) <= math.MaxInt32)
		return toInt(float64(n))
	}
	second, minute, hour := field("sec", 0), field("min", 0), field("hour", 12)
	day, month, year := field("day", -1), field("month", -1), field("year", -1)
	if tooFar {
		L.Push(lua.LNil)
		return 1
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.Local)
	if summer := L.GetField(table, "isdst"); summer != lua.LNil && lua.LVAsBool(summer) != t.IsDST() {
		if t.IsDST() {
			t = t.Add(time.Hour)
		} else {
			t = t.Add(-time.Hour)
		}
	}
	L.Push(lua.LNumber(t.Unix()))
	return 1
}

// osDifftime is os.difftime(t2 [, t1]).
func (v *vm) osDifftime(L *lua.LState) int {
	from := 0.0
	if L.Get(2) != lua.LNil {
		from = v.checkNumber(L, "difftime", 2)
	}
	L.Push(lua.LNumber(math.Trunc(v.checkNumber(L, "difftime", 1)) - math.Trunc(from)))
	return 1
}
