package luabind

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// bench is a state with the standard modules as globals, and streams to look at.
type bench struct {
	L                *lua.LState
	host             *Host
	stdout, err, log bytes.Buffer
}

// newBench makes a state; the clock stands still at 1700000000.25.
func newBench(t testing.TB, stdin string) *bench {
	t.Helper()
	b := &bench{L: lua.NewState()}
	b.host = &Host{
		Stdin: strings.NewReader(stdin), Stdout: &b.stdout, Stderr: &b.err,
		Now: func() time.Time { return time.UnixMilli(1_700_000_000_250) },
		Log: slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{
			Level: slog.LevelInfo,
			ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey && len(groups) == 0 {
					return slog.Attr{}
				}
				return a
			},
		})),
	}
	for _, m := range standardModules(b.host) {
		b.L.SetGlobal(m.Name, m.table(b.L))
	}
	installStreams(b.L, b.host)
	t.Cleanup(func() {
		if err := closeFiles(b.L); err != nil {
			t.Errorf("closeFiles: %v", err)
		}
		b.L.Close()
	})
	return b
}

func (b *bench) run(t testing.TB, source string) {
	t.Helper()
	if err := b.L.DoString(source); err != nil {
		t.Fatalf("%s\nfailed: %v", source, err)
	}
}

var position = regexp.MustCompile(`<string>:\d+: `)

// printed is the standard output without the last line break, and without the positions of errors.
func (b *bench) printed() string {
	return position.ReplaceAllString(strings.TrimSuffix(b.stdout.String(), "\n"), "")
}

// luaTest is a piece of Lua and what it prints.
type luaTest struct{ name, source, want string }

func runLuaTests(t *testing.T, tests []luaTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, "")
			b.run(t, test.source)
			if diff := cmp.Diff(test.want, b.printed()); diff != "" {
				t.Errorf("%s\nprinted (-want +got):\n%s", test.source, diff)
			}
		})
	}
}

// TestModuleDocs holds what help and editors show to the form they expect.
func TestModuleDocs(t *testing.T) {
	t.Parallel()
	for _, m := range standardModules(&Host{}) {
		functions := m.Functions
		for _, typ := range m.Types {
			if !strings.HasPrefix(typ.Name, m.Name+".") {
				t.Errorf("type %s is not named after module %s", typ.Name, m.Name)
			}
			functions = append(functions, typ.Methods...)
		}
		for _, f := range functions {
			if f.Call == nil {
				t.Errorf("%s.%s has no Call", m.Name, f.Name)
			}
			if len(f.Doc) > 72 || !strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s.%s: doc %q must be a sentence of at most 72 bytes", m.Name, f.Name, f.Doc)
			}
			optional := false
			for _, p := range f.Params {
				if p.Name == "" || p.Type == "" {
					t.Errorf("%s.%s: parameter %+v lacks name or type", m.Name, f.Name, p)
				}
				if optional && !p.Optional {
					t.Errorf("%s.%s: %s is required, after one that is optional", m.Name, f.Name, p.Name)
				}
				optional = p.Optional
			}
		}
	}
}

// TestOptionMistakes is the same for every function with options: unknown names are suggested, types are named.
func TestOptionMistakes(t *testing.T) {
	t.Parallel()
	runLuaTests(t, []luaTest{
		{"unknown", `print(pcall(json.encode, 1, {ident = 2}))`, `false	json.encode: ident is not known, did you mean "indent"?`},
		{"not a table", `print(pcall(json.encode, 1, 2))`, "false	json.encode: options must be a table, got a number"},
		{"wrong type", `print(pcall(csv.parse, "", {trim = "yes"}))`, "false	csv.parse: trim must be true or false, got a string"},
		{"kind", `local _, err = pcall(csv.parse, "", {trim = 1}) print(err.kind, err.op, err.fields.trim)`,
			"validation	csv.parse	must be true or false, got a number"},
		{"not for this one", `print(pcall(totp.generate, {secret = "JBSWY3DPEHPK3PXP", skew = 1}))`,
			"false	totp.generate: skew is not known; known are secret, hex, digits, period, algorithm, time"},
		{"text wanted", `print(pcall(json.decode, nil))`, "false	json.decode: text must be a string, got nil"},
	})
}
