// Package store keeps a sandbox's records in a directory, so that they survive restarts and kill -9.
//
// Records are small JSON texts under an application, a kind and a key. Changes are queued in the order in
// which they were made, and whoever queued them can wait until they are on disk; all that is queued while a
// transaction is being written goes into the next one, so that many callers share the cost of one.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// FileName is the name of the one file in the directory.
const FileName = "sandbox.db"

// Version is the version of the records that this program writes; it reads no newer ones.
const Version = 1

// lockPatience is how long to wait for another process to let go, as one that was just killed does.
const lockPatience = 500 * time.Millisecond

// Change writes one record, or removes it if Value is nil.
type Change struct {
	App, Kind, Key string
	Value          []byte
	// Clear removes all records of App; Kind, Key and Value do not count.
	Clear bool
}

// Record is one record of a kind.
type Record struct {
	Key   string
	Value []byte
}

// Store is an open directory. It is safe for concurrent use.
type Store struct {
	db *bbolt.DB

	mu      sync.Mutex
	pending *batch
	wake    chan struct{}
	err     error // the first failure; nothing is written after it
	done    chan struct{}
	closed  bool
}

// batch is what goes to disk together.
type batch struct {
	changes []Change
	written chan struct{} // closed when err is set
	err     error
}

// Names within the file: everything is below one bucket per application; meta is beside them.
var (
	metaBucket = []byte("meta")
	appsBucket = []byte("apps")
	versionKey = []byte("version")
)

// Open makes the directory if need be and takes it for this process alone.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data directory %s: %w", dir, cause(err))
	}
	var db *bbolt.DB
	err := guarded(func() (err error) {
		db, err = bbolt.Open(filepath.Join(dir, FileName), 0o600, &bbolt.Options{Timeout: lockPatience})
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("data directory %s: another process is using it: stop that one, or choose another directory", dir)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return nil, fmt.Errorf("data directory %s: %s is no data of a sandbox: choose another directory, or remove the file", dir, FileName)
	case err != nil && strings.HasPrefix(err.Error(), "file size too small"): // not even its first pages are there
		return nil, fmt.Errorf("data directory %s: %w", dir, damaged("it is cut off"))
	case err != nil:
		return nil, fmt.Errorf("data directory %s: %w", dir, cause(err))
	}
	s := &Store{db: db, wake: make(chan struct{}, 1), done: make(chan struct{})}
	if err := guarded(s.check); err != nil {
		db.Close()
		return nil, fmt.Errorf("data directory %s: %w", dir, err)
	}
	syncFolder(dir)
	go s.write()
	return s, nil
}

// cause leaves out the path, which the message names already.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// syncFolder makes the name of a new file as durable as what is in it. Where folders cannot be synced that is nobody's
// fault, and kill -9 loses no names in any case.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		f.Sync()
		f.Close()
	}
}

// check refuses a file that was cut off, which would be noticed only once what is missing is read, or is of a newer
// version.
func (s *Store) check() error {
	err := s.db.View(func(tx *bbolt.Tx) error {
		if info, err := os.Stat(s.db.Path()); err != nil {
			return cause(err)
		} else if info.Size() < tx.Size() {
			return damaged(fmt.Sprintf("it is cut off at %d bytes", info.Size()))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.checkVersion()
}

func (s *Store) checkVersion() error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(appsBucket); err != nil {
			return err
		}
		meta, err := tx.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		text := meta.Get(versionKey)
		if text == nil {
			return meta.Put(versionKey, strconv.AppendInt(nil, Version, 10))
		}
		n, err := strconv.Atoi(string(text))
		switch {
		case err != nil || n < 1:
			return fmt.Errorf("its version is broken: choose another directory")
		case n > Version:
			return fmt.Errorf("it has version %d, and this program knows no newer one than %d: use the program that wrote it, or choose another directory", n, Version)
		}
		return nil
	})
}

// Apps gives the applications that have records.
func (s *Store) Apps() ([]string, error) {
	var names []string
	read := func(tx *bbolt.Tx) error {
		return tx.Bucket(appsBucket).ForEachBucket(func(name []byte) error {
			names = append(names, string(name))
			return nil
		})
	}
	return names, guarded(func() error { return s.db.View(read) })
}

// Load gives all records of an application by kind, those of a kind in the order of their keys.
func (s *Store) Load(app string) (map[string][]Record, error) {
	found := map[string][]Record{}
	read := func(tx *bbolt.Tx) error {
		root := tx.Bucket(appsBucket).Bucket([]byte(app))
		if root == nil {
			return nil
		}
		return root.ForEachBucket(func(kind []byte) error {
			return root.Bucket(kind).ForEach(func(k, v []byte) error {
				found[string(kind)] = append(found[string(kind)], Record{string(k[1:]), append([]byte(nil), v...)})
				return nil
			})
		})
	}
	return found, guarded(func() error { return s.db.View(read) })
}

// Queue takes changes for the next transaction. The function it returns waits until they are on disk; after
// a failure it returns that, and so does every later one.
func (s *Store) Queue(changes []Change) (wait func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return func() error { return errors.New("the data directory is closed") }
	}
	if s.pending == nil {
		s.pending = &batch{written: make(chan struct{})}
	}
	b := s.pending
	b.changes = append(b.changes, changes...)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return func() error {
		<-b.written
		return b.err
	}
}

func (s *Store) write() {
	defer close(s.done)
	for range s.wake {
		s.mu.Lock()
		b, err := s.pending, s.err
		s.pending = nil
		s.mu.Unlock()
		if b == nil {
			continue
		}
		if err == nil {
			if err = guarded(func() error { return s.db.Update(b.apply) }); err != nil {
				err = fmt.Errorf("the data directory cannot be written: %w: mend that, and start the sandbox again", cause(err))
				s.mu.Lock()
				s.err = err
				s.mu.Unlock()
			}
		}
		b.err = err
		close(b.written)
	}
}

func (b *batch) apply(tx *bbolt.Tx) error {
	apps := tx.Bucket(appsBucket)
	for _, c := range b.changes {
		if c.Clear {
			if err := apps.DeleteBucket([]byte(c.App)); err != nil && !errors.Is(err, berrors.ErrBucketNotFound) {
				return err
			}
			continue
		}
		app, err := apps.CreateBucketIfNotExists([]byte(c.App))
		if err != nil {
			return err
		}
		kind, err := app.CreateBucketIfNotExists([]byte(c.Kind))
		if err != nil {
			return err
		}
		key := []byte("k" + c.Key) // a key may be empty here, but not in the file
		if c.Value == nil {
			err = kind.Delete(key)
		} else {
			err = kind.Put(key, c.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Close writes what is queued and lets go of the directory.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		<-s.done
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.wake) // what was put in before still comes out
	<-s.done
	return s.db.Close()
}
