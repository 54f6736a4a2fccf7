package journal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
)

// An Outcome is how a row ended.
type Outcome struct {
	Status Status
	Result json.RawMessage // of a row that is done; nil if it gave none
	Error  json.RawMessage // of one that failed or ended in doubt
}

// An Option configures [Open].
type Option func(*options)

type options struct{ outcomes bool }

// KeepOutcomes has Open note where each row's outcome stands, so that [Journal.Outcome] can read it back. The notes take
// eight bytes per row in a temporary file, and next to no memory.
func KeepOutcomes() Option { return func(o *options) { o.outcomes = true } }

// Outcome reads back how row n ended in an earlier run. A row that did not end has a status alone, as has one that only
// the current run has ended. It needs [KeepOutcomes].
func (j *Journal) Outcome(n int64) (Outcome, error) {
	outcome := Outcome{Status: j.Status(n)}
	if n < 1 || n > maxRows || outcome.Status == Unseen {
		return outcome, nil
	}
	if j.outcomes == nil {
		return outcome, errors.New("outcomes were not kept when the journal was opened")
	}
	offset, err := j.outcomes.get(n)
	if err != nil || offset == 0 {
		return outcome, err
	}
	e, err := readEvent(j.path, j.file, offset)
	if err != nil {
		return outcome, err
	}
	outcome.Result, outcome.Error = rawJSON(e.result), rawJSON(e.err)
	return outcome, nil
}

// offsets is an array of file offsets by row, in a temporary file. Rows come nearly in order, so one page of it in memory
// will do.
type offsets struct {
	file  *os.File
	page  [pageSize * 8]byte
	first int64 // row of the page
	dirty bool
}

const pageSize = 4096

func newOffsets() (*offsets, error) {
	file, err := os.CreateTemp("", "authysh-journal-*")
	if err != nil {
		return nil, fmt.Errorf("cannot keep the outcomes of rows: %w (set TMPDIR to a folder where you may write)", err)
	}
	if runtime.GOOS != "windows" {
		_ = os.Remove(file.Name()) // nothing is left behind, whatever happens
	}
	return &offsets{file: file}, nil
}

func (o *offsets) get(n int64) (int64, error) {
	if err := o.turnTo(n); err != nil {
		return 0, err
	}
	return int64(binary.LittleEndian.Uint64(o.page[(n-o.first)*8:])), nil
}

func (o *offsets) set(n, offset int64) error {
	if err := o.turnTo(n); err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(o.page[(n-o.first)*8:], uint64(offset))
	o.dirty = true
	return nil
}

// turnTo loads the page of row n.
func (o *offsets) turnTo(n int64) error {
	first := n / pageSize * pageSize
	if first == o.first {
		return nil
	}
	if o.dirty {
		if _, err := o.file.WriteAt(o.page[:], o.first*8); err != nil {
			return fmt.Errorf("cannot keep the outcomes of rows: %w", err)
		}
		o.dirty = false
	}
	clear(o.page[:])
	o.first = first
	if _, err := o.file.ReadAt(o.page[:], first*8); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("cannot keep the outcomes of rows: %w", err)
	}
	return nil
}

func (o *offsets) close() {
	_ = o.file.Close()
	if runtime.GOOS == "windows" {
		_ = os.Remove(o.file.Name())
	}
}
