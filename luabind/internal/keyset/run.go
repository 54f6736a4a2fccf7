package keyset

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
)

const (
	recordSize  = 16
	pageRecords = 256
	pageSize    = pageRecords * recordSize
	bufferSize  = 32 << 10
)

// record is a key as runs have it: its hash, and the number of the Add that brought it.
type record struct {
	hash  uint64
	first int64
}

func decode(b []byte) record {
	return record{binary.LittleEndian.Uint64(b), int64(binary.LittleEndian.Uint64(b[8:]))}
}

// run is records in a file, in the order of their hashes, which are all different.
type run struct {
	file   *os.File
	name   string // to be removed in the end; empty when it is gone already
	level  int    // how often its records were merged
	count  int
	starts []uint64 // the first hash of each page
	filter filter
}

// find looks for a hash, with one read. page is room for that, made when it is needed.
func (r *run) find(hash uint64, page *[]byte) (first int64, found bool, err error) {
	i, exact := slices.BinarySearch(r.starts, hash)
	if !exact {
		i--
	}
	if i < 0 {
		return 0, false, nil
	}
	if *page == nil {
		*page = make([]byte, pageSize)
	}
	n := min(pageRecords, r.count-i*pageRecords)
	b := (*page)[:n*recordSize]
	if _, err := r.file.ReadAt(b, int64(i)*pageSize); err != nil {
		return 0, false, err
	}
	low, high := 0, n
	for low < high {
		middle := (low + high) / 2
		switch got := decode(b[middle*recordSize:]); {
		case got.hash == hash:
			return got.first, true, nil
		case got.hash < hash:
			low = middle + 1
		default:
			high = middle
		}
	}
	return 0, false, nil
}

// remove frees the file.
func (r *run) remove() error {
	err := r.file.Close()
	if r.name != "" {
		err = errors.Join(err, os.Remove(r.name))
	}
	return err
}

// runWriter writes a run. Its errors show in finish.
type runWriter struct {
	*run
	to *bufio.Writer
}

// newRun makes a run for count records, which are to follow. The set removes it, whatever comes of it.
func (s *Set) newRun(count, level int) (*runWriter, error) {
	file, err := s.create(s.dir, "authysh-keys-*")
	if err != nil {
		return nil, err
	}
	r := &run{
		file: file, level: level, filter: newFilter(count),
		starts: make([]uint64, 0, (count+pageRecords-1)/pageRecords),
	}
	if os.Remove(file.Name()) != nil { // Windows keeps the names of open files
		r.name = file.Name()
	}
	s.runs = append(s.runs, r)
	return &runWriter{run: r, to: bufio.NewWriterSize(file, bufferSize)}, nil
}

func (w *runWriter) put(r record) {
	if w.count%pageRecords == 0 {
		w.starts = append(w.starts, r.hash)
	}
	w.count++
	w.filter.add(r.hash)
	var b [recordSize]byte
	binary.LittleEndian.PutUint64(b[:], r.hash)
	binary.LittleEndian.PutUint64(b[8:], uint64(r.first))
	_, _ = w.to.Write(b[:]) // Flush tells
}

func (w *runWriter) finish() error { return w.to.Flush() }

// mergeRecords hands on the records of runs in order.
func mergeRecords(runs []*run, put func(record)) error {
	type source struct {
		from *bufio.Reader
		left int
		next record
	}
	sources := make([]*source, 0, len(runs))
	advance := func(s *source) error {
		b, err := s.from.Peek(recordSize)
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		s.next = decode(b)
		s.left--
		_, err = s.from.Discard(recordSize)
		return err
	}
	for _, r := range runs {
		s := &source{from: bufio.NewReaderSize(io.NewSectionReader(r.file, 0, int64(r.count)*recordSize), bufferSize), left: r.count}
		if err := advance(s); err != nil {
			return err
		}
		sources = append(sources, s)
	}
	for len(sources) > 0 {
		least := 0
		for i, s := range sources[1:] {
			if s.next.hash < sources[least].next.hash {
				least = i + 1
			}
		}
		s := sources[least]
		put(s.next)
		if s.left == 0 {
			sources = slices.Delete(sources, least, least+1)
			continue
		}
		if err := advance(s); err != nil {
			return err
		}
	}
	return nil
}
