package check

import (
	"regexp"
	"slices"
	"strings"
)

// silence is a comment "-- check: ignore RULE" and what it covers.
type silence struct {
	at, column int // where the comment is
	line       int // which it covers
	rules      []string
}

// allRules is what a comment without a rule means.
const allRules = "all"

// The dashes must begin the comment: a text that holds such words silences nothing unless it looks the same.
var silencePattern = regexp.MustCompile(`--+[ \t]*check:[ \t]*ignore\b([^\n\r]*)`)

// silencesIn finds the comments. One behind code is about its own line, one on a line of its own about the next line that is
// no such comment.
func silencesIn(source string) []silence {
	lines := strings.Split(source, "\n")
	var found []silence
	for i, line := range lines {
		match := silencePattern.FindStringSubmatchIndex(line)
		if match == nil {
			continue
		}
		s := silence{at: i + 1, column: match[0] + 1, line: i + 1}
		words, _, _ := strings.Cut(line[match[2]:match[3]], "--") // behind which a reason may stand
		s.rules = strings.FieldsFunc(words, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\r' })
		if len(s.rules) == 0 {
			s.rules = []string{allRules}
		}
		if alone(line) {
			for s.line++; s.line < len(lines) && silencePattern.MatchString(lines[s.line-1]) && alone(lines[s.line-1]); {
				s.line++
			}
		}
		found = append(found, s)
	}
	return found
}

// alone reports whether a line is nothing but a comment.
func alone(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "--") }

func (s silence) covers(f Finding) bool {
	return f.Line == s.line && f.Rule != unknownRuleRule &&
		(slices.Contains(s.rules, f.Rule) || slices.Contains(s.rules, allRules))
}
