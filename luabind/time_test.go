package luabind

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func TestTime(t *testing.T) {
	t.Parallel()
	const names = `must be one of "date", "datetime", "rfc1123", "rfc3339", "rfc3339nano", "time", got `
	const forms = `, or codes such as "%Y-%m-%d", or Go's reference time such as "2 Jan 2006 15:04"`
	runLuaTests(t, []luaTest{
		{"now", `print(("%.3f"):format(time.now()), time.since(1700000000), time.since(time.now()), time.monotonic())`, "1700000000.250	0.25	0	0"},
		{"format", `print(time.format(0), time.format(1700000000.5, "rfc3339nano"), time.format(), time.format(0, "DATE"))`,
			"1970-01-01T00:00:00Z	2023-11-14T22:13:20.5Z	2023-11-14T22:13:20Z	1970-01-01"},
		{"format by name", `print(time.format(0, "rfc1123"), time.format(0, "time"), time.format(0, "datetime"))`,
			"Thu, 01 Jan 1970 00:00:00 +0000	00:00:00	1970-01-01 00:00:00"},
		{"format by codes", `print(time.format(1700000000, "%Y-%m-%d %H:%M:%S %j %u %w %s %a %B %e 100%% Jan 2006%n"))`,
			"2023-11-14 22:13:20 318 2 2 1700000000 Tue November 14 100% Jan 2006\n"},
		{"format by reference", `print(time.format(1700000000, "2 Jan 2006, 15:04"))`, "14 Nov 2023, 22:13"},
		{"zone", `print(time.format(0, "rfc3339", "Europe/Lisbon"), time.format(0, nil, "utc"), #time.format(0, nil, "local") >= 20)`,
			"1970-01-01T01:00:00+01:00	1970-01-01T00:00:00Z	true"},
		{"before 1970", `print(time.format(-0.5, "rfc3339nano"))`, "1969-12-31T23:59:59.5Z"},
		{"parse", `
			for _, text in ipairs{"2023-11-14T22:13:20Z", "2023-11-14T22:13:20.25+00:00", "2023-11-14 22:13:20", "2023-11-14 22:13", "2023-11-14",
				"Tue, 14 Nov 2023 22:13:20 GMT", "2023-11-14 22:13:20Z"} do
				print(("%.2f"):format(time.parse(text)))
			end`, "1700000000.00\n1700000000.25\n1700000000.00\n1699999980.00\n1699920000.00\n1700000000.00\n1700000000.00"},
		{"parse by layout", `print(time.parse("14/11/2023", "%d/%m/%Y"), time.parse("1 Jan 1970 00:01", "2 Jan 2006 15:04"), time.parse("00:00:30 on 1970-01-01", "%T on %F"))`,
			"1699920000	60	30"},
		{"parse in a zone", `print(time.parse("1970-01-01 01:00:00", nil, "Europe/Lisbon"))`, "0"},
		{"round trip", `print(time.parse(time.format(1700000000)))`, "1700000000"},
		{"duration", `print(time.duration("250ms"), time.duration(5), time.duration("1h30m"))`, "0.25	5	5400"},
		{"sleep(0)", `print(time.sleep(0))`, ""},

		{"bad duration", `print(pcall(time.sleep, "5"))`, `false	time.sleep: duration must have a unit, got "5": write "5s", or the number without quotes for seconds`},
		{"negative", `print(pcall(time.duration, -1))`, "false	time.duration: duration must not be negative, got -1"},
		{"no time", `print(pcall(time.format, "now"))`, "false	time.format: time must be Unix seconds, a number, got a string"},
		{"nan", `print(pcall(time.since, 0/0))`, "false	time.since: time must be Unix seconds of the years 1 to 9999, got NaN"},
		{"far", `print(pcall(time.format, 1e12))`, "false	time.format: time must be Unix seconds of the years 1 to 9999, got 1e+12"},
		{"layout", `print(pcall(time.format, 0, "rfc339"))`, `false	time.format: layout ` + names + `"rfc339", did you mean "rfc3339"?` + forms},
		{"code", `print(pcall(time.format, 0, "%Q"))`,
			`false	time.format: layout has the unknown code "%Q"; known are %A %B %D %F %H %I %M %R %S %T %X %Y %Z %a %b %c %d %e %h %j %m %p %r %x %y %z %% %n %s %t %u %w`},
		{"open end", `print(pcall(time.format, 0, "%Y%"))`, `false	time.format: layout must not end in a single %, got "%Y%": write %% for the character`},
		{"written only", `print(pcall(time.parse, "5", "%s"))`, `false	time.parse: layout can be written but not read: "%s"`},
		{"zone", `print(pcall(time.format, 0, nil, "Europe/Lisboa"))`, `false	time.format: zone must be "UTC", "local" or a name such as "Europe/Lisbon", got "Europe/Lisboa"`},
		{"no common form", `print(pcall(time.parse, "yesterday"))`,
			`false	time.parse: "yesterday" is no time of a common form, such as "2024-05-17T12:30:00Z" or "2024-05-17 12:30:00": give a layout`},
		{"not by the layout", `print(pcall(time.parse, "5/6", "%Y-%m-%d"))`, `false	time.parse: "5/6" is no time by the layout "%Y-%m-%d"`},
	})
}

// TestSleepGivesTheInterpreterAway has two states' worth of waiting in the time of one.
func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var lock interpreter
		h := &Host{interpreter: &lock}
		L := lua.NewState()
		defer L.Close()
		L.SetGlobal("time", timeModule(h).table(L))
		lock.Lock()
		defer lock.Unlock()
		held := true
		go func() {
			time.Sleep(time.Second)
			lock.Lock() // while the script sleeps
			held = false
			lock.Unlock()
		}()
		start := time.Now()
		if err := L.DoString(`local start = time.now() time.sleep("2s") assert(time.since(start) == 2 and time.monotonic() == 2)`); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 2*time.Second || held {
			t.Errorf("slept %v, want 2s; lock held: %v", took, held)
		}
	})
}

func TestSleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		L := lua.NewState()
		defer L.Close()
		L.SetGlobal("time", timeModule(&Host{}).table(L))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		L.SetContext(ctx)
		start := time.Now()
		err := L.DoString(`time.sleep("1h")`)
		if err == nil || !strings.Contains(err.Error(), "canceled") {
			t.Errorf("sleep = %v, want canceled", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
	})
}

// TestClockGoesBack has a host whose clock is set back an hour at every look: what measures does not go back with it, and rows do
// not wait until it has caught up.
func TestClockGoesBack(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	b := newLimitBench(t, Clock(func() time.Time { now = now.Add(-time.Hour); return now }))
	path := filepath.Join(t.TempDir(), "out.csv")
	err := b.rt.Run(t.Context(), Script{Source: `
		assert(time.monotonic() == 0 and time.monotonic() == 0, "it has gone back")
		local w = csv.create(arg[1])
		w:write{ "a" }
		io.write(io.open(arg[1]):read("*a"))`, Args: []string{path}})
	if err != nil || b.stdout.String() != "a\n" {
		t.Errorf("got %v, file %q", err, &b.stdout)
	}
}
