package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

const (
	// keyringService is the name under which the program's keys are in the keyring; key_keyring names the account.
	keyringService = "authysh"
	// defaultAccount is the account of somebody who has but one key.
	defaultAccount = "default"
	// keyringTimeout bounds what is asked of a keyring. People may have to unlock it meanwhile.
	keyringTimeout = 30 * time.Second
	// keyringProbe bounds the question whether there is one at all.
	keyringProbe = 2 * time.Second
)

// keyStore is a keyring as far as the program uses one.
type keyStore interface {
	Get(service, account string) (string, error)
	Set(service, account, secret string) error
}

// systemKeyring is the one of the operating system: Keychain, Credential Manager, or the Secret Service of a desktop.
type systemKeyring struct{}

func (systemKeyring) Get(service, account string) (string, error) {
	return keyring.Get(service, account)
}

func (systemKeyring) Set(service, account, secret string) error {
	return keyring.Set(service, account, secret)
}

// keyringError is why the keyring gave or took nothing. The reason reads on after the setting's name.
type keyringError struct{ reason, hint string }

func (e *keyringError) Error() string { return e.reason }

const noKeyringHint = "where no desktop runs there is none; use key_file or key_command, or AUTHY_KEY in the environment"

// fetchKey reads a key from the keyring.
func (a *app) fetchKey(ctx context.Context, account string) (string, error) {
	var key string
	err := a.askKeyring(ctx, keyringTimeout, func(ring keyStore) (err error) {
		key, err = ring.Get(keyringService, account)
		return err
	})
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return "", &keyringError{
			reason: fmt.Sprintf("gives no key: the keyring holds none for the account %q of the service %s", wording.Clip(account), keyringService),
			hint:   fmt.Sprintf("authysh config set key_keyring %s stores one: it asks for the key, or reads it with --key-stdin", account),
		}
	case err != nil:
		return "", keyringFailure(err)
	}
	key, err = keyIn([]byte(key), "the keyring's entry")
	if err != nil {
		return "", err
	}
	return key, nil
}

// storeKey writes a key into the keyring, over one that may be there.
func (a *app) storeKey(ctx context.Context, account, key string) error {
	err := a.askKeyring(ctx, keyringTimeout, func(ring keyStore) error { return ring.Set(keyringService, account, key) })
	if err == nil {
		return nil
	}
	return keyringFailure(err)
}

// holdsKey reports whether the keyring has a key for the account.
func (a *app) holdsKey(ctx context.Context, account string) (bool, error) {
	err := a.askKeyring(ctx, keyringTimeout, func(ring keyStore) error {
		_, err := ring.Get(keyringService, account)
		return err
	})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, keyring.ErrNotFound):
		return false, nil
	}
	return false, keyringFailure(err)
}

// hasKeyring reports whether a keyring answers at all.
func (a *app) hasKeyring(ctx context.Context) bool {
	err := a.askKeyring(ctx, keyringProbe, func(ring keyStore) error {
		_, err := ring.Get(keyringService, defaultAccount)
		return err
	})
	return err == nil || errors.Is(err, keyring.ErrNotFound)
}

var (
	errNoKeyring   = errors.New("this system has none")
	errKeyringHung = errors.New("it has not answered")
)

// askKeyring runs f with the keyring. One that hangs, as a locked one without anybody to unlock it, is left alone when
// the time is up.
func (a *app) askKeyring(ctx context.Context, limit time.Duration, f func(keyStore) error) error {
	if a.keyring == nil {
		return errNoKeyring
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	done := make(chan error, 1)
	go func() { done <- f(a.keyring) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return fmt.Errorf("%w after %s", errKeyringHung, limit)
	}
}

// keyringFailure says what is wrong with the keyring, not with what is in it.
func keyringFailure(err error) error {
	if _, stopped := errors.AsType[*interrupted](err); stopped || errors.Is(err, context.Canceled) {
		return err
	}
	said := printable(strings.Join(strings.Fields(err.Error()), " "))
	switch {
	case errors.Is(err, errKeyringHung):
		return &keyringError{reason: "cannot use the keyring: " + said, hint: "unlock it and try again"}
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return &keyringError{reason: "cannot use the keyring: the key is longer than it takes"}
	case errors.Is(err, exec.ErrNotFound): // dbus-launch: there is no message bus and none can be started
		said = "there is no session bus"
	}
	return &keyringError{reason: "cannot use the keyring: " + said, hint: noKeyringHint}
}
