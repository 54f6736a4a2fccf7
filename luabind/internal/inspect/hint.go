package inspect

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/luabind/internal/masking"
	lua "github.com/yuin/gopher-lua"
)

// Words of names that say what a number counts.
var (
	// instantWords are the last words of names of moments.
	instantWords = []string{"at", "date", "time", "timestamp", "now", "expires", "created", "updated"}
	// secondsWords are in names of lengths of time, in seconds.
	secondsWords = []string{"seconds", "ttl", "duration"}
	// secondsNames are such names as a whole.
	secondsNames = []string{"seconds_to_expire", "retry_after", "ttl", "period", "interval", "max_age", "expires_in"}
)

// explain adds a hint to a moment or a length of time that only a machine reads with ease.
func (p *Printer) explain(n *node, name string, v lua.LValue) {
	if p.Plain || name == "" {
		return
	}
	hint := ""
	switch v := v.(type) {
	case lua.LNumber:
		hint = p.numberHint(name, float64(v))
	case lua.LString:
		if t, err := time.Parse(time.RFC3339, string(v)); err == nil {
			hint = p.age(t)
		}
	}
	if hint != "" {
		n.note, n.hint = hint, true
	}
}

func (p *Printer) numberHint(name string, value float64) string {
	words := masking.Words(name)
	if len(words) == 0 {
		return ""
	}
	const first, last = 1e9, 4.2e9 // 2001 to 2103
	if slices.Contains(instantWords, words[len(words)-1]) {
		switch {
		case first <= value && value < last:
			return p.instant(time.UnixMicro(int64(math.Round(value * 1e6))))
		case first*1e3 <= value && value < last*1e3:
			return p.instant(time.UnixMicro(int64(math.Round(value * 1e3))))
		}
		return ""
	}
	counts := slices.Contains(secondsNames, name) ||
		slices.ContainsFunc(words, func(word string) bool { return slices.Contains(secondsWords, word) })
	const year = 366 * 24 * 3600
	if counts && 60 <= value && value < 100*year {
		return roughly(time.Duration(value * float64(time.Second)))
	}
	return ""
}

// instant is a moment in UTC and how long ago it was.
func (p *Printer) instant(t time.Time) string {
	text := t.UTC().Format("2006-01-02 15:04:05 UTC")
	if age := p.age(t); age != "" {
		text += ", " + age
	}
	return text
}

// age tells how far a moment is from now.
func (p *Printer) age(t time.Time) string {
	if p.Now.IsZero() {
		return ""
	}
	switch d := p.Now.Sub(t); {
	case d > -time.Second && d < time.Second:
		return "now"
	case d < 0:
		return "in " + roughly(-d)
	default:
		return roughly(d) + " ago"
	}
}

// roughly is a length of time in its two largest units: "1h 30m", "3d 4h", "2y 10d".
func roughly(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{365 * 24 * time.Hour, "y"}, {24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	for i, unit := range units {
		if d < unit.size {
			continue
		}
		text := fmt.Sprintf("%d%s", d/unit.size, unit.name)
		if i+1 < len(units) {
			if rest := d % unit.size / units[i+1].size; rest > 0 {
				text += fmt.Sprintf(" %d%s", rest, units[i+1].name)
			}
		}
		return text
	}
	return strings.TrimSuffix(d.Round(time.Millisecond).String(), "0s")
}
