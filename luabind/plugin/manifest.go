package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/authysh/authysh/authy"
)

// MainFile is the file of a plugin that is run first.
const MainFile = "init.lua"

// Manifest is what a plugin says of itself. It is recorded as JSON, where fields that have no value must be left out: then a
// record stays equal when fields are added that the plugin cannot have used.
type Manifest struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Summary is one sentence.
	Summary string `json:"summary"`
	// Requires has the versions that it needs: of "authysh", and of other plugins by their names.
	Requires map[string]string `json:"requires,omitempty"`
	// Permissions are those that it asks for.
	Permissions Permissions `json:"permissions"`
	Config      []Setting   `json:"config,omitempty"`
	Operations  []Operation `json:"operations,omitempty"`
	// Hooks and Formats are names, sorted.
	Hooks   []string `json:"hooks,omitempty"`
	Formats []string `json:"formats,omitempty"`
}

// Operation is a call that a plugin adds.
type Operation struct {
	Name   string       `json:"name"`
	Doc    string       `json:"doc"`
	Effect authy.Effect `json:"effect"`
	Params []authy.Spec `json:"params,omitempty"`
	Result []authy.Spec `json:"result,omitempty"`
}

// Equal reports whether two manifests say the same. Nil is equal to nil alone.
func (m *Manifest) Equal(other *Manifest) bool {
	if m == nil || other == nil {
		return m == other
	}
	one, err := json.Marshal(m)
	if err != nil { // as no manifest of Decode's
		return false
	}
	two, err := json.Marshal(other)
	return err == nil && bytes.Equal(one, two)
}

// Setting is a value that the user may configure.
type Setting struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Doc      string   `json:"doc"`
	Required bool     `json:"required,omitempty"`
	Default  any      `json:"default,omitempty"`
	Values   []string `json:"values,omitempty"`
}

// HookNames are the hooks that there are, in the order in which they happen.
var HookNames = []string{"before_call", "after_call", "on_error", "on_callback", "on_batch_end"}

// Function stands in a tree for a function of the plugin.
type Function struct{}

// Problem is one thing that is wrong with a manifest.
type Problem struct {
	// Field is where, such as "operations.send.params[1].type".
	Field string
	// Reason reads on after it: the rule, what was found, and what to do.
	Reason string
}

// ManifestError is a definition that cannot be used.
type ManifestError struct {
	File     string
	Problems []Problem
}

// Error names the file and lists the problems.
func (e *ManifestError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Field + " " + p.Reason
	}
	return e.File + ": " + strings.Join(texts, "; ")
}

const maxName = 40

var (
	pluginName    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]*([-_][a-z0-9]+)*$`) })
	windowsDevice = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(con|prn|aux|nul|(com|lpt)[0-9])$`) })
	snakeCaseName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`) })
)

// luaKeywords cannot be names in Lua.
var luaKeywords = strings.Fields(`and break do else elseif end false for function goto if in local nil not or repeat return
	then true until while`)

// CheckName tells what is wrong with the name of a plugin; nil when nothing is.
func CheckName(name string) error {
	if reason := nameProblem(name, pluginName(), "lower-case letters, digits and single dashes, beginning with a letter"); reason != "" {
		return fmt.Errorf("plugin name %s", reason)
	}
	if windowsDevice().MatchString(name) {
		return fmt.Errorf("plugin name must not be %q: Windows has no directory of that name", name)
	}
	return nil
}

func nameProblem(name string, want *regexp.Regexp, rule string) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > maxName:
		return fmt.Sprintf("has %d characters; at most %d are allowed", len(name), maxName)
	case !want.MatchString(name):
		return fmt.Sprintf("must be %s, got %q", rule, name)
	case slices.Contains(luaKeywords, name):
		return fmt.Sprintf("must not be %q, a word of Lua", name)
	}
	return ""
}

// LuaName is the plugin's name as a variable of scripts, where dashes cannot stand: http-notify is http_notify.
func LuaName(name string) string { return strings.ReplaceAll(name, "-", "_") }
