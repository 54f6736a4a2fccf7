package luabind

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// timeLayout is a form of times.
type timeLayout struct {
	given     string // as the script wrote it
	reference string // Go's reference time in that form; empty when it has none, so that it cannot be read
	pieces    []string
}

// namedLayouts are the forms that have a name.
var namedLayouts = map[string]string{
	"rfc3339": time.RFC3339, "rfc3339nano": time.RFC3339Nano, "rfc1123": time.RFC1123Z,
	"date": time.DateOnly, "time": time.TimeOnly, "datetime": time.DateTime,
}

// strftimeCodes are those of C and POSIX, by what Go's reference time has in their place. The codes in
// strftimeSpecial it has nothing for.
var strftimeCodes = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'd': "02", 'e': "_2", 'D': "01/02/06", 'F': "2006-01-02",
	'H': "15", 'I': "03", 'j': "002", 'm': "01", 'M': "04", 'p': "PM", 'R': "15:04", 'S': "05", 'T': "15:04:05", 'y': "06",
	'Y': "2006", 'z': "-0700", 'Z': "MST", 'c': time.ANSIC, 'x': "01/02/06", 'X': "15:04:05", 'r': "03:04:05 PM",
}

var strftimeSpecial = map[byte]func(t time.Time) string{
	's': func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
	'u': func(t time.Time) string { return strconv.Itoa((int(t.Weekday())+6)%7 + 1) },
	'w': func(t time.Time) string { return strconv.Itoa(int(t.Weekday())) },
	'n': func(time.Time) string { return "\n" },
	't': func(time.Time) string { return "\t" },
	'%': func(time.Time) string { return "%" },
}

// layoutAt is the layout that is argument i: a name, codes with %, or Go's reference time.
func layoutAt(L *lua.LState, i int, op string) timeLayout {
	if L.Get(i) == lua.LNil {
		return timeLayout{reference: time.RFC3339}
	}
	layout, err := readLayout(textAt(L, i, op, "layout"))
	if err != nil {
		refuse(L, op, "layout", err.Error())
	}
	return layout
}

// readLayout reads a layout; the error reads on after the parameter's name.
func readLayout(text string) (timeLayout, error) {
	if named, ok := namedLayouts[strings.ToLower(text)]; ok {
		return timeLayout{given: text, reference: named}, nil
	}
	if strings.Contains(text, "%") {
		return readStrftime(text)
	}
	names := slices.Sorted(maps.Keys(namedLayouts))
	if isPlainText(text) || authy.Nearest(text, names) != "" { // "rfc339" would do as a layout: 3 is the hour
		return timeLayout{}, fmt.Errorf(`%s, or codes such as "%%Y-%%m-%%d", or Go's reference time such as "2 Jan 2006 15:04"`, oneOf(text, names))
	}
	return timeLayout{given: text, reference: text}, nil
}

// isPlainText reports whether Go takes nothing in the text for a part of its reference time: two times that differ in
// every part look the same.
func isPlainText(text string) bool {
	one := time.Date(2001, 2, 3, 4, 5, 6, 123456789, time.FixedZone("A", 3600))
	other := time.Date(2112, 11, 22, 17, 38, 49, 987654321, time.FixedZone("B", -7200))
	return one.Format(text) == text && other.Format(text) == text
}

// readStrftime cuts a layout into pieces that are either a code or plain text.
func readStrftime(text string) (timeLayout, error) {
	layout := timeLayout{given: text}
	var reference strings.Builder
	readable := true
	for rest := text; rest != ""; {
		plain, code, found := strings.Cut(rest, "%")
		if plain != "" {
			layout.pieces = append(layout.pieces, plain)
			readable = readable && isPlainText(plain)
			reference.WriteString(plain)
		}
		if !found {
			break
		}
		if code == "" {
			return layout, fmt.Errorf("must not end in a single %%, got %s: write %%%% for the character", luatext.Excerpt(text))
		}
		part, known := strftimeCodes[code[0]]
		_, special := strftimeSpecial[code[0]]
		if !known && !special {
			return layout, fmt.Errorf("has the unknown code %s; known are %s", luatext.Excerpt("%"+code[:1]), knownCodes())
		}
		layout.pieces = append(layout.pieces, "%"+code[:1])
		readable = readable && known
		reference.WriteString(part)
		rest = code[1:]
	}
	if readable {
		layout.reference = reference.String()
	}
	return layout, nil
}

func knownCodes() string {
	codes := slices.Sorted(maps.Keys(strftimeCodes))
	codes = append(codes, slices.Sorted(maps.Keys(strftimeSpecial))...)
	return "%" + strings.Join(strings.Split(string(codes), ""), " %")
}

// format writes codes piece by piece, as plain text between them may look like a part of a reference time.
func (l timeLayout) format(t time.Time) string {
	if l.pieces == nil {
		return t.Format(l.reference)
	}
	var b strings.Builder
	for _, piece := range l.pieces {
		special, isSpecial := strftimeSpecial[piece[len(piece)-1]]
		switch {
		case piece[0] != '%':
			b.WriteString(piece)
		case isSpecial:
			b.WriteString(special(t))
		default:
			b.WriteString(t.Format(strftimeCodes[piece[1]]))
		}
	}
	return b.String()
}

// commonTimes are the forms that time.parse knows without a layout.
var commonTimes = []string{
	time.RFC3339, "2006-01-02T15:04:05", time.DateTime + "Z07:00", time.DateTime + " -0700", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04",
	time.DateOnly, time.RFC1123, time.RFC1123Z, time.RFC850, time.ANSIC,
}

func parseCommonTime(text string, zone *time.Location) (time.Time, error) {
	for _, layout := range commonTimes {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is no time of a common form, such as \"2024-05-17T12:30:00Z\" or \"2024-05-17 12:30:00\": give a layout", luatext.Excerpt(text))
}
