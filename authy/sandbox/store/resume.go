package store

import (
	"errors"
	"fmt"
	"os"
)

// Err is why nothing can be written; nil while all is well.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Doubtful reports whether nothing was written since [Store.Resume], so that the cause of the failure may still be there.
func (s *Store) Doubtful() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doubt
}

// Resume takes up writing after a failure: it opens the file anew, as what a failed write has left in memory is not to
// be relied on, and lets read load what is really there. If either fails, so does everything until the next Resume.
//
// The caller sees to it that nothing is queued meanwhile. Without a failure it does nothing.
func (s *Store) Resume(read func() error) error {
	if s.Err() == nil {
		return nil
	}
	err := s.reopen()
	if err == nil {
		err = read()
	}
	if err != nil {
		return fmt.Errorf("the data directory cannot be read again after a failure: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.doubt = nil, true
	return nil
}

func (s *Store) reopen() error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	s.open.Lock()
	defer s.open.Unlock()
	if closed {
		return errClosed
	}
	if s.db != nil {
		guarded(s.db.Close) // whatever it says, it is given up
		s.db = nil
	}
	info, err := os.Stat(s.path)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w: put it back, or start the sandbox again", FileName, cause(err))
	case !os.SameFile(info, s.file): // what it has is not what was acknowledged
		return errors.New(FileName + " was replaced by another file: start the sandbox again")
	}
	return s.openFile()
}
