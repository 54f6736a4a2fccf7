package receiver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

	file  *os.File // nil if nothing is kept
	lock  *flock.Flock
	lines int
}

// stateHead is the first line of a state file.
const stateHead = "authy receiver state 1\n"

const stateLine = 2*sha256.Size + 1

// openMemory reads the state file, if there is to be one.
func openMemory(most int, path string) (*memory, error) {
	m := &memory{known: map[mark]struct{}{}, most: most}
	if path == "" {
		return m, nil
	}
	m.lock = flock.New(path + ".lock")
	switch locked, err := m.lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("receiver: state: cannot lock %s: %w", path, err)
	case !locked:
		return nil, fmt.Errorf("receiver: state: %s is in use by another receiver", path)
	}
	if err := m.load(path); err != nil {
		m.close()
		return nil, fmt.Errorf("receiver: state: %w", err)
	}
	return m, nil
}

// load reads the file and writes it anew: without what was forgotten, and without a last line that a crash cut off.
func (m *memory) load(path string) error {
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(content) > 0 {
		rest, ok := bytes.CutPrefix(content, []byte(stateHead))
		if !ok {
			return fmt.Errorf("%s is not a state file of this version: give another name", path)
		}
		for len(rest) >= stateLine {
			var k mark
			if n, err := hex.Decode(k[:], rest[:stateLine-1]); err != nil || n != len(k) || rest[stateLine-1] != '\n' {
				return fmt.Errorf("%s is damaged after %d deliveries: move it away", path, m.lines)
			}
			m.keep(k)
			m.lines++
			rest = rest[stateLine:]
		}
	}
	return m.rewrite(path)
}

// rewrite replaces the file by one with what is known.
func (m *memory) rewrite(path string) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
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
	if m.file != nil {
		m.file.Close()
		m.file = nil
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	m.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
	m.lines = len(m.ring)
	return err
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

// remember keeps them, in the file too.
func (m *memory) remember(path string, marks ...mark) error {
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
	if m.file == nil || text == nil {
		return nil
	}
	if m.lines += len(text) / stateLine; m.lines > 2*m.most {
		return m.rewrite(path)
	}
	_, err := m.file.Write(text)
	return err
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
	if m.lock != nil {
		err = errors.Join(err, m.lock.Unlock())
	}
	return err
}
