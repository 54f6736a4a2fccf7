package config

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind/plugin"
)

func TestParseKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		written, profile string
		want             string // the key; empty for an error
		err              string // what the error says
	}{
		{"host", "", "host", ""},
		{"host", "staging", "profiles.staging.host", ""},
		{"profiles.staging.host", "", "profiles.staging.host", ""},
		{"profiles.staging.host", "staging", "profiles.staging.host", ""},
		{"profiles.a.b.host", "", "profiles.a.b.host", ""},
		{"profiles.staging", "", "profiles.staging", ""},
		{"profile", "", "profile", ""},
		{"plugins", "", "plugins", ""},
		{"plugins.dirs", "", "plugins.dirs", ""},
		{"plugins.config.guard", "", "plugins.config.guard", ""},
		{"plugins.config.guard.daily", "", "plugins.config.guard.daily", ""},

		{"hots", "", "", `there is no setting "hots", did you mean "host"?`},
		{"", "", "", `there is no setting ""`},
		{"pluginsx", "", "", `there is no setting "pluginsx"`},
		{"profile", "staging", "", `there is no setting "profile" in a profile`},
		{"profiles.staging.host", "live", "", `in profile "staging", but --profile names "live"`},
		{"profiles..host", "", "", "names no profile"},
		{"profiles.", "", "", "names no profile"},
		{"host", " live", "", "without blanks at its ends"},
		{"plugins.dirs", "staging", "", "is the same in all profiles"},
		{"plugins.dir", "", "", `did you mean "dirs"?`},
		{"plugins.dirs.a", "", "", "there is no setting"},
		{"plugins.config.a.b.c", "", "", "there is no setting"},
		{"plugins..dirs", "", "", "has an empty part"},
		{"plugins.config.A!.b", "", "", "plugin name must"},
	}
	for _, test := range tests {
		key, err := ParseKey(test.written, test.profile)
		if test.err != "" {
			if _, told := errors.AsType[*Error](err); !told || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want %q", test.written, err, test.err)
			}
			continue
		}
		if err != nil || key.String() != test.want {
			t.Errorf("%q: got %s, %v, want %s", test.written, key, err, test.want)
		}
	}
}

// TestKeysHoldOneValueOrSeveral tells the keys that can be set from those that can only be removed as a whole.
func TestKeysHoldOneValueOrSeveral(t *testing.T) {
	t.Parallel()
	for written, single := range map[string]bool{
		"host": true, "profiles.a.host": true, "plugins.dirs": true, "plugins.config.guard.daily": true,
		"profiles.a": false, "plugins": false, "plugins.config": false, "plugins.config.guard": false,
	} {
		key, err := ParseKey(written, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := key.Single(); (err == nil) != single {
			t.Errorf("%s: got %v, want a single one: %v", written, err, single)
		}
		if got := key.OfPlugins(); got != strings.HasPrefix(written, "plugins") {
			t.Errorf("%s: of plugins: %v", written, got)
		}
	}
}

// TestEveryKeyIsEditedAlike writes a value, finds it, and removes it again.
func TestEveryKeyIsEditedAlike(t *testing.T) {
	t.Parallel()
	const before = "# mine\nhost: https://authy.example.com\nprofiles:\n  live:\n    timeout: 2s\n"
	tests := []struct{ key, value, line, shown, plain string }{
		{"retries", "3", "retries: 3", "3", "3"},
		{"timeout", "1500ms", "timeout: 1500ms", "1.5s", "1.5s"},
		{"key", "0123", `key: "0123"`, "********", "0123"},
		{"profiles.live.retries", "3", "    retries: 3", "3", "3"},
		{"profile", "live", "profile: live", "live", "live"},
		{"plugins.dirs", "/p", "  dirs: [/p]", "/p", `["/p"]`},
		{"plugins.dirs", "[/p, /q]", "  dirs: [/p, /q]", "/p, /q", `["/p","/q"]`},
		{"plugins.config.guard.daily", "100", "      daily: 100", "100", "100"},
		{"plugins.config.guard.countries", "[PT, ES]", "      countries: [PT, ES]", `["PT","ES"]`, `["PT","ES"]`},
		{"plugins.config.guard.prefix", "hello", "      prefix: hello", "********", "hello"},
	}
	for _, test := range tests {
		t.Run(test.key, func(t *testing.T) {
			t.Parallel()
			key, err := ParseKey(test.key, "")
			if err != nil {
				t.Fatal(err)
			}
			d, err := homeless.Document("c.yaml", []byte(before))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Put(key, test.value, func(*Settings) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if lines := strings.Split(string(d.Text()), "\n"); !slices.Contains(lines, test.line) {
				t.Errorf("got\n%s\nwant the line %q", d.Text(), test.line)
			}
			file := homeless.empty("c.yaml")
			if err := file.parse(d.Text()); err != nil {
				t.Fatal(err)
			}
			if got := key.Setting.Show(file.Value(key)); got != test.shown {
				t.Errorf("shown as %q, want %q", got, test.shown)
			}
			if got, err := key.Setting.Plain(file.Value(key)); got != test.plain || err != nil {
				t.Errorf("plainly %q, %v, want %q", got, err, test.plain)
			}
			if found, err := d.Remove(key); !found || err != nil {
				t.Errorf("removed: %v, %v", found, err)
			}
			file = homeless.empty("c.yaml")
			if err := file.parse(d.Text()); err != nil || file.Holds(key) {
				t.Errorf("still there, or wrong: %v\n%s", err, d.Text())
			}
			if found, err := d.Remove(key); found || err != nil {
				t.Errorf("removed once more: %v, %v", found, err)
			}
		})
	}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"plugins.config.guard.daily [1":  "must be a value in YAML, such as 100 or [PT, ES], got",
		"plugins.config.guard.daily ":    "must be a value in YAML",
		"plugins.config.guard 1":         "holds several settings",
		"profiles.live 1":                "is a whole profile",
		"retries many":                   "retries must be a whole number",
		"key \xff":                       "must be text in UTF-8",
		"plugins.config.guard.text \xff": "must be text in UTF-8",
	} {
		name, value, _ := strings.Cut(written, " ")
		key, err := ParseKey(name, "")
		if err != nil {
			t.Fatal(err)
		}
		d, err := homeless.Document("c.yaml", nil)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Put(key, value, func(*Settings) error { return nil })
		if _, told := errors.AsType[*Error](err); !told || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", written, err, want)
		}
	}
}

func TestDeclared(t *testing.T) {
	t.Parallel()
	declared := []plugin.Setting{{Name: "daily", Type: "number"}, {Name: "code", Type: "string"}}
	for name, want := range map[string]Kind{"daily": Any, "code": Verbatim} {
		key, err := PluginSetting("guard", name).Declared(declared)
		if err != nil || key.Setting.Kind != want {
			t.Errorf("%s: got kind %d, %v, want %d", name, key.Setting.Kind, err, want)
		}
	}
	node, err := (&Setting{Kind: Verbatim}).node("0123")
	if err != nil || node.Value != "0123" || node.Tag != "!!str" {
		t.Errorf("got %v, %v, want the digits as text", node, err)
	}
	_, err = PluginSetting("guard", "dayly").Declared(declared)
	if err == nil || !strings.Contains(err.Error(), `has no setting "dayly", did you mean "daily"?`) {
		t.Errorf("got %v, want a suggestion", err)
	}
}

// TestFind looks for what plugins are set to beside the program's own settings.
func TestFind(t *testing.T) {
	t.Parallel()
	file := homeless.empty("c.yaml")
	text := "retries: 3\nprofiles: {live: {retries: 4}}\nplugins: {config: {guard: {daily: 100}}}\n"
	if err := file.parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	s, err := Load(file, Layer{"profile": {"live", Origin{Where: "AUTHYSH_PROFILE"}}}, Layer{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		key   string
		value any
		by    string
		ok    bool
	}{
		{"retries", 4, "c.yaml:2 (profile live)", true},
		{"rate_limit", 0.0, "default", true},
		{"proxy", nil, "", false},
		{"plugins.config.guard.daily", 100, "c.yaml:3", true},
		{"plugins.config.guard.other", nil, "c.yaml", false},
		{"plugins.config.other", nil, "c.yaml", false},
	} {
		key, err := ParseKey(test.key, "")
		if err != nil {
			t.Fatal(err)
		}
		if value, by, ok := s.Find(key, nil); value != test.value || by != test.by || ok != test.ok {
			t.Errorf("%s: got %v, %q, %v, want %v, %q, %v", test.key, value, by, ok, test.value, test.by, test.ok)
		}
	}
	value, by, ok := s.Find(PluginDirs(), []string{"/p"})
	if dirs, _ := value.([]string); !slices.Equal(dirs, []string{"/p"}) || by != DefaultOrigin || !ok {
		t.Errorf("got %v, %q, %v, want what is searched, by default", value, by, ok)
	}
	names := ""
	for _, key := range s.Keys() {
		names += key.String() + " "
	}
	if !strings.HasPrefix(names, "key key_file ") || !strings.HasSuffix(names, " profile plugins.dirs plugins.config.guard.daily ") {
		t.Errorf("keys %s", names)
	}
}
