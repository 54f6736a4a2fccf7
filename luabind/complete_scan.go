package luabind

import "strings"

// tokenKind sorts the words of Lua as far as completion cares.
type tokenKind int

const (
	tokenName tokenKind = iota + 1 // names and keywords
	tokenNumber
	tokenString
	tokenSign // operators and brackets
)

// token is a word of a text. The text of a string is what stands between its quotes.
type token struct {
	kind       tokenKind
	text       string
	start, end int
}

// scan is a text cut into tokens, and the state in which it ends.
type scan struct {
	tokens  []token
	pair    []int // of each bracket the other one; -1 for none
	open    []int // brackets that are not closed, the outermost first
	comment bool  // the text ends inside a comment
	quoted  bool  // the text ends inside a string, which begins at quote
	quote   int
	opening string // what begins that string: a quote, or [[ and the like
}

// scanLua cuts a text into tokens. It never fails: what is no Lua becomes signs.
func scanLua(text string) *scan {
	s := &scan{}
	for i := 0; i < len(text) && !s.comment && !s.quoted; {
		i = s.next(text, i)
	}
	s.match()
	return s
}

// next reads what begins at i and returns where it ends.
func (s *scan) next(text string, i int) int {
	c := text[i]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
		return i + 1
	case strings.HasPrefix(text[i:], "--"):
		return s.skipComment(text, i)
	case isNameByte(c) && (c < '0' || c > '9'):
		return s.add(tokenName, text, i, nameEnd(text, i))
	case '0' <= c && c <= '9', c == '.' && i+1 < len(text) && '0' <= text[i+1] && text[i+1] <= '9':
		return s.add(tokenNumber, text, i, numberEnd(text, i))
	case c == '"' || c == '\'':
		return s.readQuoted(text, i)
	case c == '[':
		if level := longBracket(text[i:]); level >= 0 {
			return s.readLong(text, i, level)
		}
	}
	for _, sign := range []string{"...", "..", "==", "~=", "<=", ">=", "::"} {
		if strings.HasPrefix(text[i:], sign) {
			return s.add(tokenSign, text, i, i+len(sign))
		}
	}
	return s.add(tokenSign, text, i, i+1)
}

func (s *scan) add(kind tokenKind, text string, start, end int) int {
	s.tokens = append(s.tokens, token{kind, text[start:end], start, end})
	return end
}

func nameEnd(text string, i int) int {
	for i < len(text) && isNameByte(text[i]) {
		i++
	}
	return i
}

// numberEnd takes in letters and the signs of exponents, so that 0x1F and 1e-5 are one token; ".." is none of it.
func numberEnd(text string, i int) int {
	for i < len(text) {
		c := text[i]
		exponent := (c == '+' || c == '-') && (text[i-1] == 'e' || text[i-1] == 'E')
		if !isNameByte(c) && !exponent && (c != '.' || strings.HasPrefix(text[i:], "..")) {
			break
		}
		i++
	}
	return i
}

// longBracket is the number of = in the [=[ that a text begins with; -1 when it does not.
func longBracket(text string) int {
	level := 0
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '=':
			level++
		case '[':
			return level
		default:
			return -1
		}
	}
	return -1
}

func (s *scan) skipComment(text string, i int) int {
	body := text[i+2:]
	if strings.HasPrefix(body, "[") {
		if level := longBracket(body); level >= 0 {
			end := strings.Index(body, "]"+strings.Repeat("=", level)+"]")
			if end < 0 {
				s.comment = true
				return len(text)
			}
			return i + 2 + end + level + 2
		}
	}
	end := strings.IndexByte(body, '\n')
	if end < 0 {
		s.comment = true
		return len(text)
	}
	return i + 2 + end + 1
}

// readQuoted reads a short string; one that does not end on its line ends there, if there is another line.
func (s *scan) readQuoted(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[start], '\n':
			s.tokens = append(s.tokens, token{tokenString, text[start+1 : i], start, i + 1})
			return i + 1
		}
	}
	s.quoted, s.quote, s.opening = true, start, text[start:start+1]
	return len(text)
}

func (s *scan) readLong(text string, start, level int) int {
	open := level + 2
	end := strings.Index(text[start+open:], "]"+strings.Repeat("=", level)+"]")
	if end < 0 {
		s.quoted, s.quote, s.opening = true, start, text[start:start+open]
		return len(text)
	}
	body := start + open
	s.tokens = append(s.tokens, token{tokenString, text[body : body+end], start, body + end + open})
	return body + end + open
}

// match pairs the brackets.
func (s *scan) match() {
	closing := map[string]string{")": "(", "]": "[", "}": "{"}
	s.pair = make([]int, len(s.tokens))
	for i, t := range s.tokens {
		s.pair[i] = -1
		if t.kind != tokenSign {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			s.open = append(s.open, i)
		case ")", "]", "}":
			if last := len(s.open) - 1; last >= 0 && s.tokens[s.open[last]].text == closing[t.text] {
				s.pair[i], s.pair[s.open[last]] = s.open[last], i
				s.open = s.open[:last]
			}
		}
	}
}

// is reports whether token i is one of the signs or keywords.
func (s *scan) is(i int, words ...string) bool {
	if i < 0 || i >= len(s.tokens) || s.tokens[i].kind == tokenString || s.tokens[i].kind == tokenNumber {
		return false
	}
	for _, word := range words {
		if s.tokens[i].text == word {
			return true
		}
	}
	return false
}

// isVariable reports whether token i is a name and no keyword.
func (s *scan) isVariable(i int) bool {
	return i >= 0 && i < len(s.tokens) && s.tokens[i].kind == tokenName && !luaKeywords[s.tokens[i].text]
}
