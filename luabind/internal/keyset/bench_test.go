package keyset

import (
	"runtime"
	"strconv"
	"testing"
	"time"
)

// live is the memory in use after a collection.
func live() float64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}

// BenchmarkMillions adds ten million keys that are all new. It reports the time for one, the longest for one, which is
// that of a merge, and the memory after the last.
func BenchmarkMillions(b *testing.B) {
	const count = 10_000_000
	var spent, longest time.Duration
	var memory float64
	rounds := 0
	for b.Loop() {
		before := live()
		s := New(b.TempDir())
		key := make([]byte, 0, 32)
		start := time.Now()
		last := start
		for i := range count {
			key = strconv.AppendInt(append(key[:0], "+3519"...), int64(i), 10)
			if _, dup, err := s.Add(string(key), int64(i+1)); dup || err != nil {
				b.Fatalf("%s: dup %v, %v", key, dup, err)
			}
			if i%1024 == 0 {
				now := time.Now()
				longest, last = max(longest, now.Sub(last)), now
			}
		}
		spent += time.Since(start)
		memory = max(memory, live()-before)
		rounds++
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(spent.Nanoseconds())/float64(rounds*count), "ns/key")
	b.ReportMetric(longest.Seconds(), "s-longest")
	b.ReportMetric(memory/(1<<20), "MiB")
}

// BenchmarkFound adds keys again that are in files.
func BenchmarkFound(b *testing.B) {
	s := New(b.TempDir())
	defer s.Close()
	const count = 4_000_000
	for i := range count {
		if _, _, err := s.Add(strconv.Itoa(i), int64(i+1)); err != nil {
			b.Fatal(err)
		}
	}
	i := 0
	for b.Loop() {
		if _, dup, err := s.Add(strconv.Itoa(i), int64(i+1)); !dup || err != nil {
			b.Fatalf("%d: dup %v, %v", i, dup, err)
		}
		i = (i + 7_919_003) % count
	}
}
