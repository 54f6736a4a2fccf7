package journal

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	const rows = 3 * pageSize // the last ones are not on the first page
	path := filepath.Join(t.TempDir(), "j")
	h := Header{Source: Source{Name: "a file", SHA256: "00"}}
	j, err := Open(context.Background(), path, h)
	if err != nil {
		t.Fatal(err)
	}
	want := func(n int64) Outcome {
		switch n % 5 {
		case 0:
			return Outcome{Status: Done, Result: fmt.Appendf(nil, `{"id":%d}`, n)}
		case 1:
			return Outcome{Status: Failed, Error: fmt.Appendf(nil, `{"row":%d}`, n)}
		case 2:
			return Outcome{Status: InDoubt, Error: []byte(`{}`)}
		case 3:
			return Outcome{Status: Skipped}
		}
		return Outcome{Status: Interrupted}
	}
	for i := int64(rows); i > 0; i-- { // the order of events is not that of rows
		n, o := i, want(i)
		if o.Status == Skipped {
			if err := j.Skip(n, "", "duplicate"); err != nil {
				t.Fatal(err)
			}
			continue
		}
		entry := j.Begin(n, "", nil)
		switch o.Status {
		case Done:
			_ = entry.Fail([]byte(`"the first time"`), true)
			err = j.Begin(n, "", nil).Done(o.Result)
		case Failed:
			err = entry.Fail(o.Error, true)
		case InDoubt:
			err = entry.Doubt(o.Error)
		}
		if err != nil {
			t.Fatalf("row %d: %v", n, err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if j, err = Open(context.Background(), path, h); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Outcome(5); err == nil {
		t.Error("outcomes were given although they were not kept")
	}
	if o, err := j.Outcome(rows + 1); o.Status != Unseen || err != nil {
		t.Errorf("a row that is not there: %v, %v", o, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if j, err = Open(context.Background(), path, h, KeepOutcomes()); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for n := int64(1); n <= rows; n++ {
		got, err := j.Outcome(n)
		o := want(n)
		if err != nil || got.Status != o.Status || string(got.Result) != string(o.Result) || string(got.Error) != string(o.Error) {
			t.Fatalf("row %d: %v %s %s, %v, want %v %s %s", n, got.Status, got.Result, got.Error, err, o.Status, o.Result, o.Error)
		}
	}
}
