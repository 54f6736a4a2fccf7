package luabind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luatext"
)

// opening is a word or sign that waits for another: "if" for "then", and then for "end".
type opening struct {
	luatext.Token
	want string
}

// closers are what the words and signs that open something wait for first.
var closers = map[string]string{
	"(": ")", "{": "}", "[": "]", "function": "end", "if": "then", "elseif": "then", "while": "do", "for": "do", "do": "end", "repeat": "until",
}

// What an expression, or a name, must follow.
var (
	beforeExpressions = strings.Fields("= + - * / % ^ .. # == ~= < <= > >= and or not in if elseif while until")
	beforeNames       = strings.Fields(". : local for goto")
)

// unfinished says what is missing at the end of a text of which all is well but that it ends too early.
func unfinished(text string) string {
	var open []opening
	var last string
	for _, t := range luatext.NewScan(text).Tokens {
		last = t.Text
		innermost := ""
		if len(open) > 0 {
			innermost = open[len(open)-1].want
		}
		switch want := closers[last]; {
		case last == "do" && innermost == "do", last == "then" && innermost == "then":
			open[len(open)-1].want = "end" // of the loop or branch
		case last == "elseif" && innermost == "end":
			open[len(open)-1] = opening{t, want}
		case want != "":
			open = append(open, opening{t, want})
		case last == innermost:
			open = open[:len(open)-1]
		}
	}
	inTable := len(open) > 0 && open[len(open)-1].want == "}"
	switch {
	case slices.Contains(beforeExpressions, last), last == "," && !inTable:
		return fmt.Sprintf("an expression is missing after '%s'", last)
	case slices.Contains(beforeNames, last):
		return fmt.Sprintf("a name is missing after '%s'", last)
	}
	if len(open) == 0 {
		return fmt.Sprintf("the statement that ends with '%s' is not complete", last)
	}
	innermost := open[len(open)-1]
	line, _ := positionOf(text, innermost.Start)
	if len(innermost.want) == 1 {
		return fmt.Sprintf("the '%s' of line %d is not closed", innermost.Text, line)
	}
	return fmt.Sprintf("the '%s' of line %d has no '%s'", innermost.Text, line, innermost.want)
}
