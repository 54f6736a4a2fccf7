package repl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const (
	// historyLimit is how many entries are kept.
	historyLimit = 10_000
	// historySlack is how many more the file may hold before it is written anew.
	historySlack = historyLimit / 10
	// historyBytes is how much of the end of the file is read.
	historyBytes = 16 << 20
)

// HistoryFile is where a program keeps the history of its prompt: $XDG_STATE_HOME/program/history, by default
// ~/.local/state/program/history, and in %LocalAppData% on Windows. It is "" where there is no home. lookupEnv is
// [os.LookupEnv] or the like.
func HistoryFile(program string, lookupEnv func(name string) (value string, set bool)) string {
	getenv := func(name string) string {
		value, _ := lookupEnv(name)
		return value
	}
	state := getenv("XDG_STATE_HOME")
	switch home := getenv("HOME"); {
	case filepath.IsAbs(state): // anything else is to be ignored, says the XDG specification
	case runtime.GOOS == "windows":
		state = getenv("LocalAppData")
	case home != "":
		state = filepath.Join(home, ".local", "state")
	default:
		state = ""
	}
	if state == "" {
		return ""
	}
	return filepath.Join(state, program, "history")
}

// history is what was entered, in memory and in a file that several shells may share: one JSON string a line.
type history struct {
	path    string // "" is only in memory
	clean   func(string) string
	entries []string // newest last
}

// openHistory reads the history. With an error it can be used all the same, in memory.
func openHistory(path string, clean func(string) string) (*history, error) {
	h := &history{path: path, clean: clean}
	if path == "" {
		return h, nil
	}
	if err := h.load(); err != nil {
		h.path = ""
		return h, fmt.Errorf("the history is not kept: %w", err)
	}
	return h, nil
}

func (h *history) load() error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	return h.locked(func(f *os.File, alone bool) error {
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() { // such as /dev/null
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			if err := f.Chmod(0o600); err != nil {
				return err
			}
		}
		entries, err := readHistory(f, info.Size())
		if err != nil {
			return err
		}
		h.entries = newest(entries, historyLimit)
		if alone && len(entries) > historyLimit+historySlack {
			return h.rewrite(h.entries)
		}
		return nil
	})
}

// readHistory reads the entries, oldest first. A torn line, of a shell that died writing it, is left out.
func readHistory(f *os.File, size int64) ([]string, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, max(0, size-historyBytes), historyBytes))
	if err != nil {
		return nil, err
	}
	var entries []string
	for line := range bytes.Lines(data) {
		var entry string
		if json.Unmarshal(line, &entry) == nil && entry != "" {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

// newest are the last entries up to limit, each once.
func newest(entries []string, limit int) []string {
	seen := make(map[string]bool, len(entries))
	var kept []string
	for _, entry := range slices.Backward(entries) {
		if len(kept) < limit && !seen[entry] {
			seen[entry] = true
			kept = append(kept, entry)
		}
	}
	slices.Reverse(kept)
	return kept
}

// add keeps what was entered, without its secrets. What begins with a blank is not kept at all.
func (h *history) add(text string) error {
	text = strings.TrimRight(text, " \t\r\n")
	if text == "" || text[0] == ' ' || text[0] == '\t' {
		return nil
	}
	text = h.clean(strings.ToValidUTF8(text, "\ufffd"))
	if n := len(h.entries); n > 0 && h.entries[n-1] == text {
		return nil
	}
	h.entries = slices.DeleteFunc(h.entries, func(entry string) bool { return entry == text })
	h.entries = append(h.entries, text)
	if extra := len(h.entries) - historyLimit; extra > 0 {
		h.entries = slices.Delete(h.entries, 0, extra)
	}
	if h.path == "" {
		return nil
	}
	if err := h.locked(func(f *os.File, _ bool) error { return appendEntry(f, text) }); err != nil {
		h.path = "" // one complaint is enough
		return fmt.Errorf("the history is not kept any more: %w", err)
	}
	return nil
}

// appendEntry writes one line in one write.
func appendEntry(f *os.File, entry string) error {
	line := encodeEntries([]string{entry})
	if endsTorn(f) {
		line = append([]byte("\n"), line...)
	}
	_, err := f.Write(line)
	return err
}

// endsTorn reports whether the file ends in the middle of a line.
func endsTorn(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return err == nil && last[0] != '\n'
}

// clear forgets everything, in the file too.
func (h *history) clear() error {
	h.entries = nil
	if h.path == "" {
		return nil
	}
	return h.locked(func(f *os.File, _ bool) error {
		info, err := f.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		return f.Truncate(0)
	})
}

// locked hands out the file while no other shell writes it; alone is false if that is not sure. A shell may have put
// another file in its place while we waited; then it is that one.
func (h *history) locked(f func(file *os.File, alone bool) error) error {
	for {
		file, err := os.OpenFile(h.path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		unlock, alone := lockFile(file)
		if !isStill(file, h.path) {
			unlock()
			file.Close()
			continue
		}
		err = f(file, alone)
		unlock()
		return errors.Join(err, file.Close())
	}
}

func isStill(file *os.File, path string) bool {
	opened, err := file.Stat()
	if err != nil {
		return true
	}
	now, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return err != nil || os.SameFile(opened, now)
}

// rewrite replaces the file in one step; the lock is needed.
func (h *history) rewrite(entries []string) error {
	target, err := filepath.EvalSymlinks(h.path)
	if err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(target), ".history-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(encodeEntries(entries))
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), target)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return err
}

// encodeEntries is the lines that entries take in the file.
func encodeEntries(entries []string) []byte {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false)
	for _, entry := range entries {
		encoder.Encode(entry) // of a string into memory: cannot fail
	}
	return data.Bytes()
}
