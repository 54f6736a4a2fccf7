package repl

import (
	"slices"
	"strings"
)

// complete offers completions for the line that is being typed. The session sees the whole chunk.
func (sh *shell) complete(text string, pos int) Completions {
	if pos < 0 || pos > len(text) {
		return Completions{}
	}
	if sh.pending == "" {
		if given, ok := sh.completeCommand(text[:pos]); ok {
			return given
		}
	}
	before := ""
	if sh.pending != "" {
		before = sh.pending + "\n"
	}
	given := sh.session.Complete(before+text, len(before)+pos)
	given.From -= len(before)
	if given.From < 0 || given.From > pos {
		return Completions{Hint: given.Hint, From: pos}
	}
	return given
}

// completeCommand offers completions for a command; ok is false if the text is Lua.
func (sh *shell) completeCommand(text string) (given Completions, ok bool) {
	start := len(text) - len(strings.TrimLeft(text, " "))
	body := text[start:]
	switch {
	case strings.HasPrefix(body, "?"):
		return sh.completeTopic(text, start+1), true
	case !strings.HasPrefix(body, ".") || body != "." && dotWord().FindString(body) == "":
		return Completions{}, false
	}
	name, args, spaced := strings.Cut(body[1:], " ")
	if !spaced {
		return Completions{From: start, Candidates: sh.commandsFrom(body)}, true
	}
	command := sh.find(name)
	if command == nil {
		return Completions{From: len(text)}, true
	}
	if name == "help" {
		return sh.completeTopic(text, len(text)-len(args)), true
	}
	given = Completions{From: 1 + strings.LastIndexByte(text, ' '), Hint: command.usage()}
	if command.Complete != nil {
		given.Candidates = command.Complete(text[given.From:])
	}
	return given, true
}

// commandsFrom are the commands that begin with what is typed.
func (sh *shell) commandsFrom(typed string) []Candidate {
	var candidates []Candidate
	for _, c := range sh.table {
		if strings.HasPrefix("."+c.Name, typed) {
			candidates = append(candidates, Candidate{"." + c.Name, c.Doc})
		}
	}
	return candidates
}

// completeTopic offers what .help knows: commands, and the names of the session.
func (sh *shell) completeTopic(text string, start int) Completions {
	topic := text[start:]
	if strings.HasPrefix(topic, ".") {
		return Completions{From: start, Candidates: sh.commandsFrom(topic)}
	}
	given := sh.session.Complete(topic, len(topic))
	given.Hint = ""
	if given.From < 0 || given.From > len(topic) {
		return Completions{From: len(text)}
	}
	given.From += start
	given.Candidates = slices.Clone(given.Candidates)
	return given
}
