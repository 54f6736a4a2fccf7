package luabind

import (
	"bytes"
	"context"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// TestNotesFitTheCatalogue: every operation has a note and every note an operation, and what they name exists.
func TestNotesFitTheCatalogue(t *testing.T) {
	t.Parallel()
	var names []string
	for _, op := range operations() {
		names = append(names, op.Name)
		note := operationNotes[op.Name]
		if !strings.Contains(note.example, "authy."+op.Name) && !strings.Contains(note.example, "authy.try."+op.Name) || note.source == "" {
			t.Errorf("%s: the note lacks an example that calls it, or a source", op.Name)
		}
		for _, code := range append(slices.Clone(note.codes), commonCodes...) {
			if errorCodes[code] == "" {
				t.Errorf("%s: code %s is not explained", op.Name, code)
			}
		}
	}
	used := slices.Clone(commonCodes)
	for name, note := range operationNotes {
		if !slices.Contains(names, name) {
			t.Errorf("there is a note on %s, which is no operation", name)
		}
		used = append(used, note.codes...)
	}
	for code := range errorCodes {
		if !slices.Contains(used, code) {
			t.Errorf("code %s is explained, but no operation raises it", code)
		}
	}
	for code := range codeRemedies {
		if errorCodes[code] == "" {
			t.Errorf("there is a remedy for code %s, which is not explained", code)
		}
	}
}

// TestKindsFitTheCatalogue: what completion remembers exists.
func TestKindsFitTheCatalogue(t *testing.T) {
	t.Parallel()
	manual := NewManual(nil)
	params := map[string]bool{}
	for name, s := range manual.functions {
		slots := s.params
		if s.named() {
			slots = s.params[0].inner
		}
		for _, p := range slots {
			params[p.Name] = true
			params[strings.TrimPrefix(name, "authy.")+"."+p.Name] = true
		}
	}
	for name := range kindsOfParams {
		if !params[name] {
			t.Errorf("no function has the parameter %s", name)
		}
	}
	for name, fields := range kindsOfResults {
		op, ok := authy.ByName(name)
		if !ok {
			t.Errorf("%s is no operation", name)
		}
		for path := range fields {
			inner := op.Result()
			for _, step := range strings.Split(strings.ReplaceAll(path, "[]", ""), ".") {
				i := slices.IndexFunc(inner, func(f authy.Field) bool { return f.Name == step })
				if i < 0 {
					t.Errorf("%s has no result %s", name, path)
					break
				}
				inner = inner[i].Fields
			}
		}
	}
}

// TestLuaIsDescribed: the functions of Lua's libraries that a runtime has are those that help describes.
func TestLuaIsDescribed(t *testing.T) {
	t.Parallel()
	rt, err := New(&authy.Client{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	globals := rt.state.G.Global
	for _, library := range luaLibraries() {
		table := globals
		switch library.Name {
		case baseLibrary:
		case fileLibrary:
			table = rawPath(globals, "io.stdout").(*lua.LUserData).Metatable.(*lua.LTable)
		default:
			table = globals.RawGetString(library.Name).(*lua.LTable)
		}
		var described []string
		for _, f := range library.Functions {
			described = append(described, f.Name)
			if _, ok := table.RawGetString(f.Name).(*lua.LFunction); !ok {
				t.Errorf("%s.%s is described, but does not exist", library.Name, f.Name)
			}
			if len(f.Doc) > 90 || !strings.HasSuffix(f.Doc, ".") && !strings.HasSuffix(f.Doc, "...") {
				t.Errorf("%s.%s: %q must be a short sentence", library.Name, f.Name, f.Doc)
			}
		}
		for _, v := range library.Values {
			described = append(described, v.Name)
			if table.RawGetString(v.Name) == lua.LNil && v.Name != "arg" { // which is there when a script runs
				t.Errorf("%s.%s is described, but does not exist", library.Name, v.Name)
			}
		}
		if library.Name == baseLibrary { // the other globals are libraries and modules
			for _, other := range append(rt.modules, luaLibraries()...) {
				described = append(described, other.Name)
			}
		}
		table.ForEach(func(k, v lua.LValue) {
			if !slices.Contains(described, k.String()) && !strings.HasPrefix(k.String(), "_") {
				t.Errorf("%s.%s is not described", library.Name, k)
			}
		})
	}
}

// phoneInHand is the module sandbox as far as the examples need it: what people do with their phones.
func phoneInHand(service *sandbox.Service) func(*Host) Module {
	field := func(L *lua.LState, name string) string {
		return luavalue.ScalarText(L.CheckTable(1).RawGetString(name))
	}
	return func(*Host) Module {
		return Module{Name: "sandbox", Functions: []Function{
			{Name: "last_code", Params: []Param{{Name: "filter", Type: "table"}}, Call: func(L *lua.LState) int {
				for _, message := range service.Outbox(sandbox.OutboxFilter{Phone: field(L, "phone")}) {
					if id := field(L, "authy_id"); message.Code != "" && (id == "" || id == luatext.Number(float64(message.AuthyID))) {
						L.Push(lua.LString(message.Code))
						return 1
					}
				}
				L.RaiseError("no code was sent")
				return 0
			}},
			{Name: "register_app", Params: []Param{{Name: "authy_id", Type: "integer"}}, Call: func(L *lua.LState) int {
				if _, err := service.RegisterApp(L.CheckInt64(1), ""); err != nil {
					L.RaiseError("%v", err)
				}
				return 0
			}},
			{Name: "approve", Params: []Param{{Name: "uuid", Type: "string"}}, Call: func(L *lua.LState) int {
				if _, err := service.Approve(L.CheckString(1)); err != nil {
					L.RaiseError("%v", err)
				}
				return 0
			}},
		}}
	}
}

// TestExamples runs every example of the help at a prompt in front of a sandbox.
func TestExamples(t *testing.T) {
	t.Parallel()
	examples := maps.Clone(functionExamples)
	for name, note := range operationNotes {
		examples["authy."+name] = note.example
	}
	manual := NewManual(nil)
	for name, s := range manual.functions {
		_, isMethod, _ := strings.Cut(name, ":")
		if module, _, ok := strings.Cut(name, "."); ok && isMethod == "" && manual.libraries[module] == "" && examples[name] == "" {
			t.Errorf("%s has no example (%s)", name, s.doc)
		}
	}
	for name, example := range examples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if manual.functions[name] == nil {
				t.Fatal("an example of what does not exist")
			}
			keys := sandbox.DashboardKeys{AccessKey: "an-access-key", SigningKey: "a-signing-key"}
			service := sandbox.New(sandbox.WithDashboard(keys))
			server := httptest.NewServer(service)
			defer server.Close()
			client := &authy.Client{Key: service.Key(), Host: server.URL, Retries: authy.NoRetries, AccessKey: keys.AccessKey, SigningKey: keys.SigningKey}
			var out bytes.Buffer
			rt, err := New(client, Stdout(&out), With(phoneInHand(service)))
			if err != nil {
				t.Fatal(err)
			}
			defer rt.Close()
			session := rt.NewSession(SessionOptions{})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			source := strings.ReplaceAll(example, `"people.csv"`, luatext.Quote(filepath.Join(t.TempDir(), "people.csv")))
			if _, err := session.Eval(ctx, source); err != nil {
				t.Errorf("%v\n%s", err, example)
			}
			if strings.Contains(example, "print(") && strings.TrimSpace(out.String()) == "" {
				t.Errorf("prints nothing:\n%s", example)
			}
			for _, line := range strings.Split(example, "\n") {
				if utf8.RuneCountInString(line) > helpWidth+8 {
					t.Errorf("a line is too long: %s", line)
				}
			}
		})
	}
}

// TestHelpOfEverything: all names have a text of readable lines, and misspelt ones find their neighbours.
func TestHelpOfEverything(t *testing.T) {
	t.Parallel()
	manual := NewManual([]Topic{{Name: "exit-codes", Doc: "What the program tells its parent.", Text: "0 is success."}})
	for _, name := range append(manual.Names(), "") {
		text, near, ok := manual.Help(name)
		if !ok || near != "" || !strings.HasSuffix(text, "\n") {
			t.Errorf("%q: got %q, %q, %v", name, text, near, ok)
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.TrimRight(line, " ") != line || utf8.RuneCountInString(line) > 100 {
				t.Errorf("%q: bad line %q", name, line)
			}
		}
		if strings.Contains(text, "api 6") && strings.Contains(text, "api   ") {
			t.Errorf("%q: a code without an explanation:\n%s", name, text)
		}
	}
	for _, op := range operations() {
		text, _, _ := manual.Help(op.Name)
		for _, want := range []string{op.Doc, op.Effect.String(), op.Path, op.Command, operationNotes[op.Name].source, "Example", "60001"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: help lacks %q", op.Name, want)
			}
		}
		for _, param := range op.Params {
			if !strings.Contains(text, param.Name) {
				t.Errorf("%s: help lacks %s", op.Name, param.Name)
			}
			if one, _, ok := manual.Help(op.Name + "." + param.Name); !ok || !strings.Contains(one, strings.Fields(param.Doc)[0]) {
				t.Errorf("%s.%s: got %q", op.Name, param.Name, one)
			}
		}
	}
	for topic, want := range map[string]string{
		"reqest_sms": "authy.request_sms", "erors": "errors", "exit-code": "exit-codes", "json.encod": "json.encode", "csv.Readr": "csv.Reader", "xyzzy": "", "authy.try.reqest_sms": "authy.request_sms",
	} {
		if text, near, ok := manual.Help(topic); ok || text != "" || near != want {
			t.Errorf("%s: got %q, %q, %v, want near %q", topic, text, near, ok, want)
		}
	}
	for _, topic := range []string{"?", " request_sms? ", "request_sms{}", "request_sms()", "Errors", "EXIT-CODES"} {
		if _, _, ok := manual.Help(topic); !ok {
			t.Errorf("%q is not found", topic)
		}
	}
	text, _, _ := manual.Help("parse")
	for _, want := range []string{"csv.parse", "phone.parse", "time.parse"} {
		if !strings.Contains(text, want) {
			t.Errorf("parse: %s is missing in %q", want, text)
		}
	}
}
