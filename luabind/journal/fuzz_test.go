package journal

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
)

// FuzzOpen has a file that may hold anything. What Open takes, the others take too and say the same.
func FuzzOpen(f *testing.F) {
	for _, test := range histories {
		f.Add([]byte(headerText + test.events))
	}
	f.Add([]byte("phone,email\n"))
	f.Add([]byte(headerText + resumeRun + endRun + `{"n":1,"ev":"done"`))
	f.Add([]byte(headerText + `{ "ev" : "done" , "result" : {"a":[{}]} , "n" : 7 } ` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "j")
		write(t, path, string(data))
		j, err := Open(t.Context(), path, someHeader)
		if err != nil {
			if got := read(t, path); got != string(data) {
				t.Fatalf("a file that was refused (%v) was changed", err)
			}
			return
		}
		counts := j.Counts()
		for n := range int64(3) {
			steps, err := j.Steps(n)
			if err != nil {
				t.Fatalf("Steps: %v", err)
			}
			for _, s := range steps {
				if bytes.ContainsRune(s.Result, '\n') || s.Name == "" {
					t.Fatalf("step %+v", s)
				}
			}
		}
		check(t, j.Close())
		for _, how := range []string{"as written", "compacted"} {
			if how == "compacted" {
				_, _, err := Compact(t.Context(), path)
				check(t, err)
			}
			s, err := Summarize(t.Context(), path)
			check(t, err)
			if s.Totals != counts {
				t.Fatalf("%s: Open counts %+v, Summarize %+v", how, counts, s.Totals)
			}
			var rows Totals
			for r, err := range Rows(t.Context(), path) {
				check(t, err)
				count(&rows, r.Status)
			}
			if rows != counts {
				t.Fatalf("%s: Open counts %+v, Rows gives %+v", how, counts, rows)
			}
		}
	})
}

func count(t *Totals, s Status) {
	switch s {
	case Done:
		t.Done++
	case Failed:
		t.Failed++
	case InDoubt:
		t.InDoubt++
	case Interrupted:
		t.Interrupted++
	case Skipped:
		t.Skipped++
	}
}

// FuzzRecord has strings and values of any kind, which are read as they were written, or refused.
func FuzzRecord(f *testing.F) {
	f.Add("k", "a", []byte(`{"a":1}`), []byte("[1,\n2]"))
	f.Add("caf\xe9\x00\u2028", "\"\n\x7f", []byte(`"\ud800"`), []byte(" 1 "))
	f.Fuzz(func(t *testing.T, key, step string, row, result []byte) {
		d := new(disk)
		j := onDisk(d)
		e := j.Begin(1, key, row)
		stepped := e.Step(step, result) == nil
		check(t, errors.Join(j.Sync(t.Context()), j.Check(1, key)))
		steps, err := j.Steps(1)
		check(t, err)
		if got := len(steps) == 1 && steps[0].Name == cleanKey(step); got != stepped {
			t.Fatalf("recorded %v, and read %+v", stepped, steps)
		}
		check(t, j.Close())
		var s survey
		if err := s.read("j", bytes.NewReader(append([]byte(headerText), d.data...))); err != nil {
			t.Fatalf("%v:\n%s", err, d.data)
		}
		if got, want := s.index.hashes.get(1), j.index.hashes.get(1); s.index.hashing && got != want {
			t.Fatalf("the key is read as another")
		}
	})
}
