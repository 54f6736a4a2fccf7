package luabind_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/authy/sandbox/fault"
	"github.com/authysh/authysh/luabind"
)

// report is the script: it says at which times of the day its function run is to be called.
const report = `
	function times() return { "06:00", "18:00" } end

	function run()
		local month = authy.get_application_statistics().stats[1]
		print(time.format(time.now(), "%a %H:%M", "UTC") .. ": " .. month.sms_count .. " texts this month")
	end
`

// A clock is the time and how to let it pass, so that tests need not wait.
type clock interface {
	Now() time.Time
	// Sleep waits until a time, or for the end of ctx, which is an error.
	Sleep(ctx context.Context, until time.Time) error
}

// runDaily calls a function of Lua at the given times of every day until ctx ends. A call that fails is reported, and the
// next is made at its time all the same.
func runDaily(ctx context.Context, rt *luabind.Runtime, c clock, times []any, failures io.Writer) error {
	for {
		next, err := nextOf(times, c.Now())
		if err != nil {
			return err
		}
		if err := c.Sleep(ctx, next); err != nil {
			return err
		}
		call, cancel := context.WithTimeout(ctx, time.Minute) // one call must not outlast its slot
		if _, err := rt.Call(call, "run"); err != nil {
			fmt.Fprintln(failures, "failed:", err)
		}
		cancel()
	}
}

// nextOf is the first of some times of the day that comes after now.
func nextOf(times []any, now time.Time) (next time.Time, err error) {
	for _, text := range times {
		at, err := time.Parse("15:04", fmt.Sprint(text))
		if err != nil {
			return next, fmt.Errorf("a time of the day is written like 18:00: %w", err)
		}
		candidate := time.Date(now.Year(), now.Month(), now.Day(), at.Hour(), at.Minute(), 0, 0, now.Location())
		if !candidate.After(now) {
			candidate = candidate.AddDate(0, 0, 1)
		}
		if next.IsZero() || candidate.Before(next) {
			next = candidate
		}
	}
	if next.IsZero() {
		return next, errors.New("the script names no time of the day")
	}
	return next, nil
}

// A quickClock is one whose time passes at once, up to an end.
type quickClock struct{ now, end time.Time }

func (c *quickClock) Now() time.Time { return c.now }

func (c *quickClock) Sleep(_ context.Context, until time.Time) error {
	if until.After(c.end) {
		return context.Canceled // as if the program was told to stop
	}
	c.now = until
	return nil
}

// A program calls a function of a script at certain times, as cron does: an error does not stop it, the end of its context
// does. The clock is the host's, so that the script, the program and a test see the same time.
func Example_cron() {
	everyThird, err := fault.Parse("get_application_statistics: status=503, every=3")
	if err != nil {
		log.Fatal(err)
	}
	start := time.Date(2026, 2, 2, 12, 0, 0, 0, time.UTC)
	c := &quickClock{start, start.Add(48 * time.Hour)}
	service := sandbox.New(sandbox.WithFaults(everyThird)) // in earnest: your key, no Host, and a clock that waits
	server := httptest.NewServer(service)
	defer server.Close()

	rt, err := luabind.New(&authy.Client{Key: service.Key(), Host: server.URL, Retries: authy.NoRetries},
		luabind.Stdout(os.Stdout), luabind.Clock(c.Now))
	if err != nil {
		log.Fatal(err)
	}
	defer rt.Close()
	ctx := context.Background() // in earnest: signal.NotifyContext
	if err := rt.Run(ctx, luabind.Script{Name: "report.lua", Source: report}); err != nil {
		log.Fatal(err)
	}
	results, err := rt.Call(ctx, "times")
	if err != nil {
		log.Fatal(err)
	}
	times, _ := results[0].([]any)
	fmt.Println("ended:", runDaily(ctx, rt, c, times, os.Stdout))
	// Output:
	// Mon 18:00: 0 texts this month
	// Tue 06:00: 0 texts this month
	// failed: report.lua:5: get_application_statistics: An error occurred (HTTP 503, code 60000)
	// Wed 06:00: 0 texts this month
	// ended: context canceled
}
