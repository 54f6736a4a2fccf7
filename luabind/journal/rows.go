package journal

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/tidwall/gjson"
)

// A RowRecord is what a journal tells of one row.
type RowRecord struct {
	N          int64
	Key        string
	Status     Status
	Repeatable bool            // for Failed: running it again repeats nothing that may not be repeated
	Row        json.RawMessage // as given to [Journal.Begin]; nil if it was not
	Result     json.RawMessage // for Done
	Error      json.RawMessage // for Failed, and for InDoubt if the row ended
	Op         string          // for InDoubt the call in doubt, else the last one that may not be repeated since the last step
	Reason     string          // for Skipped
}

// Failure takes the error apart, if it is an object with these fields. Else the message is the error as it is.
func (r RowRecord) Failure() (kind, code, message string) {
	if r.Error == nil {
		return "", "", ""
	}
	return describe(string(r.Error))
}

// Rows gives the rows of these statuses, or of all, in the order of their numbers. It takes no lock: of a journal that is
// being written it shows what is there when it starts. The first error ends it.
func Rows(ctx context.Context, path string, filter ...Status) iter.Seq2[RowRecord, error] {
	return func(yield func(RowRecord, error) bool) {
		s := survey{all: len(filter) == 0 || slices.Contains(filter, Done)}
		file, err := surveyFile(ctx, path, &s)
		if err != nil {
			yield(RowRecord{}, err)
			return
		}
		defer func() { _ = file.Close() }()
		for _, n := range slices.Sorted(maps.Keys(s.places)) {
			status := s.index.state(n).status()
			if len(filter) > 0 && !slices.Contains(filter, status) {
				continue
			}
			record, err := s.record(path, file, n)
			if err == nil && ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// record reads what the file tells of a row.
func (s *survey) record(path string, r io.ReaderAt, n uint32) (RowRecord, error) {
	now, p := s.index.state(n), s.places[n]
	record := RowRecord{N: int64(n), Status: now.status(), Repeatable: now == stateFailed}
	for _, offset := range []int64{p.start, p.call, p.end} {
		if offset == 0 {
			continue
		}
		e, err := readEvent(path, r, offset)
		if err != nil {
			return RowRecord{}, err
		}
		record.take(&e)
	}
	return record, nil
}

func (r *RowRecord) take(e *event) {
	if e.key != "" {
		r.Key = e.key
	}
	switch e.kind {
	case started:
		r.Row = rawJSON(e.row)
	case called:
		r.Op = e.op
	case done:
		r.Result = rawJSON(e.result)
	case failed, doubt:
		r.Error = rawJSON(e.err)
		if op := gjson.Get(e.err, "op"); e.kind == doubt && op.Str != "" {
			r.Op = op.Str // others may have followed, such as one that undoes what came before
		}
	case skipped:
		r.Reason = e.reason
	}
}
