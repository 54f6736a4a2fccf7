package luabind

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

func TestBatchMaxErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ options, fails, want string }{
		"none":              {`max_errors = 0`, "row.id == 3", "3 1 max_errors"},
		"a count":           {`max_errors = 2`, "row.id % 2 == 0", "6 3 max_errors"},
		"not reached":       {`max_errors = 500`, "row.id % 2 == 0", "1000 500 nil"},
		"in doubt counts":   {`max_errors = 1`, "authy.request_sms{ authy_id = 600 }", "2 2 max_errors"},
		"a part":            {`max_errors = "50%"`, "row.id > 800", "1000 200 nil"},
		"a part of few":     {`max_errors = "5%"`, "true", "6 6 max_errors"}, // as if there were a hundred rows already
		"a part of many":    {`max_errors = "5%"`, "row.id > 200", "211 11 max_errors"},
		"no part":           {`max_errors = "0%"`, "row.id == 7", "7 1 max_errors"},
		"all may":           {`max_errors = "100%"`, "true", "1000 1000 nil"},
		"a part with point": {`max_errors = "0.5%"`, "row.id > 400", "403 3 max_errors"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := new(wire).must(t, t.TempDir(), `
				local ok, e = pcall(batch.run, { source = count(1000), workers = 1, `+c.options+`, each = function(row) if `+c.fails+` then error "x" end end })
				local s = ok and e or e.summary
				print(s.rows, s.failed + s.in_doubt, s.stopped)
				if not ok then assert(e.kind == "stopped" and e.op == "batch.run") print(e) end`)
			first, text, stopped := strings.Cut(strings.TrimSpace(strings.ReplaceAll(got, "\t", " ")), "\n")
			if first != c.want || stopped != strings.HasSuffix(c.want, "max_errors") {
				t.Errorf("got %s, want %s", first, c.want)
			}
			failed := strings.Fields(c.want)[1]
			_, most, _ := strings.Cut(strings.ReplaceAll(c.options, `"`, ""), " = ")
			if want := fmt.Sprintf("batch.run: stopped after %s failed rows, as max_errors is %s; there is no journal to resume from", failed, most); stopped && text != want {
				t.Errorf("said %q, want %q", text, want)
			}
		})
	}
	// A resumed run has its own count.
	dir := t.TempDir()
	const source = `local ok, e = pcall(batch.run, { source = count(10), key = "id", workers = 1, journal = at "journal", max_errors = 2, each = function() error "x" end }) print(e)`
	for run, want := range []string{"rows", "rows", "rows"} {
		got := new(wire).must(t, dir, source)
		if want := "batch.run: stopped after 3 failed " + want + ", as max_errors is 2; run the script again to resume from DIR/journal\n"; got != want {
			t.Errorf("run %d: %s", run+1, got)
		}
	}
}

// runtime makes a runtime that calls the wire, to be closed by the caller.
func (w *wire) runtime(t testing.TB, options ...Option) (*Runtime, *bytes.Buffer) {
	t.Helper()
	out := new(bytes.Buffer)
	rt, err := New(w.client(), append([]Option{Stdout(out)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
	return rt, out
}

func batchScript(dir, source string) Script {
	return Script{Name: "test", Source: strings.ReplaceAll(batchPrelude, "\n", " ") + source, Args: []string{dir}}
}

const hundred = `local ok, s = pcall(batch.run, { source = count(100), key = "id", workers = 8, journal = at "journal",
	each = function(row) authy.get_user_status{ authy_id = row.id } if row.id % 2 == 0 then authy.request_sms{ authy_id = row.id } end end })
	if ok then print(s.rows, s.done, s.failed, s.in_doubt) else print(s, s.kind, s.summary and s.summary.stopped) error(s, 0) end`

// TestBatchInterrupt tells a batch to stop; the next run does the rest, and nothing twice.
func TestBatchInterrupt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := new(wire)
	rt, out := w.runtime(t)
	if rt.Interrupt() {
		t.Error("told a batch that is none")
	}
	var told atomic.Int64
	interrupted := make(chan struct{})
	w.before = func(call string) {
		if strings.HasPrefix(call, "users/4") && len(call) > len("users/4/status") {
			<-interrupted // or a slow machine would have done all rows before
		}
		if call == "sms/20" {
			defer close(interrupted)
			if rt.Interrupt() {
				told.Add(1)
			}
			if rt.Interrupt() { // the second time, the script is to be canceled
				told.Add(1)
			}
		}
	}
	err := rt.Run(t.Context(), batchScript(dir, hundred))
	failure, ok := errors.AsType[authy.Error](err)
	if !ok || failure.Kind() != authy.KindCanceled || told.Load() != 1 {
		t.Fatalf("got %v, told %d times", err, told.Load())
	}
	if want := "batch.run: interrupted; run the script again to resume from " + dir + "/journal\tcanceled\tinterrupted\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	first := len(w.calls)
	if first >= 100 || strings.Contains(readFile(t, dir, "journal"), `"ev":"failed"`) {
		t.Errorf("%d calls", first)
	}
	if rt.Interrupt() {
		t.Error("told a batch that has ended")
	}
	out.Reset()
	w.before = nil
	if err := rt.Run(t.Context(), batchScript(dir, hundred)); err != nil || out.String() != "100\t100\t0\t0\n" {
		t.Errorf("second run: %v, printed %q", err, out.String())
	}
	once(t, w.calls, 150)
}

// once reports calls that were made twice.
// TestBatchInterruptWhileItWaits stops a batch whose rows come from a pipe in which nothing is.
func TestBatchInterruptWhileItWaits(t *testing.T) {
	t.Parallel()
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer feed.Close()
	if _, err := feed.WriteString("id\n7\n"); err != nil {
		t.Fatal(err)
	}
	w := new(wire)
	rt, out := w.runtime(t, Stdin(in))
	w.before = func(string) { rt.Interrupt() }
	err = rt.Run(t.Context(), batchScript(t.TempDir(), `batch.run{ source = csv.open "-", workers = 4, each = function(row) authy.request_sms{ authy_id = row.id } print("texted", row.id) end }`))
	failure, ok := errors.AsType[authy.Error](err)
	if !ok || failure.Kind() != authy.KindCanceled || out.String() != "texted\t7\n" {
		t.Errorf("got %v, printed %q", err, out)
	}
}

func once(t *testing.T, calls []string, want int) {
	t.Helper()
	seen := map[string]bool{}
	for _, call := range calls {
		if seen[call] {
			t.Errorf("%s was called twice", call)
		}
		seen[call] = true
	}
	if len(calls) != want {
		t.Errorf("%d calls, want %d", len(calls), want)
	}
}

// TestBatchCanceled cancels a script while calls are on their way.
func TestBatchCanceled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := new(wire)
	ctx, cancel := context.WithCancel(t.Context())
	w.answer = func(call string, r *http.Request) (*http.Response, error) {
		if call == "sms/20" {
			cancel()
		}
		if call == "sms/20" || call == "users/17/status" || call == "users/19/status" {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return answerByID(call)
	}
	rt, out := w.runtime(t)
	if err := rt.Run(ctx, batchScript(dir, hundred)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	text := readFile(t, dir, "journal")
	if strings.Contains(text, `"ev":"failed"`) || !strings.Contains(text, `"ev":"interrupted"`) {
		t.Errorf("journal:\n%s", text)
	}
	sent := 0
	for _, call := range w.calls {
		if strings.HasPrefix(call, "sms/") {
			sent++
		}
	}
	w.answer = nil
	out.Reset()
	if err := rt.Run(t.Context(), batchScript(dir, hundred)); err != nil {
		t.Error(err)
	}
	var rows, done, failed, doubt int
	fmt.Sscan(out.String(), &rows, &done, &failed, &doubt)
	if rows != 100 || failed != 0 || done+doubt != 100 || doubt < 1 || doubt > 8 {
		t.Errorf("second run: %s", out)
	}
	var texts []string
	for _, call := range w.calls {
		if strings.HasPrefix(call, "sms/") {
			texts = append(texts, call)
		}
	}
	once(t, texts, 50) // those in doubt count once
}

// TestBatchStarted has a host watch batches that end in every way.
func TestBatchStarted(t *testing.T) {
	t.Parallel()
	const each = `each = function(row) if row.id == "3" then error "x" end task.yield() end }`
	for name, c := range map[string]struct {
		source  string
		rows    int64 // -1 for any
		stopped string
	}{
		"well":             {`batch.run{ source = csv.open(at "rows.csv"), ` + each, 4, ""},
		"max_errors":       {`batch.run{ source = csv.open(at "rows.csv"), workers = 1, max_errors = 0, ` + each, 3, "max_errors"},
		"raising iterator": {`batch.run{ source = function() error "y" end, ` + each, 0, "failure"},
		"raising on_doubt": {`batch.run{ source = { { id = 600 } }, key = "id", journal = at "journal", each = function() authy.request_sms{ authy_id = 600 } end }
			batch.run{ source = { { id = 600 } }, key = "id", journal = at "journal", on_doubt = error, ` + each, 1, "failure"},
		"os.exit":   {`batch.run{ source = csv.open(at "rows.csv"), workers = 1, each = function(row) if row.id == "2" then os.exit(5) end end }`, 2, "interrupted"},
		"timeout":   {`task.timeout("1ms", function() batch.run{ source = { 1, 2, 3 }, workers = 1, each = function() task.sleep(60) end } end)`, -1, "interrupted"},
		"interrupt": {`batch.run{ source = csv.open(at "rows.csv"), workers = 1, each = function(row) if row.id == "2" then authy.get_user_status{ authy_id = 7 } end end }`, 2, "interrupted"},
	} {
		// In a bubble, time passes when all wait: each batch begins before its timeout ends it.
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := new(wire)
				dir := writeFiles(t, map[string]string{"rows.csv": "id\n1\n2\n3\n4\n"})
				var running Batch
				var last *BatchSummary
				begun, ended := 0, 0
				rt, _ := w.runtime(t, BatchStarted(func(b Batch) func(*BatchSummary) {
					begun++
					running = b
					if rows, done, failed, inDoubt := b.Counts(); rows+done+failed+inDoubt != 0 || b.Began().IsZero() || b.Stopping() {
						t.Errorf("not at its beginning: %d rows", rows)
					}
					return func(s *BatchSummary) { ended++; last = s }
				}))
				w.before = func(call string) {
					if strings.HasPrefix(call, "users/") {
						rt.Interrupt()
					}
				}
				err := rt.Run(t.Context(), batchScript(dir, c.source))
				if (err != nil) != (c.stopped != "") {
					t.Errorf("error %v", err)
				}
				if exit, ok := errors.AsType[*ExitError](err); name == "os.exit" && (!ok || exit.Code != 5) {
					t.Errorf("os.exit gave %v", err)
				}
				if begun == 0 || ended != begun || last == nil {
					t.Fatalf("begun %d, ended %d", begun, ended)
				}
				rows, done, failed, inDoubt := running.Counts()
				if c.rows >= 0 && rows != c.rows || last.Rows != rows || last.Done != done || last.Failed != failed || last.InDoubt != inDoubt || last.Stopped != c.stopped ||
					done+failed+inDoubt+last.Duplicates+last.Unfinished != rows || running.Stopping() != (c.stopped != "") {
					t.Errorf("counts %d %d %d %d, summary %+v", rows, done, failed, inDoubt, last)
				}
				if part, ok := running.Fraction(); strings.Contains(c.source, "csv.open") && (!ok || c.stopped == "" && part != 1 || part <= 0 || part > 1) {
					t.Errorf("fraction %v %v", part, ok)
				}
				if rt.Interrupt() {
					t.Error("told a batch that has ended")
				}
			})
		})
	}
}

// TestBatchInSession runs batches at the prompt, where tasks outlive what was typed.
func TestBatchInSession(t *testing.T) {
	t.Parallel()
	w := new(wire)
	rt, _ := w.runtime(t)
	s := rt.NewSession(SessionOptions{TaskEnded: func(info TaskInfo) { t.Errorf("told of %+v", info) }})
	shown, err := s.Eval(t.Context(), `batch.run{ source = { 1, 2, 3 }, each = function(id) authy.async.request_sms{ authy_id = id } task.yield() end }.done`)
	if err != nil || shown != "3" {
		t.Errorf("shown %q, %v", shown, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.before = func(string) { cancel() }
	if _, err := s.Eval(ctx, `batch.run{ source = { 1, 2, 3 }, each = function(id) authy.request_sms{ authy_id = id } task.sleep(60) end }`); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if n := s.RunningTasks(); n != 0 {
		t.Errorf("%d tasks are left", n)
	}
	if _, err := s.Eval(t.Context(), `f = flow.define("f", { { "a", function() task.spawn(task.yield) task.spawn(task.yield) end } }) f:run()`); err != nil {
		t.Error(err)
	}
	if shown, err := s.Eval(t.Context(), `select("#", f)`); err != nil || shown != "1" {
		t.Errorf("goes on with %q, %v", shown, err)
	}
}

// probe is a module whose function f is called by scripts.
func probe(f func()) Option {
	return With(func(*Host) Module {
		return Module{Name: "probe", Functions: []Function{{Name: "look", Doc: "Looks.", Call: func(*lua.LState) int { f(); return 0 }}}}
	})
}
