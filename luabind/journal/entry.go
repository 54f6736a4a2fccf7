package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
)

// A Call is one request to the API.
type Call struct {
	Op         string // the operation, such as "request_sms"
	Effect     string // what it does, such as "sends"
	Repeatable bool   // it reads, or writes the same again: it may run once more
}

// An Entry records what happens to one row, from [Journal.Begin] to one of Done, Fail, Doubt and Interrupted. Its methods
// are safe for concurrent use. What was not valid in Begin is the error of each of them.
type Entry struct {
	j   *Journal
	n   uint32
	err error

	mu    sync.Mutex
	ended bool
	open  []openCall
}

// openCall is a call that may not be repeated and was made since the last step.
type openCall struct {
	op  string
	end int64 // where its record ends in the file
}

// Begin records that row n starts, with the key and the JSON that show people which row that is; both may be left out.
// It does not wait for the disk. A row that is done cannot begin again.
func (j *Journal) Begin(n int64, key string, row json.RawMessage) *Entry {
	e := &Entry{j: j, n: uint32(n)}
	if e.err = checkRow(n); e.err != nil {
		return e
	}
	text, err := oneLine(row)
	if err != nil {
		e.err = fmt.Errorf("row %d: the row is %w", n, err)
		return e
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.index.state(e.n) == stateDone {
		e.err = fmt.Errorf("row %d is done already", n)
		return e
	}
	if _, e.err = j.appendLocked(&event{kind: started, n: e.n, key: cleanKey(key), row: text}); e.err == nil {
		j.active++
	}
	return e
}

// Call records a call that is about to be made. If the call may not be repeated, it returns when that is on the disk, with
// everything recorded before; else at once. After an error the call must not be made: the journal cannot be written, or
// ctx ended. In the second case the call may count as open, so that a row that stops here ends with Interrupted.
//
// A call with the same Op as one that is open, as for a retry of what was refused, is not recorded again.
func (e *Entry) Call(ctx context.Context, c Call) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	end, err := e.call(c)
	if err != nil || c.Repeatable {
		return err
	}
	e.j.mu.Lock()
	return e.j.waitLocked(ctx, end)
}

// call queues the record, and returns where it ends.
func (e *Entry) call(c Call) (end int64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !c.Repeatable {
		for _, open := range e.open {
			if open.op == c.Op {
				return open.end, e.check()
			}
		}
	}
	if c.Op == "" {
		return 0, fmt.Errorf("row %d: a call without an operation", e.n)
	}
	end, err = e.append(&event{kind: called, op: c.Op, effect: c.Effect, repeatable: c.Repeatable})
	if err == nil && !c.Repeatable {
		e.open = append(e.open, openCall{c.Op, end})
	}
	return end, err
}

// Step records that a part of the row is finished, with a result that [Journal.Steps] gives back. A second step of the
// same name takes the place of the first.
func (e *Entry) Step(name string, result json.RawMessage) error {
	text, err := oneLine(result)
	if err != nil {
		return fmt.Errorf("row %d: the result of step %s is %w", e.n, name, err)
	}
	return e.step(&event{kind: stepped, step: cleanKey(name), result: text})
}

// Undone records that what a step did was undone. Calls that are open stay so.
func (e *Entry) Undone(name string) error {
	return e.step(&event{kind: undone, step: cleanKey(name)})
}

func (e *Entry) step(record *event) error {
	if record.step == "" {
		return fmt.Errorf("row %d: a step without a name", e.n)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.append(record)
	if err == nil && record.kind == stepped {
		e.open = nil
	}
	return err
}

// Done records that the row succeeded.
func (e *Entry) Done(result json.RawMessage) error {
	text, err := oneLine(result)
	if err != nil {
		return fmt.Errorf("row %d: the result is %w", e.n, err)
	}
	return e.end(&event{kind: done, result: text})
}

// Fail records the error with which the row ended. The row is repeatable if no call that may not be repeated was accepted
// in it since the last step that was finished.
func (e *Entry) Fail(failure json.RawMessage, repeatable bool) error {
	text, err := oneLine(failure)
	if err != nil {
		return fmt.Errorf("row %d: the error is %w", e.n, err)
	}
	return e.end(&event{kind: failed, err: text, repeatable: repeatable})
}

// Doubt records that the row ended with a call of which nobody knows whether it was accepted.
func (e *Entry) Doubt(failure json.RawMessage) error {
	text, err := oneLine(failure)
	if err != nil {
		return fmt.Errorf("row %d: the error is %w", e.n, err)
	}
	return e.end(&event{kind: doubt, err: text})
}

// Interrupted records that the run stopped in the middle of the row, and that no call which may not be repeated was
// accepted in it since the last step, nor may have been.
func (e *Entry) Interrupted() error { return e.end(&event{kind: interrupted}) }

func (e *Entry) end(record *event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, err := e.append(record)
	if err == nil {
		e.ended = true
		e.j.mu.Lock()
		e.j.active--
		e.j.mu.Unlock()
	}
	return err
}

// append queues a record of the row. The caller holds e.mu.
func (e *Entry) append(record *event) (int64, error) {
	if err := e.check(); err != nil {
		return 0, err
	}
	record.n = e.n
	return e.j.append(record)
}

func (e *Entry) check() error {
	switch {
	case e.err != nil:
		return e.err
	case e.ended:
		return fmt.Errorf("row %d: %w", e.n, errEnded)
	}
	return nil
}
