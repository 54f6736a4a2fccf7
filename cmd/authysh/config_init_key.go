package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wholefile"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// chooseKeyPlace finds out where the key is to be, as far as flags say so.
func (a *app) chooseKeyPlace(o *initOptions, n *newConfig) error {
	places := make([]string, len(keyPlaces))
	for i, place := range keyPlaces {
		places[i] = place.name
	}
	if o.keyFrom != "" && !slices.Contains(places, o.keyFrom) {
		return &usageError{message: fmt.Sprintf("--key-from must be one of %s, got %q%s", strings.Join(places, ", "), wording.Clip(o.keyFrom), wording.Suggest(o.keyFrom, places))}
	}
	implied := map[string]string{}
	for place, value := range map[string]string{"file": o.keyFile, "command": o.keyCommand, "keyring": o.keyInRing} {
		if value != "" {
			implied[place] = "--key-" + place
		}
	}
	if len(implied) > 1 {
		return &usageError{message: "only one of --key-file, --key-command and --key-keyring can hold", hint: "leave the others out"}
	}
	n.keyFrom = o.keyFrom
	given := a.flags.Changed("key")
	for place, flag := range implied {
		if o.keyFrom != "" && o.keyFrom != place {
			return &usageError{message: fmt.Sprintf("--key-from %s and %s contradict each other", o.keyFrom, flag), hint: "leave one of them out"}
		}
		n.keyFrom = place
	}
	if n.keyFrom == "" && (given || o.keyStdin) {
		n.keyFrom = "config"
	}
	switch {
	case given && o.keyStdin:
		return &usageError{message: "--key and --key-stdin contradict each other", hint: "leave one of them out"}
	case (given || o.keyStdin) && (n.keyFrom == "env" || n.keyFrom == "command"):
		return &usageError{message: fmt.Sprintf("a key was given, but with --key-from %s there is no place to put it", n.keyFrom), hint: "leave one of them out"}
	case a.stdinTerminal:
		return nil
	}
	return lackingFlag(o, n, given)
}

// lackingFlag says what must be given where nobody can be asked.
func lackingFlag(o *initOptions, n *newConfig, keyGiven bool) error {
	lacks := func(what string) error {
		return &usageError{message: "without a terminal to ask on, authysh config init needs " + what, hint: "see authysh config init --help"}
	}
	switch {
	case n.keyFrom == "":
		return lacks("one of --key-from env, --key-file, --key-command, --key-keyring and --key-stdin")
	case n.keyFrom == "file" && o.keyFile == "":
		return lacks("--key-file FILE with --key-from file")
	case n.keyFrom == "command" && o.keyCommand == "":
		return lacks("--key-command COMMAND with --key-from command")
	case n.keyFrom == "keyring" && o.keyInRing != "": // it may hold a key already
	case (n.keyFrom == "keyring" || n.keyFrom == "config") && !o.keyStdin && !keyGiven:
		return lacks("--key-stdin with --key-from " + n.keyFrom)
	}
	return nil
}

// chooseKey collects what the chosen place of the key needs.
func (a *app) chooseKey(ctx context.Context, o *initOptions, n *newConfig, path string) (err error) {
	switch n.keyFrom {
	case "command":
		command := o.keyCommand
		if command == "" {
			command, err = a.askValue(ctx, "command that prints the key: ", func(text string) error {
				_, err := splitWords(text)
				return err
			})
		}
		n.add("key_command", command)
		return err
	case "file":
		file := o.keyFile
		if file == "" {
			if file, err = a.askDefault(ctx, "file that holds the key", filepath.Join(filepath.Dir(path), "key")); err != nil {
				return err
			}
		}
		n.add("key_file", file)
		return a.chooseFileKey(ctx, o, n, a.fromHere(file))
	case "keyring":
		account := o.keyInRing
		if account == "" {
			account = defaultAccount
		}
		n.add("key_keyring", account)
		if o.keyInRing != "" && !o.keyStdin && !a.flags.Changed("key") {
			there, err := a.holdsKey(ctx, account)
			if there || err != nil {
				return aboutKeyring(config.Origin{Where: "--key-keyring"}, err)
			}
			if !a.stdinTerminal {
				return &usageError{message: fmt.Sprintf("the keyring holds no key for the account %q", wording.Clip(account)), hint: "--key-stdin reads one from standard input and stores it"}
			}
		}
		n.key, err = a.givenKey(ctx, o)
		return err
	case "config":
		if n.key, err = a.givenKey(ctx, o); err == nil {
			n.add("key", n.key)
		}
		return err
	}
	return nil
}

// chooseFileKey takes a key for a key file that is not there yet. One that is there stays as it is.
func (a *app) chooseFileKey(ctx context.Context, o *initOptions, n *newConfig, file string) (err error) {
	_, missing := os.Stat(file)
	switch {
	case missing == nil && (o.keyStdin || a.flags.Changed("key")):
		return &usageError{message: "the key file " + file + " is there already", hint: "leave the key out to use it, or name another file"}
	case missing == nil:
		_, err := readKeyFile(file)
		if err != nil {
			return config.Origin{Where: "the key file"}.Complain("key_file", err.Error())
		}
		return nil
	case !errors.Is(missing, fs.ErrNotExist):
		return config.Origin{Where: "the key file"}.Complain("key_file", "cannot be read: "+missing.Error())
	case !a.stdinTerminal && !o.keyStdin && !a.flags.Changed("key"):
		return &usageError{message: "the key file " + file + " does not exist", hint: "--key-stdin reads the key from standard input and makes the file"}
	}
	n.key, err = a.givenKey(ctx, o)
	return err
}

// fromHere is a path as users type it.
func (a *app) fromHere(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && a.home() != "" {
		return filepath.Join(a.home(), rest)
	}
	return path
}

// givenKey is the key of the flags, or what is typed without being shown.
func (a *app) givenKey(ctx context.Context, o *initOptions) (string, error) {
	switch {
	case a.flags.Changed("key"):
		a.warn("the key was given as an argument, which other users see in process lists and which stays in the shell's history",
			"--key-stdin reads it from standard input")
		key := a.flags.Lookup("key").Value.String()
		return key, plausibleKey(key)
	case o.keyStdin:
		return a.readKey()
	}
	return a.askKey(ctx)
}

// readKey reads a key from standard input.
func (a *app) readKey() (string, error) {
	text, err := io.ReadAll(io.LimitReader(a.in, maxKey+1))
	if err != nil {
		return "", &usageError{message: "cannot read the key from standard input: " + err.Error()}
	}
	key, err := keyIn(text, "standard input")
	if err != nil {
		return "", &usageError{message: "--key-stdin " + err.Error()}
	}
	return key, plausibleKey(key)
}

// plausibleKey refuses what no call could be made with.
func plausibleKey(key string) error {
	invalid, ok := errors.AsType[*authy.ValidationError]((&authy.Client{Key: key}).Validate())
	if !ok {
		return nil
	}
	return &usageError{message: "the key " + invalid.Problems[0].Reason}
}

// writeKeyFile makes a file that only its owner can read.
func writeKeyFile(path, key string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &usageError{message: "cannot write the key file: " + err.Error()}
	}
	if err := wholefile.Replace(path, []byte(key+"\n"), 0o600); err != nil {
		return &usageError{message: "cannot write the key file: " + err.Error()}
	}
	return nil
}
