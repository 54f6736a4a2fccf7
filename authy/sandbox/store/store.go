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
	path string
	file os.FileInfo // tells the file from another of its name

	open sync.Mutex // held by who reads the file, writes it or opens it anew
	db   *bbolt.DB  // nil when it could not be opened anew

	mu      sync.Mutex
	pending *batch
	wake    chan struct{}
	err     error // why writing failed; nothing is written until Resume
	doubt   bool  // nothing was written since Resume
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
	s := &Store{path: filepath.Join(dir, FileName), wake: make(chan struct{}, 1), done: make(chan struct{})}
	if err := s.openFile(); err != nil {
		return nil, fmt.Errorf("data directory %s: %w", dir, err)
	}
	info, err := os.Stat(s.path)
	if err != nil {
		s.db.Close()
		return nil, fmt.Errorf("data directory %s: %w", dir, cause(err))
	}
	s.file = info
	syncFolder(dir)
	go s.write()
	return s, nil
}

// openFile opens the file and looks whether it is whole and of a version that is known.
func (s *Store) openFile() error {
	var db *bbolt.DB
	err := guarded(func() (err error) {
		db, err = bbolt.Open(s.path, 0o600, &bbolt.Options{Timeout: lockPatience})
		return err
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return errors.New("another process is using it: stop that one, or choose another directory")
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return fmt.Errorf("%s is no data of a sandbox: choose another directory, or remove the file", FileName)
	case err != nil && strings.HasPrefix(err.Error(), "file size too small"): // not even its first pages are there
		return damaged("it is cut off")
	case err != nil:
		return cause(err)
	}
	s.db = db
	if err := guarded(s.check); err != nil {
		s.db = nil
		db.Close()
		return err
	}
	return nil
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

// checkVersion writes only what is missing, so that a file can be opened again while there is no room.
func (s *Store) checkVersion() error {
	var begun bool
	err := s.db.View(func(tx *bbolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if begun = meta != nil && tx.Bucket(appsBucket) != nil && meta.Get(versionKey) != nil; !begun {
			return nil
		}
		return readable(meta.Get(versionKey))
	})
	if err != nil || begun {
		return err
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(appsBucket); err != nil {
			return err
		}
		meta, err := tx.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		if text := meta.Get(versionKey); text != nil {
			return readable(text)
		}
		return meta.Put(versionKey, strconv.AppendInt(nil, Version, 10))
	})
}

func readable(version []byte) error {
	n, err := strconv.Atoi(string(version))
	switch {
	case err != nil || n < 1:
		return errors.New("its version is broken: choose another directory")
	case n > Version:
		return fmt.Errorf("it has version %d, and this program knows no newer one than %d: use the program that wrote it, or choose another directory", n, Version)
	}
	return nil
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
	return names, s.view(read)
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
	return found, s.view(read)
}

func (s *Store) view(read func(*bbolt.Tx) error) error {
	s.open.Lock()
	defer s.open.Unlock()
	if s.db == nil {
		return errClosed
	}
	return guarded(func() error { return s.db.View(read) })
}

// errClosed is what becomes of a change after Close.
var errClosed = errors.New("the data directory is closed")

// Queue takes changes for the next transaction. The function it returns waits until they are on disk. After a failure
// it returns that, and so does every later one until [Store.Resume].
func (s *Store) Queue(changes []Change) (wait func() error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	if s.closed {
		err = errClosed
	}
	if err != nil {
		return func() error { return err }
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
		b := s.pending
		s.pending = nil
		s.mu.Unlock()
		if b == nil {
			continue
		}
		s.ended(b, s.update(b))
	}
}

func (s *Store) update(b *batch) error {
	s.open.Lock()
	defer s.open.Unlock()
	if err := guarded(func() error { return s.db.Update(b.apply) }); err != nil {
		return fmt.Errorf("the data directory cannot be written: %w: nothing was changed; make room or mend what is wrong, and try again", cause(err))
	}
	return nil
}

// ended tells those who wait for a batch what became of it. What was queued after one that failed was made upon it,
// and fails with it.
func (s *Store) ended(b *batch, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubt = false
	b.err = err
	close(b.written)
	if s.err = err; err != nil && s.pending != nil {
		s.pending.err = err
		close(s.pending.written)
		s.pending = nil
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
	s.open.Lock()
	defer s.open.Unlock()
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}
