package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"
)

// mainWithKeyring is the program with the keyring that KEYRING names, a folder; empty for none.
func mainWithKeyring() {
	world := process()
	world.keyring = nil
	if folder := os.Getenv("KEYRING"); folder != "" {
		world.keyring = folderKeyring(folder)
	}
	os.Exit(run(context.Background(), os.Args[1:], world))
}

// folderKeyring is a keyring of files.
type folderKeyring string

func (f folderKeyring) Get(service, account string) (string, error) {
	secret, err := os.ReadFile(filepath.Join(string(f), service, account))
	if errors.Is(err, os.ErrNotExist) {
		return "", keyring.ErrNotFound
	}
	return string(secret), err
}

func (f folderKeyring) Set(service, account, secret string) error {
	if err := os.MkdirAll(filepath.Join(string(f), service), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(string(f), service, account), []byte(secret), 0o600)
}

// TestSystemKeyring goes through the library, whose mock is one for the process.
func TestSystemKeyring(t *testing.T) {
	keyring.MockInit()
	a := &app{stdio: stdio{keyring: systemKeyring{}}}
	if there, err := a.holdsKey(t.Context(), "default"); there || err != nil {
		t.Errorf("an empty keyring: %v, %v", there, err)
	}
	if _, err := a.fetchKey(t.Context(), "default"); err == nil || !strings.Contains(err.Error(), `none for the account "default"`) {
		t.Errorf("error %v", err)
	}
	if err := a.storeKey(t.Context(), "default", "the-key"); err != nil {
		t.Fatal(err)
	}
	if key, err := a.fetchKey(t.Context(), "default"); key != "the-key" || err != nil {
		t.Errorf("got %q, %v", key, err)
	}
	if secret, err := keyring.Get("authysh", "default"); secret != "the-key" || err != nil {
		t.Errorf("the library has %q, %v", secret, err)
	}
	keyring.MockInitWithError(&exec.Error{Name: "dbus-launch", Err: exec.ErrNotFound})
	if a.hasKeyring(t.Context()) {
		t.Error("a keyring that fails counts as one")
	}
	_, err := a.fetchKey(t.Context(), "default")
	if failure, ok := errors.AsType[*keyringError](err); !ok || failure.hint != noKeyringHint || !strings.Contains(failure.reason, "no session bus") {
		t.Errorf("error %#v", err)
	}
}

// hanging is a keyring that nobody unlocks.
type hanging struct{ until chan struct{} }

func (h hanging) Get(string, string) (string, error) {
	<-h.until
	return "", keyring.ErrNotFound
}

func (h hanging) Set(string, string, string) error {
	<-h.until
	return nil
}

func TestKeyringThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ring := hanging{make(chan struct{})}
		defer close(ring.until)
		a := &app{stdio: stdio{keyring: ring}}
		start := time.Now()
		_, err := a.fetchKey(t.Context(), "default")
		if took := time.Since(start); took != keyringTimeout {
			t.Errorf("it took %s", took)
		}
		if failure, ok := errors.AsType[*keyringError](err); !ok || !strings.Contains(failure.reason, "has not answered after 30s") || failure.hint == "" {
			t.Errorf("error %#v", err)
		}
		start = time.Now()
		if a.hasKeyring(t.Context()) || time.Since(start) != keyringProbe {
			t.Errorf("the probe took %s", time.Since(start))
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&interrupted{exitInterrupted})
		if err := a.storeKey(ctx, "default", "k"); exitCodeOf(err) != exitInterrupted {
			t.Errorf("interrupted: %v", err)
		}
	})
}
