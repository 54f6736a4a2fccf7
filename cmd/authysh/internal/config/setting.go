package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// Kind is what sort of value a setting has.
type Kind int

// The kinds of values.
const (
	Text     Kind = iota // string
	Duration             // time.Duration; a bare number is milliseconds
	Count                // int, not negative
	Rate                 // float64, not negative
	Toggle               // bool
	Choice               // string, one of Setting.Choices
	Path                 // string; in a file relative to the file's folder

	// What plugins are set to, which only a file says.
	Any      // what YAML has: a number, a text, a list, ...
	Verbatim // string, whatever it looks like
	Paths    // several paths; a list in YAML, or one by itself
	Group    // no value but several settings
)

// Setting is one thing that users may set. Flags, environment variables, file keys, authysh config show and the test of
// config.example.yaml all follow from the table.
type Setting struct {
	Name    string // in files, as in "rate_limit"
	Kind    Kind
	Default string // as users write it; empty for none
	Doc     string // one line
	// Arg is what the flag's value is called in --help; a setting without it has no flag.
	Arg     string
	Choices []string
	// Word is a value that is no path, though the setting's kind is.
	Word string
	// Alias is a second environment variable.
	Alias string
	// Secret values are never shown.
	Secret bool
	// Guarded settings could send the key elsewhere or start a program: a file that is found in the working
	// directory, but belongs to somebody else, cannot set them.
	Guarded bool
	// TopLevel settings make no sense within a profile.
	TopLevel bool

	accepts func(value any) error // what a plugin says of its setting; nil when nothing is known
}

// table is every setting, in the order of help and config show.
var table = []Setting{
	{Name: "key", Kind: Text, Arg: "key", Alias: "AUTHY_KEY", Secret: true,
		Doc: "API key of the application; a flag shows in process lists"},
	{Name: "key_file", Kind: Path, Doc: "file that holds the key"},
	{Name: "key_command", Kind: Text, Guarded: true, Doc: "command that prints the key"},
	{Name: "key_keyring", Kind: Text, Doc: "account of the system's keyring that holds the key"},
	{Name: "host", Kind: Text, Arg: "url", Default: authy.DefaultHost, Guarded: true, Doc: "base URL of the service"},
	{Name: "timeout", Kind: Duration, Arg: "time", Default: authy.DefaultTimeout.String(),
		Doc: "bound of a whole call; a bare number is ms, 0 is none"},
	{Name: "retries", Kind: Count, Arg: "n", Default: strconv.Itoa(authy.DefaultRetries),
		Doc: "how often a call is tried again, where that is safe"},
	{Name: "rate_limit", Kind: Rate, Arg: "n", Default: "0", Doc: "requests per second, 0 is unlimited"},
	{Name: "ca_file", Kind: Path, Arg: "file", Guarded: true, Doc: "further certificates to trust, PEM"},
	{Name: "proxy", Kind: Text, Arg: "url", Guarded: true, Doc: "proxy, or none; else as the environment says"},
	{Name: "allow_http", Kind: Toggle, Arg: "bool", Default: "false", Guarded: true,
		Doc: "permit plain http to other machines"},
	{Name: "access_key", Kind: Text, Secret: true, Doc: "the dashboard's access key, for webhooks"},
	{Name: "signing_key", Kind: Text, Secret: true, Doc: "the dashboard's signing key, for webhooks"},
	{Name: "sandbox_token", Kind: Text, Secret: true, Doc: "admin token of a sandbox, for commands that look into it"},
	{Name: "history_file", Kind: Path, Word: "none", Doc: "the prompt's history; none keeps nothing"},
	{Name: "production", Kind: Toggle, Default: "false", Doc: "calls are real: red prompt, confirmed deletes"},
	{Name: "confirm", Kind: Choice, Choices: []string{"always", "writes", "deletes", "never"},
		Doc: "which calls the prompt asks about"},
	{Name: OutputSetting, Kind: Choice, Arg: "form", Choices: present.Forms(),
		Doc: "pretty, json, yaml, table, csv, raw; pretty on a terminal"},
	{Name: ColorSetting, Kind: Choice, Arg: "when", Default: "auto", Choices: []string{"auto", "always", "never"},
		Doc: "colours: auto, always or never"},
	{Name: "profile", Kind: Text, Arg: "name", TopLevel: true, Doc: "profile of the configuration file"},
}

// Settings that the program asks for by name where others go with them.
const (
	// OutputSetting is the form of results. Its flag takes the formats of plugins, too.
	OutputSetting = "output"
	// ColorSetting decides about colours.
	ColorSetting = "color"
	// ProfileSetting chooses a profile.
	ProfileSetting = "profile"
)

// Keys of a file that are no settings, as they have no values of their own.
const (
	// ProfilesKey holds the profiles.
	ProfilesKey = "profiles"
	// PluginsKey holds the settings of plugins: dirs, and config by the plugin's name.
	PluginsKey = "plugins"
)

// keySources are ways to say one thing: a higher level's replaces a lower level's.
var keySources = []string{"key", "key_file", "key_command", "key_keyring"}

// All goes through the settings in the order of help and config show.
func All() iter.Seq[*Setting] {
	return func(yield func(*Setting) bool) {
		for i := range table {
			if !yield(&table[i]) {
				return
			}
		}
	}
}

// Named finds a setting.
func Named(name string) (*Setting, bool) {
	i := slices.IndexFunc(table, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return nil, false
	}
	return &table[i], true
}

// Must is a setting that is known to be there.
func Must(name string) *Setting {
	known, _ := Named(name)
	return known
}

// Rank is the setting's place in the table.
func (s *Setting) Rank() int {
	return slices.IndexFunc(table, func(other Setting) bool { return other.Name == s.Name })
}

// GivesKey reports whether the setting is one of the ways to give the API key.
func (s *Setting) GivesKey() bool { return slices.Contains(keySources, s.Name) }

// Flag is the name of the setting's flag, without dashes; empty for none.
func (s *Setting) Flag() string {
	if s.Arg == "" {
		return ""
	}
	return strings.ReplaceAll(s.Name, "_", "-")
}

// EnvPrefix begins the names of the environment variables that are ours.
const EnvPrefix = "AUTHYSH_"

// Env lists the environment variables of the setting, the stronger one first.
func (s *Setting) Env() []string {
	own := EnvPrefix + strings.ToUpper(s.Name)
	if s.Alias == "" {
		return []string{own}
	}
	return []string{own, s.Alias}
}

// Parse reads a value as users write it. The error reads on after the setting's name, and shows no secret.
func (s *Setting) Parse(written string) (any, error) {
	if written == "" {
		return nil, errors.New("must not be empty")
	}
	switch s.Kind {
	case Duration:
		return parseDuration(written)
	case Count:
		n, err := strconv.Atoi(written)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("must be a whole number, 0 or more, got %q", written)
		}
		return n, nil
	case Rate:
		n, err := strconv.ParseFloat(written, 64)
		if err != nil || !(n >= 0) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("must be a number, 0 or more, got %q", written)
		}
		return n, nil
	case Toggle:
		on, err := strconv.ParseBool(written)
		if err != nil {
			return nil, fmt.Errorf("must be true or false, got %q", written)
		}
		return on, nil
	case Choice:
		if !slices.Contains(s.Choices, written) {
			return nil, fmt.Errorf("must be one of %s, got %q%s", strings.Join(s.Choices, ", "), written, wording.Suggest(written, s.Choices))
		}
	}
	if strings.TrimSpace(written) == "" {
		return nil, errors.New("must not be blank")
	}
	return written, nil
}

// parseDuration reads "250ms", "5s" or a bare number of milliseconds.
func parseDuration(written string) (time.Duration, error) {
	rule := fmt.Errorf(`must be a length of time such as "250ms", "5s" or "1m30s", or a number of milliseconds; got %q`, written)
	d, err := time.ParseDuration(written)
	if err != nil {
		ms, err := strconv.ParseFloat(written, 64)
		if err != nil || math.Abs(ms) >= math.MaxInt64/float64(time.Millisecond) || math.IsNaN(ms) {
			return 0, rule
		}
		d = time.Duration(ms * float64(time.Millisecond))
	}
	if d < 0 {
		return 0, fmt.Errorf("must not be negative, got %q", written)
	}
	return d, nil
}

// Show is the value as config show prints it: no secrets, one spelling for equal lengths of time.
func (s *Setting) Show(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case time.Duration:
		if v == 0 {
			return "none"
		}
		return v.String()
	case string:
		switch {
		case s.Secret && v != "", s.Kind == Any || s.Kind == Verbatim: // nobody says which texts of plugins are secret
			return hidden
		case s.Name == "proxy":
			if u, err := url.Parse(v); err == nil {
				return u.Redacted()
			}
			return hidden
		}
		return v
	case []string:
		return strings.Join(v, ", ")
	}
	if plain, err := s.Plain(value); err == nil {
		return plain
	}
	return hidden
}

// hidden stands for what is not shown.
const hidden = "********"

// Hides reports whether Show keeps a part of the value back that Plain tells.
func (s *Setting) Hides() bool { return s.Secret || s.Name == "proxy" }

// Plain is a value as users write it, so that config set takes what config get gives. Secrets are shown.
func (s *Setting) Plain(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case time.Duration:
		return v.String(), nil
	}
	switch s.Kind {
	case Any, Verbatim, Paths, Group:
		text, err := json.Marshal(value) // which is YAML, too
		return string(text), err
	}
	return fmt.Sprint(value), nil
}

// Usage is the setting's line in --help, with its default where that is worth telling.
func (s *Setting) Usage() string {
	if s.Default == "" || s.Default == "0" || s.Default == "false" {
		return s.Doc
	}
	return s.Doc + " (" + s.Default + ")"
}
