package journal

import (
	"context"
	"fmt"
	"time"
)

const (
	// writeDelay is how long a record that nobody waits for may stay in memory.
	writeDelay = 200 * time.Millisecond
	// gatherTime is how long the first who waits for the disk lets others join, if there are any who might.
	gatherTime = 2 * time.Millisecond
	// writeSize is how many bytes are written without waiting for more.
	writeSize = 256 << 10
	// mostPending is how many bytes may be queued; who records more has to wait.
	mostPending = 4 << 20
)

// group is all who wait for the same write to the disk.
type group struct {
	done    chan struct{}
	err     error // set before done is closed
	waiters int
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// append queues a record and takes it into the index. It returns the offset after the record.
func (j *Journal) append(e *event) (end int64, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.appendLocked(e)
}

func (j *Journal) appendLocked(e *event) (end int64, err error) {
	for len(j.buf) >= mostPending && j.err == nil && !j.closed {
		j.space.Wait()
	}
	switch {
	case j.err != nil:
		return 0, j.err
	case j.closed:
		return 0, errClosed
	}
	before := len(j.buf)
	j.buf = appendEvent(j.buf, j.stamp.at(time.Now()), e)
	length := len(j.buf) - before
	if length > maxRecord {
		j.buf = j.buf[:before]
		return 0, fmt.Errorf("row %d: the record would have %d bytes, and the journal takes %d at most: keep less of each row", e.n, length, maxRecord)
	}
	j.index.apply(e, j.size)
	j.size += int64(length)
	if before == 0 {
		signal(j.wake)
	}
	if len(j.buf) >= writeSize {
		signal(j.now)
	}
	return j.size, nil
}

// waitLocked waits until the file is on the disk up to an offset that was queued. It unlocks j.mu.
func (j *Journal) waitLocked(ctx context.Context, end int64) error {
	if j.err != nil || j.synced >= end || j.closed {
		err := j.err
		if err == nil && j.synced < end {
			err = errClosed
		}
		j.mu.Unlock()
		return err
	}
	if j.group == nil {
		j.group = &group{done: make(chan struct{})}
	}
	g := j.group
	g.waiters++
	switch {
	case 2*g.waiters >= j.active: // most of the others are busy elsewhere
		signal(j.now)
	case g.waiters == 1:
		signal(j.soon)
	}
	j.mu.Unlock()
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// write is the goroutine that writes the file.
func (j *Journal) write() {
	defer close(j.finished)
	delay := time.NewTimer(writeDelay)
	defer delay.Stop()
	for {
		select {
		case <-j.now:
		case <-j.soon:
			j.gather(delay)
		case <-j.wake:
			delay.Reset(writeDelay)
			select {
			case <-j.now:
			case <-j.soon:
				j.gather(delay)
			case <-delay.C:
			}
		}
		if j.flush() {
			return
		}
	}
}

// gather waits a moment: to reach the disk takes about as long for many records as for one.
func (j *Journal) gather(delay *time.Timer) {
	delay.Reset(gatherTime)
	select {
	case <-j.now:
	case <-delay.C:
	}
}

// flush writes what is queued, and makes it durable if somebody waits for that. It reports whether that was the last.
func (j *Journal) flush() (last bool) {
	j.mu.Lock()
	buf, g, err, at := j.buf, j.group, j.err, j.written
	last = j.closed
	j.buf, j.spare, j.group = j.spare[:0], nil, nil
	j.space.Broadcast()
	j.mu.Unlock()

	if len(buf) > 0 && err == nil {
		_, err = j.file.WriteAt(buf, at)
	}
	durable := (g != nil || last) && err == nil
	if durable {
		err = j.file.Sync()
	}

	j.mu.Lock()
	if err == nil {
		j.written = at + int64(len(buf))
		if durable {
			j.synced = j.written
		}
	} else if j.err == nil {
		j.err = &WriteError{j.path, err}
		close(j.failed)
		j.space.Broadcast()
	}
	err = j.err
	if cap(buf) <= 2*mostPending {
		j.spare = buf
	}
	j.mu.Unlock()
	if g != nil {
		g.err = err
		close(g.done)
	}
	return last
}
