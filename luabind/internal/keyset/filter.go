package keyset

import "math/bits"

const (
	filterBits   = 12 // for each key; about one foreign key in 150 passes
	filterProbes = 6
)

// filter is a Bloom filter whose probes for a key are all in one cache line: a look at it costs one wait for memory, and
// there may be twenty filters to look at.
type filter []filterLine

type filterLine [8]uint64

func newFilter(keys int) filter {
	return make(filter, keys*filterBits/512+1)
}

// line is where a hash belongs. It grows with the hash, so a sorted run fills its filter from start to end.
func (f filter) line(hash uint64) *filterLine {
	i, _ := bits.Mul64(hash, uint64(len(f)))
	return &f[i]
}

// probes spreads a hash, as all in a line have its upper bits in common. Each 9 bits of it choose a bit of the line.
func probes(hash uint64) uint64 { return hash * 0x9E3779B97F4A7C15 }

func (f filter) add(hash uint64) {
	line, p := f.line(hash), probes(hash)
	for range filterProbes {
		line[p>>6&7] |= 1 << (p & 63)
		p >>= 9
	}
}

// mayHave reports whether a hash may have been added; false is certain.
func (f filter) mayHave(hash uint64) bool {
	line, p := f.line(hash), probes(hash)
	for range filterProbes {
		if line[p>>6&7]>>(p&63)&1 == 0 {
			return false
		}
		p >>= 9
	}
	return true
}
