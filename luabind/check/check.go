package check

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	"github.com/yuin/gopher-lua/ast"
)

// Severity says how bad a finding is.
type Severity string

// The severities. A script with an error fails when it gets there, one with a warning most likely does what nobody meant, and
// a hint is a matter of style.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Hint    Severity = "hint"
)

// Finding is one mistake in a script.
type Finding struct {
	File string `json:"file" yaml:"file"`
	// Line and Column count from 1, columns in bytes.
	Line     int      `json:"line" yaml:"line"`
	Column   int      `json:"column" yaml:"column"`
	Severity Severity `json:"severity" yaml:"severity"`
	Rule     string   `json:"rule" yaml:"rule"`
	Message  string   `json:"message" yaml:"message"`
}

// String is the finding as compilers write theirs, which editors can read.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d:%d: %s: %s [%s]", f.File, f.Line, f.Column, f.Severity, f.Message, f.Rule)
}

// Rule is a kind of mistake.
type Rule struct {
	Name     string
	Severity Severity
	Doc      string
}

// The names of the rules that are not kinds of [luabind.Fault].
const (
	syntaxRule           = "syntax"
	unknownFunctionRule  = "unknown-function"
	unknownFieldRule     = "unknown-field"
	unknownModuleRule    = "unknown-module"
	undefinedGlobalRule  = "undefined-global"
	globalAssignmentRule = "global-assignment"
	unknownRuleRule      = "unknown-rule"
)

// Rules are all kinds of mistakes, in the order in which documentation lists them.
var Rules = []Rule{
	{syntaxRule, Error, "the script is not Lua"},
	{unknownFunctionRule, Error, "a module, library or object has no such name"},
	{string(luabind.UnknownParameter), Error, "a table has a parameter that the call has not"},
	{string(luabind.MissingParameter), Error, "a call lacks what it needs"},
	{string(luabind.InvalidValue), Error, "a value breaks its rule"},
	{string(luabind.WrongArgument), Error, "an argument is of the wrong type"},
	{string(luabind.TooManyArguments), Error, "a call has more arguments than it takes"},
	{unknownFieldRule, Warning, "a result lacks the field, and has one like it"},
	{unknownModuleRule, Warning, "require finds no such module"},
	{undefinedGlobalRule, Warning, "nothing defines a global that is read"},
	{unknownRuleRule, Warning, "a comment silences a rule that does not exist"},
	{globalAssignmentRule, Hint, "a variable is global because local is missing"},
}

// ruleNames are the names of the rules.
func ruleNames() []string {
	names := make([]string, len(Rules))
	for i, rule := range Rules {
		names[i] = rule.Name
	}
	return names
}

// Checker checks scripts. It is safe for concurrent use.
type Checker struct {
	// Module finds the source of what a script requires. When nil, scripts that require modules of their own may use any globals.
	Module func(name string) (source string, ok bool)
	// Hints are reported too.
	Hints bool
	// Globals are what scripts find beside what the manual describes.
	Globals []string

	world *world
}

// New makes a checker of scripts that see what the manual describes.
func New(manual *luabind.Manual) *Checker { return &Checker{world: newWorld(manual)} }

// ForPlugins makes a checker of the code of plugins, which see less of Lua than scripts do, and other modules.
func ForPlugins() *Checker {
	w := newWorld(luabind.PluginManual())
	w.withheld = map[string]bool{}
	for name := range newWorld(luabind.NewManual(nil)).globals {
		if _, given := w.globals[name]; !given {
			w.withheld[name] = true
		}
	}
	return &Checker{world: w}
}

// Check finds the mistakes of a script, in the order of their places. name is the file that they are reported of.
func (c *Checker) Check(name, source string) []Finding {
	tree, err := luabind.Parse(source, name)
	if err != nil {
		return []Finding{syntaxFinding(name, source, err)}
	}
	s := &script{
		checker: c, world: c.world, name: name, places: map[any]place{}, uses: map[*ast.IdentExpr]*variable{},
		globals: map[string]bool{}, patched: map[string]bool{},
	}
	s.resolve(tree)
	s.findGlobals(tree.Statements)
	s.statements(tree.Statements)
	return s.sorted(source)
}

func syntaxFinding(name, source string, err error) Finding {
	f := Finding{File: name, Line: 1, Column: 1, Severity: Error, Rule: syntaxRule, Message: err.Error()}
	if failure, ok := errors.AsType[*luabind.ScriptError](err); ok {
		f.Message = failure.Message
		f.Line, f.Column = failure.Position()
		if f.Line <= 0 { // the end of the text
			text := strings.TrimRight(source, "\r\n")
			f.Line, f.Column = 1+strings.Count(text, "\n"), len(text)-strings.LastIndexByte(text, '\n')
		}
		f.Column = max(f.Column, 1)
	}
	return f
}

// script is one check.
type script struct {
	checker *Checker
	world   *world
	name    string

	places map[any]place                // where nodes and names of the tree are
	uses   map[*ast.IdentExpr]*variable // the local variables that names mean

	globals map[string]bool  // assigned in the script or in what it requires
	patched map[string]bool  // fields of modules that the script sets, such as "json.pretty"
	kept    []*ast.IdentExpr // targets that get what they were already
	dynamic bool             // globals may come from anywhere

	found []Finding
}

// report adds a finding about a node or name.
func (s *script) report(at any, rule, message string) {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Name == rule })
	if Rules[i].Severity == Hint && !s.checker.Hints {
		return
	}
	p := s.placeOf(at)
	s.found = append(s.found, Finding{s.name, p.line, p.column, Rules[i].Severity, rule, message})
}

// sorted are the findings that no comment silences.
func (s *script) sorted(source string) []Finding {
	silences := silencesIn(source)
	for _, silence := range silences {
		for _, rule := range silence.rules {
			if rule != allRules && !slices.Contains(ruleNames(), rule) {
				message := fmt.Sprintf("there is no rule %q", rule) + suggestion(rule, "", ruleNames())
				s.found = append(s.found, Finding{s.name, silence.at, silence.column, Warning, unknownRuleRule, message})
			}
		}
	}
	found := slices.DeleteFunc(s.found, func(f Finding) bool {
		return slices.ContainsFunc(silences, func(silence silence) bool { return silence.covers(f) })
	})
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule))
	})
	return found
}

// suggestion is ", did you mean prefix.near?", if there is a near name.
func suggestion(name, prefix string, known []string) string {
	near := authy.Nearest(name, known)
	if near == "" {
		return ""
	}
	return ", did you mean " + prefix + near + "?"
}
