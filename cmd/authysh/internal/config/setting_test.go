package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for s := range All() {
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`).MatchString(s.Name) {
			t.Errorf("name %q is not snake_case", s.Name)
		}
		if s.Doc == "" || len(s.Doc) > 60 || strings.HasSuffix(s.Doc, ".") {
			t.Errorf("%s: doc %q must be at most 60 bytes without period", s.Name, s.Doc)
		}
		if s.Default != "" {
			if _, err := s.Parse(s.Default); err != nil {
				t.Errorf("%s: default %v", s.Name, err)
			}
		}
		if (s.Kind == Choice) != (s.Choices != nil) {
			t.Errorf("%s: choices belong to the kind choice", s.Name)
		}
		if s.Secret && s.Name != "key" && s.Flag() != "" {
			t.Errorf("%s: a secret with a flag shows in process lists", s.Name)
		}
		for _, env := range s.Env() {
			if other := seen[env]; other != "" {
				t.Errorf("%s and %s share the variable %s", s.Name, other, env)
			}
			seen[env] = s.Name
		}
	}
	if seen["AUTHY_KEY"] != "key" || seen["AUTHYSH_RATE_LIMIT"] != "rate_limit" {
		t.Errorf("variables %v lack AUTHY_KEY or AUTHYSH_RATE_LIMIT", seen)
	}
}

func TestParseSetting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, written string
		want          any    // nil for an error
		err           string // what the error says
	}{
		{"timeout", "0", time.Duration(0), ""},
		{"timeout", "250", 250 * time.Millisecond, ""},
		{"timeout", "1.5", 1500 * time.Microsecond, ""},
		{"timeout", "1m30s", 90 * time.Second, ""},
		{"timeout", "-1", nil, "must not be negative"},
		{"timeout", "-1s", nil, "must not be negative"},
		{"timeout", "5 s", nil, "must be a length of time"},
		{"timeout", "1e30", nil, "must be a length of time"},
		{"timeout", "NaN", nil, "must be a length of time"},
		{"retries", "0", 0, ""},
		{"retries", "2.0", nil, "must be a whole number"},
		{"retries", "99999999999999999999", nil, "must be a whole number"},
		{"rate_limit", "2.5", 2.5, ""},
		{"rate_limit", "NaN", nil, "must be a number"},
		{"rate_limit", "Inf", nil, "must be a number"},
		{"allow_http", "1", true, ""},
		{"allow_http", "on", nil, "must be true or false"},
		{"output", "yaml", "yaml", ""},
		{"output", "yml", nil, `did you mean "yaml"?`},
		{"host", "", nil, "must not be empty"},
		{"host", " ", nil, "must not be blank"},
		{"key", "0123", "0123", ""},
	}
	for _, tt := range tests {
		s, ok := Named(tt.name)
		if !ok {
			t.Fatalf("no setting %s", tt.name)
		}
		got, err := s.Parse(tt.written)
		switch {
		case tt.err == "" && (err != nil || got != tt.want):
			t.Errorf("%s %q: got %v, %v, want %v", tt.name, tt.written, got, err, tt.want)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s %q: error %v, want %q", tt.name, tt.written, err, tt.err)
		}
	}
}

// TestPrecedence gives one setting on each subset of the levels: the strongest wins, and is named as the origin.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	levels := []string{"file", "profile", "environment", "flag"} // the weakest first
	for subset := range 1 << len(levels) {
		want, from := 2, "default"
		layers := make([]Layer, len(levels))
		for i, level := range levels {
			if subset&(1<<i) != 0 {
				layers[i] = Layer{"retries": {10 + i, Origin{Where: level}}}
				want, from = 10+i, level
			}
		}
		s, err := Merge(layers...)
		if err != nil {
			t.Fatal(err)
		}
		if got, origin := s.Count("retries"), s.origins["retries"].String(); got != want || origin != from {
			t.Errorf("levels %04b: got %d from %s, want %d from %s", subset, got, origin, want, from)
		}
	}
}

func TestKeySourceReplaces(t *testing.T) {
	t.Parallel()
	s, err := Merge(
		Layer{"key": {"low", Origin{Where: "file"}}},
		Layer{"key_command": {"high", Origin{Where: "environment"}}})
	if err != nil {
		t.Fatal(err)
	}
	if s.Text("key") != "" || s.origins["key"] != (Origin{}) || s.Text("key_command") != "high" {
		t.Errorf("key %q from %q, key_command %q; want the command alone", s.Text("key"), s.origins["key"], s.Text("key_command"))
	}
}

// example is config.example.yaml with one of the lines that are commented out in force.
func example(t *testing.T, enable string) *File {
	t.Helper()
	source, err := os.ReadFile("../../../../config.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	if enable != "" {
		text = strings.Replace(text, "\n#"+enable+":", "\n"+enable+":", 1)
	}
	c := homeless.empty("config.example.yaml")
	if err := c.parse([]byte(text)); err != nil {
		t.Fatalf("with %q: %v", enable, err)
	}
	return c
}

// TestExample loads config.example.yaml, as it is and with each of its suggestions, and looks for every key.
func TestExample(t *testing.T) {
	t.Parallel()
	plain := example(t, "")
	if len(plain.Profiles) == 0 {
		t.Error("the example has no profiles")
	}
	for s := range All() {
		v, ok := plain.Top[s.Name]
		if !ok {
			v, ok = example(t, s.Name).Top[s.Name]
		}
		if !ok {
			t.Errorf("config.example.yaml does not name %s", s.Name)
			continue
		}
		if want, _ := s.Parse(s.Default); s.Default != "" && v.Value != want {
			t.Errorf("%s: the example has %v, the default is %v", s.Name, v.Value, want)
		}
	}
	for name := range plain.Profiles {
		if _, _, _, err := plain.layers(Layer{}, Layer{"profile": {name, Origin{}}}); err != nil {
			t.Error(err)
		}
	}
}

func FuzzConfig(f *testing.F) {
	source, err := os.ReadFile("../../../../config.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(source)
	f.Add([]byte("profiles: &a\n  b: {<<: [*a, *a], key: [x]}\n"))
	f.Add([]byte("host: !!binary aGVsbG8=\ntimeout: 0x10\n? [a]\n: b\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		c := homeless.empty("x.yaml")
		if c.parse(source) != nil {
			return
		}
		for _, l := range c.Profiles {
			if _, err := Merge(c.Top, l); err != nil {
				t.Errorf("what was accepted cannot be merged: %v", err)
			}
		}
		for name := range c.Top {
			if _, ok := Named(name); !ok {
				t.Errorf("unknown key %q was accepted", name)
			}
		}
	})
}
