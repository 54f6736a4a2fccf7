package repl

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/mattn/go-runewidth"
)

// How errors look: the first line stands alone and starts "error: "; then perhaps the line of source with a mark under
// what is at fault, and lines that start "hint: ".

// sourcedError is an error of a chunk that was not typed, with its source.
type sourcedError struct {
	err    error
	name   string // of the file; "" is none
	source string
}

func (e *sourcedError) Error() string { return e.err.Error() }
func (e *sourcedError) Unwrap() error { return e.err }

// report tells the user what went wrong in src.
func (sh *shell) report(src string, err error) {
	var name string
	if e, ok := errors.AsType[*sourcedError](err); ok {
		name, src = e.name, e.source
	}
	failure, _ := errors.AsType[Failure](err)
	var b strings.Builder
	message := strings.TrimRight(printable(clipped(err.Error())), "\n")
	if failure != nil && failure.Line() > 0 && name != "" {
		message = fmt.Sprintf("%s:%d: %s", name, failure.Line(), message)
	}
	b.WriteString(sh.paint.error("error:") + " " + message + "\n")
	if failure != nil {
		columns, _ := sh.console.size()
		b.WriteString(excerpt(sh.paint, src, failure, name != "", columns))
		if remedy := failure.Remedy(); remedy != "" {
			b.WriteString(sh.paint.text("hint:", styleNotice) + " " + printable(remedy) + "\n")
		}
		if len(failure.Traceback()) > 1 && sh.find("trace") != nil {
			b.WriteString(sh.paint.dim("(.trace shows the calls that led there)") + "\n")
		}
	}
	fmt.Fprint(sh.console.Stderr(), b.String())
}

// maxMessage is how much of a message is shown, in bytes: an error may carry a whole document.
const maxMessage = 4 << 10

// clipped is the beginning of a message, which says how much is left out. The error itself stays whole.
func clipped(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	shown := strings.ToValidUTF8(message[:maxMessage], "")
	return fmt.Sprintf("%s … (%d more bytes)", shown, len(message)-len(shown))
}

// excerpt is the line of source at fault, with a mark under what is. A single line without a mark would only repeat
// what was just typed.
func excerpt(p painter, src string, failure Failure, always bool, columns int) string {
	lines := strings.Split(src, "\n")
	number := failure.Line()
	if number < 1 && len(lines) == 1 {
		number = 1
	}
	if number < 1 || number > len(lines) {
		return ""
	}
	line := printable(strings.TrimSuffix(lines[number-1], "\r"))
	start, length := faultIn(line, failure)
	if strings.TrimSpace(line) == "" || length == 0 && len(lines) == 1 && !always {
		return ""
	}
	left := fmt.Sprintf("%5d | ", number)
	before := widthOf(line[:start])
	marked := min(max(1, widthOf(line[start:start+length])), max(1, columns-len(left)))
	shown, cut := window(untab(line), before, marked, columns-len(left))
	text := p.dim(left) + p.lua(shown) + "\n"
	if length > 0 {
		margin := strings.Repeat(" ", len(left)-2) + "| "
		text += p.dim(margin) + strings.Repeat(" ", before-cut) + p.error(strings.Repeat("^", marked)) + "\n"
	}
	return text
}

// faultIn is where in a line the fault is, in bytes; a length of 0 means that nobody knows.
func faultIn(line string, failure Failure) (start, length int) {
	at := failure.Column() - 1
	if at == len(line) && at > 0 {
		at-- // the line ended too early
	}
	place := 0
	for _, t := range lex(line) {
		if failure.Column() > 0 && place <= at && at < place+len(t.text) {
			return place, len(t.text)
		}
		place += len(t.text)
	}
	if failure.Column() > 0 {
		return 0, 0
	}
	return namedIn(line, failure.Error())
}

// quotedName is what messages put in quotes: a global, a field, a parameter.
var quotedName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`['"]([A-Za-z_]\w*)['"]`) })

// namedIn is the one place in the line of a name that the message quotes.
func namedIn(line, message string) (start, length int) {
	tokens := lex(line)
	for _, match := range quotedName().FindAllStringSubmatch(message, -1) {
		found, place := 0, 0
		for _, t := range tokens {
			if t.kind == tokenName && t.text == match[1] {
				found++
				start, length = place, len(t.text)
			}
			place += len(t.text)
		}
		if found == 1 {
			return start, length
		}
	}
	return 0, 0
}

// window cuts a line to the room there is, so that the columns from at on can be seen. cut is how many columns are
// missing on the left.
func window(line string, at, length, room int) (shown string, cut int) {
	if runewidth.StringWidth(line) <= room || room < 1 {
		return line, 0
	}
	from := 0
	if at+length > room {
		from = at - (room-length)/2
	}
	var b strings.Builder
	column := 0
	for _, r := range line {
		width := runewidth.RuneWidth(r)
		switch {
		case column < from:
			cut = column + width
		case column+width-cut <= room:
			b.WriteRune(r)
		default:
			return b.String(), cut
		}
		column += width
	}
	return b.String(), cut
}
