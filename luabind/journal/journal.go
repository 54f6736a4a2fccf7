package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A Journal is the record of a batch run that is under way. Its methods are safe for concurrent use.
type Journal struct {
	path          string
	file          storage
	header        Header
	resumed       bool
	scriptChanged bool
	found         Totals
	outcomes      *offsets // of earlier runs; nil if they are not kept

	wake     chan struct{} // there is something to write, in a while
	soon     chan struct{} // somebody waits for the disk, and others may join
	now      chan struct{} // there is something to write, at once
	failed   chan struct{} // closed at the first write error
	finished chan struct{} // closed when the writer has ended

	mu      sync.Mutex
	space   *sync.Cond // buf has room again, or never will
	index   index
	stamp   stamp
	buf     []byte // what is not written yet
	spare   []byte // the buffer that was written last
	group   *group // who waits for the disk
	active  int    // entries that have not ended
	size    int64  // of the file with buf
	written int64  // of the file
	synced  int64  // how much of the file is on the disk
	err     error  // the first write error; sticky
	closed  bool
}

// storage is what a journal needs of its file.
type storage interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Close() error
}

// Open makes the journal at path, or takes it up if there is one. It reads the whole journal; canceling ctx stops that
// with the context's cause. No other process can open the journal until Close.
//
// Errors are a *[LockedError] if another run has the journal open, a *[ChangedError] if it belongs to another source or
// key column, a *[ServiceError] if to another service, a *[FormatError] if the file is no journal or is damaged, a *[WriteError] if its first record cannot be
// written, and what the operating system says. A file that is no journal is left as it is.
func Open(ctx context.Context, path string, h Header, opts ...Option) (*Journal, error) {
	var o options
	for _, option := range opts {
		option(&o)
	}
	file, err := acquire(path, true)
	if err != nil {
		return nil, err
	}
	j, err := take(ctx, path, file, h, o)
	if err != nil {
		_ = file.release()
		return nil, err
	}
	go j.write()
	return j, nil
}

// take reads what the file holds, and prepares it for more.
func take(ctx context.Context, path string, file *held, h Header, o options) (_ *Journal, failed error) {
	h.Created = time.Now().UTC().Truncate(time.Millisecond)
	j := newJournal(path, file, h)
	if o.outcomes {
		kept, err := newOffsets()
		if err != nil {
			return nil, err
		}
		j.outcomes = kept
		defer func() {
			if failed != nil {
				kept.close()
			}
		}()
	}
	last := ""
	s, err := scan(path, contextReader{ctx, file}, func(e *event, _ string, offset int64) error {
		if e.kind == resumed && e.script != "" {
			last = e.script
		}
		if j.outcomes != nil && e.ends() && j.index.state(e.n) != stateDone {
			if err := j.outcomes.set(int64(e.n), offset); err != nil {
				return err
			}
		}
		j.index.apply(e, offset)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case s.empty:
		return j, j.begin(file)
	}
	if err := compareSource(path, s.header, h); err != nil {
		return nil, err
	}
	if err := compareService(path, s.header, h); err != nil {
		return nil, err
	}
	if s.torn {
		if err := file.Truncate(s.end); err != nil {
			return nil, &WriteError{path, err}
		}
	}
	script := s.header.Script
	if last != "" {
		_ = json.Unmarshal([]byte(last), &script) // it is only compared
	}
	j.header, j.resumed, j.scriptChanged = s.header, true, script.SHA256 != h.Script.SHA256
	j.found = j.index.totals()
	j.size, j.written = s.end, s.end
	now, err := json.Marshal(h.Script)
	if err != nil {
		return nil, err
	}
	_, err = j.append(&event{kind: resumed, script: string(now)})
	return j, err
}

func newJournal(path string, file storage, h Header) *Journal {
	j := &Journal{
		path: path, file: file, header: h,
		wake: make(chan struct{}, 1), soon: make(chan struct{}, 1), now: make(chan struct{}, 1),
		failed: make(chan struct{}), finished: make(chan struct{}),
	}
	j.space = sync.NewCond(&j.mu)
	j.index.hashing = h.Source.SHA256 == ""
	return j
}

// begin writes the header into an empty file, and makes file and name durable.
func (j *Journal) begin(file *held) error {
	line, err := j.header.encode()
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return &WriteError{j.path, err}
	}
	_ = file.Chmod(0o600) // an empty file that was there; some file systems have no modes
	if _, err := file.WriteAt(line, 0); err != nil {
		return &WriteError{j.path, err}
	}
	if err := file.Sync(); err != nil {
		return &WriteError{j.path, err}
	}
	if err := syncFolder(j.path); err != nil {
		return &WriteError{j.path, err}
	}
	j.size = int64(len(line))
	j.written, j.synced = j.size, j.size
	return nil
}

// Header returns what the journal is of. In a resumed one, script and time are those of the first run.
func (j *Journal) Header() Header { return j.header }

// Resumed reports whether there was a journal, which Open took up.
func (j *Journal) Resumed() bool { return j.resumed }

// ScriptChanged reports whether the journal was last used with another script.
func (j *Journal) ScriptChanged() bool { return j.scriptChanged }

// Counts tells how many rows of each status Open found.
func (j *Journal) Counts() Totals { return j.found }

// Status tells what the journal says of row n, counted from 1.
func (j *Journal) Status(n int64) Status { return j.state(n).status() }

// Repeatable reports whether running row n again repeats nothing that may not be repeated. That is false for rows in
// doubt, and for failed ones in which such a call was accepted after the last step.
func (j *Journal) Repeatable(n int64) bool {
	switch j.state(n) {
	case stateUnseen, stateStarted, stateFailed, stateSkipped:
		return true
	}
	return false
}

func (j *Journal) state(n int64) state {
	if n < 1 || n > maxRows {
		return stateUnseen
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.state(uint32(n))
}

// Check returns a *[ChangedError] if row n had another key when it was recorded. It notices 254 of 255 changes, and
// none if the source has a fingerprint, as that was compared by Open.
func (j *Journal) Check(n int64, key string) error {
	if n < 1 || n > maxRows || !j.index.hashing {
		return nil
	}
	j.mu.Lock()
	was := j.index.hashes.get(uint32(n))
	j.mu.Unlock()
	if was == 0 || was == hashKey(cleanKey(key)) {
		return nil
	}
	return &ChangedError{j.path, j.header.Source.Name, []string{fmt.Sprintf("row %d had another key than %q", n, key)}}
}

// cleanKey is a key as it can be recorded.
func cleanKey(key string) string { return strings.ToValidUTF8(key, "\ufffd") }

// Sync returns when all that was recorded is on the disk.
func (j *Journal) Sync(ctx context.Context) error {
	j.mu.Lock()
	size := j.size
	return j.waitLocked(ctx, size)
}

// End records how the run ended. Only a look at the journal shows it.
func (j *Journal) End(t Totals) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = j.append(&event{kind: ended, totals: string(text)})
	return err
}

// Skip records that row n is not to run. It does nothing if the row has been recorded as more than started.
func (j *Journal) Skip(n int64, key, reason string) error {
	if err := checkRow(n); err != nil {
		return err
	}
	switch j.state(n) {
	case stateUnseen, stateStarted:
	default:
		return j.Err()
	}
	_, err := j.append(&event{kind: skipped, n: uint32(n), key: cleanKey(key), reason: reason})
	return err
}

// Failed is closed when the journal cannot be written any more; Err tells why.
func (j *Journal) Failed() <-chan struct{} { return j.failed }

// Err returns the *[WriteError] after which nothing was written any more, or nil.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Close writes what is queued, makes it durable and gives up the lock. It returns the *[WriteError] if not everything
// was written. A second Close does nothing.
func (j *Journal) Close() error {
	j.mu.Lock()
	again := j.closed
	j.closed = true
	j.space.Broadcast()
	j.mu.Unlock()
	if again {
		<-j.finished
		return j.Err()
	}
	signal(j.now)
	<-j.finished
	if j.outcomes != nil {
		j.outcomes.close()
	}
	closed := j.file.Close()
	if err := j.Err(); err != nil || closed == nil {
		return err
	}
	return &WriteError{j.path, closed}
}

func checkRow(n int64) error {
	if n < 1 || n > maxRows {
		return fmt.Errorf("row %d: a journal takes rows from 1 to %d", n, int64(maxRows))
	}
	return nil
}

// A Step is a part of a row that was finished.
type Step struct {
	Name   string
	Result json.RawMessage // nil if it has none
}

// Steps returns the steps of row n that were finished and not undone, in order. It has none for a row that is done.
func (j *Journal) Steps(n int64) ([]Step, error) {
	if n < 1 || n > maxRows {
		return nil, nil
	}
	j.mu.Lock()
	offsets := append([]int64(nil), j.index.steps[uint32(n)]...)
	pending := len(offsets) > 0 && offsets[len(offsets)-1] >= j.written
	j.mu.Unlock()
	if pending {
		if err := j.Sync(context.Background()); err != nil {
			return nil, err
		}
	}
	return readSteps(j.path, j.file, offsets)
}

func readSteps(path string, r io.ReaderAt, offsets []int64) ([]Step, error) {
	var steps []Step
	for _, offset := range offsets {
		e, err := readEvent(path, r, offset)
		if err != nil {
			return nil, err
		}
		kept := steps[:0]
		for _, s := range steps {
			if s.Name != e.step {
				kept = append(kept, s)
			}
		}
		if steps = kept; e.kind == stepped {
			steps = append(steps, Step{e.step, rawJSON(e.result)})
		}
	}
	return steps, nil
}

// readEvent reads one event again.
func readEvent(path string, r io.ReaderAt, offset int64) (event, error) {
	lines := newLineReader(io.NewSectionReader(r, offset, maxRecord), 2<<10)
	line, _, err := lines.next()
	if err == nil {
		if e, ok := decodeEvent(line); ok {
			return e, nil
		}
		err = errors.New("it was changed meanwhile")
	}
	return event{}, fmt.Errorf("%s: cannot read the journal again: %w", path, err)
}

func rawJSON(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}
