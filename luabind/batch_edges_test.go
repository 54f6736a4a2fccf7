package luabind

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
)

// TestBatchDryRunIsNotDone has a dry run in a batch with a journal, and then the run itself.
func TestBatchDryRunIsNotDone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const source = `local f = flow.define("f", { { "send", function(ctx) return authy.request_sms{ authy_id = ctx.input }.message end } })
		show(batch.run{ source = { 7, 8 }, key = tostring, journal = at "journal", each = function(id) f:run(id, { dry_run = DRY }) end })`
	w := new(wire)
	got := w.must(t, dir, strings.Replace(source, "DRY", "true", 1))
	if !strings.Contains(got, "rows 2 done 0 failed 0 doubt 0 dup 0 left 2 earlier 0\n") || len(w.calls) > 0 {
		t.Errorf("dry run: %s called %v", got, w.calls)
	}
	got = w.must(t, dir, strings.Replace(source, "DRY", "false", 1))
	if !strings.Contains(got, "rows 2 done 2 failed 0 doubt 0 dup 0 left 0 earlier 0\n") || w.sorted() != "sms/7 sms/8" {
		t.Errorf("the run: %s called %v", got, w.calls)
	}
}

// TestBatchRefusedKey does not let every row fail for a reason that is none of theirs.
func TestBatchRefusedKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := &wire{answer: func(string, *http.Request) (*http.Response, error) {
		return reply(401, `{"success":false,"error_code":"60001","message":"Invalid API key"}`), nil
	}}
	const source = `show(batch.run{ source = count(50), key = "id", workers = 2, journal = at "journal", each = function(row) authy.request_sms{ authy_id = row.id } end })`
	_, err := w.script(t, dir, source)
	if !errors.Is(err, authy.ErrUnauthorized) || len(w.calls) > 4 {
		t.Errorf("got %v after %d calls", err, len(w.calls))
	}
	w = new(wire)
	if got := w.must(t, dir, source); got != "rows 50 done 50 failed 0 doubt 0 dup 0 left 0 earlier 0\n" {
		t.Errorf("with another key: %s", got)
	}
}

// TestBatchResultsAreNotTheJournal does not empty a journal that has another name.
func TestBatchResultsAreNotTheJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := new(wire)
	const source = `batch.run{ source = { 7 }, key = tostring, journal = at "journal.csv", %s each = function() end }`
	w.must(t, dir, strings.Replace(source, "%s", "", 1))
	before := readFile(t, dir, "journal.csv")
	if err := os.Symlink("journal.csv", filepath.Join(dir, "link.csv")); err != nil {
		t.Skip(err)
	}
	_, err := w.script(t, dir, strings.Replace(source, "%s", `results = at "link.csv",`, 1))
	if err == nil || !strings.Contains(err.Error(), "is the journal: name another file") {
		t.Errorf("got %v", err)
	}
	if after := readFile(t, dir, "journal.csv"); !strings.HasPrefix(after, before) {
		t.Errorf("the journal was %q, and is %q", before, after)
	}
}

// TestBatchInterruptedKey cancels a batch in its key function: the row is for the next run.
func TestBatchInterruptedKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := &wire{before: func(string) { stop() }}
	const source = `show(batch.run{ source = { 1, 2, 3 }, journal = at "journal", workers = 1, each = function() end,
		key = function(id) if id == 2 then authy.get_user_status{ authy_id = id } end return tostring(id) end })`
	if _, err := w.scriptIn(ctx, t, dir, source); err == nil {
		t.Fatal("it was not canceled")
	}
	if got := new(wire).must(t, dir, source); got != "rows 3 done 3 failed 0 doubt 0 dup 0 left 0 earlier 1\n" {
		t.Errorf("resumed: %s\n%s", got, readFile(t, dir, "journal"))
	}
}

// TestBatchKnownFailures does not count rows that fail again against max_errors.
func TestBatchKnownFailures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const source = `show(batch.run{ source = count(300), key = "id", journal = at "journal", retry_failed = true, workers = 1, max_errors = %s,
		each = function(row) if row.id % 10 == 0 then error("tenth", 0) end end })`
	w := new(wire)
	w.must(t, dir, strings.Replace(source, "%s", "30", 1))
	for _, most := range []string{"0", `"1%"`} {
		if got := w.must(t, dir, strings.Replace(source, "%s", most, 1)); !strings.HasPrefix(got, "rows 300 done 270 failed 30 ") {
			t.Errorf("max_errors = %s: %s", most, got)
		}
	}
}

// TestBatchInterruptInPause stops a batch whose flows wait in a pause that the service asked for: nothing is undone, and
// the row goes on from there when it is resumed.
func TestBatchInterruptInPause(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := new(wire)
	rt, out := w.runtime(t)
	w.answer = func(call string, _ *http.Request) (*http.Response, error) {
		if strings.HasPrefix(call, "sms/") {
			rt.Interrupt()
			return reply(429, `{"success":false,"error_code":"60003"}`, "Retry-After", "600"), nil
		}
		return answerByID(call)
	}
	const source = `local f = flow.define("f", {
		{ "look", function() return authy.get_user_status{ authy_id = 7 }.message end, undo = function() print "undone" end },
		{ "send", function() print "try" return authy.request_sms{ authy_id = 7 }.message end, retry = { times = 3, backoff = "1ms" } } })
		batch.run{ source = { 7 }, key = tostring, journal = dir .. "/journal", each = function() f:run() end }`
	err := rt.Run(t.Context(), batchScript(dir, source))
	if failure, ok := errors.AsType[authy.Error](err); !ok || failure.Kind() != authy.KindCanceled {
		t.Errorf("got %v", err)
	}
	if got := w.sorted(); got != "sms/7 users/7/status" || out.String() != "try\n" {
		t.Errorf("called %s, printed %q: want one try, and nothing undone", got, out)
	}
	again := new(wire)
	if err := func() error {
		rt, _ := again.runtime(t)
		return rt.Run(t.Context(), batchScript(dir, source))
	}(); err != nil || again.sorted() != "sms/7" {
		t.Errorf("resumed: %v, called %s", err, again.sorted())
	}
}
