package repl

import "strings"

// tokenKind is what a painter and the history need to know of a token.
type tokenKind int

const (
	tokenBlank    tokenKind = iota // spaces and line ends
	tokenComment                   // of both kinds
	tokenKeyword                   // but for the constants
	tokenConstant                  // nil, true, false
	tokenName
	tokenNumber
	tokenString   // of all kinds, with its quotes
	tokenOperator // and brackets
	tokenOther    // no part of Lua
)

// token is a piece of Lua source.
type token struct {
	kind tokenKind
	text string
	open bool // a string or comment whose end is missing
}

var (
	constants = wordSet("nil true false")
	keywords  = wordSet("and break do else elseif end for function goto if in local not or repeat return then until while")
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// lex cuts any text into tokens; joined they are the text again. It knows no grammar, so it never fails: what is no
// Lua becomes tokenOther, and an open string ends with its line.
func lex(src string) []token {
	tokens := make([]token, 0, len(src)/4+1)
	for src != "" {
		t := nextToken(src)
		tokens = append(tokens, t)
		src = src[len(t.text):]
	}
	return tokens
}

func nextToken(src string) token {
	c := src[0]
	switch {
	case isBlank(c):
		return token{kind: tokenBlank, text: src[:spanOf(src, isBlank)]}
	case isNameStart(c):
		word := src[:spanOf(src, isNamePart)]
		switch {
		case constants[word]:
			return token{kind: tokenConstant, text: word}
		case keywords[word]:
			return token{kind: tokenKeyword, text: word}
		}
		return token{kind: tokenName, text: word}
	case isDigit(c) || c == '.' && len(src) > 1 && isDigit(src[1]):
		return token{kind: tokenNumber, text: src[:numberLength(src)]}
	case c == '"' || c == '\'':
		return quoted(src)
	case strings.HasPrefix(src, "--"):
		return comment(src)
	case c == '[':
		if level, ok := longBracket(src); ok {
			return longToken(tokenString, src, 0, level)
		}
	}
	for _, operator := range []string{"...", "..", "==", "~=", "<=", ">=", "::"} {
		if strings.HasPrefix(src, operator) {
			return token{kind: tokenOperator, text: operator}
		}
	}
	if strings.IndexByte("+-*/%^#<>=(){}[];:,.", c) >= 0 {
		return token{kind: tokenOperator, text: src[:1]}
	}
	return token{kind: tokenOther, text: src[:otherLength(src)]}
}

func isBlank(c byte) bool     { return c == ' ' || '\t' <= c && c <= '\r' }
func isDigit(c byte) bool     { return '0' <= c && c <= '9' }
func isNameStart(c byte) bool { return c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z' }
func isNamePart(c byte) bool  { return isNameStart(c) || isDigit(c) }

// spanOf is how many bytes at the start of s are of one kind.
func spanOf(s string, of func(byte) bool) int {
	n := 0
	for n < len(s) && of(s[n]) {
		n++
	}
	return n
}

// otherLength keeps the bytes of a rune together.
func otherLength(s string) int {
	n := 1
	for n < len(s) && s[n]&0xc0 == 0x80 {
		n++
	}
	return n
}

// numberLength takes in exponents with a sign; 1..2 is not a number followed by one.
func numberLength(s string) int {
	n, hex := 0, strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X")
	for n < len(s) {
		switch c := s[n]; {
		case c == '.' && strings.HasPrefix(s[n:], ".."):
			return n
		case isNamePart(c) || c == '.':
		case (c == '+' || c == '-') && n > 0 && !hex && s[n-1]|0x20 == 'e':
		default:
			return n
		}
		n++
	}
	return n
}

// lineEnd is the length of s up to the end of its first line.
func lineEnd(s string) int {
	if end := strings.IndexAny(s, "\r\n"); end >= 0 {
		return end
	}
	return len(s)
}

// quoted is a string in quotes. A backslash may take the line end into it.
func quoted(src string) token {
	for n := 1; n < len(src); n++ {
		switch c := src[n]; {
		case c == src[0]:
			return token{kind: tokenString, text: src[:n+1]}
		case c == '\\' && n+1 < len(src):
			n++
		case c == '\n' || c == '\r':
			return token{tokenString, src[:n], true}
		}
	}
	return token{tokenString, src, true}
}

func comment(src string) token {
	if level, ok := longBracket(src[2:]); ok {
		return longToken(tokenComment, src, 2, level)
	}
	return token{kind: tokenComment, text: src[:lineEnd(src)]}
}

// longBracket reports whether s begins with [[, [=[, [==[ and so on, and with how many equals signs.
func longBracket(s string) (level int, ok bool) {
	if s == "" || s[0] != '[' {
		return 0, false
	}
	level = spanOf(s[1:], func(c byte) bool { return c == '=' })
	return level, len(s) > level+1 && s[level+1] == '['
}

// longToken is the long string or comment whose bracket of that level stands at start.
func longToken(kind tokenKind, src string, start, level int) token {
	closing := "]" + strings.Repeat("=", level) + "]"
	body := start + level + 2
	if end := strings.Index(src[body:], closing); end >= 0 {
		return token{kind: kind, text: src[:body+end+len(closing)]}
	}
	return token{kind, src, true}
}
