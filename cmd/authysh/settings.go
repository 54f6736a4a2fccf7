package main

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// kind is what sort of value a setting has.
type kind int

const (
	text     kind = iota // string
	duration             // time.Duration; a bare number is milliseconds
	count                // int, not negative
	rate                 // float64, not negative
	toggle               // bool
	choice               // string, one of setting.choices
	path                 // string; in a file relative to the file's folder
)

// setting is one thing that users may set. Flags, environment variables, file keys, authysh config show and the test of
// config.example.yaml all follow from the table.
type setting struct {
	name string // in files, as in "rate_limit"
	kind kind
	def  string // as users write it; empty for none
	doc  string // one line
	// arg is what the flag's value is called in --help; a setting without it has no flag.
	arg     string
	choices []string
	// word is a value that is no path, though the setting's kind is.
	word string
	// alias is a second environment variable.
	alias string
	// secret values are never shown.
	secret bool
	// guarded settings could send the key elsewhere or start a program: a file that is found in the working
	// directory, but belongs to somebody else, cannot set them.
	guarded bool
	// topLevel settings make no sense within a profile.
	topLevel bool
}

// table is every setting, in the order of help and config show.
var table = []setting{
	{name: "key", kind: text, arg: "key", alias: "AUTHY_KEY", secret: true,
		doc: "API key of the application; a flag shows in process lists"},
	{name: "key_file", kind: path, doc: "file that holds the key"},
	{name: "key_command", kind: text, guarded: true, doc: "command that prints the key"},
	{name: "key_keyring", kind: text, doc: "account of the system's keyring that holds the key"},
	{name: "host", kind: text, arg: "url", def: authy.DefaultHost, guarded: true, doc: "base URL of the service"},
	{name: "timeout", kind: duration, arg: "time", def: authy.DefaultTimeout.String(),
		doc: "bound of a whole call; a bare number is ms, 0 is none"},
	{name: "retries", kind: count, arg: "n", def: strconv.Itoa(authy.DefaultRetries),
		doc: "how often a call is tried again, where that is safe"},
	{name: "rate_limit", kind: rate, arg: "n", def: "0", doc: "requests per second, 0 is unlimited"},
	{name: "ca_file", kind: path, arg: "file", guarded: true, doc: "further certificates to trust, PEM"},
	{name: "proxy", kind: text, arg: "url", guarded: true, doc: "proxy, or none; else as the environment says"},
	{name: "allow_http", kind: toggle, arg: "bool", def: "false", guarded: true,
		doc: "permit plain http to other machines"},
	{name: "access_key", kind: text, secret: true, doc: "the dashboard's access key, for webhooks"},
	{name: "signing_key", kind: text, secret: true, doc: "the dashboard's signing key, for webhooks"},
	{name: "sandbox_token", kind: text, secret: true, doc: "admin token of a sandbox, for commands that look into it"},
	{name: "history_file", kind: path, word: "none", doc: "the prompt's history; none keeps nothing"},
	{name: "production", kind: toggle, def: "false", doc: "calls are real: red prompt, confirmed deletes"},
	{name: "confirm", kind: choice, choices: []string{"always", "writes", "deletes", "never"},
		doc: "which calls the prompt asks about"},
	{name: outputSetting, kind: choice, arg: "form", choices: present.Forms(),
		doc: "pretty, json, yaml, table or raw; pretty on a terminal"},
	{name: colorSetting, kind: choice, arg: "when", def: "auto", choices: []string{"auto", "always", "never"},
		doc: "colours: auto, always or never"},
	{name: "profile", kind: text, arg: "name", topLevel: true, doc: "profile of the configuration file"},
}

// outputSetting is the form of results. Its flag takes the formats of plugins, too.
const outputSetting = "output"

// profilesKey holds the profiles in a file. It is no setting, as it has no value of its own.
const profilesKey = "profiles"

// keySources are ways to say one thing: a higher level's replaces a lower level's.
var keySources = []string{"key", "key_file", "key_command", "key_keyring"}

func settingNamed(name string) (*setting, bool) {
	i := slices.IndexFunc(table, func(s setting) bool { return s.name == name })
	if i < 0 {
		return nil, false
	}
	return &table[i], true
}

// mustSetting is a setting that is known to be there.
func mustSetting(name string) *setting {
	known, _ := settingNamed(name)
	return known
}

// flag is the name of the setting's flag, without dashes; empty for none.
func (s *setting) flag() string {
	if s.arg == "" {
		return ""
	}
	return strings.ReplaceAll(s.name, "_", "-")
}

// envPrefix begins the names of the environment variables that are ours.
const envPrefix = "AUTHYSH_"

// env lists the environment variables of the setting, the stronger one first.
func (s *setting) env() []string {
	own := envPrefix + strings.ToUpper(s.name)
	if s.alias == "" {
		return []string{own}
	}
	return []string{own, s.alias}
}

// parse reads a value as users write it. The error reads on after the setting's name, and shows no secret.
func (s *setting) parse(written string) (any, error) {
	if written == "" {
		return nil, errors.New("must not be empty")
	}
	switch s.kind {
	case duration:
		return parseDuration(written)
	case count:
		n, err := strconv.Atoi(written)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("must be a whole number, 0 or more, got %q", written)
		}
		return n, nil
	case rate:
		n, err := strconv.ParseFloat(written, 64)
		if err != nil || !(n >= 0) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("must be a number, 0 or more, got %q", written)
		}
		return n, nil
	case toggle:
		on, err := strconv.ParseBool(written)
		if err != nil {
			return nil, fmt.Errorf("must be true or false, got %q", written)
		}
		return on, nil
	case choice:
		if !slices.Contains(s.choices, written) {
			return nil, fmt.Errorf("must be one of %s, got %q%s", strings.Join(s.choices, ", "), written, suggest(written, s.choices))
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

// show is the value as config show prints it: no secrets, one spelling for equal lengths of time.
func (s *setting) show(value any) string {
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
		case s.secret && v != "":
			return "********"
		case s.name == "proxy":
			if u, err := url.Parse(v); err == nil {
				return u.Redacted()
			}
			return "********"
		}
		return v
	}
	return fmt.Sprint(value)
}

// suggest ends an error about an unknown name: `, did you mean "json"?` or nothing.
func suggest(name string, known []string) string {
	if near := authy.Nearest(name, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ""
}

// usage is the setting's line in --help, with its default where that is worth telling.
func (s *setting) usage() string {
	if s.def == "" || s.def == "0" || s.def == "false" {
		return s.doc
	}
	return s.doc + " (" + s.def + ")"
}

// written is the value of a setting's flag as typed; it is parsed together with those of the other levels.
type written struct{ text, arg string }

func (w *written) String() string { return w.text }

func (w *written) Set(text string) error {
	w.text = text
	return nil
}

// Type is what --help calls the value.
func (w *written) Type() string { return w.arg }
