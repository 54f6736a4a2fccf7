package luabind

import (
	"fmt"
	"runtime"
	"testing"
)

// TestBatchMemory has rows of four kilobytes each, many more than may be kept. It runs alone, as it looks at the whole heap.
func TestBatchMemory(t *testing.T) {
	const bound = 16 << 20
	const rows = 20_000
	for name, options := range map[string]string{
		"":                "",
		" with a journal": `key = "id", journal = at "journal", results = at "out.csv", ordered = true,`,
	} {
		var before, most int64
		heap := func() int64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		got := new(wire).must(t, t.TempDir(), fmt.Sprintf(`
			local n, most = 0, %d
			probe.look()
			print(batch.run{ workers = 8, `+options+` each = function(row) if row.id %% (most / 4) == 0 then probe.look() end return row.id end,
				source = function() if n < most then n = n + 1 return { id = n, text = ("x"):rep(4000) .. n } end end }.done)`, rows), probe(func() {
			if before == 0 {
				before = heap()
			}
			most = max(most, heap())
		}))
		if got != fmt.Sprintln(rows) || most-before > bound {
			t.Errorf("batch%s: printed %q and kept %d bytes, more than %d", name, got, most-before, bound)
		}
		t.Logf("batch%s kept %d KiB", name, (most-before)>>10)
	}
}
