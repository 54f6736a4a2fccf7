package luabind

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// journalRun is one run over the rows of a test, with options of batch.run beside source, key, journal and each.
type journalRun struct {
	options string // in Lua
	want    string // printed
	calls   string
	failed  bool // the script ends with an error, which is printed too
}

// TestBatchResumes runs batches again and again with one journal. Rows are ids, which decide how a call ends.
func TestBatchResumes(t *testing.T) {
	t.Parallel()
	const sms = `each = function(row) if row.id == "8" then error("eight", 0) end authy.request_sms{ authy_id = row.id } if row.id == "9" then error("nine", 0) end return { id = row.id } end`
	const eight, nine = "script\t-\t-\t1\t1\teight\n", "script\t-\t-\t1\t1\tnine\n"
	for _, c := range []struct {
		name, ids string
		runs      []journalRun
	}{
		{"all done", "1 2 3", []journalRun{
			{sms, "rows 3 done 3 failed 0 doubt 0 dup 0 left 0 earlier 0\n", "sms/1 sms/2 sms/3", false},
			{sms, "rows 3 done 3 failed 0 doubt 0 dup 0 left 0 earlier 3\n", "", false},
			{sms + `, retry_failed = true, on_doubt = "retry"`, "rows 3 done 3 failed 0 doubt 0 dup 0 left 0 earlier 3\n", "", false},
		}},
		{"failed before anything was sent", "8 2", []journalRun{
			{sms, "rows 2 done 1 failed 1 doubt 0 dup 0 left 0 earlier 0\n" + eight, "sms/2", false},
			{sms, "rows 2 done 1 failed 1 doubt 0 dup 0 left 0 earlier 2\n", "", false},
			{sms + `, retry_failed = true`, "rows 2 done 1 failed 1 doubt 0 dup 0 left 0 earlier 1\n" + eight, "", false},
			{`retry_failed = true, each = function() end`, "rows 2 done 2 failed 0 doubt 0 dup 0 left 0 earlier 1\n", "", false},
			{sms + `, retry_failed = true`, "rows 2 done 2 failed 0 doubt 0 dup 0 left 0 earlier 2\n", "", false},
		}},
		{"refused", "400", []journalRun{
			{sms, "rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 0\napi\trequest_sms\t60026\t1\t1\trequest_sms: no such user (HTTP 400, code 60026)\n", "sms/400", false},
			{sms, "rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 1\n", "", false},
			{`retry_failed = true, each = function() end`, "rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 0\n", "", false},
		}},
		{"failed after something was sent", "9", []journalRun{
			{sms, "rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 0\n" + nine, "sms/9", false},
			{sms + `, retry_failed = true`, "rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 1\n", "", false},
			{sms + `, retry_failed = true, on_doubt = function(row, ctx) print(row.id, ctx.key, ctx.number, ctx.status) end`,
				"9\t9\t1\tfailed\nrows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 1\n", "", false},
			{sms + `, on_doubt = "retry"`, "rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 1\n", "", false},
			{sms + `, retry_failed = true, on_doubt = "retry"`, "rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 0\n" + nine, "sms/9", false},
		}},
		{"in doubt", "600 602", []journalRun{
			{sms + `, workers = 1`, "rows 2 done 0 failed 0 doubt 2 dup 0 left 0 earlier 0\n" +
				"network\trequest_sms\t-\t1\t1\trequest_sms: read tcp: connection reset by peer\n" +
				"response\trequest_sms\t-\t1\t2\trequest_sms: unexpected answer: is not a JSON object, with an HTML page: is this the API's host, or did a gateway answer? (HTTP 200)\n", "sms/600 sms/602", false},
			{sms, "rows 2 done 0 failed 0 doubt 2 dup 0 left 0 earlier 2\n", "", false},
			{sms + `, on_doubt = "skip", retry_failed = true`, "rows 2 done 0 failed 0 doubt 2 dup 0 left 0 earlier 2\n", "", false},
			{sms + `, workers = 1, on_doubt = function(row, ctx) print(row.id, ctx.status) return row.id == "600" and "skip" end`,
				"600\tin_doubt\n602\tin_doubt\nrows 2 done 0 failed 0 doubt 2 dup 0 left 0 earlier 2\n", "", false},
			{sms + `, workers = 1, on_doubt = function(row, ctx) return "again" end`,
				"batch.run: on_doubt must return \"skip\" or \"retry\", got \"again\"\n", "", true},
			{sms + `, workers = 1, on_doubt = function(row, ctx) error("asked", 0) end`, "asked\n", "", true},
			{`workers = 1, on_doubt = function(row, ctx) return row.id == "600" and "retry" end, each = function() end`,
				"rows 2 done 1 failed 0 doubt 1 dup 0 left 0 earlier 1\n", "", false},
			{`on_doubt = "retry", each = function(row) print(row.id) return 7 end`, "602\nrows 2 done 2 failed 0 doubt 0 dup 0 left 0 earlier 1\n", "", false},
		}},
		{"duplicates", "1 1 1", []journalRun{
			{sms + `, on_duplicate = "fail"`, "rows 3 done 1 failed 2 doubt 0 dup 0 left 0 earlier 0\nduplicate\t-\t-\t2\t2\trow 1 has the same key\n", "sms/1", false},
			{sms + `, on_duplicate = "fail"`, "rows 3 done 1 failed 2 doubt 0 dup 0 left 0 earlier 3\n", "", false},
			{sms + `, on_duplicate = "fail", retry_failed = true`,
				"rows 3 done 1 failed 2 doubt 0 dup 0 left 0 earlier 1\nduplicate\t-\t-\t2\t2\trow 1 has the same key\n", "", false},
			{sms + `, retry_failed = true`, "rows 3 done 1 failed 0 doubt 0 dup 2 left 0 earlier 1\n", "", false},
		}},
		{"broken rows", "1 \"b\"x 3", []journalRun{
			{sms, "rows 3 done 2 failed 1 doubt 0 dup 0 left 0 earlier 0\nsource\t-\t-\t1\t2\tDIR/rows.csv line 3: has a field in quotes that does not end well at byte 3: close it, and double the quotes in it\n", "sms/1 sms/3", false},
			{sms, "rows 3 done 2 failed 1 doubt 0 dup 0 left 0 earlier 3\n", "", false},
			{sms + `, retry_failed = true`, "rows 3 done 2 failed 1 doubt 0 dup 0 left 0 earlier 2\nsource\t-\t-\t1\t2\tDIR/rows.csv line 3: has a field in quotes that does not end well at byte 3: close it, and double the quotes in it\n", "", false},
		}},
		{"results that cannot be recorded", "1", []journalRun{
			{`each = function() return print end`, "rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 0\n", "", false},
			{sms, "rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 1\n", "", false},
		}},
		{"results that are too long", "1 2", []journalRun{
			{`each = function(row) return ("x"):rep(17 * 1024 * 1024) end`, "rows 2 done 2 failed 0 doubt 0 dup 0 left 0 earlier 0\n", "", false},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := new(wire)
			dir := writeFiles(t, map[string]string{"rows.csv": "id\n" + strings.ReplaceAll(c.ids, " ", "\n") + "\n"})
			for i, run := range c.runs {
				w.forget()
				source := `local ok, s = pcall(batch.run, { source = csv.open(at "rows.csv"), key = "id", journal = at "journal", ` + run.options + " }) if ok then show(s) else print(s) end"
				got := w.must(t, dir, source)
				if diff := cmp.Diff(run.want, got); diff != "" {
					t.Errorf("run %d printed (-want +got):\n%s", i+1, diff)
				}
				if got := w.sorted(); got != run.calls {
					t.Errorf("run %d called %q, want %q", i+1, got, run.calls)
				}
			}
			if t.Failed() {
				t.Logf("journal:\n%.4000s", readFile(t, dir, "journal"))
			}
		})
	}
}

// TestBatchDoubt has one call in each end in every way.
func TestBatchDoubt(t *testing.T) {
	t.Parallel()
	for op, c := range map[string]string{ // done, failed, in doubt
		"request_sms{ authy_id = 1 }":           "1 0 0",
		"request_sms{ authy_id = 400 }":         "0 1 0",
		"request_sms{ authy_id = 500 }":         "0 0 1",
		"request_sms{ authy_id = 600 }":         "0 0 1",
		"request_sms{ authy_id = 601 }":         "0 0 1",
		"request_sms{ authy_id = 602 }":         "0 0 1",
		"request_sms{ authy_id = {} }":          "0 1 0",
		"get_user_status{ authy_id = 600 }":     "0 1 0",
		"get_user_status{ authy_id = 500 }":     "0 1 0",
		"delete_user{ authy_id = 600 }":         "0 0 1",
		"try.request_sms{ authy_id = 600 }":     "0 0 1", // the script went on, but nobody knows
		"try.request_sms{ authy_id = 600 } x()": "0 0 1",
		"try.request_sms{ authy_id = 400 } x()": "0 1 0",
	} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			got := new(wire).must(t, t.TempDir(), `local s = batch.run{ source = { 1 }, each = function() authy.`+op+` end } print(s.done, s.failed, s.in_doubt)`)
			if got = strings.ReplaceAll(strings.TrimSpace(got), "\t", " "); got != c {
				t.Errorf("got %s, want %s", got, c)
			}
		})
	}
	w := &wire{answer: lost}
	got := w.must(t, t.TempDir(), `local s = batch.run{ source = { 1 }, each = function() authy.register_user{ phone = "911234567", country_code = "PT", email = "a@example.com" } end } print(s.done, s.failed, s.in_doubt)`)
	if got != "0\t1\t0\n" {
		t.Errorf("register_user: got %q, want a failure", got)
	}
	got = w.must(t, t.TempDir(), `local s = batch.run{ source = { 1 }, each = function() authy.register_user{ phone = "911234567", country_code = "PT", email = "a@example.com", send_install_link = true } end } print(s.done, s.failed, s.in_doubt)`)
	if got != "0\t0\t1\n" {
		t.Errorf("register_user that texts: got %q, want a doubt", got)
	}
}

func TestBatchJournalRefusals(t *testing.T) {
	t.Parallel()
	const each = `each = function(row) authy.request_sms{ authy_id = 7 } end }`
	for name, c := range map[string]struct{ first, change, second, want string }{
		"another file": {`source = csv.open(at "rows.csv"), key = "id", `, "id,name\n1,b\n", `source = csv.open(at "rows.csv"), key = "id", `,
			"batch.run: DIR/journal: rows.csv is not the source that this journal was begun with: its contents changed; restore the source to go on, or name a new journal to start over"},
		"a longer file": {`source = csv.open(at "rows.csv"), key = "id", `, "id,name\n1,a\n2,b\n", `source = csv.open(at "rows.csv"), key = "id", `,
			"batch.run: DIR/journal: rows.csv is not the source that this journal was begun with: it had 12 bytes, and has 16; restore the source to go on, or name a new journal to start over"},
		"another key": {`source = csv.open(at "rows.csv"), key = "id", `, "", `source = csv.open(at "rows.csv"), key = "name", `,
			`batch.run: DIR/journal: rows.csv is not the source that this journal was begun with: the key was column "id", and is column "name"; restore the source to go on, or name a new journal to start over`},
		"another file, with results": {`source = csv.open(at "rows.csv"), key = "id", results = at "out.csv", `, "id,name\n1,b\n",
			`source = csv.open(at "rows.csv"), key = "id", results = at "out.csv", `,
			"batch.run: DIR/journal: rows.csv is not the source that this journal was begun with: its contents changed; restore the source to go on, or name a new journal to start over"},
		"another list": {`source = { "a", "b" }, key = tostring, `, "", `source = { "a", "c" }, key = tostring, `,
			`batch.run: DIR/journal: a list is not the source that this journal was begun with: row 2 had another key than "c"; restore the source to go on, or name a new journal to start over`},
		"another iterator": {`source = count(2), key = "id", `, "", `source = function() return { id = 9 } end, key = "id", `,
			`batch.run: DIR/journal: an iterator is not the source that this journal was begun with: row 1 had another key than "9"; restore the source to go on, or name a new journal to start over`},
		"a list for a file": {`source = csv.open(at "rows.csv"), key = "id", `, "", `source = { { id = 1 } }, key = "id", `,
			`batch.run: DIR/journal: a list is not the source that this journal was begun with: it was the file "rows.csv", and is nothing that can be compared; restore the source to go on, or name a new journal to start over`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := writeFiles(t, map[string]string{"rows.csv": "id,name\n1,a\n"})
			w := new(wire)
			w.must(t, dir, `batch.run{ journal = at "journal", `+c.first+each)
			if c.change != "" {
				if err := os.WriteFile(filepath.Join(dir, "rows.csv"), []byte(c.change), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			w.forget()
			if got := w.must(t, dir, `refused{ journal = at "journal", `+c.second+each); got != c.want+"\n" {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := w.sorted(); got != "" {
				t.Errorf("called %s", got)
			}
		})
	}
}

// TestBatchJournalInUse has a second runtime take the journal of one that runs.
func TestBatchJournalInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const source = `batch.run{ source = { 7 }, key = tostring, journal = at "journal", each = function(id) authy.request_sms{ authy_id = id } end }`
	w := new(wire)
	w.before = func(string) {
		other := new(wire)
		_, err := other.script(t, dir, source)
		if err == nil || !strings.HasSuffix(err.Error(), "is in use by another run: wait until it ends, or stop it, and try again") || len(other.calls) > 0 {
			t.Errorf("second run: %v, called %v", err, other.calls)
		}
	}
	w.must(t, dir, source)
}

// TestBatchJournalComesFirst looks at the file while a call is on its way.
func TestBatchJournalComesFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := new(wire)
	w.before = func(call string) {
		text := readFile(t, dir, "journal")
		if !strings.Contains(text, `"request_sms"`) || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s was sent before the journal had it:\n%s", call, text)
		}
	}
	w.must(t, dir, `batch.run{ source = { 7 }, key = tostring, journal = at "journal", each = function(id) authy.request_sms{ authy_id = id } end }`)
	if len(w.calls) != 1 {
		t.Errorf("called %v", w.calls)
	}
}

// TestBatchReadOnly has no place for a journal.
func TestBatchReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if probe, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		_ = probe.Close()
		t.Skip("this user may write everywhere")
	}
	w := new(wire)
	_, err := w.script(t, dir, `batch.run{ source = { 7 }, key = tostring, journal = at "journal", each = function(id) authy.request_sms{ authy_id = id } end }`)
	if err == nil || !strings.Contains(err.Error(), "name a journal in a folder where you may write") || len(w.calls) > 0 {
		t.Errorf("got %v, called %v", err, w.calls)
	}
}

// TestBatchResumesLargeFile passes over more than a row may be long.
func TestBatchResumesLargeFile(t *testing.T) {
	t.Parallel()
	const rows, each = 20, csvMaxRow / 15
	var text strings.Builder
	text.WriteString("id,text\n")
	for i := range rows {
		fmt.Fprintf(&text, "%d,%s\n", i, strings.Repeat("x", each))
	}
	dir := writeFiles(t, map[string]string{"rows.csv": text.String()})
	for _, want := range []string{"done 20 failed 0 doubt 0 dup 0 left 0 earlier 0\n", "done 20 failed 0 doubt 0 dup 0 left 0 earlier 20\n"} {
		got := new(wire).must(t, dir, `show(batch.run{ source = csv.open(at "rows.csv"), key = "id", journal = at "journal", each = function() end })`)
		if got != "rows 20 "+want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestBatchJournalOfAnotherService does not take what was done elsewhere for done.
func TestBatchJournalOfAnotherService(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const source = `print(pcall(batch.run, { source = { 7 }, key = tostring, journal = at "journal", each = function(id) authy.request_sms{ authy_id = id } end }))`
	if got := new(wire).must(t, dir, source, Service("a rehearsal")); !strings.HasPrefix(got, "true") {
		t.Fatal(got)
	}
	w := new(wire)
	got := w.must(t, dir, source)
	if want := "DIR/journal: what this journal records was done at a rehearsal, and calls go to https://authy.test (application "; !strings.Contains(got, want) || len(w.calls) > 0 {
		t.Errorf("got %s after %v, want %s", got, w.calls, want)
	}
	if text := readFile(t, dir, "journal"); strings.Contains(text, w.client().Key) {
		t.Errorf("the journal has the key:\n%s", text)
	}
}
