package journal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Compact drops the events of a journal that no longer matter, and returns its size in bytes before and after. A row that
// is done keeps its number, key and result, others what is needed to go on with them. It takes the lock. Killed at any
// moment, it leaves the old journal or the new one.
func Compact(ctx context.Context, path string) (before, after int64, err error) {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved // the file is to be replaced, not the link to it
	}
	file, err := acquire(path, false)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = file.release() }()
	info, err := file.Stat()
	if err != nil {
		return 0, 0, err
	}
	var s survey
	if err := s.read(path, contextReader{ctx, file}); err != nil {
		return 0, 0, err
	}
	// The lock makes the name ours. One that a killed run left behind is overwritten.
	temporary := path + ".compact"
	after, err = s.rewrite(ctx, path, file, temporary, info.Mode().Perm())
	if err == nil {
		_ = file.File.Close() // Windows replaces no open file; the lock is still held
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		return 0, 0, fmt.Errorf("%s: cannot compact the journal, which is as it was: %w", path, err)
	}
	return info.Size(), after, syncFolder(path)
}

// rewrite writes what still matters into a new file, and makes it durable.
func (s *survey) rewrite(ctx context.Context, path string, from io.ReaderAt, to string, mode os.FileMode) (size int64, err error) {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		if closed := out.Close(); err == nil {
			err = closed
		}
	}()
	if err := out.Chmod(mode); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return 0, err
	}
	c := compaction{survey: s, w: bufio.NewWriterSize(out, readBuffer), keys: make(map[uint32]string)}
	section := io.NewSectionReader(from, 0, s.end)
	header, _, err := newLineReader(section, readBuffer).next()
	if err != nil {
		return 0, err
	}
	if err := c.line(header); err != nil {
		return 0, err
	}
	if _, err := section.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	if _, err := scan(path, contextReader{ctx, section}, c.visit); err != nil {
		return 0, err
	}
	if c.index.counts != s.index.counts {
		return 0, errors.New("the new file would not say the same")
	}
	if err := c.w.Flush(); err != nil {
		return 0, err
	}
	return c.size, out.Sync()
}

// compaction is a journal on its way to a new file.
type compaction struct {
	*survey
	w     *bufio.Writer
	size  int64
	keys  map[uint32]string // of rows that are not done yet, but will be
	index index             // what the new file says
}

func (c *compaction) line(line string) error {
	c.size += int64(len(line)) + 1
	if _, err := c.w.WriteString(line); err != nil {
		return err
	}
	return c.w.WriteByte('\n')
}

// visit writes the event if it matters.
func (c *compaction) visit(e *event, line string, offset int64) error {
	switch {
	case e.n == 0:
	case c.survey.index.state(e.n) == stateDone:
		if e.kind != done {
			if e.key != "" && c.index.state(e.n) != stateDone {
				c.keys[e.n] = e.key
			}
			return nil
		}
		line = withKey(line, e, c.keys[e.n])
		delete(c.keys, e.n)
	case e.kind == stepped || e.kind == undone:
	case offset < c.places[e.n].from:
		return nil
	case e.kind == called && e.repeatable:
		if now := c.index.state(e.n); now == now.next(e) {
			return nil
		}
	}
	c.index.apply(e, 0)
	return c.line(line)
}

// withKey adds the key to a line that has none.
func withKey(line string, e *event, key string) string {
	if e.key != "" || key == "" {
		return line
	}
	line = strings.TrimSuffix(strings.TrimRight(line, " \t\r"), "}")
	return string(append(appendString([]byte(line), "key", key), '}'))
}
