package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/cmd/authysh/internal/private"
	"github.com/authysh/authysh/luabind"
)

// scriptsDir holds the programs that people run and copy.
const scriptsDir = "../../scripts"

// authysh runs the program with an empty environment of its own and returns its exit code and what it wrote.
func authysh(t *testing.T, stdin string, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	home := t.TempDir()
	var out, problems bytes.Buffer
	code = run(t.Context(), args, stdio{
		program: "authysh", stdin: strings.NewReader(stdin), stdout: &out, stderr: &problems, userID: os.Getuid(),
		lookupEnv: func(name string) (string, bool) {
			if name == "HOME" || name == "XDG_CONFIG_HOME" {
				return home, true
			}
			value, ok := env[name]
			return value, ok
		},
		exit: func(code int) { t.Errorf("the process was ended with %d", code) },
	})
	return code, out.String(), problems.String()
}

func TestShippedScripts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		args   []string
		code   int
		want   []string // regular expressions that the output matches
	}{
		"onboard": {"onboard.lua", nil, 0, []string{
			`ok +Ana Silva +\+351 911 234 567 +id \d+  verified`,
			`refused +Wrong Number .*country_code = "ES"`,
			`refused +Wrong Country .*"ATLANTIS"`,
			`refused +Wrong Mail .*must be an e-mail address`,
			`20 rows: 17 onboarded, 3 refused, 0 failed\n$`,
		}},
		"approve":            {"approve_login.lua", nil, 0, []string{"the user's answer: approved\nletting them in\n$"}},
		"deny":               {"approve_login.lua", []string{"deny"}, 1, []string{"the user's answer: denied\nlogin refused\n$"}},
		"login server":       {"login_approval_server.lua", nil, 0, []string{"^waiting for callbacks at http://127.0.0.1:\\d+/callback/onetouch\nasked, .*\nthe user's answer: approved, by callback\nletting them in\n$"}},
		"login server, deny": {"login_approval_server.lua", []string{"deny"}, 1, []string{"the user's answer: denied, by callback\nlogin refused\n$"}},
		"verify phone":       {"verify_phone.lua", nil, 0, []string{`Verification code is correct`}},
		"verify given phone": {"verify_phone.lua", []string{"(415) 555-2671", "US"}, 0, []string{`\+1 415-555-2671`, `Verification code is correct`}},
		"verify callback":    {"verify_callback.lua", nil, 0, []string{"^genuine: user 1635 approved .*\nrefused: .*signature is wrong.*\n$"}},
		"offboard":           {"offboard.lua", nil, 0, []string{`^3 users: 3 deleted, 0 not\n$`}},
		"phone check": {"bulk_phone_check.lua", nil, 0, []string{
			`\+351 911 234 567 +cellphone +Vodafone`, `20 numbers: 18 looked up, 2 invalid, 0 twice in the file, 0 failed\n$`,
		}},
		"application report": {"application_report.lua", nil, 0, []string{`(?m)^\w+ \d{4} +1 +1 +2 +0 +\d+$`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, out, problems := authysh(t, "", nil, append([]string{"--sandbox", filepath.Join(scriptsDir, test.script)}, test.args...)...)
			if code != test.code {
				t.Errorf("exit code %d, want %d; %s", code, test.code, problems)
			}
			for _, want := range test.want {
				if !regexp.MustCompile(want).MatchString(out) {
					t.Errorf("output does not match %q:\n%s", want, out)
				}
			}
		})
	}
}

// TestEveryScriptIsTested fails when a script is added that no test runs.
func TestEveryScriptIsTested(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("scripts_test.go")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(scriptsDir, "*.lua"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		if !strings.Contains(string(source), fmt.Sprintf("%q", filepath.Base(script))) {
			t.Errorf("no test runs %s", script)
		}
	}
}

// TestOnboardExampleData holds what the example rows promise: about twenty, from a dozen countries, three of them bad.
func TestOnboardExampleData(t *testing.T) {
	t.Parallel()
	code, out, problems := authysh(t, "", nil, "--sandbox", "-e", fmt.Sprintf(`
		local regions, rows, bad = {}, 0, 0
		for row in csv.open(%q) do
			rows = rows + 1
			local ok, number = pcall(phone.parse, row.phone, row.country_code)
			if ok then regions[number.region] = true else bad = bad + 1 end
		end
		local countries = 0
		for _ in pairs(regions) do countries = countries + 1 end
		print(json.encode{ rows = rows, countries = countries, bad = bad })`, filepath.Join(scriptsDir, "users.example.csv")))
	if code != 0 {
		t.Fatal(problems)
	}
	var got struct{ Rows, Countries, Bad int }
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Rows < 18 || got.Countries < 12 || got.Bad != 2 { // the third bad row has a bad e-mail address
		t.Errorf("got %+v", got)
	}
}

func TestOnboardWithOtherFiles(t *testing.T) {
	t.Parallel()
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "people.csv")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	script := filepath.Join(scriptsDir, "onboard.lua")
	code, out, problems := authysh(t, "", nil, "--sandbox", script,
		write("\ufeffemail,phone,country_code\r\nana@example.com,\"911 234 567\",PT\r\n"))
	if code != 0 || !strings.Contains(out, "1 rows: 1 onboarded") {
		t.Errorf("code %d\n%s%s", code, out, problems)
	}
	code, out, problems = authysh(t, "", nil, "--sandbox", script,
		write("phone,email,country_code\n911234567,a@example.com,PT\n912\n912345678,b@example.com,PT\n"))
	if code != 0 || !strings.Contains(problems, "people.csv line 3: row has 1 field") || !strings.Contains(out, "3 rows: 2 onboarded, 1 refused, 0 failed") {
		t.Errorf("with a short row: code %d\n%s%s", code, out, problems)
	}
	code, out, problems = authysh(t, "", nil, "--sandbox", script, write("email,phone,country\nana@example.com,911234567,PT\n"))
	if code != 1 || !strings.Contains(problems, "country_code") || !strings.Contains(problems, "onboard.lua:") {
		t.Errorf("without a needed column: code %d\n%s%s", code, out, problems)
	}
	code, _, problems = authysh(t, "", nil, "--sandbox", script, filepath.Join(t.TempDir(), "nobody.csv"))
	if code != 1 || !strings.Contains(problems, "nobody.csv") {
		t.Errorf("without a file: code %d\n%s", code, problems)
	}
}

// TestOnboardAgainstAHost runs the same script against a service that it cannot look into.
func TestOnboardAgainstAHost(t *testing.T) {
	t.Parallel()
	service := sandbox.New(sandbox.WithKeys("a-key-of-this-test"))
	server := httptest.NewServer(service)
	defer server.Close()
	env := map[string]string{"AUTHY_KEY": "a-key-of-this-test"}
	script := filepath.Join(scriptsDir, "onboard.lua")
	people := filepath.Join(t.TempDir(), "people.csv")
	example, err := os.ReadFile(filepath.Join(scriptsDir, "users.example.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(people, example, 0o600); err != nil {
		t.Fatal(err)
	}
	texts := func() int { return len(service.Outbox(sandbox.OutboxFilter{Channel: "sms"})) }
	var sent int
	for again := range 2 { // the second run finds everything in the journal
		code, out, problems := authysh(t, "", env, "--host", server.URL, script, people)
		if code != 0 || !strings.Contains(out, "17 onboarded, 3 refused, 0 failed\nstopped before verifying") {
			t.Errorf("code %d\n%s%s", code, out, problems)
		}
		switch {
		case again == 0:
			if sent = texts(); sent < 17 {
				t.Errorf("%d texts were sent", sent)
			}
		case texts() != sent:
			t.Errorf("%d more texts were sent", texts()-sent)
		}
		if results, err := os.ReadFile(people + ".results.csv"); err != nil || bytes.Count(results, []byte("\n")) != 21 {
			t.Errorf("%v\n%s", err, results)
		}
	}
	code, out, problems := authysh(t, "", map[string]string{"AUTHY_KEY": "another-key-entirely"}, "--host", server.URL, script)
	if code != 5 || strings.Contains(out, "rows:") || !strings.Contains(problems, "Invalid API key") {
		t.Errorf("with a wrong key: code %d\n%s%s", code, out, problems)
	}
	code, out, problems = authysh(t, "", nil, "--host", server.URL, script)
	if code != 3 || strings.Contains(out, "rows:") || !strings.Contains(problems, "AUTHY_KEY") || !strings.Contains(problems, "--sandbox") {
		t.Errorf("without a key: code %d\n%s%s", code, out, problems)
	}
}

// TestReadme runs every Lua block of the README, and the one-line commands that need no key.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // some write files
	text := string(readme)
	for _, command := range []string{"go run ./cmd/authysh --sandbox scripts/onboard.lua", "go test ./..."} {
		if !strings.Contains(text, "\n    "+command+" ") {
			t.Errorf("the quick start lacks %q", command)
		}
	}
	for _, module := range luabind.NewManual(nil, private.New().Module).Modules() {
		if !strings.Contains(text, "\n| `"+module.Name+"` | ") {
			t.Errorf("the table of modules lacks %s", module.Name)
		}
	}
	blocks := regexp.MustCompile("(?s)```lua\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("only %d Lua blocks", len(blocks))
	}
	for i, block := range blocks {
		t.Run(fmt.Sprintf("lua %d", i+1), func(t *testing.T) {
			if code, out, problems := authysh(t, "", nil, "--sandbox", "-e", block[1]); code != 0 || out == "" {
				t.Errorf("code %d\n%s\noutput: %s%s", code, block[1], out, problems)
			}
		})
	}
	lines := regexp.MustCompile(`(?m)^\$ authysh --sandbox -e '(.*)'$`).FindAllStringSubmatch(text, -1)
	if len(lines) == 0 {
		t.Error("no one-line command")
	}
	for _, line := range lines {
		if code, out, problems := authysh(t, "", nil, "--sandbox", "-e", line[1]); code != 0 || out == "" {
			t.Errorf("%s: code %d, %s%s", line[0], code, out, problems)
		}
	}
}
