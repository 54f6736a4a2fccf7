package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
)

// defaultPager shows a text that fits as if it were not there.
const defaultPager = "less -FRX"

// pages reports whether a person is there to turn pages.
func (a *app) pages() bool { return a.stdinTerminal && a.stdoutTerminal }

// page shows text, through the pager if it is longer than the terminal is high. A pager that does not work costs
// nothing but its own complaint.
func (a *app) page(text []byte) error {
	width, height := a.console.Size()
	if command := a.pager(); command != nil && rowsOf(text, width) >= height && a.out.Flush() == nil && a.runPager(command, text) {
		return nil
	}
	_, err := a.out.Write(text)
	return err
}

// rowsOf is how many rows of a terminal text takes, or a little more where it has escape sequences.
func rowsOf(text []byte, width int) int {
	rows := 0
	for line := range bytes.Lines(text) {
		rows += 1 + max(0, len(line)-2)/max(1, width)
	}
	return rows
}

// pager is the user's pager, without a shell; nil is none.
func (a *app) pager() []string {
	if terminal, _ := a.lookupEnv("TERM"); terminal == "dumb" {
		return nil
	}
	line, set := a.lookupEnv("PAGER")
	if !set {
		line = defaultPager
	}
	words, err := splitWords(line)
	if err != nil || len(words) == 1 && filepath.Base(words[0]) == "cat" {
		return nil
	}
	return words
}

// runPager reports whether the pager did its work. Ctrl-C is its affair meanwhile: it stops a search there.
func (a *app) runPager(words []string, text []byte) bool {
	if _, err := exec.LookPath(words[0]); err != nil {
		return false
	}
	command := exec.Command(words[0], words[1:]...)
	command.Stdin = bytes.NewReader(text)
	command.Stdout, command.Stderr = a.stdout, a.stderr
	if a.environ != nil {
		command.Env = a.environ()
	}
	if _, set := a.lookupEnv("LESS"); !set {
		command.Env = append(command.Env, "LESS=FRX") // for a PAGER of less alone
	}
	a.prompting.Store(true)
	defer a.prompting.Store(false)
	return command.Run() == nil
}
