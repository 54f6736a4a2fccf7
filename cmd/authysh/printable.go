package main

import (
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// printable makes a line of a script fit for the terminal: no control characters, and not endless.
func printable(line string) string {
	const most = 160
	line = withoutControls(strings.ReplaceAll(line, "\t", " "))
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "..."
	}
	return line
}

// withoutControls drops what a terminal would obey. A script's message may have several lines.
func withoutControls(text string) string { return present.WithoutControls(text) }

// singleLine keeps what came from elsewhere from making lines of its own.
func singleLine(text string) string {
	return withoutControls(oneLine(text))
}

// oneLineOf makes text of a journal or of the sandbox fit for a line of the terminal.
func oneLineOf(text string) string {
	return printable(strings.ReplaceAll(text, "\n", " "))
}

// oneLine makes each run of blanks and ends of lines one blank.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
