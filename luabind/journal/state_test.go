package journal

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	beginRow  = `{"n":1,"at":"2026-08-01T10:00:01.000Z","ev":"started","key":"k"}` + "\n"
	sendRow   = `{"n":1,"at":"2026-08-01T10:00:01.000Z","ev":"call","op":"request_sms","effect":"sends","repeatable":false}` + "\n"
	lookUp    = `{"n":1,"ev":"call","op":"get_user_status","effect":"reads","repeatable":true}` + "\n"
	stepA     = `{"n":1,"ev":"step","step":"a","result":{"id":1}}` + "\n"
	stepB     = `{"n":1,"ev":"step","step":"b"}` + "\n"
	undoneA   = `{"n":1,"ev":"undone","step":"a"}` + "\n"
	doneRow   = `{"n":1,"ev":"done","result":[1]}` + "\n"
	failSafe  = `{"n":1,"ev":"failed","error":{"kind":"network","message":"gone"},"repeatable":true}` + "\n"
	failSent  = `{"n":1,"ev":"failed","error":{"kind":"api","code":"60003","message":"no"},"repeatable":false}` + "\n"
	doubtRow  = `{"n":1,"ev":"doubt","error":{"kind":"timeout","message":"late"}}` + "\n"
	stopRow   = `{"n":1,"ev":"interrupted"}` + "\n"
	skipRow   = `{"n":1,"ev":"skipped","reason":"duplicate","key":"k"}` + "\n"
	resumeRun = `{"at":"2026-08-01T11:00:00.000Z","ev":"resumed","script":{"name":"enrol.lua","sha256":"5d"}}` + "\n"
	endRun    = `{"at":"2026-08-01T12:00:00.000Z","ev":"ended","totals":{"done":1}}` + "\n"
)

// histories are what can happen to row 1, and what is known of it then.
var histories = []struct {
	name, events string
	status       Status
	repeatable   bool
	steps        []string
}{
	{"nothing", "", Unseen, true, nil},
	{"another row", `{"n":2,"ev":"done"}`, Unseen, true, nil},
	{"started", beginRow, Interrupted, true, nil},
	{"a call that may be repeated", beginRow + lookUp, Interrupted, true, nil},
	{"a call that may not", beginRow + sendRow, InDoubt, false, nil},
	{"a look after it", beginRow + sendRow + lookUp, InDoubt, false, nil},
	{"a step after it", beginRow + sendRow + stepA, Interrupted, true, []string{"a"}},
	{"another after the step", beginRow + sendRow + stepA + sendRow, InDoubt, false, []string{"a"}},
	{"stopped before it was made", beginRow + sendRow + stopRow, Interrupted, true, nil},
	{"done", beginRow + sendRow + doneRow, Done, false, nil},
	{"done with steps", beginRow + stepA + doneRow, Done, false, nil},
	{"only done", doneRow, Done, false, nil},
	{"done is for good", doneRow + beginRow + sendRow + failSent + skipRow + stepA, Done, false, nil},
	{"failed before sending", beginRow + failSafe, Failed, true, nil},
	{"refused", beginRow + sendRow + failSafe, Failed, true, nil},
	{"failed after sending", beginRow + sendRow + failSent, Failed, false, nil},
	{"failed with a step", beginRow + stepA + sendRow + failSent, Failed, false, []string{"a"}},
	{"failed, then started", beginRow + failSafe + beginRow, Interrupted, true, nil},
	{"failed, then done", beginRow + failSafe + beginRow + doneRow, Done, false, nil},
	{"doubt", beginRow + sendRow + doubtRow, InDoubt, false, nil},
	{"started again in doubt", beginRow + sendRow + beginRow, InDoubt, false, nil},
	{"started again after a doubt", beginRow + sendRow + doubtRow + beginRow, InDoubt, false, nil},
	{"stopped again in doubt", beginRow + sendRow + doubtRow + beginRow + sendRow + stopRow, InDoubt, false, nil},
	{"failed again after a doubt", beginRow + sendRow + doubtRow + beginRow + failSafe, Failed, false, nil},
	{"a step after a doubt", beginRow + sendRow + doubtRow + beginRow + stepA, InDoubt, false, []string{"a"}},
	{"done after a doubt", beginRow + sendRow + doubtRow + beginRow + doneRow, Done, false, nil},
	{"started again after sending", beginRow + sendRow + failSent + beginRow, InDoubt, false, nil},
	{"skipped", skipRow, Skipped, true, nil},
	{"skipped in doubt", beginRow + sendRow + skipRow, InDoubt, false, nil},
	{"skipped after failing", beginRow + failSafe + skipRow, Failed, true, nil},
	{"started after skipping", skipRow + beginRow, Interrupted, true, nil},
	{"two steps", beginRow + stepA + stepB, Interrupted, true, []string{"a", "b"}},
	{"a step undone", beginRow + stepA + stepB + undoneA, Interrupted, true, []string{"b"}},
	{"a step undone and done", beginRow + stepA + stepB + undoneA + stepA, Interrupted, true, []string{"b", "a"}},
	{"a step twice", beginRow + stepA + stepB + stepA, Interrupted, true, []string{"b", "a"}},
	{"steps of two runs", beginRow + stepA + resumeRun + beginRow + stepB + failSafe, Failed, true, []string{"a", "b"}},
	{"undoing", beginRow + stepA + sendRow + undoneA, InDoubt, false, nil},
	{"undoing what was safe", beginRow + stepA + lookUp + undoneA, Interrupted, true, nil},
	{"undoing in a row that was in doubt", beginRow + stepA + sendRow + beginRow + undoneA, InDoubt, false, nil},
}

func TestHistories(t *testing.T) {
	t.Parallel()
	for _, test := range histories {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := lines(t, test.events)
			for _, how := range []string{"as written", "compacted"} {
				if how == "compacted" {
					before, after, err := Compact(t.Context(), path)
					check(t, err)
					if after > before {
						t.Errorf("Compact made %d bytes of %d", after, before)
					}
				}
				j := open(t, path)
				if got := j.Status(1); got != test.status {
					t.Errorf("%s: status %v, want %v", how, got, test.status)
				}
				if got := j.Repeatable(1); got != test.repeatable {
					t.Errorf("%s: repeatable %v, want %v", how, got, test.repeatable)
				}
				steps, err := j.Steps(1)
				check(t, err)
				var names []string
				for _, s := range steps {
					names = append(names, s.Name)
					if s.Name == "a" && string(s.Result) != `{"id":1}` {
						t.Errorf("%s: the result of step a is %q", how, s.Result)
					}
				}
				if diff := cmp.Diff(test.steps, names); diff != "" {
					t.Errorf("%s: steps: %s", how, diff)
				}
				check(t, j.Close())
			}
		})
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	j := open(t, lines(t, `
		{"n":1,"ev":"done"}
		{"n":2,"ev":"done"}
		{"n":3,"ev":"failed","repeatable":true}
		{"n":4,"ev":"failed"}
		{"n":5,"ev":"doubt"}
		{"n":6,"ev":"call","op":"request_sms"}
		{"n":7,"ev":"started"}
		{"n":8,"ev":"skipped","reason":"duplicate"}
		{"n":4294967295,"ev":"done"}`))
	want := Totals{Done: 3, Failed: 2, InDoubt: 2, Interrupted: 1, Skipped: 1}
	if got := j.Counts(); got != want {
		t.Errorf("Counts: %+v, want %+v", got, want)
	}
	if got := j.Status(4294967295); got != Done {
		t.Errorf("the last row is %v", got)
	}
	for _, n := range []int64{0, -1, 1 << 32, 1<<32 + 1} {
		if got := j.Status(n); got != Unseen {
			t.Errorf("row %d is %v", n, got)
		}
		if err := j.Begin(n, "", nil).Done(nil); err == nil {
			t.Errorf("row %d began", n)
		}
	}
}

// TestIndexMemory is the promise of the package comment: four bits for a row, and eight for its key.
func TestIndexMemory(t *testing.T) {
	t.Parallel()
	const rows = 1_000_000
	x := index{hashing: true}
	for n := range uint32(rows) {
		x.apply(&event{kind: done, n: n + 1, key: "k"}, 0)
	}
	size := 0
	for _, a := range []bytesByNumber{x.states, x.hashes} {
		for _, c := range a {
			if c != nil {
				size += len(c)
			}
		}
		size += 8 * cap(a)
	}
	if most := 16 << 20 / 10; size > most {
		t.Errorf("%d rows take %d bytes, want at most %d", rows, size, most)
	}
	if got := x.totals().Done; got != rows {
		t.Errorf("%d rows are done", got)
	}
}

func TestStatusString(t *testing.T) {
	t.Parallel()
	if got, want := fmt.Sprint(Unseen, Done, Failed, Interrupted, InDoubt, Skipped, Status(99)), "unseen done failed interrupted in doubt skipped unknown"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
