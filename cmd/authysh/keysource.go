package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
	"unicode"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

const (
	// maxKey bounds what a key file or command may give: a key is 32 characters.
	maxKey = 4 << 10
	// keyCommandTimeout bounds a key command. People may have to unlock a password manager meanwhile.
	keyCommandTimeout = 30 * time.Second
)

// key finds the API key by the way that the settings name; empty if they name none.
func (a *app) key(ctx context.Context, s *config.Settings) (string, error) {
	if file := s.Text("key_file"); file != "" {
		key, err := readKeyFile(file)
		if err != nil {
			return "", s.Origin("key_file").Complain("key_file", err.Error())
		}
		return key, nil
	}
	if command := s.Text("key_command"); command != "" {
		key, err := a.runKeyCommand(ctx, command)
		if err != nil && ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if err != nil {
			return "", s.Origin("key_command").Complain("key_command", err.Error())
		}
		return key, nil
	}
	if account := s.Text("key_keyring"); account != "" {
		key, err := a.fetchKey(ctx, account)
		if err != nil && ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return key, aboutKeyring(s.Origin("key_keyring"), err)
	}
	return s.Text("key"), nil
}

// aboutKeyring makes a failure of the keyring one of the setting that named it.
func aboutKeyring(by config.Origin, err error) error {
	if err == nil {
		return nil
	}
	misuse := &usageError{message: by.Complain("key_keyring", err.Error()).Error()}
	if failure, ok := errors.AsType[*keyringError](err); ok {
		misuse.hint = failure.hint
	}
	return misuse
}

func readKeyFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", err)
	}
	return keyIn(text, path)
}

// keyIn is the key in what a file or a command gave.
func keyIn(text []byte, from string) (string, error) {
	key := strings.TrimSpace(string(text))
	switch {
	case len(text) > maxKey:
		return "", fmt.Errorf("gives more than a key: %s has over %d bytes", from, maxKey)
	case key == "":
		return "", fmt.Errorf("gives no key: %s is empty", from)
	case strings.ContainsFunc(key, unicode.IsSpace):
		return "", fmt.Errorf("gives more than a key: %s has several words or lines", from)
	}
	return key, nil
}

// runKeyCommand runs the command without a shell and takes the key from its output.
func (a *app) runKeyCommand(ctx context.Context, line string) (string, error) {
	words, err := splitWords(line)
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(ctx, keyCommandTimeout)
	defer cancel()
	var stdout, stderr bounded
	command := exec.CommandContext(limited, words[0], words[1:]...)
	command.Stdout, command.Stderr = &stdout, &stderr
	command.WaitDelay = time.Second // for what the command left running with our pipe in its hands
	err = command.Run()
	switch {
	case limited.Err() != nil:
		return "", fmt.Errorf("has not ended after %s: %s", keyCommandTimeout, words[0])
	case err != nil:
		return "", errors.New("failed: " + words[0] + ": " + describeFailure(err, stderr.Bytes(), stdout.Bytes()))
	}
	return keyIn(stdout.Bytes(), "the output of "+words[0])
}

// describeFailure is why a command failed, with the end of what it said, but for what it also printed: that may be the
// key.
func describeFailure(err error, said, printed []byte) string {
	const most = 300
	text := strings.Join(strings.Fields(string(said)), " ")
	for _, word := range strings.Fields(string(printed)) {
		text = strings.ReplaceAll(text, word, "[redacted]")
	}
	if len(text) > most {
		text = "..." + strings.ToValidUTF8(text[len(text)-most:], "")
	}
	if text = printable(text); text == "" {
		return err.Error()
	}
	return err.Error() + ": " + text
}

// bounded keeps the first bytes that are written to it, one more than a key may have.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	room := max(0, maxKey+1-b.Len())
	b.Buffer.Write(p[:min(room, len(p))])
	return len(p), nil
}

// splitWords splits a command into words as a shell does, with quotes and backslashes, but with nothing else that a
// shell would do.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, escaped := false, false
	var quote rune
	for _, r := range line {
		switch {
		case escaped:
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteByte('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, inWord = r, true
		case quote == 0 && unicode.IsSpace(r):
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("lacks the closing quote %c", quote)
	case escaped:
		return nil, errors.New(`ends with a lone backslash`)
	}
	if inWord {
		words = append(words, word.String())
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("names no program")
	}
	return words, nil
}
