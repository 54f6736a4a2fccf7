package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

const onWindows = runtime.GOOS == "windows"

// The words of .page, the default first. A terminal scrolls back, so by default only what fills several screens is
// worth a pager.
var pagings = []string{"auto", "always", "never"}

// What is higher than this is long: so many screens, and on small screens so many rows.
const (
	longScreens = 3
	longRows    = 60
)

// show shows the values of a chunk.
func (sh *shell) show(shown string) error {
	sh.lastShown = shown
	if shown == "" {
		return nil
	}
	sh.console.freshLine()
	text := withLineEnd(shown)
	if sh.mode == piped {
		_, err := io.WriteString(sh.console.Stdout(), text)
		return err
	}
	return sh.page(sh.paint.lua(printable(text)), false)
}

// page shows a text, which may hold our colours, in a pager if that is asked for or the text is high enough.
func (sh *shell) page(text string, asked bool) error {
	columns, rows := sh.console.size()
	text = withLineEnd(text)
	height := heightOf(colourless(text), columns)
	wanted := asked || sh.paging == "always" && height >= rows ||
		sh.paging == "auto" && height > max(longScreens*rows, longRows)
	if sh.mode != edited || !wanted {
		_, err := io.WriteString(sh.console.Stdout(), text)
		return err
	}
	pager, external := sh.pager()
	switch {
	case !external:
		return sh.pageByScreens(text, columns, rows)
	case pager == "":
		_, err := io.WriteString(sh.console.Stdout(), text)
		return err
	}
	return sh.pageThrough(pager, text)
}

// pager is the program that the user wants: $PAGER, or less. An empty PAGER, or cat, means none; without external, we
// do it ourselves.
func (sh *shell) pager() (command string, external bool) {
	if pager, set := sh.lookupEnv("PAGER"); set {
		if pager = strings.TrimSpace(pager); pager == "cat" {
			pager = ""
		}
		return pager, true
	}
	if _, err := exec.LookPath("less"); err == nil {
		return "less", true
	}
	return "", false
}

// pageThrough hands the text to a program.
func (sh *shell) pageThrough(pager, text string) error {
	cmd := shellCommand(pager)
	cmd.Stdin = strings.NewReader(text)
	cmd.Stdout, cmd.Stderr = sh.console.out.w, sh.console.err.w
	if sh.getenv("LESS") == "" {
		cmd.Env = append(os.Environ(), "LESS=FRX") // no screen of its own, and with colours
	}
	err := sh.console.lend(cmd.Run)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		if code := exit.ExitCode(); code == 126 || code == 127 { // as the shell says that there is no such program
			return fmt.Errorf("cannot page with %q; set PAGER to a program, or enter .page never", pager)
		}
		return nil // how a pager ends is its own business
	}
	if errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

// shellCommand is a command line of the user's, with further arguments.
func shellCommand(line string, args ...string) *exec.Cmd {
	if onWindows {
		words := append(strings.Fields(line), args...)
		return exec.Command(words[0], words[1:]...)
	}
	if len(args) > 0 {
		line += ` "$@"`
	}
	return exec.Command("sh", append([]string{"-c", line, "sh"}, args...)...)
}

// pageByScreens shows a screen at a time.
func (sh *shell) pageByScreens(text string, columns, rows int) error {
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	for shown := 0; shown < len(lines); {
		room := max(1, rows-1)
		first := shown
		for shown < len(lines) {
			height := heightOf(colourless(lines[shown]), columns)
			if room -= height; room < 0 && shown > first {
				break
			}
			shown++
		}
		if _, err := io.WriteString(sh.console.Stdout(), withLineEnd(strings.Join(lines[first:shown], ""))); err != nil {
			return err
		}
		if shown == len(lines) {
			return nil
		}
		prompt := fmt.Sprintf("-- %d of %d lines: Enter for more, a for all, q to quit -- ", shown, len(lines))
		if widthOf(prompt) >= columns-2 {
			prompt = ": "
		}
		answer, err := sh.console.Ask(context.Background(), prompt)
		switch {
		case errors.Is(err, ErrNoAnswer) || strings.HasPrefix(strings.TrimSpace(answer), "q"):
			return nil
		case err != nil:
			return err
		case strings.HasPrefix(strings.TrimSpace(answer), "a"):
			_, err := io.WriteString(sh.console.Stdout(), strings.Join(lines[shown:], "")+"\n")
			return err
		}
	}
	return nil
}

// colourless is a text without our colours.
func colourless(text string) string {
	if !strings.Contains(text, "\x1b") {
		return text
	}
	var b strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !found {
			break
		}
		_, text, _ = strings.Cut(rest, "m")
	}
	return b.String()
}
