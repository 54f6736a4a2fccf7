package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxScript bounds what is read from a file.
const maxScript = 16 << 20

// readScript is the Lua text in a file. A first line that begins with # is left empty, so that line numbers hold.
func readScript(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return "", fmt.Errorf("cannot read %s: it is a directory", path)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxScript+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxScript {
		return "", fmt.Errorf("cannot read %s: it is longer than %d MiB", path, maxScript>>20)
	}
	source := strings.TrimPrefix(string(data), "\ufeff")
	if strings.HasPrefix(source, "#") {
		source = source[lineEnd(source):]
	}
	return source, nil
}

// load runs a file as one chunk.
func (sh *shell) load(ctx context.Context, path string) error {
	source, err := readScript(path)
	if err != nil {
		return err
	}
	if _, err = sh.session.Eval(ctx, source); err != nil {
		return inSource(err, path, source)
	}
	return nil
}

// inSource tells the report where an error comes from. What is no failure of the chunk stays as it is.
func inSource(err error, name, source string) error {
	if _, leaving := err.(*ExitError); leaving {
		return err
	}
	return &sourcedError{err, name, source}
}

// evalAndShow runs a chunk inside of a command.
func (sh *shell) evalAndShow(ctx context.Context, src string) error {
	sh.lastSource = src
	shown, err := sh.session.Eval(ctx, src)
	if err != nil {
		return inSource(err, "", src)
	}
	return sh.show(shown)
}

// replay runs a recorded script chunk by chunk, showing each as if it was typed, up to the first error.
func (sh *shell) replay(ctx context.Context, path string) error {
	source, err := readScript(path)
	if err != nil {
		return err
	}
	never := func(string) bool { return false }
	prompt, paint := sh.prompt()
	for _, p := range split(source, never, sh.session.Incomplete) {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if idle(p.src) {
			continue
		}
		src := strings.Trim(strings.TrimPrefix(p.src, assignment), "\n")
		sh.console.freshLine()
		more := continuation(widthOf(prompt))
		echo := strings.ReplaceAll(sh.paint.lua(printable(src)), "\n", "\n"+more)
		if _, err := io.WriteString(sh.console.Stdout(), paint(prompt)+echo+"\n"); err != nil {
			return err
		}
		if err := sh.evalAndShow(ctx, src); err != nil {
			return fmt.Errorf("%s, line %d: %w", path, p.line+1, err)
		}
	}
	return nil
}

// edit opens the user's editor with a text, and returns what became of it.
func (sh *shell) edit(text string) (string, error) {
	file, err := os.CreateTemp("", "chunk-*.lua") // with mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name())
	_, err = io.WriteString(file, withLineEnd(text))
	if err := errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	if err := sh.openInEditor(file.Name()); err != nil {
		return "", err
	}
	return readScript(file.Name())
}

// openInEditor runs the user's editor on a file.
func (sh *shell) openInEditor(path string) error {
	editor := "vi"
	if onWindows {
		editor = "notepad"
	}
	for _, name := range []string{"EDITOR", "VISUAL"} { // the latter wins
		if value := strings.TrimSpace(sh.getenv(name)); value != "" {
			editor = value
		}
	}
	cmd := shellCommand(editor, path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = sh.console.in, sh.console.out.w, sh.console.err.w
	if err := sh.console.lend(cmd.Run); err != nil {
		return &commandError{
			reason: fmt.Sprintf("the editor %q failed: %v", editor, err), remedy: "set VISUAL or EDITOR to your editor",
		}
	}
	return nil
}

// path is a file name as a user writes it: perhaps in quotes, perhaps with ~ for the home folder.
func (sh *shell) path(word string) string {
	if n := len(word); n > 1 && (word[0] == '"' || word[0] == '\'') && word[n-1] == word[0] {
		return word[1 : n-1]
	}
	if rest, ok := strings.CutPrefix(word, "~/"); ok {
		if home := sh.getenv("HOME"); home != "" {
			return filepath.Join(home, rest)
		}
	}
	return word
}

// completeFile offers the files that begin with what is typed.
func completeFile(word string) []Candidate {
	folder, begin := filepath.Split(word)
	entries, err := os.ReadDir(filepath.Join(".", folder))
	if filepath.IsAbs(folder) {
		entries, err = os.ReadDir(folder)
	}
	if err != nil {
		return nil
	}
	var candidates []Candidate
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasPrefix(name, begin) || begin == "" && strings.HasPrefix(name, ".") {
			continue
		}
		candidate := Candidate{Text: folder + name}
		if entry.IsDir() {
			candidate = Candidate{folder + name + string(filepath.Separator), "folder"}
		}
		candidates = append(candidates, candidate)
	}
	return candidates
}
