package repl

import (
	"errors"
	"io"
	"os"
	"strings"
)

const (
	// recordedBytes is how much of the session can be saved afterwards; the oldest goes first.
	recordedBytes = 8 << 20
	// recordedRows is how many rows of a result are worth a comment.
	recordedRows = 40
)

// resultMark begins the comments that are results.
const resultMark = "--> "

// recorder turns what was entered into a script that does the same again, without its secrets.
type recorder struct {
	clean  func(string) string
	blocks []string // of the whole session, as far as it is kept
	size   int
	file   *os.File // of .record; nil is none
	err    error    // why the file stopped
}

func newRecorder(clean func(string) string) *recorder { return &recorder{clean: clean} }

// chunk records a chunk with its outcome. One that failed becomes a comment.
func (r *recorder) chunk(src, shown string, err error) {
	var b strings.Builder
	src = strings.ReplaceAll(r.clean(src), "\r\n", "\n")
	if err != nil {
		b.WriteString(commented("-- ", src))
		b.WriteString(commented("-- error: ", r.clean(err.Error())))
	} else {
		b.WriteString(withLineEnd(statement(src, shown != "")))
		b.WriteString(commented(resultMark, head(r.clean(shown))))
	}
	r.add(b.String())
}

// command records a command of the prompt, which no script can run.
func (r *recorder) command(text string) { r.add(commented("-- ", r.clean(text))) }

func (r *recorder) add(block string) {
	r.blocks = append(r.blocks, block)
	for r.size += len(block); r.size > recordedBytes && len(r.blocks) > 1; r.blocks = r.blocks[1:] {
		r.size -= len(r.blocks[0])
	}
	if r.file != nil && r.err == nil {
		_, r.err = io.WriteString(r.file, "\n"+block)
	}
}

// start records into a file from now on.
func (r *recorder) start(path string, replace bool) error {
	file, err := createScript(path, replace)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(file, scriptHead); err != nil {
		return errors.Join(err, file.Close())
	}
	r.file, r.err = file, nil
	return nil
}

// stop ends the recording, and returns what went wrong with it.
func (r *recorder) stop() error {
	if r.file == nil {
		return nil
	}
	err := errors.Join(r.err, r.file.Close())
	r.file, r.err = nil, nil
	return err
}

// save writes the session so far.
func (r *recorder) save(path string, replace bool) error {
	file, err := createScript(path, replace)
	if err != nil {
		return err
	}
	_, err = io.WriteString(file, scriptHead+"\n"+strings.Join(r.blocks, "\n"))
	return errors.Join(err, file.Close())
}

const scriptHead = "-- What was entered at the prompt, with the results as comments. Secrets are left out.\n"

// createScript makes a file that only its owner can read: it may hold phone numbers and addresses.
func createScript(path string, replace bool) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if replace {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, &commandError{reason: path + " exists already", remedy: "-f in front of the name replaces it"}
	}
	return file, err
}

// commented puts a mark in front of each line; nothing stays nothing.
func commented(mark, text string) string {
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(strings.TrimRight(text, "\n"), "\r", " ")
	return mark + strings.ReplaceAll(text, "\n", "\n"+mark) + "\n"
}

// head is the first rows of a result.
func head(shown string) string {
	lines := strings.SplitAfterN(shown, "\n", recordedRows+1)
	if len(lines) <= recordedRows {
		return shown
	}
	left := strings.Count(lines[recordedRows], "\n") + 1
	return strings.Join(lines[:recordedRows], "") + "... " + plural(left, "row") + " more"
}

// assignment makes an expression a statement that keeps its value where the prompt keeps it.
const assignment = "_ = "

// statement is a chunk that a script can have. At the prompt a chunk may be a mere expression.
func statement(src string, shown bool) string {
	body := strings.TrimSpace(src)
	body = strings.TrimSpace(strings.TrimPrefix(body, "="))
	first, returns := firstToken(body), returnsValue(body)
	switch {
	case first.text == "return" && returns:
		at := strings.Index(body, "return")
		return body[:at] + assignment + strings.TrimSpace(body[at+len("return"):])
	case returns:
		return assignment + "(function()\n" + body + "\nend)()"
	case shown || isValue(body):
		return assignment + body
	}
	return src
}

// returnsValue reports whether the chunk itself has a return.
func returnsValue(src string) bool {
	depth := 0
	for _, t := range lex(src) {
		if t.kind != tokenKeyword && t.kind != tokenOperator {
			continue
		}
		if depth += opens[t.text]; t.text == "return" && depth == 0 {
			return true
		}
	}
	return false
}

// isValue reports whether a chunk is an expression that is no call, and so no statement.
func isValue(src string) bool {
	depth := 0
	var first, last token
	for _, t := range lex(src) {
		if t.kind == tokenBlank || t.kind == tokenComment {
			continue
		}
		if first.text == "" {
			first = t
		}
		last = t
		if t.kind == tokenKeyword || t.kind == tokenOperator {
			depth += opens[t.text]
		}
		if t.text == "=" && depth == 0 || t.text == "::" || t.text == ";" && depth == 0 {
			return false
		}
	}
	switch first.kind {
	case tokenKeyword:
		return first.text == "not" || first.text == "function" && nextAfterFunction(src) == "("
	case tokenName:
	case tokenOperator:
		if first.text != "(" {
			return true
		}
	default:
		return true
	}
	return last.kind != tokenString && last.text != ")" && last.text != "}"
}

// nextAfterFunction tells function f() from function().
func nextAfterFunction(src string) string {
	at := strings.Index(src, "function") + len("function")
	return firstToken(src[at:]).text
}
