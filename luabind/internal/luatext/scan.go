package luatext

import "strings"

// TokenKind sorts the words of Lua as far as completion and explanations of errors care.
type TokenKind int

// The kinds of tokens.
const (
	TokenName TokenKind = iota + 1 // names and keywords
	TokenNumber
	TokenString
	TokenSign // operators and brackets
)

// Token is a word of a text. The text of a string is what stands between its quotes.
type Token struct {
	Kind       TokenKind
	Text       string
	Start, End int
}

// Scan is a text cut into tokens, and the state in which it ends.
type Scan struct {
	Tokens  []Token
	Pair    []int // of each bracket the other one; -1 for none
	Open    []int // brackets that are not closed, the outermost first
	Comment bool  // the text ends inside a comment
	Quoted  bool  // the text ends inside a string, which begins at quote
	Quote   int
	Opening string // what begins that string: a quote, or [[ and the like
}

// NewScan cuts a text into tokens. It never fails: what is no Lua becomes signs.
func NewScan(text string) *Scan {
	s := &Scan{}
	for i := 0; i < len(text) && !s.Comment && !s.Quoted; {
		i = s.next(text, i)
	}
	s.match()
	return s
}

// next reads what begins at i and returns where it ends.
func (s *Scan) next(text string, i int) int {
	c := text[i]
	switch {
	case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f':
		return i + 1
	case strings.HasPrefix(text[i:], "--"):
		return s.skipComment(text, i)
	case IsNameByte(c) && (c < '0' || c > '9'):
		return s.add(TokenName, text, i, nameEnd(text, i))
	case '0' <= c && c <= '9', c == '.' && i+1 < len(text) && '0' <= text[i+1] && text[i+1] <= '9':
		return s.add(TokenNumber, text, i, numberEnd(text, i))
	case c == '"' || c == '\'':
		return s.readQuoted(text, i)
	case c == '[':
		if level := longBracket(text[i:]); level >= 0 {
			return s.readLong(text, i, level)
		}
	}
	for _, sign := range []string{"...", "..", "==", "~=", "<=", ">=", "::"} {
		if strings.HasPrefix(text[i:], sign) {
			return s.add(TokenSign, text, i, i+len(sign))
		}
	}
	return s.add(TokenSign, text, i, i+1)
}

func (s *Scan) add(kind TokenKind, text string, start, end int) int {
	s.Tokens = append(s.Tokens, Token{kind, text[start:end], start, end})
	return end
}

func nameEnd(text string, i int) int {
	for i < len(text) && IsNameByte(text[i]) {
		i++
	}
	return i
}

// numberEnd takes in letters and the signs of exponents, so that 0x1F and 1e-5 are one token; ".." is none of it.
func numberEnd(text string, i int) int {
	for i < len(text) {
		c := text[i]
		exponent := (c == '+' || c == '-') && (text[i-1] == 'e' || text[i-1] == 'E')
		if !IsNameByte(c) && !exponent && (c != '.' || strings.HasPrefix(text[i:], "..")) {
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

func (s *Scan) skipComment(text string, i int) int {
	body := text[i+2:]
	if strings.HasPrefix(body, "[") {
		if level := longBracket(body); level >= 0 {
			end := strings.Index(body, "]"+strings.Repeat("=", level)+"]")
			if end < 0 {
				s.Comment = true
				return len(text)
			}
			return i + 2 + end + level + 2
		}
	}
	end := strings.IndexByte(body, '\n')
	if end < 0 {
		s.Comment = true
		return len(text)
	}
	return i + 2 + end + 1
}

// readQuoted reads a short string; one that does not end on its line ends there, if there is another line.
func (s *Scan) readQuoted(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[start], '\n':
			s.Tokens = append(s.Tokens, Token{TokenString, text[start+1 : i], start, i + 1})
			return i + 1
		}
	}
	s.Quoted, s.Quote, s.Opening = true, start, text[start:start+1]
	return len(text)
}

func (s *Scan) readLong(text string, start, level int) int {
	open := level + 2
	end := strings.Index(text[start+open:], "]"+strings.Repeat("=", level)+"]")
	if end < 0 {
		s.Quoted, s.Quote, s.Opening = true, start, text[start:start+open]
		return len(text)
	}
	body := start + open
	s.Tokens = append(s.Tokens, Token{TokenString, text[body : body+end], start, body + end + open})
	return body + end + open
}

// match pairs the brackets.
func (s *Scan) match() {
	closing := map[string]string{")": "(", "]": "[", "}": "{"}
	s.Pair = make([]int, len(s.Tokens))
	for i, t := range s.Tokens {
		s.Pair[i] = -1
		if t.Kind != TokenSign {
			continue
		}
		switch t.Text {
		case "(", "[", "{":
			s.Open = append(s.Open, i)
		case ")", "]", "}":
			if last := len(s.Open) - 1; last >= 0 && s.Tokens[s.Open[last]].Text == closing[t.Text] {
				s.Pair[i], s.Pair[s.Open[last]] = s.Open[last], i
				s.Open = s.Open[:last]
			}
		}
	}
}

// Is reports whether token i is one of the signs or keywords.
func (s *Scan) Is(i int, words ...string) bool {
	if i < 0 || i >= len(s.Tokens) || s.Tokens[i].Kind == TokenString || s.Tokens[i].Kind == TokenNumber {
		return false
	}
	for _, word := range words {
		if s.Tokens[i].Text == word {
			return true
		}
	}
	return false
}

// IsVariable reports whether token i is a name and no keyword.
func (s *Scan) IsVariable(i int) bool {
	return i >= 0 && i < len(s.Tokens) && s.Tokens[i].Kind == TokenName && !IsKeyword(s.Tokens[i].Text)
}
