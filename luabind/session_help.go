package luabind

import (
	"strings"

	"github.com/authysh/authysh/luabind/internal/inspect"
	"github.com/authysh/authysh/luabind/internal/luatext"
	lua "github.com/yuin/gopher-lua"
)

// Help explains a name or a topic: what [Manual.Help] knows, and the session's own globals. An empty topic lists all there
// is. When there is nothing, ok is false and near is a name that may have been meant.
func (s *Session) Help(topic string) (text, near string, ok bool) {
	if text, near, ok = s.manual.Help(topic); ok {
		return text, near, ok
	}
	name := strings.TrimRight(strings.TrimSpace(topic), "?(){}:. ")
	if !s.enterBriefly() {
		return "", near, false
	}
	defer s.rt.interpreter.Unlock()
	if s.rt.closed {
		return "", near, false
	}
	c := &completer{s: s, text: name, scan: luatext.NewScan(name), locals: map[string]int{}}
	f := c.resolve(len(c.scan.Tokens) - 1)
	switch {
	case f.sig != nil:
		return s.manual.functionText(f.sig), "", true
	case f.value != nil && f.value != lua.LNil && c.start(len(c.scan.Tokens)-1) == 0:
		last := c.token(len(c.scan.Tokens) - 1).Text
		return name + ": " + c.describe(f.value, last) + "\n", "", true
	}
	if near == "" {
		near = s.nearGlobal(name)
	}
	return "", near, false
}

func (s *Session) nearGlobal(name string) string {
	reason, _ := s.missing(use{path: strings.Split(name, ".")})
	_, near, _ := strings.Cut(reason, "did you mean ")
	return strings.TrimSuffix(near, "?")
}

// describeFunction tells of a function what help knows, or else what its code says.
func (s *Session) describeFunction(f *lua.LFunction) string {
	if sig := s.manual.signature(s.functionNames()[f]); sig != nil {
		return "function " + sig.usage() + ": " + sig.summary()
	}
	return inspect.Prototype(f)
}
