package present

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
)

// timeNames are the members that the catalogue says are times.
func timeNames(fields []authy.Field) map[string]bool {
	names := map[string]bool{}
	var walk func(fields []authy.Field)
	walk = func(fields []authy.Field) {
		for _, f := range fields {
			for _, form := range []string{"Unix seconds", "RFC 3339", "RFC 2822"} {
				if strings.Contains(f.Doc, form) {
					names[f.Name] = true
				}
			}
			walk(f.Fields)
		}
	}
	walk(fields)
	return names
}

// namesTime reports whether a name that the catalogue does not know sounds like a time.
func namesTime(name string) bool {
	for _, end := range []string{"_at", "_date", "_timestamp", "_time"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return name == "timestamp" || strings.HasPrefix(name, "date_")
}

// timeIn reads a time: RFC 3339, RFC 2822 or Unix seconds. Numbers that would be long ago are no times unless the
// catalogue says so; 0 is never one.
func timeIn(text string, sure bool) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		const first, last = 100_000_000, 100_000_000_000 // 1973, and 5138: beyond are milliseconds
		return time.Unix(seconds, 0), seconds > 0 && seconds < last && (sure || seconds > first)
	}
	for _, form := range []string{time.RFC3339, time.RFC1123Z} {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// inWords tells a time from now: "3 minutes ago", "in 2 hours".
func inWords(at, now time.Time) string {
	seconds := now.Unix() - at.Unix() // a Duration ends after 292 years
	form := "%s ago"
	if seconds < 0 {
		seconds, form = -seconds, "in %s"
	}
	const minute, hour, day, month, year = 60, 3600, 86400, 2629746, 31556952 // mean lengths
	for _, unit := range []struct {
		name    string
		seconds int64
	}{{"year", year}, {"month", month}, {"day", day}, {"hour", hour}, {"minute", minute}, {"second", 1}} {
		switch n := seconds / unit.seconds; {
		case n == 1:
			return fmt.Sprintf(form, "1 "+unit.name)
		case n > 1:
			return fmt.Sprintf(form, strconv.FormatInt(n, 10)+" "+unit.name+"s")
		}
	}
	return "just now"
}
