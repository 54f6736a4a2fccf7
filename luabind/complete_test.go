package luabind_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/authysh/authysh/authy"
	"github.com/google/go-cmp/cmp"
)

// completed gives the candidates for the text before "|", with what they replace.
func (p *prompt) completed(t testing.TB, line string) (candidates []string, replaced string, hint string) {
	t.Helper()
	before, after, _ := strings.Cut(line, "|")
	c := p.Complete(before+after, len(before))
	if c.From < 0 || c.From > len(before) {
		t.Fatalf("%s: From is %d", line, c.From)
	}
	for _, candidate := range c.Candidates {
		candidates = append(candidates, candidate.Text)
	}
	return candidates, before[c.From:], c.Hint
}

func TestComplete(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, service))
	setup := `user = { name = "ana", ["with blank"] = 1, nested = { deep = { deeper = 1 } }, greet = function(self, who) end }
		class = setmetatable({ own = 1 }, { __index = { inherited = function() end, field = 1 } })
		zmeta = setmetatable({}, { __index = function() ran = true error("ran") end, __tostring = function() ran = true end, __len = function() ran = true end })
		zvalue, authority = zmeta, 7
		c = authy.client{ key = "another-key" }
		res = authy.register_user{ country_code = "PT", phone = "911 234 567", email = "ana@example.com" }
		status = authy.get_user_status{ authy_id = 1635 }
		send = authy.request_sms`
	if got := p.evaluation(t, setup); got != "" {
		t.Fatal(got)
	}
	for _, test := range []struct{ line, replaced, want string }{
		{"|", "", ""}, {"   |", "", ""}, {"x = 1\n|", "", ""}, {"print(|", "", ""}, {"1 + |", "", ""}, {"-- auth|", "", ""}, {"--[[ auth|", "", ""}, {"us|er", "", ""},
		{"user|", "user", ""}, {"12au|", "", ""}, {"local au|", "au", ""}, {"function us|", "us", ""}, {"x = 'us|", "us", ""}, {`x = "us|`, "us", ""},
		{"auth|", "auth", "authority authy"}, {"1+auth|", "auth", "authority authy"}, {"{ v = auth|", "auth", "authority authy"}, {"print(auth|", "auth", "authority authy"},
		{"x = 1\nauth|", "auth", "authority authy"}, {"AUTH|", "AUTH", "authority authy"}, {"whi|", "whi", "while"}, {"if x then els|", "els", "else elseif"},
		{"user.|", "", "greet name nested"}, {"user.na|", "na", "name"}, {"user:|", "", "greet"}, {"user.nested.deep.|", "", "deeper"}, {"user['nested'].deep.d|", "d", "deeper"},
		{"1+user.ne|", "ne", "nested"}, {"(user).na|", "na", "name"}, {`user["|`, "", "greet name nested with blank"}, {`user["wi|`, "wi", "with blank"}, {"user.name.|", "", ""}, {"user.name:upp|", "upp", "upper"},
		{"class.|", "", "field inherited own"}, {"class:|", "", "inherited"}, {"zmeta.foo.|", "", ""}, {"zmeta.|", "", ""}, {"zmeta[1].|", "", ""}, {"nothing.|", "", ""},
		{"string.re|", "re", "rep reverse"}, {`("x"):re|`, "re", "rep reverse"}, {"io.std|", "std", "stderr stdin stdout"}, {"io.stdout:wr|", "wr", "write"}, {"_|", "_", "_G _GOPHER_LUA_VERSION _VERSION"},
		{"authy.request_s|", "request_s", "request_sms"}, {"authy.try.request_s|", "request_s", "request_sms"}, {"c:request_s|", "request_s", "request_sms"}, {"authy.sms|", "sms", "request_sms"},
		{"authy.request_sms{|", "", "authy_id =  force =  action =  message =  locale = "}, {"authy.request_sms({ |", "", "authy_id =  force =  action =  message =  locale = "},
		{"authy.request_sms{ force = true, |", "", "authy_id =  action =  message =  locale = "}, {"authy.request_sms{ | , force = true }", "", "authy_id =  action =  message =  locale = "},
		{"authy.request_sms{ -- |", "", ""}, {"authy.request_sms{ --[[ |", "", ""}, {"authy.request_sms{ fo|", "fo", "force =  for"}, {"send{ fo|", "fo", "force =  for"}, {"c:request_sms{ fo|", "fo", "force =  for"}, {"authy.try.request_sms{ fo|", "fo", "force =  for"},
		{"authy.request_sms{ force = |", "", "true false"}, {"authy.request_sms{ force = t|", "t", "true table task then time tonumber tostring totp type"},
		{`authy.request_sms{ locale = "pt|`, "pt", "pt-BR pt"}, {"authy.request_sms{ locale = 'zh-|", "zh-", "zh-CN zh-HK"}, {`authy.start_phone_verification{ via = |`, "", `"sms" "call"`},
		{"authy.create_approval_request{ details = { |", "", "visible =  hidden = "}, {"authy.create_approval_request{ details = { visible = { |", "", ""},
		{"authy.create_approval_request{ logos = { |", "", ""}, {"authy.create_approval_request{ logos = { { |", "", "res =  url = "}, {`authy.create_approval_request{ logos = { { url = "x" }, { res = "|`, "", "default low med high"},
		{`authy.create_webhook{ events = { "user_added", "user_r|`, "user_r", "user_registration_completed user_removed"},
		{`authy.register_user{ country_code = "Portu|`, "Portu", "PT"}, {`authy.register_user{ country_code = "PT|`, "PT", ""}, {`phone.parse("911", "Portu|`, "Portu", "PT"}, {`phone.format("1", "PT", "|`, "", "e164 international national"},
		{"authy.request_sms{ authy_id = |", "", `1635 "9007199254740993"`}, {`authy.request_sms{ authy_id = "|`, "", "1635 9007199254740993"}, {`authy.register_user{ phone = "|`, "", "911 234 567"}, {`authy.register_user{ email = |`, "", `"ana@example.com"`},
		{"json.encode(1, { |", "", "indent =  sort = "}, {"totp.generate{ algorithm = '|", "", "sha1 sha256 sha512"}, {"authy.wait_approval{ |", "", "id =  timeout =  interval = "},
		{"res.|", "", "message raw_body success user"}, {"res.user.|", "", "id"}, {"status.status.con|", "con", "confirmed"}, {"authy.get_user_status{ authy_id = 1 }.status.has|", "has", "has_hard_token"},
		{"authy.get_user_status{}.status.detailed_devices[1].os|", "os", "os_type"}, {"local u = authy.get_user_status{ authy_id = 1 }\nprint(u.status.con|", "con", "confirmed"},
		{"local u = u.x u.|", "", ""}, {"local function f(alpha, beta) return al|", "al", "alpha"}, {"for index, value in pairs(t) do print(ind|", "ind", "index"},
		{`csv.open("x"):|`, "", "close line read rows"}, {`csv.open("x").|`, "", "close header line read rows"}, {`phone.parse("x").e|`, "e", "e164"}, {`require("json").enc|`, "enc", "encode"}, {`require "json".nu|`, "nu", "null"},
		{`require("js|`, "js", "json"}, {`require "js|`, "js", "json"}, {"authy.enums.activity.B|", "B", "BANNED"},
		{"f(function() return user.|", "", "greet name nested"}, {"t = { [user.na|", "na", "name"}, {"goto au|", "au", ""}, {"x..us|", "us", "user"}, {"5 .. user.na|", "na", "name"},
	} {
		got, replaced, _ := p.completed(t, test.line)
		if strings.Join(got, " ") != test.want || replaced != test.replaced {
			t.Errorf("%s\ngot  %q for %q\nwant %q for %q", test.line, got, replaced, test.want, test.replaced)
		}
	}
	if got := p.evaluation(t, "ran"); got != "nil" {
		t.Error("completing ran Lua code")
	}
}

func TestHints(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, service))
	p.evaluation(t, "function mine(a, b, ...) end c = authy.client{ key = 'another-key' }")
	for line, want := range map[string]string{
		"authy.request_email{ |":           "authy.request_email{ authy_id, force? }  sends: Mail a code to a user.",
		"authy.request_email{ force = tr|": "authy.request_email{ authy_id, force? }  sends: Mail a code to a user.",
		"c:request_email({ |":              "authy.request_email{ authy_id, force? }  sends: Mail a code to a user.",
		"json.decode(|":                    "json.decode(text)  Reads a JSON text; whole numbers beyond 2^53 become strings.",
		"print(json.decode('x'), |":        "print(...)  Writes its arguments as tostring shows them.",
		`require "|`:                       "require(name)  Loads a module once, and gives it.",
		"totp.secret(|":                    "totp.secret(bytes?)  Makes a new random secret.",
		"totp.uri{ |":                      "totp.uri{ secret?, hex?, digits?, period?, algorithm?, issuer?, account? }  Gives the otpauth URI that a QR code holds for an app to scan.",
		"mine(1, |":                        "mine(a, b, ...)",
		"x = (1 + |":                       "",
		"function f(a, |":                  "",
		"print(1) |":                       "",
		"unknown(|":                        "",
		"-- print(|":                       "",
	} {
		if _, _, got := p.completed(t, line); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

// TestCompletionsTellNoSecrets: what stands in the list is read over shoulders.
func TestCompletionsTellNoSecrets(t *testing.T) {
	t.Parallel()
	client := stub(t, service)
	p := newPrompt(t, client)
	p.evaluation(t, `authy.register_user{ country_code = "PT", phone = "911 234 567", email = "ana@example.com" }`)
	p.evaluation(t, `box = { token = "123456", note = "`+client.Key+`", phone = "911 234 567", email = "ana@example.com" } my_token = "654321"`)
	for _, line := range []string{"box.", "my_", "authy.request_sms{ authy_id = ", "authy.register_user{ phone = "} {
		c := p.Complete(line, len(line))
		if len(c.Candidates) == 0 {
			t.Errorf("%s: nothing is offered", line)
		}
		for _, candidate := range c.Candidates {
			for _, secret := range []string{"123456", "654321", client.Key, "911 234", "ana@"} {
				if strings.Contains(candidate.Doc, secret) {
					t.Errorf("%s: %s says %q", line, candidate.Text, candidate.Doc)
				}
			}
		}
	}
	c := p.Complete("authy.request_sms{ authy_id = ", 30)
	if want := "user: PT, ••• 567, a•••@example.com"; c.Candidates[0].Doc != want {
		t.Errorf("got %q, want %q", c.Candidates[0].Doc, want)
	}
}

// TestCompleteFiles is not parallel: it changes the working directory.
func TestCompleteFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"people.csv", "phones.csv", ".hidden", "folder/inner.csv", "mine.lua", "lib/init.lua", "lib/part.lua"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	p := newPrompt(t, stub(t, nil))
	for line, want := range map[string]string{
		`csv.open("p|`: "people.csv phones.csv", `csv.open "fo|`: "folder/", `csv.open("folder/|`: "folder/inner.csv", `io.open("|`: "folder/ lib/ mine.lua people.csv phones.csv",
		`io.open(".h|`: ".hidden", `csv.open("nowhere/|`: "", `dofile("m|`: "mine.lua", `require("mi|`: "mine", `require("li|`: "lib", `require("lib.p|`: "lib.part", `csv.open("people.csv", "p|`: "",
	} {
		if got, _, _ := p.completed(t, line); strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

// TestCompleteKnowsEveryOperation: the catalogue is offered whole, and so are the parameters of each.
func TestCompleteKnowsEveryOperation(t *testing.T) {
	t.Parallel()
	p := newPrompt(t, stub(t, nil))
	for _, op := range authy.Operations() {
		line := "authy." + op.Name + "{ "
		c := p.Complete(line, len(line))
		var got, want []string
		for _, candidate := range c.Candidates {
			got = append(got, strings.TrimSuffix(candidate.Text, " = "))
			if candidate.Doc == "" {
				t.Errorf("%s: %s is not explained", op.Name, candidate.Text)
			}
		}
		for _, required := range []bool{true, false} {
			for _, param := range op.Params {
				if param.Optional != required {
					want = append(want, param.Name)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", op.Name, diff)
		}
		if !strings.HasPrefix(c.Hint, "authy."+op.Name) {
			t.Errorf("%s: the hint is %q", op.Name, c.Hint)
		}
	}
}

func FuzzComplete(f *testing.F) {
	for _, seed := range []string{
		"authy.request_sms{ authy_id = ", `csv.open("x"):`, `t["a"].b:c{ d = { e = "`, "x = [==[ a ]] b ]==] y.", "--[[ a ]] b", "((((((", "f{{{{", "local x = x.y x.", `"é日`, "a.b.c.d.e(f)(g){h}[i]:",
		"for i = 1, 2 do local a, b = c end", "function f(a, ...) return ...", "1e+5..x", "goto x ::y::", "\x00\xff", "authy.create_approval_request{ logos = { { res = '", "x=x=x=", `require"json".`, "a]b)c}d",
	} {
		f.Add(seed, len(seed))
		f.Add(seed, len(seed)/2)
	}
	p := newPrompt(f, &authy.Client{Key: "a-key-to-fuzz"})
	if _, err := p.Eval(f.Context(), `t = { a = { b = "x" } } res = { user = { id = 1 } } t.t = t setmetatable(t, { __index = t })`); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string, pos int) {
		c := p.Complete(text, pos)
		at := min(max(pos, 0), len(text))
		if c.From < 0 || c.From > at {
			t.Fatalf("From is %d of %d", c.From, at)
		}
		for _, candidate := range c.Candidates {
			if candidate.Text == "" || strings.ContainsFunc(candidate.Text+candidate.Doc, unicode.IsControl) {
				t.Errorf("candidate %q, %q", candidate.Text, candidate.Doc)
			}
		}
		if again := p.Complete(text, pos); !cmp.Equal(c, again) {
			t.Errorf("got %v and then %v", c, again)
		}
	})
}

// BenchmarkComplete measures completion among 10,000 globals.
func BenchmarkComplete(b *testing.B) {
	p := newPrompt(b, &authy.Client{Key: "a-key-to-measure"})
	if _, err := p.Eval(b.Context(), `for i = 1, 10000 do _G["variable_" .. i] = { i } end big = {} for i = 1, 10000 do big["field_" .. i] = i end`); err != nil {
		b.Fatal(err)
	}
	for name, line := range map[string]string{
		"globals": "print(variable_", "one letter": "v", "fields": "big.", "parameters": "authy.request_sms{ fo", "countries": `authy.register_user{ country_code = "`,
		"long line": strings.Repeat("authy.request_sms{ authy_id = 1 } ", 300) + "authy.request_sms{ ",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if c := p.Complete(line, len(line)); len(c.Candidates) == 0 {
					b.Fatal("nothing is offered")
				}
			}
		})
	}
}
