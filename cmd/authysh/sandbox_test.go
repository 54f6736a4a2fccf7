package main

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"go.etcd.io/bbolt"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// serving are the latest sandboxes of scripts, by the scripts' directories.
var serving sync.Map

// stopSandbox ends the script's latest sandbox, as Ctrl-C does.
func stopSandbox(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: stopsandbox")
	}
	if p, ok := serving.LoadAndDelete(ts.Getenv("WORK")); ok {
		p.(*running).finish(os.Interrupt)
	}
}

// newerData DIR makes the data directory of a sandbox that a later program wrote.
func newerData(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newerdata dir")
	}
	dir := ts.MkAbs(args[0])
	disk, err := store.Open(dir)
	ts.Check(err)
	ts.Check(disk.Close())
	db, err := bbolt.Open(filepath.Join(dir, store.FileName), 0o600, nil)
	ts.Check(err)
	ts.Check(db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("meta")).Put([]byte("version"), []byte("99")) }))
	ts.Check(db.Close())
}

// damagedData DIR makes a data directory whose file lacks its second half.
func damagedData(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damageddata dir")
	}
	dir := ts.MkAbs(args[0])
	disk, err := store.Open(dir)
	ts.Check(err)
	ts.Check(disk.Close())
	file := filepath.Join(dir, store.FileName)
	info, err := os.Stat(file)
	ts.Check(err)
	ts.Check(os.Truncate(file, info.Size()/2))
}
