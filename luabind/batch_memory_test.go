package luabind

import (
	"runtime"
	"testing"
)

// TestBatchMemory has rows of a kilobyte each, many more than may be kept. It runs alone, as it looks at the whole heap.
func TestBatchMemory(t *testing.T) {
	const bound = 24 << 20
	for name, options := range map[string]string{
		"":                "",
		" with a journal": `key = "id", journal = at "journal", results = at "out.csv", ordered = true,`,
	} {
		var before, most uint64
		heap := func() uint64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		got := new(wire).must(t, t.TempDir(), `
			local n = 0
			probe.look()
			print(batch.run{ workers = 8, `+options+` each = function(row) if row.id % 50000 == 0 then probe.look() end return row.id end,
				source = function() if n < 200000 then n = n + 1 return { id = n, text = ("x"):rep(1000) .. n } end end }.done)`, probe(func() {
			if before == 0 {
				before = heap()
			}
			most = max(most, heap())
		}))
		if got != "200000\n" || most-before > bound {
			t.Errorf("batch%s: printed %q and kept %d bytes, more than %d", name, got, most-before, bound)
		}
		t.Logf("batch%s kept %d KiB", name, (most-before)>>10)
	}
}
