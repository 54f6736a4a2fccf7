package luabind_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/luabind"
	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
)

// prompt is a session and what its scripts printed.
type prompt struct {
	*luabind.Session
	rt  *luabind.Runtime
	out bytes.Buffer
}

// instant is the clock of the sessions.
var instant = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newPrompt(t testing.TB, client *authy.Client, options ...luabind.Option) *prompt {
	t.Helper()
	p := &prompt{}
	clock := luabind.Clock(func() time.Time { return instant })
	rt, err := luabind.New(client, append([]luabind.Option{luabind.Stdout(&p.out), clock}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close() })
	p.rt, p.Session = rt, rt.NewSession(luabind.SessionOptions{})
	return p
}

// sandboxPrompt is a session at a sandbox.
func sandboxPrompt(t testing.TB) *prompt {
	t.Helper()
	service := sandbox.New(sandbox.WithSeed(7))
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return newPrompt(t, &authy.Client{Key: service.Key(), Host: server.URL, Retries: authy.NoRetries})
}

// evaluation gives what a chunk shows, or the error with ! in front.
func (p *prompt) evaluation(t testing.TB, src string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	shown, err := p.Eval(ctx, src)
	if err != nil {
		return "!" + err.Error()
	}
	return shown
}

// TestDialogues enters line after line into one session each, and compares what each shows.
func TestDialogues(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][][2]string{
		"values": {
			{"40+2", "42"}, {"x = 1", ""}, {"nil", "nil"}, {"=x", "1"}, {" = x + 1", "2"}, {`"a", 1, nil`, `"a", 1, nil`},
			{"(function() end)()", ""}, {"x == 1", "true"}, {"return 5", "5"}, {"x = 2 return x, x", "2, 2"}, {"", ""}, {"-- nothing", ""},
		},
		"last value": {{"6 * 7", "42"}, {"_", "42"}, {"_ + 1", "43"}, {"x = 9", ""}, {"_", "43"}, {"nil", "nil"}, {"_", "nil"}, {"1, 2", "1, 2"}, {"_", "1"}},
		"locals outlive their line": {
			{"local a = 7", ""}, {"a", "7"}, {"local b, c = 1", ""}, {"b", "1"}, {"c", "nil"}, {"c = 5 local c", ""}, {"c", "nil"},
			{"local function f(n) if n == 0 then return 'done' end return f(n - 1) end", ""}, {"f(3)", `"done"`},
			{"local n = 0 function inc() n = n + 1 return n end", ""}, {"inc()", "1"}, {"n", "1"},
			{"do local inner = 1 end", ""}, {"inner", "nil"}, {"local function g() local hidden = 2 return hidden end g()", ""}, {"hidden", "nil"},
			{"local p, q = (function() return 1, 2 end)()", ""}, {"p + q", "3"},
		},
		"output is no value": {{`io.write("a")`, ""}, {`io.stdout:write("b")`, ""}, {"io.stdout", "io.stdout -- file"}, {`io.stdout:flush()`, ""}, {"print(1)", ""}},
		"functions": {
			{"print", "print -- function print(...): Writes its arguments as tostring shows them."}, {"authy.request_email", "authy.request_email -- function authy.request_email{ authy_id, force? }: sends: Mail a code to a user."},
			{"function mine(a) end", ""}, {"mine", "mine -- function (a), input 3:1"}, {"{ mine, print, function() end }", "{ mine, print, nil --[[function (), input 5:1]] }"}, {"{ authy.try, json }", "{ authy.try, json }"},
			{"mine = nil", ""}, {"{ _[1] }", "{ authy.try }"},
		},
		"errors": {
			{`error("boom")`, "!boom"}, {"_err", `"input 1:1: boom"`}, {"x = = 3", "!syntax error near '='"}, {`y = "abc`, "!unterminated string near 'abc'"},
			{"1 +* 2", "!syntax error near '*'"}, {"error{ message = 'mine' }", "!mine"}, {"_err.message", `"mine"`}, {"1", "1"}, {"error()", "!nil was raised as an error"},
			{"a\x00b", `!a zero byte cannot be typed: write \0 inside a string`}, {"break", "!no loop to break"},
		},
		"names that are missing": {
			{"auhty.user", "!auhty is not defined, did you mean authy?"}, {"auhty", "nil"}, {"nothing_like_it.x", "!nothing_like_it is not defined"},
			{"prnt(1)", "!prnt is not defined, did you mean print?"}, {"string.fromat('x')", "!string has no fromat, did you mean string.format?"},
			{"authy.requst_sms{}", "!authy has no requst_sms, did you mean authy.request_sms?"}, {"undefined == nil", "true"}, {"missing and 1 or 2", "2"},
			{"user = { name = 'ana' }", ""}, {"usr.name", "!usr is not defined, did you mean user?"}, {"user:nme()", "!user has no nme, did you mean user.name?"},
			{"1 + usr", "!usr is not defined, did you mean user?"}, {"function f() return auhty.x end", ""},
			{"f()", "!input 13:1: auhty is not defined, did you mean authy?"}, {"local t = nil; (function(auhty) return auhty.x end)(t)", "!attempt to index local 'auhty' (a nil value)"},
		},
		"coroutines live on": {
			{"co = coroutine.create(function() local ok, v = pcall(function() return coroutine.yield(1) end) coroutine.yield(v) return 3 end)", ""},
			{"coroutine.resume(co)", "true, 1"}, {"coroutine.resume(co, 2)", "true, 2"}, {"coroutine.resume(co)", "true, 3"}, {"coroutine.status(co)", `"dead"`},
			{"gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)", ""}, {"gen()", "1"}, {"gen()", "2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPrompt(t, stub(t, service))
			for _, line := range lines {
				if got := p.evaluation(t, line[0]); got != line[1] {
					t.Errorf("%s\ngot  %s\nwant %s", line[0], got, line[1])
				}
			}
		})
	}
}

// TestChunks holds when what was typed is an expression, is to go on, or is wrong.
func TestChunks(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, nil))
	for _, src := range []string{
		"function f()", "if a then", "f(", "x = {1,", "x = 1 +", "[[abc", "--[[ c", "{", "not", "a and", `"abc\`, "x =", "=1 +", "for i = 1, 2 do",
		"repeat", "x = function()", "a.", "a:", "local", "return 1,", "while true do\nprint(1)", "x = [==[\n]]", "#", "-",
	} {
		if !p.Incomplete(src) {
			t.Errorf("%q counts as complete", src)
		}
		if _, err := p.Eval(t.Context(), src); err == nil {
			t.Errorf("%q was evaluated", src)
		}
	}
	for _, src := range []string{`x = "abc`, "x = = 3", "end", "f())", "x ~ 3", "1+1", "x", "f()", "=x", "", " ", "x = 1", "return", "-- c", "=x y", "}", "'a", "a b"} {
		if p.Incomplete(src) {
			t.Errorf("%q counts as incomplete", src)
		}
	}
}

// TestErrorPositions: the line and column where a report puts its mark, and the remedy.
func TestErrorPositions(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, service))
	for _, test := range []struct {
		src          string
		line, column int
		remedy       string
	}{
		{"x = = 3", 1, 5, ""},
		{"1 +* 2", 1, 4, ""},
		{`y = "abc`, 1, 5, ""},
		{"x = 1\ny = = 3", 2, 5, ""},
		{"fucntion g() end", 1, 1, "did you mean function?"},
		{"x = 1 +\n", 1, 0, ""},
		{"error('boom')", 1, 0, ""},
		{"x = 1\nerror('boom')", 2, 0, ""},
		{"local s = 'auhty' .. auhty.user", 1, 22, ""},
		{"string.fromat()", 1, 8, ""},
		{"authy.request_sms{ authy_id = 1, force = 'x' }", 1, 34, "?authy.request_sms lists the parameters and their limits"},
		{"authy.request_sms{ authy_id = 1,\n  forc = true }", 2, 3, "?authy.request_sms lists the parameters and their limits"},
		{"authy.request_sms{}", 1, 7, "?authy.request_sms lists the parameters and their limits"},
		{"authy.request_sms{ authy_id = 404 }", 1, 7, "register_user gives the id of a user"},
		{"csv.slurp('x')", 1, 5, "?csv lists what it has"}, {"csv.opn('x')", 1, 5, ""},
		{"authy.request_sms{ authy_id = 429 }", 1, 7, "try again in 1m30s"},
		{"json.encod()", 1, 6, ""},
	} {
		_, err := p.Eval(t.Context(), test.src)
		failure, ok := errors.AsType[*luabind.EvalError](err)
		if !ok {
			t.Errorf("%s: got %v, want an *EvalError", test.src, err)
			continue
		}
		if failure.Line() != test.line || failure.Column() != test.column || failure.Remedy() != test.remedy {
			t.Errorf("%s: got %d:%d %q, want %d:%d %q (%v)", test.src, failure.Line(), failure.Column(), failure.Remedy(), test.line, test.column, test.remedy, err)
		}
	}
}

func TestErrorsUnwrap(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, service))
	_, err := p.Eval(t.Context(), "local function f() authy.get_user_status{ authy_id = 404 } end\nf()")
	if !errors.Is(err, authy.ErrNotFound) {
		t.Errorf("got %v, want one that is ErrNotFound", err)
	}
	failure, _ := errors.AsType[*luabind.EvalError](err)
	if failure == nil || len(failure.Traceback()) < 2 {
		t.Fatalf("got %v, want a traceback of two calls", err)
	}
	script, _ := errors.AsType[*luabind.ScriptError](err)
	if script == nil || script.Value == lua.LNil {
		t.Errorf("the value is lost: %v", script)
	}
}

// TestInterrupts: whatever runs, canceling ends it, and the session goes on with its variables.
func TestInterrupts(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	client := stub(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	})
	client.Timeout = authy.NoTimeout
	for name, source := range map[string]string{
		"endless loop":               "while true do end",
		"inside pcall":               "while true do pcall(function() while true do end end) end",
		"coroutine of this line":     "coroutine.wrap(function() while true do end end)()",
		"coroutine of another line":  "coroutine.resume(earlier)",
		"pcall in another coroutine": "coroutine.resume(guarded)",
		"asleep":                     "time.sleep('1h')",
		"slow call":                  "authy.get_application_details()",
		"try":                        "authy.try.get_application_details()",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var started chan struct{}
			p := newPrompt(t, client, luabind.With(func(*luabind.Host) luabind.Module {
				return luabind.Module{Name: "test", Functions: []luabind.Function{{Name: "started", Call: func(*lua.LState) int {
					close(started)
					return 0
				}}}}
			}))
			p.evaluation(t, "kept = 'yes' earlier = coroutine.create(function() coroutine.yield() while true do end end)")
			p.evaluation(t, "guarded = coroutine.create(function() pcall(function() coroutine.yield() while true do end end) while true do end end)")
			p.evaluation(t, "coroutine.resume(earlier) coroutine.resume(guarded)")
			for range 2 { // an interrupt must not spoil the next one
				started = make(chan struct{})
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() {
					_, err := p.Eval(ctx, "test.started() "+source)
					done <- err
				}()
				<-started
				cancel()
				select {
				case err := <-done:
					if !errors.Is(err, context.Canceled) {
						t.Fatalf("got %v, want context.Canceled", err)
					}
				case <-time.After(cancelBound):
					t.Fatal("it did not end")
				}
				if strings.Contains(source, "resume") {
					break // the coroutine is dead now
				}
			}
			for src, want := range map[string]string{"kept": `"yes"`, "_err": `"interrupted"`, "pcall(coroutine.wrap(function() return 1 end))": "true, 1"} {
				if got := p.evaluation(t, src); got != want {
					t.Errorf("%s after the interrupt: got %s, want %s", src, got, want)
				}
			}
		})
	}
}

func TestSessionExit(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, nil))
	for src, want := range map[string]int{"os.exit()": 0, "os.exit(3)": 3, "pcall(os.exit, 4)": 4} {
		_, err := p.Eval(t.Context(), src)
		if exit, ok := errors.AsType[*luabind.ExitError](err); !ok || exit.Code != want {
			t.Errorf("%s: got %v, want code %d", src, err, want)
		}
	}
	if got := p.evaluation(t, "1"); got != "1" {
		t.Errorf("after os.exit: %s", got)
	}
	_ = p.rt.Close()
	if _, err := p.Eval(t.Context(), "1"); err == nil {
		t.Error("a closed runtime evaluates")
	}
	if c := p.Complete("pri", 3); len(c.Candidates) > 0 {
		t.Error("a closed runtime completes")
	}
	if _, _, ok := p.Help("kept"); ok {
		t.Error("a closed runtime has globals")
	}
}

// TestSessionAfterScript: the prompt behind a script has its globals.
func TestSessionAfterScript(t *testing.T) {
	t.Parallel()
	rt, err := luabind.New(stub(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	if err := rt.Run(t.Context(), luabind.Script{Name: "main.lua", Source: "x = arg[1]", Args: []string{"a"}, Dir: "elsewhere"}); err != nil {
		t.Fatal(err)
	}
	p := &prompt{rt: rt, Session: rt.NewSession(luabind.SessionOptions{})}
	if got, want := p.evaluation(t, `x, arg[0], package.path:match("elsewhere") ~= nil`), `"a", "main.lua", true`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	p := sandboxPrompt(t)
	p.evaluation(t, `user = authy.register_user{ country_code = "PT", phone = "911 234 567", email = "ana@example.com" }.user`)
	p.evaluation(t, `authy.create_user_secret{ authy_id = user.id } res = authy.export_user_secret{ authy_id = user.id }`)
	const source = `{ api_key = "abc", country_code = "PT", codes = { "123456", 7 }, token = "is valid", error_code = "60026", flag_token = true, n = { otp = 123456 } }`
	masked := p.evaluation(t, "res")
	if strings.Count(masked, `"***" --[[masked]]`) != 2 {
		t.Errorf("secret and otp are not masked:\n%s", masked)
	}
	want := `{
  api_key      = "***" --[[masked]],
  country_code = "PT",
  codes        = { "***" --[[masked]], 7 },
  token        = "is valid",
  error_code   = "60026",
  flag_token   = true,
  n            = { otp = "***" --[[masked]] },
}`
	if diff := cmp.Diff(want, p.evaluation(t, source)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := p.evaluation(t, "#res.secret > 10, res.secret ~= '***'"); got != "true, true" {
		t.Errorf("the value itself is changed: %s", got)
	}
	p.Unmask(true)
	if got := p.evaluation(t, "res"); strings.Contains(got, "***") || !p.Unmasked() {
		t.Errorf("unmasked: %s", got)
	}
	p.Unmask(false)
	if got := p.evaluation(t, "res"); got != masked {
		t.Errorf("masked again: %s", got)
	}
}

func TestKeysAreNeverShown(t *testing.T) {
	t.Parallel()
	client := stub(t, service)
	p := newPrompt(t, client)
	for _, format := range luabind.Formats() {
		p.SetFormat(format)
		for _, src := range []string{`"` + client.Key + `"`, `{ note = "the key is ` + client.Key + `!" }`, `{ { a = "` + client.Key + `" } }`, `{ ["` + client.Key + `"] = { 1 } }`} {
			if got := p.evaluation(t, src); strings.Contains(got, client.Key) || !strings.Contains(got, "***") && !strings.HasPrefix(got, "table: ") {
				t.Errorf("%s shows %s", format, got)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, service))
	const rows = `{ { name = "ana", age = 31 }, { name = "bruno", age = 7, note = "a b" } }`
	for _, test := range []struct {
		format       luabind.Format
		source, want string
	}{
		{luabind.FormatLua, rows, "{\n  { name = \"ana\",   age = 31               },\n  { name = \"bruno\", age =  7, note = \"a b\" },\n}"},
		{luabind.FormatTable, rows, "name   age  note\nana    31\nbruno  7    a b"},
		{luabind.FormatTable, `{ message = "ok", list = ` + rows + ` }`, "list\nname   age  note\nana    31\nbruno  7    a b"},
		{luabind.FormatTable, `{ name = "ana", in_list = { 1, 2 } }`, "name     ana\nin_list  { 1, 2 }"},
		{luabind.FormatTable, `{ ok = true, user = { id = 7, of = { city = "Porto" }, codes = json.array{} } }`, "ok            true\nuser.id       7\nuser.of.city  Porto\nuser.codes    {}"},
		{luabind.FormatTable, `{ { a = { b = "日本語", c = 1 }, d = "x" }, { a = { b = "é", c = 2 }, d = "y" } }`, "a.b     a.c  d\n日本語  1    x\né       2    y"},
		{luabind.FormatTable, `{ { a = ("x"):rep(90), b = 1 }, { a = "y", b = 2 } }`, "a" + strings.Repeat(" ", 78) + "b\n" + strings.Repeat("x", 76) + "…  1\ny" + strings.Repeat(" ", 78) + "2"},
		{luabind.FormatTable, `(function() local r = {} for i = 1, 12 do r["field_" .. i] = "a value" end return { r, { field_1 = "z" } } end)()`,
			strings.Join([]string{"field_1 ", "field_2 ", "field_3 ", "field_4 ", "field_5 ", "field_6 ", "field_7 ", "field_8 ", "field_9 ", "field_10", "field_11", "field_12"}, "  a value\n") + "  a value\n\nfield_1  z"},
		{luabind.FormatTable, `(function() local r = {} for i = 1, 1001 do r[i] = { n = 7 } end return r end)()`, "n" + strings.Repeat("\n7", 1000) + "\n… 1 more"},
		{luabind.FormatTable, `{ 1, 2 }, "x"`, "{ 1, 2 }\n\"x\""},
		{luabind.FormatJSON, `{ name = "ana", list = { 1, json.null } }, nil`, "{\n  \"name\": \"ana\",\n  \"list\": [\n    1,\n    null\n  ]\n}\nnull"},
		{luabind.FormatJSON, `{ token = "123456", ok = { 1 } }`, "{\n  \"token\": \"***\",\n  \"ok\": [\n    1\n  ]\n}"},
		{luabind.FormatJSON, `{ f = print }`, "// value.f is a function, which JSON cannot hold\n{ f = print }"},
		{luabind.FormatRaw, `"a\nb", 1, nil`, "a\nb\t1\tnil"},
		{luabind.FormatRaw, `select(2, authy.try.request_sms{ authy_id = 404 })`, "request_sms: User not found. (HTTP 404, code 60026)"},
	} {
		p.SetFormat(test.format)
		if diff := cmp.Diff(test.want, p.evaluation(t, test.source)); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", p.Format(), test.source, diff)
		}
	}
}

// TestSessionHelp: what the manual knows, aliases of it, and the session's own globals.
func TestSessionHelp(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, service))
	p.evaluation(t, `c = authy.client{ key = "another-key" } send = authy.request_sms user = { name = "ana" } function greet(who) end`)
	for topic, want := range map[string]string{
		"request_sms": "Text a code to a user.", "authy.request_sms?": "Text a code to a user.", "send": "Text a code to a user.", "c:request_sms": "Text a code to a user.",
		"authy.try.request_sms": "Text a code to a user.", "user": "table of 1", "user.name": `string "ana"`, "greet": "function (who)", "errors": "retry_after", "": "Topics:",
	} {
		if text, _, ok := p.Help(topic); !ok || !strings.Contains(text, want) {
			t.Errorf("%q: got %q, want %q in it", topic, text, want)
		}
	}
	for topic, want := range map[string]string{"reqest_sms": "authy.request_sms", "errrs": "errors", "gret": "greet", "zzzzzz": "", "pirnt": "print"} {
		if text, near, ok := p.Help(topic); ok || text != "" || near != want {
			t.Errorf("%q: got %q near %q, want near %q", topic, text, near, want)
		}
	}
}
