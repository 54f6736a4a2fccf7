package receiver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"
)

// mark stands for a delivery in memory.
type mark [sha256.Size]byte

func markOf(parts ...string) mark {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return mark(h.Sum(nil))
}

// memory knows the last deliveries that were handled, a bounded number of them. Only verified deliveries get in, so
// that a flood of forged ones pushes nothing out.
type memory struct {
	mu    sync.Mutex
	known map[mark]struct{}
	ring  []mark // in the order they came; next is the oldest once it is full
	next  int
	most  int

	path   string   // empty if nothing is kept
	file   *os.File // nil when it must be written anew
	lock   *flock.Flock
	lines  int // of the file
	passed int // how many writes there were

	disk   sync.Mutex // held while the file goes to the disk; taken before mu
	synced int        // how many of the writes are on the disk
}

// The state file: a first line, and one for each mark. It grows to twice what is remembered, then it is written anew.
const (
	stateHead = "authy receiver state 1\n"
	stateKind = "authy receiver state "
	stateLine = 2*sha256.Size + 1
)

// openMemory reads the state file, if there is to be one.
func openMemory(most int, path string) (*memory, error) {
	m := &memory{known: map[mark]struct{}{}, most: most, path: path}
	if path == "" {
		return m, nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, wrong("state", "%s is not a file", path)
	}
	m.lock = flock.New(path + ".lock")
	switch locked, err := m.lock.TryLock(); {
	case err != nil:
		return nil, &OptionError{"state", fmt.Sprintf("%s cannot be locked: %v", path, err), err}
	case !locked:
		return nil, wrong("state", "%s is in use by another receiver", path)
	}
	if err := m.load(); err != nil {
		m.close()
		if _, told := errors.AsType[*OptionError](err); !told {
			err = &OptionError{"state", fmt.Sprintf("cannot be kept: %v", err), err}
		}
		return nil, err
	}
	return m, nil
}

// load reads the file and writes it anew: without what was forgotten, and without an end that a crash cut off.
func (m *memory) load() error {
	f, err := os.Open(m.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m.rewrite()
	case err != nil:
		return err
	}
	err = m.read(bufio.NewReaderSize(f, 64<<10))
	f.Close()
	if err != nil {
		return err
	}
	return m.rewrite()
}

func (m *memory) read(r *bufio.Reader) error {
	head, err := r.Peek(len(stateHead))
	if err != nil && err != io.EOF {
		return err
	}
	r.Discard(len(head))
	switch {
	case len(head) == 0 || len(head) < len(stateHead) && strings.HasPrefix(stateHead, string(head)):
		return nil // a crash right after it was made
	case string(head) == stateHead:
	case bytes.HasPrefix(head, []byte(stateKind)):
		return wrong("state", "%s was written by a newer version, whose format this one does not know: give another file", m.path)
	default:
		return wrong("state", "%s is no state file but something else: give another name", m.path)
	}
	line := make([]byte, stateLine)
	for {
		n, err := io.ReadFull(r, line)
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return nil // what a crash cut off was never acknowledged
		case err != nil:
			return err
		}
		var k mark
		if size, err := hex.Decode(k[:], line[:n-1]); err != nil || size != len(k) || line[n-1] != '\n' {
			if onlyZeros(line, r) {
				return nil
			}
			return wrong("state", "%s is damaged after %d deliveries: move it away", m.path, m.lines)
		}
		m.keep(k)
		m.lines++
	}
}

// onlyZeros reports whether nothing but zero bytes follows: some file systems leave these where a crash kept the data
// from getting to the disk.
func onlyZeros(line []byte, rest io.ByteReader) bool {
	if len(bytes.Trim(line, "\x00")) > 0 {
		return false
	}
	for {
		switch b, err := rest.ReadByte(); {
		case err != nil:
			return err == io.EOF
		case b != 0:
			return false
		}
	}
}

// rewrite replaces the file by one with what is known. When it fails, the next write tries again.
func (m *memory) rewrite() error {
	if m.file != nil {
		m.file.Close()
		m.file = nil
	}
	f, err := os.OpenFile(m.path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	w.WriteString(stateHead)
	for i := range m.ring {
		k := m.ring[(m.next+i)%len(m.ring)]
		w.WriteString(hex.EncodeToString(k[:]) + "\n")
	}
	if err := errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(m.path+".new", m.path); err != nil {
		return err
	}
	if dir, err := os.Open(filepath.Dir(m.path)); err == nil {
		dir.Sync() // the new name, too; not every system can
		dir.Close()
	}
	if m.file, err = os.OpenFile(m.path, os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return err
	}
	m.lines = len(m.ring)
	return nil
}

// keep remembers one, in place of the oldest if need be.
func (m *memory) keep(k mark) {
	if _, known := m.known[k]; known {
		return
	}
	m.known[k] = struct{}{}
	if len(m.ring) < m.most {
		m.ring = append(m.ring, k)
		return
	}
	delete(m.known, m.ring[m.next])
	m.ring[m.next] = k
	m.next = (m.next + 1) % len(m.ring)
}

// remember keeps them. With a state file it returns when they are on the disk.
func (m *memory) remember(marks ...mark) error {
	upTo, err := m.write(marks)
	if err != nil || upTo == 0 {
		return err
	}
	// Whoever gets here first takes what all others have written to the disk with it.
	m.disk.Lock()
	defer m.disk.Unlock()
	if m.synced >= upTo {
		return nil
	}
	m.mu.Lock()
	f, passed := m.file, m.passed
	m.mu.Unlock()
	if f == nil {
		return nil // closed, which takes it to the disk, or to be written anew
	}
	if err := f.Sync(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	m.synced = max(m.synced, passed)
	return nil
}

// write puts the marks into memory and into the file. It returns the number of the write, 0 if nothing is to be taken to
// the disk.
func (m *memory) write(marks []mark) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var text []byte
	for _, k := range marks {
		if _, known := m.known[k]; known {
			continue
		}
		m.keep(k)
		text = append(hex.AppendEncode(text, k[:]), '\n')
	}
	if m.path == "" || text == nil {
		return 0, nil
	}
	m.passed++
	if m.lines += len(text) / stateLine; m.file == nil || m.lines > 2*m.most {
		return m.passed, m.rewrite()
	}
	if _, err := m.file.Write(text); err != nil {
		m.file.Close() // it may hold half a line now
		m.file = nil
		return 0, err
	}
	return m.passed, nil
}

func (m *memory) has(k mark) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, known := m.known[k]
	return known
}

func (m *memory) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var err error
	if m.file != nil {
		err = errors.Join(m.file.Sync(), m.file.Close())
		m.file = nil
	}
	m.path = ""
	if m.lock != nil {
		err = errors.Join(err, m.lock.Unlock())
	}
	return err
}
