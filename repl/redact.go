package repl

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// hidden stands where a secret was. In Lua it is a string, so that the line can still be compiled.
const hidden = "***"

// shortestSecret is the length from which a secret is looked for inside of other text; a shorter one would tear up
// words. As a whole string it is found at any length.
const shortestSecret = 4

// sensitive is the names whose values are secrets. It is not anchored: a name too many costs a word of the history, a
// name too few a key.
const sensitive = `(?:key|secret|passw(?:or)?d|passphrase|token|seed|authori[sz]ation|bearer|credential)`

var (
	sensitiveName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)` + sensitive) })
	// sensitiveWord finds name and value where there is no Lua: in comments, in JSON or a URL inside of a string, in
	// the arguments of a command.
	sensitiveWord = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(
			`(?i)([\w-]*` + sensitive + `[\w-]*["']?\]?\s*[=:(,]+\s*(?:(?:bearer|basic)\s+)?|` +
				`\bbearer\s+|--[\w-]*` + sensitive + `[\w-]*\s+)` +
				`("(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[^\s"',;&(){}]+)`)
	})
)

// redactor takes secrets out of what is kept: history, transcripts, temporary files.
type redactor struct {
	secrets func() []string // nil is none
}

// clean replaces the values that are known to be secret and those that are called so.
func (r *redactor) clean(text string) string {
	values := r.values()
	text = hideLua(text, values)
	if commandName(text) != "" {
		text = hideWords(text)
	}
	return hideValues(text, values)
}

// values are the secrets that can be looked for.
func (r *redactor) values() []string {
	if r == nil || r.secrets == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.secrets()), func(s string) bool {
		return strings.Trim(s, "* \t\n") == "" // nothing to hide, and hiding it would never end
	})
}

// hideValues replaces secrets wherever they stand, also as JSON, URLs and quoted strings repeat them.
func hideValues(text string, values []string) string {
	forms := formsOf(values)
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, hidden)
	}
	if pairs == nil {
		return text
	}
	replacer := strings.NewReplacer(pairs...)
	for range 3 { // what is left may have come together into another secret
		text = replacer.Replace(text)
	}
	if containsAny(text, forms) {
		return hidden
	}
	return text
}

func containsAny(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// formsOf are the spellings of the secrets, longest first, as one may be a part of another.
func formsOf(values []string) []string {
	var forms []string
	for _, value := range values {
		if len(value) < shortestSecret {
			continue
		}
		encoded, _ := json.Marshal(value) // of a string: cannot fail
		quoted := strconv.Quote(value)
		forms = append(forms, value, url.PathEscape(value), url.QueryEscape(value),
			string(encoded[1:len(encoded)-1]), quoted[1:len(quoted)-1])
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(forms)
}

// hideWords replaces what is called a secret in text that is not Lua.
func hideWords(text string) string {
	return sensitiveWord().ReplaceAllStringFunc(text, func(match string) string {
		parts := sensitiveWord().FindStringSubmatch(match)
		if quote := parts[2][0]; quote == '"' || quote == '\'' {
			return parts[1] + string(quote) + hidden + string(quote)
		}
		return parts[1] + hidden
	})
}

// hideLua replaces string and number literals that are a secret, or are given to a name that says so.
func hideLua(src string, values []string) string {
	tokens, forms := lex(src), formsOf(values)
	for i := range tokens {
		if named(tokens, i) {
			hideOperand(tokens, i+1)
		}
	}
	var b strings.Builder
	for _, t := range tokens {
		switch t.kind {
		case tokenString:
			content := literalValue(t.text)
			if slices.Contains(values, content) || containsAny(content, forms) {
				t.text = `"` + hidden + `"`
			} else if strings.Trim(content, "*") != "" {
				t.text = hideWords(t.text)
			}
		case tokenComment:
			t.text = hideWords(t.text)
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// named reports whether the token at i is a name, or a string used as one, that says that a secret follows.
func named(tokens []token, i int) bool {
	t := tokens[i]
	return (t.kind == tokenName || t.kind == tokenString && len(t.text) <= 64) && sensitiveName().MatchString(t.text)
}

// hideOperand replaces the literals of what is assigned, compared or passed to the name before start.
func hideOperand(tokens []token, start int) {
	i := afterBlanks(tokens, start)
	for i < len(tokens) && tokens[i].text == "]" { // t["api_key"] = …
		i = afterBlanks(tokens, i+1)
	}
	if i == len(tokens) {
		return
	}
	switch tokens[i].text {
	case "=", ",", "==", "~=", "(":
		i++
	default:
		if tokens[i].kind != tokenString { // as in token "…"
			return
		}
	}
	var o operand
	for i < len(tokens) && o.take(&tokens[i]) {
		i++
	}
}

// operand follows the value that is given to a sensitive name, up to its end.
type operand struct {
	open  []bracket // not closed yet
	ended bool      // a value has just ended, so that another one is not ours
}

// bracket is an open bracket of an operand, with what stands in it.
type bracket struct {
	call  bool // the arguments of a call
	table bool // whose fields have names of their own
}

// take hides the token if it is a literal, and reports whether the operand goes on.
func (o *operand) take(t *token) bool {
	outside := len(o.open) == 0
	switch {
	case t.kind == tokenBlank || t.kind == tokenComment:
	case t.kind == tokenString || t.kind == tokenNumber:
		if outside && o.ended && t.kind == tokenNumber {
			return false
		}
		if o.hides(t.kind) {
			*t = token{kind: tokenString, text: `"` + hidden + `"`}
		}
		o.ended = true
	case strings.Contains("({[", t.text):
		o.open = append(o.open, bracket{o.ended, t.text == "{"})
		o.ended = false
	case strings.Contains(")}]", t.text):
		if outside {
			return false
		}
		o.open, o.ended = o.open[:len(o.open)-1], true
	case outside && (t.text == "," || t.text == ";"):
		return false
	case t.kind == tokenOperator || t.text == "or" || t.text == "and" || t.text == "not":
		o.ended = false
	case t.kind == tokenKeyword && t.text != "function" && outside:
		return false
	case outside && o.ended:
		return false // the next statement
	default:
		o.ended = true
	}
	return true
}

// hides reports whether a literal may be the secret. The fields of a call's table are not: which of them are secret,
// their own names tell. Nor are the numbers of a call.
func (o *operand) hides(kind tokenKind) bool {
	return !slices.ContainsFunc(o.open, func(b bracket) bool {
		return b.call && (b.table || kind == tokenNumber)
	})
}

func afterBlanks(tokens []token, i int) int {
	for i < len(tokens) && (tokens[i].kind == tokenBlank || tokens[i].kind == tokenComment) {
		i++
	}
	return i
}

// literalValue is what a string literal stands for. What cannot be read stays as it is.
func literalValue(literal string) string {
	if level, ok := longBracket(literal); ok {
		body := literal[level+2:]
		return strings.TrimSuffix(body, "]"+strings.Repeat("=", level)+"]")
	}
	if literal == "" {
		return ""
	}
	body := strings.TrimSuffix(literal[1:], literal[:1])
	if !strings.Contains(body, `\`) {
		return body
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 == len(body) {
			b.WriteByte(body[i])
			continue
		}
		i++
		digits := spanOf(body[i:min(len(body), i+3)], isDigit)
		if digits > 0 {
			code, _ := strconv.Atoi(body[i : i+digits])
			b.WriteByte(byte(code))
			i += digits - 1
		} else if at := strings.IndexByte("abfnrtv", body[i]); at >= 0 {
			b.WriteByte("\a\b\f\n\r\t\v"[at])
		} else {
			b.WriteByte(body[i])
		}
	}
	return b.String()
}
