package luabind_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	lua "github.com/yuin/gopher-lua"
)

func TestLoadFunctions(t *testing.T) {
	t.Parallel()
	expect(t, stub(t, nil), `
		print(loadstring("return ...")(7), load(function() return nil end)())
		local parts = { "return ", "1 +", " 1" }
		print(load(function() return table.remove(parts, 1) end)())
		print(loadstring("x = ="))
		print(loadstring("x = (", "@made.lua"))
		print(loadstring("for", "=console"))
		print(loadstring("\27Lua"))
		print(loadstring(("x"):rep(100) .. "\ny = ="))
		print(pcall(load, function() return 1 end))
		print(select("#", loadstring("")))
		print(loadfile("no-such-file.lua"))
		print(pcall(dofile, "no-such-file.lua"))`, `7
2
nil	[string "x = ="]:1: syntax error near '='
nil	made.lua: syntax error at the end of the source: the '(' of line 1 is not closed
nil	console: syntax error at the end of the source: a name is missing after 'for'
nil	[string "`+"\x1b"+`Lua"]: is not Lua source text but a binary file
nil	[string "`+strings.Repeat("x", 60)+`..."]:2: parse error near 'y'
false	reader function must return a string, not a number
1
nil	cannot read the script: stat no-such-file.lua: no such file or directory
false	cannot read the script: stat no-such-file.lua: no such file or directory`)
}

func TestErrorsOfOtherFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	broken := write("broken.lua", "\n\nx = = 1")
	write("raises.lua", "local function f() error('no good') end\nf()")
	for source, want := range map[string]string{
		`require "broken"`: broken + ":3: syntax error near '='",
		`dofile(...)`:      broken + ":3: syntax error near '='",
		`require "raises"`: filepath.Join(dir, "raises.lua") + ":1: no good",
	} {
		rt, err := luabind.New(stub(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		err = rt.RunFile(t.Context(), write("main.lua", source), broken)
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDeepNesting gives sources whose compilation would overflow the stack of the process.
func TestDeepNesting(t *testing.T) {
	t.Parallel()
	const levels = 20_000
	for name, source := range map[string]string{
		"not":       "return " + strings.Repeat("not ", levels) + "1",
		"tables":    "return " + strings.Repeat("{", levels) + strings.Repeat("}", levels),
		"functions": strings.Repeat("return function() ", levels) + strings.Repeat("end ", levels),
		"concat":    "return 'a'" + strings.Repeat("..'a'", levels),
		"calls":     "return f" + strings.Repeat("()", levels),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, stub(t, nil), source)
			failure, ok := errors.AsType[*luabind.ScriptError](err)
			if !ok || !failure.Syntax {
				t.Errorf("got %.200v, want a syntax error", err)
			}
			out, err := run(t, stub(t, nil), fmt.Sprintf("local f, why = loadstring(%q) print(f, #why > 0)", source))
			if err != nil || out != "nil\ttrue\n" {
				t.Errorf("loadstring: got %.200q, %.200v", out, err)
			}
		})
	}
	// What people write is far from the limit.
	expect(t, stub(t, nil), "return print(#('' "+strings.Repeat(".. 'a' ", 150)+"))", "150")
	expect(t, stub(t, nil), "print("+strings.Repeat("(", 150)+"1"+strings.Repeat(")", 150)+")", "1")
}

func TestCallsAsFieldsGiveOneValue(t *testing.T) {
	t.Parallel()
	expect(t, stub(t, nil), `
		local function f() return 7, 8 end
		local function g(...) return { 1, x = ... } end
		local t, u, v, w = { 1, x = f() }, { 1, x = f(), }, { [1 + 1] = f() }, { 1, f() }
		print(#t, t.x, t[2], #u, v[2], #w, #g(4, 5), g(4, 5).x)
		print(#loadstring("local function f() return 7, 8 end return { 1, x = f() }")())`,
		"1\t7\tnil\t1\t7\t3\t1\t4\n1")
}

func TestContextOfAMiddleware(t *testing.T) {
	t.Parallel()
	late := func(next luabind.CallFunc) luabind.CallFunc {
		return func(ctx context.Context, call *luabind.Call) (any, error) {
			ctx, cancel := context.WithDeadline(ctx, time.Unix(0, 0))
			defer cancel()
			return next(ctx, call)
		}
	}
	got, err := run(t, stub(t, nil), `print(select(2, authy.try.get_user_status{ authy_id = 1 }).kind,
		select(2, authy.try.wait_approval{ id = "x" }).kind)`, luabind.Use(late))
	if err != nil || got != "timeout\ttimeout\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestMisuseByTheHost(t *testing.T) {
	t.Parallel()
	if _, err := luabind.New(stub(t, nil), luabind.Use(nil)); err == nil {
		t.Error("a nil middleware is accepted")
	}
	if _, err := luabind.New(stub(t, nil), nil); err == nil {
		t.Error("a nil option is accepted")
	}
	nothing := func(luabind.CallFunc) luabind.CallFunc { return nil }
	if _, err := run(t, stub(t, nil), `authy.register_user{ country_code = "PT", phone = "911234567", email = "ana@example.com" }`, luabind.Use(nothing)); err != nil {
		t.Errorf("a middleware that adds nothing: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Loader accepts no client")
		}
	}()
	luabind.Loader(nil)
}

func TestSilentMistakes(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`totp.generate("JBSWY3DPEHPK3PXP", { digits = 8 })`: "totp.generate takes at most 1 argument, got 2",
		`json.decode("1", {})`:                              "json.decode takes at most 1 argument, got 2",
		`phone.valid("911234567", "PT", nil, nil)`:          "",
		`authy:verify_callback{ headers = {} }`:             "",
		`authy.verify_callback({ headers = {} }, 1, 2)`:     "authy.verify_callback takes at most 1 argument, got 3",
	} {
		got, err := run(t, stub(t, nil), `print(select(2, pcall(function() `+source+` end)))`)
		if err != nil || want != "" && !strings.Contains(got, want) || want == "" && strings.Contains(got, "argument") {
			t.Errorf("%s: got %q, %v, want %q", source, got, err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "mac.csv")
	if err := os.WriteFile(path, []byte("a,b\r1,2\r"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := run(t, stub(t, nil), fmt.Sprintf("print(pcall(csv.open, %q))", path)); err != nil || !strings.Contains(got, "CR alone") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestErrorObjectsOfScripts(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`error(setmetatable({}, { __tostring = function() return "custom" end }))`: "test.lua:1: custom",
		`error(setmetatable({}, { __tostring = function() error("no") end }))`:     "test.lua:1: a table without a message was raised as an error",
		`error(setmetatable({ message = "m" }, { __tostring = 5 }))`:               "test.lua:1: m",
	} {
		if _, err := run(t, stub(t, nil), source); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
	}
}

func TestGoValuesThatContainThemselves(t *testing.T) {
	t.Parallel()
	type ring struct {
		Next *ring `json:"next"`
	}
	loop := &ring{}
	loop.Next = loop
	answer := func(luabind.CallFunc) luabind.CallFunc {
		return func(context.Context, *luabind.Call) (any, error) { return loop, nil }
	}
	got, err := run(t, stub(t, nil), `print(pcall(authy.list_webhooks))`, luabind.Use(answer))
	if err != nil || !strings.Contains(got, "contains itself") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCaughtWriteFailure(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	rt, err := luabind.New(stub(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	err = rt.Run(t.Context(), luabind.Script{Name: "test.lua", Source: `
		assert(not pcall(function()
			local w = csv.create("/dev/full", { header = { "a" } })
			w:write{ a = 1 }
			w:close()
		end))`})
	if err != nil {
		t.Error(err)
	}
	if err := rt.Close(); err != nil {
		t.Errorf("a failure that the script caught is reported again: %v", err)
	}
}

func TestErrorOf(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("authy", luabind.Loader(stub(t, service)))
	err := luabind.ErrorOf(L.DoString("require('authy').get_user_status{ authy_id = 404 }"))
	if refusal, ok := errors.AsType[*authy.APIError](err); !ok || refusal.Code != "60026" {
		t.Errorf("got %v", err)
	}
	if got, want := fmt.Sprint(err), "<string>:1: get_user_status: User not found. (HTTP 404, code 60026)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := luabind.ErrorOf(L.DoString("return 1")); err != nil {
		t.Errorf("no error became %v", err)
	}
	var buffer bytes.Buffer
	fmt.Fprint(&buffer, luabind.ErrorOf(errors.New("plain")))
	if buffer.String() != "plain" {
		t.Errorf("got %q", buffer.String())
	}
}

// TestReadScriptLarge has a file that never ends, as some devices do: a hole costs no disk.
func TestReadScriptLarge(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "endless.lua")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skip(err)
	}
	if _, err := luabind.ReadScript(path); err == nil || !strings.HasSuffix(err.Error(), "endless.lua is larger than 64 MiB") {
		t.Errorf("got %v", err)
	}
}

// TestUnfinishedSource says what is missing at the end of a source.
func TestUnfinishedSource(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"x =": "an expression is missing after '='", "x = 1 + -- more": "an expression is missing after '+'", `x = "=" ..`: "an expression is missing after '..'",
		"if": "an expression is missing after 'if'", "for i = 1,": "an expression is missing after ','", "f(1,": "an expression is missing after ','",
		"x.": "a name is missing after '.'", "local": "a name is missing after 'local'", "for": "a name is missing after 'for'",
		"print(": "the '(' of line 1 is not closed", "\nx = {1,": "the '{' of line 2 is not closed", "x[1": "the '[' of line 1 is not closed",
		"if a": "the 'if' of line 1 has no 'then'", "if a then\nelseif b": "the 'elseif' of line 2 has no 'then'", "if a then b() else c()": "the 'if' of line 1 has no 'end'",
		"if a then\nwhile b do\nend\n": "the 'if' of line 1 has no 'end'", "for i = 1, 2": "the 'for' of line 1 has no 'do'", "while true do": "the 'while' of line 1 has no 'end'",
		"repeat f()": "the 'repeat' of line 1 has no 'until'", "repeat until": "an expression is missing after 'until'", "do": "the 'do' of line 1 has no 'end'",
		"local function f()\n  f(function() end)": "the 'function' of line 1 has no 'end'", "x": "the statement that ends with 'x' is not complete",
		"x = [[a": "unterminated multiline string at the end of the source", `x = "a`: "unterminated string at the end of the source",
	} {
		_, err := luabind.Parse(source, "name")
		failure, ok := errors.AsType[*luabind.ScriptError](err)
		if !ok || !strings.HasSuffix(err.Error(), want) || failure.Incomplete != (source != `x = "a`) {
			t.Errorf("%s: got %v, incomplete %v, want %s", source, err, ok && failure.Incomplete, want)
		}
	}
	// wherever a script is cut off
	const script = "#!/usr/bin/env authysh\nlocal a = { b = 1.5, [\"c\"] = 'd' } -- e\nfor k, v in pairs(a) do if v ~= 1 and not k then print(k .. v, #a) elseif k then repeat f(...) until true else a.b:c() end end\n" +
		"while x do x = function(...) return -1, [==[ y ]==] end end"
	for i := range script {
		if _, err := luabind.Parse(script[:i], "name"); err != nil && strings.Contains(err.Error(), "the end of the source: ") && strings.HasSuffix(err.Error(), ": ") {
			t.Errorf("%q: %v", script[:i], err)
		}
	}
}
