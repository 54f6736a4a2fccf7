package journal

import (
	"fmt"
	"path/filepath"
	"testing"
)

// fill records rows that were done, two lines each.
func fill(tb testing.TB, path string, rows int64) {
	tb.Helper()
	j, err := Open(tb.Context(), path, Header{})
	if err != nil {
		tb.Fatal(err)
	}
	row := []byte(`{"phone":"911234567","country_code":"PT","email":"ana.maria@example.com"}`)
	result := []byte(`{"authy_id":12345678}`)
	for n := range rows {
		e := j.Begin(n+1, fmt.Sprintf("+351911%06d", n), row)
		if err := e.Done(result); err != nil {
			tb.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkAppend is started and done of a million rows, and Close.
func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		fill(b, filepath.Join(b.TempDir(), "j"), 1_000_000)
	}
}

// BenchmarkResume is Open of a journal of a million rows that are done.
func BenchmarkResume(b *testing.B) {
	path := filepath.Join(b.TempDir(), "j")
	fill(b, path, 1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		j, err := Open(b.Context(), path, Header{})
		if err != nil {
			b.Fatal(err)
		}
		if got := j.Counts().Done; got != 1_000_000 {
			b.Fatalf("%d rows are done", got)
		}
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCall is a call that may not be repeated, by many rows at once.
func BenchmarkCall(b *testing.B) {
	j, err := Open(b.Context(), filepath.Join(b.TempDir(), "j"), Header{})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	b.SetParallelism(50)
	b.RunParallel(func(pb *testing.PB) {
		for n := int64(1); pb.Next(); n++ {
			e := j.Begin(n, "", nil)
			if err := e.Call(b.Context(), Call{Op: "request_sms", Effect: "sends"}); err != nil {
				b.Error(err)
			}
		}
	})
}
