package stubs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// textOf is the definition file of a module.
func textOf(t *testing.T, files []File, module string) string {
	t.Helper()
	i := slices.IndexFunc(files, func(f File) bool { return f.Name == module+".lua" })
	if i < 0 {
		t.Fatalf("there is no file for %s", module)
	}
	return files[i].Text
}

// TestEverythingIsThere: each function, parameter, result and value of the catalogue and the modules has a definition.
func TestEverythingIsThere(t *testing.T) {
	t.Parallel()
	manual := luabind.NewManual(nil)
	files := Generate(manual)
	api := textOf(t, files, "authy")
	for _, op := range authy.Operations() {
		for _, want := range []string{
			"\nfunction authy." + op.Name + "(parameters) end\n", "\nfunction authy.try." + op.Name + "(parameters) end\n",
			"\nfunction authy.async." + op.Name + "(parameters) end\n", "\nfunction Client:" + op.Name + "(parameters) end\n",
			"\n---@class authy." + op.Name + ".Parameters\n", "\n---@class authy." + op.Name + ".Result\n",
			"\n---@class authy." + op.Name + ".Task: task.Task\n", op.Doc, "`authysh " + op.Command + "`",
		} {
			if len(op.Params) == 0 && strings.HasSuffix(want, ".Parameters\n") {
				continue
			}
			if !strings.Contains(api, want) {
				t.Errorf("%s: %q is missing", op.Name, want)
			}
		}
		checkFields(t, api, "authy."+op.Name+".Parameters", op.Params)
		checkFields(t, api, "authy."+op.Name+".Result", op.Result())
	}
	for _, kind := range authy.Kinds {
		if !strings.Contains(api, "---| "+quoted(string(kind))+"\n") {
			t.Errorf("the kind %s is missing", kind)
		}
	}
	for _, m := range manual.Modules() {
		text := textOf(t, files, m.Name)
		if !strings.HasPrefix(text, Marker+"\n---@meta "+m.Name+"\n") || !strings.HasSuffix(text, "\nreturn "+m.Name+"\n") {
			t.Errorf("%s begins or ends otherwise", m.Name)
		}
		for _, f := range m.Functions {
			if !strings.Contains(text, "\nfunction "+m.Name+"."+f.Name+"(") || !strings.Contains(text, f.Doc) {
				t.Errorf("%s.%s is missing", m.Name, f.Name)
			}
			checkParams(t, text, append(slices.Clone(f.Params), f.Returns...))
		}
		for _, v := range m.Values {
			if !strings.Contains(text, "\n"+m.Name+"."+v.Name+" = ") {
				t.Errorf("%s.%s is missing", m.Name, v.Name)
			}
		}
		for _, class := range m.Types {
			if !strings.Contains(text, "\n---@class "+class.Name+"\n") {
				t.Errorf("the type %s is missing", class.Name)
			}
			_, local, _ := strings.Cut(class.Name, ".")
			for _, f := range class.Methods {
				if !strings.Contains(text, "\nfunction "+local+":"+f.Name+"(") {
					t.Errorf("%s:%s is missing", class.Name, f.Name)
				}
			}
			checkParams(t, text, class.Fields)
		}
	}
}

// checkFields looks for the fields of the catalogue in a class.
func checkFields(t *testing.T, text, class string, fields []authy.Field) {
	t.Helper()
	_, body, _ := strings.Cut(text, "\n---@class "+class+"\n")
	body, _, _ = strings.Cut(body, "\n\n")
	for _, f := range fields {
		mark := ""
		if f.Optional {
			mark = "?"
		}
		if !strings.Contains(body, "---@field "+f.Name+mark+" ") {
			t.Errorf("%s: the field %s is missing, or whether it may be left out", class, f.Name)
		}
		if limit := f.Rule.Doc; !strings.Contains(body, limit) {
			t.Errorf("%s.%s: the limit %q is missing", class, f.Name, limit)
		}
		for _, value := range f.Rule.Values {
			if !strings.Contains(text, "---| "+quoted(value)+"\n") {
				t.Errorf("%s.%s: the value %q is missing", class, f.Name, value)
			}
		}
		checkFields(t, text, class+"."+f.Name, f.Fields)
	}
}

func checkParams(t *testing.T, text string, params []luabind.Param) {
	t.Helper()
	for _, p := range params {
		if !regexp.MustCompile(`\b`+regexp.QuoteMeta(p.Name)).MatchString(text) && p.Name != "..." {
			t.Errorf("%s is missing", p.Name)
		}
		for _, value := range p.Values {
			if !strings.Contains(text, "---| "+quoted(value)+"\n") {
				t.Errorf("%s: the value %q is missing", p.Name, value)
			}
		}
		checkParams(t, text, p.Fields)
	}
}

// TestFilesAreLua: the files are Lua, use only types that they declare, and are the same each time.
func TestFilesAreLua(t *testing.T) {
	t.Parallel()
	files := Generate(luabind.NewManual(nil))
	var all strings.Builder
	for _, f := range files {
		if _, err := luabind.Parse(f.Text, f.Name); err != nil {
			t.Error(err)
		}
		all.WriteString(f.Text)
	}
	declared := map[string]int{}
	for _, match := range regexp.MustCompile(`(?m)^---@(?:class|alias) ([^\s:]+)`).FindAllStringSubmatch(all.String(), -1) {
		if declared[match[1]]++; declared[match[1]] > 1 {
			t.Errorf("%s is declared twice", match[1])
		}
	}
	dotted := regexp.MustCompile(`\b[a-z]+(?:\.\w+)+`)
	for _, match := range regexp.MustCompile(`(?m)^---@(?:field \S+|param \S+|return|class \S+:|overload) (fun\(.*|[^\s(]+)`).FindAllStringSubmatch(all.String(), -1) {
		for _, name := range dotted.FindAllString(match[1], -1) {
			if declared[name] == 0 {
				t.Errorf("%s uses %s, which is not declared", match[0], name)
			}
		}
	}
	if again := Generate(luabind.NewManual(nil)); !slices.Equal(files, again) {
		t.Error("a second run makes other files")
	}
}

// TestOneOperation is what the definitions of an operation look like.
func TestOneOperation(t *testing.T) {
	t.Parallel()
	text := textOf(t, Generate(luabind.NewManual(nil)), "authy")
	for _, want := range []string{
		`---@class authy.send_feedback.Parameters
---@field sms_id string Id from start_phone_verification with custom_code; not empty, not . or ..
---@field outcome authy.outcome Whether the code arrived; one of received, not-received

---@class authy.send_feedback.Result
`,
		`---@class authy.send_feedback.Task: task.Task
---@field await fun(self: authy.send_feedback.Task): authy.send_feedback.Result
---@field next fun(self: authy.send_feedback.Task, f: fun(result: authy.send_feedback.Result): any): task.Task

---Report whether a custom code arrived.
---
---It writes. Command: ` + "`authysh phone feedback <sms_id>`" + `
---
---` + "```lua" + `
---local sent = authy.start_phone_verification{
---  country_code = "PT", phone = "911 234 567", via = "sms", custom_code = "4711",
---}
---authy.send_feedback{ sms_id = sent.sms_id, outcome = "received" }
---` + "```" + `
---@param parameters authy.send_feedback.Parameters
---@return authy.send_feedback.Result result
---@overload fun(parameters: authy.send_feedback.Parameters, callback: fun(err: authy.Error?, result: authy.send_feedback.Result?))
function authy.send_feedback(parameters) end
`,
		`---@param parameters authy.send_feedback.Parameters
---@return authy.send_feedback.Result? result
---@return authy.Error? err
function authy.try.send_feedback(parameters) end
`,
	} {
		if !strings.Contains(text, want) {
			at := strings.Index(text, "---@class authy.send_feedback.Parameters")
			t.Fatalf("missing:\n%s\nthere is:\n%s", want, text[at:at+1600])
		}
	}
}

// TestLanguageServer lets the real language server check a script against the definitions.
func TestLanguageServer(t *testing.T) {
	t.Parallel()
	server, err := exec.LookPath("lua-language-server")
	if err != nil {
		t.Skip("lua-language-server is not on PATH")
	}
	dir := t.TempDir()
	library := filepath.Join(dir, "library")
	if err := os.Mkdir(library, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range Generate(luabind.NewManual(nil)) {
		write(filepath.Join(library, f.Name), f.Text)
	}
	work := filepath.Join(dir, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	settings, _ := json.Marshal(map[string]any{"runtime.version": "Lua 5.1", "workspace.library": []string{library}})
	write(filepath.Join(work, ".luarc.json"), string(settings))
	check := func(source string) (string, bool) {
		write(filepath.Join(work, "main.lua"), source)
		out, err := exec.Command(server, "--check="+work, "--checklevel=Warning", "--logpath="+t.TempDir()).CombinedOutput()
		return string(out), err == nil && strings.Contains(string(out), "no problems found")
	}
	if out, ok := check("local user = authy.register_user{ country_code = \"PT\", phone = \"1\", email = \"a@example.com\" }\nprint(user.user.id)\n"); !ok {
		t.Errorf("a script without mistakes: %s", out)
	}
	if out, ok := check("authy.request_sms{ force = true }\n"); ok {
		t.Errorf("a missing parameter was not found: %s", out)
	}
}
