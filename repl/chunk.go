package repl

import "strings"

// indentUnit is what each open block moves the lines in it to the right.
const indentUnit = "  "

// nesting is how many blocks and brackets are open at the end of src; literal reports that it ends inside a long string
// or comment, whose blanks are not ours to choose.
func nesting(src string) (depth int, literal bool) {
	for _, t := range lex(src) {
		switch t.kind {
		case tokenKeyword, tokenOperator:
			depth = max(0, depth+opens[t.text])
		case tokenString, tokenComment:
			literal = t.open
		}
	}
	return depth, literal
}

// opens says which tokens open something and which close it. The do of while and for opens what then would.
var opens = map[string]int{
	"function": 1, "if": 1, "do": 1, "repeat": 1, "(": 1, "{": 1, "[": 1,
	"end": -1, "until": -1, ")": -1, "}": -1, "]": -1,
}

// closers begin a line that stands one step to the left of the block before it.
var closers = wordSet("end else elseif until ) } ]")

// continuers cannot begin a chunk: a line that starts with one belongs to the line before.
var continuers = wordSet("and or then else elseif end until in .. . : , ) } ] ; = == ~= <= >= < > * / % ^ + -")

// indentFor is the blanks that the line after src begins with.
func indentFor(src string) string {
	depth, literal := nesting(src)
	if literal {
		return ""
	}
	return strings.Repeat(indentUnit, depth)
}

// appendLine adds a line to an unfinished chunk. A line that closes a block moves to where the block began, as the
// blanks in front of it were put there by us.
func appendLine(pending, line string) string {
	if pending == "" {
		return line
	}
	if depth, literal := nesting(pending); !literal && depth > 0 {
		ours := strings.Repeat(indentUnit, depth)
		if rest, ok := strings.CutPrefix(line, ours); ok && closers[firstToken(rest).text] {
			line = ours[len(indentUnit):] + rest
		}
	}
	return pending + "\n" + line
}

// firstToken is the first one that is neither blank nor a comment.
func firstToken(src string) token {
	for src != "" {
		t := nextToken(src)
		if t.kind != tokenBlank && t.kind != tokenComment {
			return t
		}
		src = src[len(t.text):]
	}
	return token{}
}

// idle reports whether src has nothing to run: blanks and comments.
func idle(src string) bool {
	t := firstToken(src)
	if t.text != "" {
		return false
	}
	_, literal := nesting(src)
	return !literal
}

// piece is one chunk of a text, and the line of the text that it begins on, from 0.
type piece struct {
	src  string
	line int
}

// split cuts a text of several lines into chunks that can run one after the other; the last one may be unfinished.
//
// A chunk takes in the lines after it that cannot begin one themselves, such as "  :next(f)" or "+ 3". What isCommand
// picks is a chunk of its own.
func split(text string, isCommand, incomplete func(string) bool) []piece {
	lines := strings.Split(text, "\n")
	depths := lineDepths(text)
	var pieces []piece
	for i := 0; i < len(lines); {
		start, base := i, 0
		if i > 0 {
			base = depths[i-1]
		}
		end := i + 1
		for end < len(lines) && !isCommand(lines[i]) {
			src := func() string { return strings.Join(lines[start:end], "\n") }
			if depths[end-1] <= base && !isContinued(lines[end:], isCommand) && !incomplete(src()) {
				break
			}
			end++
		}
		if src := strings.Join(lines[start:end], "\n"); strings.TrimSpace(src) != "" {
			pieces = append(pieces, piece{src, start})
		}
		i = end
	}
	return pieces
}

// lineDepths is the depth of nesting at the end of each line; a long string or comment counts as one step. It saves
// asking the session, who reads everything again, about every line of a long table.
func lineDepths(text string) []int {
	var depths []int
	depth := 0
	for _, t := range lex(text) {
		inside := 0
		switch t.kind {
		case tokenKeyword, tokenOperator:
			depth = max(0, depth+opens[t.text])
		case tokenString, tokenComment:
			inside = 1
		}
		for range strings.Count(t.text, "\n") {
			depths = append(depths, depth+inside)
		}
	}
	return append(depths, depth)
}

// isContinued reports whether the first of the lines that holds anything goes on with what came before.
func isContinued(lines []string, isCommand func(string) bool) bool {
	for _, line := range lines {
		if isCommand(line) {
			return false
		}
		if t := firstToken(line); t.text != "" {
			return continuers[t.text]
		}
	}
	return false
}
