package keyset

import (
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"slices"
)

const (
	// mostRecent is how many keys are in memory; a set of no more makes no file.
	mostRecent = 64 << 10
	// fanIn is how many runs of equal size are merged. A key is written once for each level, so ten million keys are
	// written three times, and at most seven runs of each level are searched.
	fanIn = 8
)

// Set is the keys that were added, and when each was added first.
//
// It takes 17 MiB of memory for ten million keys that differ, most of it 12 bits of a filter for each, and 2 MiB from the
// start. They are 160 MB in temporary files, at times twice that. A million keys take about a second. An Add
// that merges runs takes long: up to half a second of these, and more in proportion when the set is larger.
//
// A Set is not safe for concurrent use.
type Set struct {
	dir    string
	seed   maphash.Seed
	recent *table
	runs   []*run // the large ones first
	page   []byte // of a run, while it is searched
	err    error  // ends all use

	create func(dir, pattern string) (*os.File, error)
}

// New makes an empty set with its files in dir; "" stands for [os.TempDir]. It makes no file yet: the first is made when
// the set outgrows memory.
func New(dir string) *Set { return newSet(dir, mostRecent) }

func newSet(dir string, most int) *Set {
	return &Set{dir: dir, seed: maphash.MakeSeed(), recent: newTable(most), create: os.CreateTemp}
}

// Add adds a key, with a number by which the caller knows it. When the set has the key already, dup is true and first is
// the number that it was added with.
//
// Keys whose 64-bit hashes are equal count as the same. Among ten million keys, the chance that there are any such two
// is one in 370,000.
//
// An error means that a temporary file could not be made, written or read; the set is then of no further use.
func (s *Set) Add(key string, n int64) (first int64, dup bool, err error) {
	if s.err != nil {
		return 0, false, s.err
	}
	hash := maphash.String(s.seed, key)
	slot, dup := s.recent.find(hash)
	if dup {
		return s.recent.slots[slot].first, true, nil
	}
	for _, r := range s.runs {
		if !r.filter.mayHave(hash) {
			continue
		}
		if first, dup, err = r.find(hash, &s.page); err != nil {
			return 0, false, s.fail(err)
		}
		if dup {
			return first, true, nil
		}
	}
	if s.recent.full() {
		if err := s.flush(); err != nil {
			return 0, false, s.fail(err)
		}
		slot, _ = s.recent.find(hash)
	}
	s.recent.insert(slot, record{hash, n})
	return 0, false, nil
}

// Close removes the temporary files. The set can not be used any more.
func (s *Set) Close() error {
	if s.recent == nil {
		return nil
	}
	var all []error
	for _, r := range s.runs {
		all = append(all, r.remove())
	}
	s.runs, s.recent, s.err = nil, nil, fmt.Errorf("find keys that occur twice: the set is closed: %w", os.ErrClosed)
	return errors.Join(all...)
}

// fail keeps an error for all further calls, with what can be done about it.
func (s *Set) fail(err error) error {
	s.err = fmt.Errorf("find keys that occur twice: %w", err)
	if s.dir == "" {
		s.err = fmt.Errorf("%w (set TMPDIR to a directory that can be written and has room)", s.err)
	}
	return s.err
}

// flush makes a run of what is in memory, and merges runs when enough have the same size.
func (s *Set) flush() error {
	w, err := s.newRun(s.recent.count, 0)
	if err != nil {
		return err
	}
	s.recent.each(w.put)
	if err := w.finish(); err != nil {
		return err
	}
	s.recent.clear()
	for {
		n := len(s.runs) - fanIn
		if n < 0 || s.runs[n].level != s.runs[len(s.runs)-1].level {
			return nil
		}
		if err := s.merge(n); err != nil {
			return err
		}
	}
}

// merge makes one run of all from number n on.
func (s *Set) merge(n int) error {
	old := slices.Clone(s.runs[n:])
	s.runs = s.runs[:n]
	defer func() {
		for _, r := range old {
			_ = r.remove() // what is left of it is of no use, and in the way of nobody
		}
	}()
	count := 0
	for _, r := range old {
		count += r.count
		r.filter = nil // the new one takes its memory
	}
	w, err := s.newRun(count, old[0].level+1)
	if err != nil {
		return err
	}
	if err := mergeRecords(old, w.put); err != nil {
		return err
	}
	return w.finish()
}
