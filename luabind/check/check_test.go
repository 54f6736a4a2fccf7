package check

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// phoneInHand stands for the module that the program adds.
func phoneInHand(*luabind.Host) luabind.Module {
	call := func(*lua.LState) int { return 0 }
	filter := luabind.Param{Name: "filter", Type: "table", Optional: true}
	return luabind.Module{Name: "sandbox", Functions: []luabind.Function{
		{Name: "last_code", Params: []luabind.Param{filter}, Call: call},
		{Name: "register_app", Params: []luabind.Param{{Name: "authy_id", Type: "integer|string"}}, Call: call},
		{Name: "set_callback", Params: []luabind.Param{{Name: "url", Type: "string", Optional: true}, {Name: "method", Type: "string", Optional: true}}, Call: call},
		{Name: "approve", Params: []luabind.Param{{Name: "uuid", Type: "string"}}, Call: call},
		{Name: "deny", Params: []luabind.Param{{Name: "uuid", Type: "string"}}, Call: call},
	}}
}

func newChecker() *Checker { return New(luabind.NewManual(nil, phoneInHand)) }

// rules are the findings as "line:column rule".
func rules(findings []Finding) []string {
	var shown []string
	for _, f := range findings {
		shown = append(shown, fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Rule))
	}
	return shown
}

var tests = []struct{ name, source, want string }{
	{"nothing", ``, ``},
	{"a line for the shell", "#!/usr/bin/env authysh\nprint(1)", ``},

	{"syntax", "local x = \n", `1:11 syntax`},
	{"syntax, not closed", "if true then\nprint(1)\n", `2:9 syntax`},
	{"syntax, of the compiler", "print(1)\nbreak\n", `2:1 syntax`},
	{"syntax, a binary file", "\x1bLua", `1:1 syntax`},

	{"operation", `authy.reqest_sms{ authy_id = 1 }`, `1:7 unknown-function`},
	{"operation, not called", `local f = authy.reqest_sms`, `1:17 unknown-function`},
	{"operation, in brackets", `authy["reqest_sms"]{ authy_id = 1 }`, `1:7 unknown-function`},
	{"operation, of try", `authy.try.reqest_sms{ authy_id = 1 }`, `1:11 unknown-function`},
	{"operation, of async", `authy.async.reqest_sms{ authy_id = 1 }`, `1:13 unknown-function`},
	{"operation, twice in a line", `authy.a{} authy.a{}`, `1:7 unknown-function, 1:17 unknown-function`},
	{"module function", `print(json.encod({}))`, `1:12 unknown-function`},
	{"library function", `print(string.formt("x"), math.pi, io.stdout)`, `1:14 unknown-function`},
	{"enumeration", `print(authy.enums.locale.PT, authy.enums.locale.XX, authy.enums.local_.PT)`, `1:49 unknown-function, 1:65 unknown-function`},
	{"module that is required into its own global", "json = require 'json'\njson.encod{}", `2:6 unknown-function`},
	{"method", `csv.open("x"):raed()`, `1:15 unknown-function`},
	{"field of a result", `local u = authy.register_user{ country_code = "PT", phone = "911234567", email = "a@b.pt" } print(u.user.idd, u.sucess)`,
		`1:106 unknown-field, 1:113 unknown-field`},
	{"field of a result, a level too far out", `local u = authy.get_user_status{ authy_id = 1 } print(u.confirmed, u.status.confirmed)`, `1:57 unknown-field`},
	{"field of a result, of try", `local s, err = authy.try.get_user_status{ authy_id = 1 } print(s.mesage, err.mesage)`, `1:66 unknown-field`},
	{"field of a module's result", `print(phone.parse("911234567", "PT").e614)`, `1:38 unknown-field`},
	{"method of a variable", "local r = csv.open('x')\nr:raed()", `2:3 unknown-function`},
	{"method of a task", `authy.async.get_application_details():awiat()`, `1:39 unknown-function`},
	{"method of a text", `print(("x"):formt(1))`, `1:13 unknown-function`},
	{"method of a file", `io.stdout:wirte("x")`, `1:11 unknown-function`},
	{"method of a client", `authy.client{ key = "k" }:reqest_sms{}`, `1:27 unknown-function`},
	{"method of a client, by try", `authy.client{ key = "k" }.try.reqest_sms{}`, `1:31 unknown-function`},

	{"parameter", `authy.request_sms{ authy_id = 1, forc = true }`, `1:34 unknown-parameter`},
	{"parameter, with any value", `authy.request_sms{ authy_id = arg[1], forc = arg[2] }`, `1:39 unknown-parameter`},
	{"parameter, nested, with any value", `authy.create_approval_request{ authy_id = 1, message = "x", logos = { { ress = arg[1], res = "low", url = arg[2] } } }`, `1:73 unknown-parameter`},
	{"parameter, nested", `authy.create_approval_request{ authy_id = 1, message = "x", details = { visibel = {} } }`, `1:73 unknown-parameter`},
	{"parameter, of a list", `authy.request_sms{ 12 }`, `1:7 missing-parameter, 1:20 unknown-parameter`},
	{"parameter, in brackets", `authy.request_sms{ authy_id = 1, ["forc"] = true }`, `1:35 unknown-parameter`},
	{"parameter, of an alias", "local sms = authy.request_sms\nsms{ authy_id = 1, forc = true }", `2:20 unknown-parameter`},
	{"parameter, of an alias of an alias", "local a = require 'authy'\nlocal b = a\nb.try.request_sms{ authy_id = 1, forc = true }", `3:34 unknown-parameter`},
	{"parameter, of a client", "local c = authy.client{ key = 'k' }\nc:request_sms{ authy_id = 1, forc = true }", `2:30 unknown-parameter`},
	{"parameter, of a client by dot", "local c = authy.client{ key = 'k' }\nc.request_sms{ authy_id = 1, forc = true }\nc.request_sms(c, { authy_id = 1, forc = true })", `2:30 unknown-parameter, 3:34 unknown-parameter`},
	{"parameter, of the module by colon", `authy:request_sms{ authy_id = 1, forc = true }`, `1:34 unknown-parameter`},
	{"parameter, through pcall", `pcall(authy.request_sms, { authy_id = 1, forc = true })`, `1:42 unknown-parameter`},
	{"parameter, through xpcall", `xpcall(authy.request_sms, print, { authy_id = 1, forc = true })`, `1:50 unknown-parameter`},
	{"parameter, through a task", `task.spawn(authy.request_sms, { authy_id = 1, forc = true })`, `1:47 unknown-parameter`},
	{"option", `csv.open("x", { seperator = ";" })`, `1:17 unknown-parameter`},
	{"option, of a client", `authy.client{ key = "k", timout = "5s" }`, `1:26 unknown-parameter`},
	{"option, of a batch", `batch.run{ source = {}, each = print, worker = 1 }`, `1:39 unknown-parameter`},
	{"option, of a step", `flow.define("x", { { "a", print, undoo = print } })`, `1:34 unknown-parameter`},
	{"option, of a retry", `flow.define("x", { { "a", print, retry = { times = 1, backof = 1 } } })`, `1:55 unknown-parameter`},

	{"missing", `authy.request_sms{ force = true }`, `1:7 missing-parameter`},
	{"missing, no table", `authy.request_sms()`, `1:7 missing-parameter`},
	{"missing, of a pair", `authy.get_phone_verification_status{ phone = "1" }`, `1:7 missing-parameter`},
	{"missing, nested", `authy.create_approval_request{ authy_id = 1, message = "x", logos = { { res = "low" } } }`, `1:71 missing-parameter`},
	{"missing argument", `time.sleep()`, `1:6 missing-parameter`},
	{"missing option", `batch.run{ source = {} }`, `1:7 missing-parameter`},
	{"missing part of a step", `flow.define("x", { { "a" } })`, `1:20 missing-parameter`},

	{"value", `authy.verify_token{ authy_id = 1, token = 12 }`, `1:35 invalid-value`},
	{"value, wrong type", `authy.request_sms{ authy_id = 1, force = "yes" }`, `1:34 invalid-value`},
	{"value, of a variable", "local token = '12'\nauthy.verify_token{ authy_id = 1, token = token }", `2:35 invalid-value`},
	{"value, negative", `authy.request_sms{ authy_id = -5 }`, `1:20 invalid-value`},
	{"value, hexadecimal", `authy.verify_token{ authy_id = 0x10, token = 0xF }`, `1:38 invalid-value`},
	{"value, nested", `authy.create_approval_request{ authy_id = 1, message = "x", logos = { { res = "huge", url = "https://x.example/" } } }`, `1:73 invalid-value`},
	{"value, duration", `authy.client{ key = "k", timeout = "5 parsecs" }`, `1:26 invalid-value`},
	{"value, one of few", `batch.run{ source = {}, each = print, rate = 1, per = "week" }`, `1:49 invalid-value`},
	{"value, of a step", `flow.define("x", { { "a", 12 } })`, `1:27 invalid-value`},
	{"value, on its own line", "authy.request_sms{\n  authy_id = 1,\n  force = 1,\n}", `3:3 invalid-value`},

	{"argument", `json.decode(12)`, `1:13 wrong-argument`},
	{"argument, no table", `authy.request_sms(12)`, `1:19 wrong-argument`},
	{"argument, text as table", `authy.request_sms "12"`, `1:19 wrong-argument`},
	{"argument, callback", `authy.request_sms({ authy_id = 1 }, "x")`, `1:37 wrong-argument`},
	{"argument, callback of try", `authy.try.request_sms({ authy_id = 1 }, function() end)`, `1:41 wrong-argument`},
	{"argument, one of few", `phone.format("x", "PT", "e1644")`, `1:25 wrong-argument`},
	{"argument, of a method", `csv.create("x"):write("x")`, `1:23 wrong-argument`},
	{"too many", `phone.parse("x", "PT", 3)`, `1:24 too-many-arguments`},

	{"global", `print(foo)`, `1:7 undefined-global`},
	{"global, called", `prnt(1)`, `1:1 undefined-global`},
	{"global, behind its scope", "do local x = 1 end\nprint(x)", `2:7 undefined-global`},
	{"global, of a function", "local function f(a) return a, b end\nreturn f", `1:31 undefined-global`},
	{"global, a loop's name", "for i = 1, 2 do end\nreturn i", `2:8 undefined-global`},
	{"global, in its own value", `local x = x`, `1:11 undefined-global`},
}

func TestRules(t *testing.T) {
	t.Parallel()
	checker := newChecker()
	for _, test := range tests {
		if got := strings.Join(rules(checker.Check("test.lua", test.source)), ", "); got != test.want {
			t.Errorf("%s: got %q, want %q\n%s", test.name, got, test.want, test.source)
		}
	}
	for _, rule := range Rules {
		tested := slices.ContainsFunc(tests, func(test struct{ name, source, want string }) bool { return strings.Contains(test.want, rule.Name) })
		if !tested && !slices.Contains([]string{globalAssignmentRule, unknownModuleRule, unknownRuleRule}, rule.Name) {
			t.Errorf("rule %s has no test", rule.Name)
		}
	}
}

// TestNoFalseAlarm has programs with which nothing is wrong, or nothing that the text tells.
func TestNoFalseAlarm(t *testing.T) {
	t.Parallel()
	checker := newChecker()
	for _, source := range []string{
		`local p = { forc = 1 } authy.request_sms(p)`,
		`authy.request_sms{ unpack(arg) }`,
		`local function f(...) authy.request_sms{ ... } authy.request_sms(...) end return f`,
		`authy.request_sms{ [arg[1]] = 1 }`,
		`authy.request_sms{ authy_id = arg[1], force = arg[2], locale = arg[3] }`,
		`authy.register_user{ country_code = arg[1], phone = "1", email = arg[2] }`,
		`authy.get_phone_verification_status{ country_code = arg[1], phone = arg[2] }`,
		`authy.create_approval_request{ authy_id = 1, message = "x", details = { visible = { a = arg[1] }, hidden = arg } }`,
		`authy.request_sms({ authy_id = 1 }, function(err, res) print(err, res) end)`,
		`authy.request_sms({ authy_id = 1 }, arg[1])`,
		`local authy = { no_such = print } authy.no_such{ x = 1 }`,
		`local authy = require "authy" authy = arg[1] authy.no_such{}`,
		`authy = arg[1] authy.no_such{}`,
		`authy = require "authy" json = require("json") authy.request_sms{ authy_id = 1 }`,
		`function authy.mine() end authy.mine(1)`,
		`json.pretty = function(v) return json.encode(v, { indent = 2 }) end print(json.pretty{})`,
		`authy.request_sms = print authy.request_sms("x")`,
		`x = 1 print(x)`,
		`function f() return g() end function g() end f()`,
		`_G.x = 1 print(x)`,
		`_G[arg[1]] = 1 print(x)`,
		`rawset(_G, "x", 1) setmetatable(_G, {}) print(x, y)`,
		`module("m") print(x)`,
		`require(arg[1]) print(x)`,
		`local function make() return "x", {} end flow.define(make())`,
		`print(_G, _VERSION, arg[0], ...)`,
		`local t = {} function t:f() return self end t:f()`,
		`local r = csv.open("x") for row in r do print(row) end r:close()`,
		`local t = authy.async.request_sms{ authy_id = 1 } t:next(print):catch(print):finally(print) t:await()`,
		`local c = authy.client{ key = arg[1], timeout = 250 } print(c.try.get_application_details{}) c:get_application_details()`,
		`repeat local done = true until done`,
		`goto out ::out:: print(1)`,
		`local f = io.open("x") f:no_such()`,
		`local ok, x = pcall(authy.request_sms, { authy_id = arg[1] }) print(ok, x) pcall()`,
		`pcall(authy.request_sms, ...)`,
		`phone.parse("x", nil, nil) time.sleep("5s") time.sleep(0.5) log.info("x", { a = 1 })`,
		`authy.verify_callback{ method = "post", headers = {}, body = "" }`,
		`flow.define("x", { { name = "a", run = print }, { "b", print, retry = 3 }, arg[1] })`,
		`task.map({ 1 }, print, { concurrency = 2 }) task.spawn(print, 1, 2, 3)`,
		`for _, v in ipairs(authy.get_application_statistics().stats) do print(v.no_such) end`,
		`totp.generate("secret") totp.generate{ secret = "x", digits = 7 }`,
		`local x <const> = nil`[:7] + `= nil print(x)`,
		`print(("x"):rep(3), #"x", ("%s"):format(1))`,
		`sandbox.approve(arg[1]) if not sandbox then print("x") end`,
		`local u = authy.get_user_status{ authy_id = 1 } print(u.user.id, u.status.extra, u.status.devices.a, #u.status.devices)`,
		`local u = authy.get_user_status{ authy_id = 1 } u = {} print(u.mesage)`,
		`local u = authy.get_user_status{ authy_id = 1 } u.mesage = 1 print(u.mesage)`,
		`local u = arg[1] and authy.get_user_status{ authy_id = 1 } or {} print(u.mesage)`,
		`local u = authy.async.get_user_status{ authy_id = 1 }:await() print(u.mesage)`,
	} {
		if got := checker.Check("test.lua", source); len(got) > 0 {
			t.Errorf("%s\n%v", source, got)
		}
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	checker := newChecker()
	for source, want := range map[string]string{
		`print(authy.get_user_status{ authy_id = 1 }.confirmed)`: `test.lua:1:45: warning: authy.get_user_status() has no confirmed, did you mean status.confirmed? [unknown-field]`,
		`authy.reqest_sms{}`:                       `test.lua:1:7: error: authy has no reqest_sms, did you mean authy.request_sms? [unknown-function]`,
		`json.encod{}`:                             `test.lua:1:6: error: json has no encod, did you mean json.encode? [unknown-function]`,
		`csv.open("x"):raed()`:                     `test.lua:1:15: error: csv.Reader has no raed, did you mean csv.Reader:read? [unknown-function]`,
		`authy.request_sms{ authy_id=1, forc=1 }`:  `test.lua:1:32: error: authy.request_sms: forc is not a parameter, did you mean "force"? [unknown-parameter]`,
		`prnt(1)`:                                  `test.lua:1:1: warning: undefined global "prnt", did you mean print? [undefined-global]`,
		`phone.parse("x", "PT", 3)`:                `test.lua:1:24: error: phone.parse takes at most 2 arguments, got 3 [too-many-arguments]`,
		`flow.define("x", { { "a", print, u=1 }})`: `test.lua:1:34: error: flow.define: steps[1].u is not known; known are name, run, undo, retry [unknown-parameter]`,
	} {
		got := checker.Check("test.lua", source)
		if len(got) != 1 || got[0].String() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	checker := newChecker()
	for _, test := range []struct{ name, source, want string }{
		{"on its line", "foo() -- check: ignore undefined-global", ``},
		{"another rule", "foo() -- check: ignore syntax", `1:1 undefined-global`},
		{"the line before", "-- check: ignore undefined-global\nfoo()", ``},
		{"two lines before", "-- check: ignore undefined-global\n\nfoo()", `3:1 undefined-global`},
		{"not the line behind", "print(1) -- check: ignore undefined-global\nfoo()", `2:1 undefined-global`},
		{"several rules", "json.x(foo) --check:ignore undefined-global, unknown-function -- both are meant", ``},
		{"comments in a row", "-- check: ignore unknown-function\n-- check: ignore undefined-global\njson.x(foo)", ``},
		{"all", "json.x(foo) -- check: ignore", ``},
		{"an unknown rule", "foo() -- check: ignore undefined-globl", `1:1 undefined-global, 1:7 unknown-rule`},
		{"something else", "foo() -- check: ignored", `1:1 undefined-global`},
	} {
		if got := strings.Join(rules(checker.Check("test.lua", test.source)), ", "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	checker := newChecker()
	checker.Hints = true
	source := "x = 1\nlocal y = 2\ny = 3\nfunction f() z = y end\nfor i = 1, 2 do i = 3 end"
	if got := strings.Join(rules(checker.Check("test.lua", source)), ", "); got != `1:1 global-assignment, 4:10 global-assignment, 4:14 global-assignment` {
		t.Error(got)
	}
}

func TestModules(t *testing.T) {
	t.Parallel()
	checker := newChecker()
	sources := map[string]string{
		"people": `require "places" function greet() end local hidden = 1 authy.mine = print`,
		"places": `require "people" town = "Lisbon"`,
		"broken": `function (`,
		"wild":   `_G[arg[1]] = 1`,
	}
	checker.Module = func(name string) (string, bool) {
		source, ok := sources[name]
		return source, ok
	}
	for _, test := range []struct{ source, want string }{
		{`require "people" greet(town, hidden) authy.mine()`, `1:30 undefined-global`},
		{`greet()`, `1:1 undefined-global`},
		{`local json = require "jsn"`, `1:22 unknown-module`},
		{`require "json" require("authy").no_such()`, `1:33 unknown-function`},
		{`require "broken" foo()`, ``},
		{`require "wild" foo()`, ``},
	} {
		if got := strings.Join(rules(checker.Check("test.lua", test.source)), ", "); got != test.want {
			t.Errorf("%s: got %q, want %q", test.source, got, test.want)
		}
	}
	checker.Module = nil
	if got := checker.Check("test.lua", `require "people" greet()`); len(got) > 0 {
		t.Errorf("without a way to modules: %v", got)
	}
}

// TestOurScripts: the programs that people copy have no mistakes, nor have the examples of the README.
func TestOurScripts(t *testing.T) {
	t.Parallel()
	checker := newChecker()
	checker.Hints = true
	files, err := filepath.Glob("../../scripts/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range checker.Check(file, string(source)) {
			t.Error(f)
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, block := range regexp.MustCompile("(?s)```lua\n(.*?)```").FindAllStringSubmatch(string(readme), -1) {
		for _, f := range checker.Check(fmt.Sprintf("README, Lua %d", i+1), block[1]) {
			t.Error(f)
		}
	}
}

// TestPlaces: every name, text, number and brace of our scripts is found where it is.
func TestPlaces(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../../scripts/*.lua")
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := luabind.Parse(string(source), file)
		if err != nil {
			t.Fatal(err)
		}
		s := &script{places: map[any]place{}, uses: map[*ast.IdentExpr]*variable{}}
		s.resolve(tree)
		lines := strings.Split(string(source), "\n")
		for at, p := range s.places {
			rest := lines[p.line-1][p.column-1:]
			begins := ""
			switch at := at.(type) {
			case *ast.IdentExpr:
				begins = at.Value
			case *ast.NumberExpr:
				begins = at.Value
			case *ast.StringExpr:
				if begins = at.Value; strings.ContainsAny(rest[:1], `"'[`) {
					begins = rest[:1]
				}
				if p.line != at.Line() && at.Line() != 0 {
					t.Errorf("%s: %q is in line %d, found in %d", file, at.Value, at.Line(), p.line)
				}
			case *ast.TableExpr:
				begins = "{"
			}
			if !strings.HasPrefix(rest, begins) {
				t.Errorf("%s:%d:%d: %q does not begin with %q", file, p.line, p.column, rest, begins)
			}
		}
	}
}

// FuzzCheck: no text makes it fail, and each finding is in the text.
func FuzzCheck(f *testing.F) {
	for _, test := range tests {
		f.Add(test.source)
	}
	f.Add("local function f(...) for k, v in pairs{...} do repeat local x = not -#k until x[1]:y'z' end end")
	f.Add("a.b.c['d'] = { [1] = 2, 3, f(), x = function(a, ...) return ... end } -- check: ignore")
	f.Add(strings.Repeat("(", 300))
	checker := newChecker()
	checker.Hints = true
	f.Fuzz(func(t *testing.T, source string) {
		lines := strings.Count(source, "\n") + strings.Count(source, "\r") + 1
		for _, found := range checker.Check("x.lua", source) {
			if found.Line < 1 || found.Column < 1 || found.Line > lines {
				t.Errorf("%v is not in a text of %d lines", found, lines)
			}
		}
	})
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	c := ForPlugins()
	c.Module = func(name string) (string, bool) { return "return {}", name == "helper" }
	for _, test := range []struct{ source, want string }{
		{`local plugin = require "plugin" return plugin.define{ name = "x", version = "1", summary = "S", hooks = { before_call = print } }`, ``},
		{`local p = require "plugin" return p.define{ name = "x", version = "1", sumary = "S" }`, `1:37 missing-parameter, 1:72 unknown-parameter`},
		{`local p = require "plugin" return p.define{ name = "x", version = "1", summary = "S", hooks = { before = print } }`, `1:97 unknown-parameter`},
		{`local h = require "helper" print(h.x, csv.parse("a"), json.encode{}, time.now(), ...)`, ``},
		{`http.get("https://example.com") env.get("X") fs.append("a", "b") exec.run("date", { "-u" })`, ``},
		{`plugin.define{}`, `1:1 undefined-global`},
		{`os.time()`, `1:1 undefined-global`},
		{`authy.get_application_details()`, `1:1 undefined-global`},
		{`local io = require "io"`, `1:20 unknown-module`},
		{`csv.open("x")`, `1:5 unknown-function`},
		{`string.dump(print)`, `1:8 unknown-function`},
		{`http.gett("x")`, `1:6 unknown-function`},
		{`http.get("x", { header = {} })`, `1:17 unknown-parameter`},
		{`fs.write("x")`, `1:4 missing-parameter`},
		{`exec.run("x", "y")`, `1:15 wrong-argument`},
	} {
		if got := strings.Join(rules(c.Check("init.lua", test.source)), ", "); got != test.want {
			t.Errorf("%s: %s, want %s", test.source, got, test.want)
		}
	}
	found := c.Check("init.lua", "os.exit()")
	if len(found) != 1 || found[0].Message != `undefined global "os": plugins do not have it` {
		t.Errorf("%v", found)
	}
}
