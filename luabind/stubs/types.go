package stubs

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/authysh/authysh/luabind"
)

// className is the class of a table that is a parameter or a result, as role says. An operation has one of each.
func (w *writer) className(base string, p luabind.Param, isOperation bool, role string) string {
	switch {
	case p.Result != "":
		return api + "." + p.Result + ".Result"
	case isOperation || role == "Result":
		return base + "." + role
	}
	return base + "." + p.Name
}

// classes writes the class called name for a table with known fields, those of the tables in it first, and the aliases for
// lists of values.
func (w *writer) classes(name string, p luabind.Param) {
	w.alias(name, p)
	if len(p.Fields) == 0 {
		return
	}
	for _, f := range p.Fields {
		w.classes(name+"."+f.Name, f)
	}
	w.line("---@class ", name)
	w.fields(name, p.Fields)
	w.line()
}

// fields writes the fields of the class called name.
func (w *writer) fields(name string, fields []luabind.Param) {
	for _, f := range fields {
		kind := w.typeOf(f, name+"."+f.Name)
		mark := ""
		if f.Optional || f.Place > 0 {
			mark = "?"
		}
		w.line("---@field ", fieldName(f.Name), mark, " ", kind, docOf(f))
		if f.Place > 0 {
			w.line("---@field [", strconv.Itoa(f.Place), "] ", orNil(kind), " in place of ", f.Name)
		}
	}
}

// alias writes an alias for the values that a parameter may have. Where the same values come again it serves as well.
func (w *writer) alias(name string, p luabind.Param) {
	key := strings.Join(p.Values, "\x00")
	if key == "" || w.aliases[key] != "" {
		return
	}
	short := w.module + "." + p.Name
	if w.taken[short] != "" {
		short = name
	}
	w.aliases[key], w.taken[short] = short, key
	w.line("---@alias ", short)
	for _, value := range p.Values {
		w.line("---| ", quoted(value))
	}
	w.line()
}

// typeOf is the type of a parameter; name is the class that it has if it is a table with known fields.
func (w *writer) typeOf(p luabind.Param, name string) string {
	words := strings.Split(p.Type, "|")
	for i, word := range words {
		element, list := strings.CutSuffix(word, "[]")
		switch {
		case element == "table" && (len(p.Fields) > 0 || p.Result != ""):
			element = name
		case element == "string" && len(p.Values) > 0:
			element = w.aliases[strings.Join(p.Values, "\x00")]
		case element == "file":
			element = "file*"
		}
		if list {
			element += "[]"
		}
		words[i] = element
	}
	return strings.Join(words, "|")
}

// orNil is a type or nil.
func orNil(kind string) string {
	if strings.Contains(kind, "|") || kind == "any" {
		return kind + "|nil"
	}
	return kind + "?"
}

// docOf is what stands behind a type: a sentence, and the limit of the value.
func docOf(p luabind.Param) string {
	doc := p.Doc
	if !strings.HasSuffix(doc, "..") {
		doc = strings.TrimSuffix(doc, ".")
	}
	if p.Limit != "" && !strings.Contains(doc, p.Limit) {
		doc = strings.TrimPrefix(doc+"; "+p.Limit, "; ")
	}
	if doc == "" {
		return ""
	}
	return " " + strings.ReplaceAll(doc, "\n", " ")
}

// keywords are the names that Lua keeps for itself.
var keywords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(and|break|do|else|elseif|end|false|for|function|if|in|local|nil|not|or|repeat|return|then|true|until|while)$`)
})

var plainName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`) })

// safeName is a name for a parameter of a function.
func safeName(name string) string {
	if keywords().MatchString(name) {
		return name + "_"
	}
	return name
}

// fieldName is a field as annotations write it.
func fieldName(name string) string {
	if plainName().MatchString(name) && !keywords().MatchString(name) {
		return name
	}
	return "[" + quoted(name) + "]"
}

// quoted is a text as Lua writes it.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(text) + `"`
}
