package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/authy"
)

// TestComplaints shows that people and programs are told the same.
func TestComplaints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		json string
	}{
		{&usageError{"--x must be y", "leave it out"}, `{"kind":"usage","message":"--x must be y","hint":"leave it out","exit_code":2}`},
		{errors.New("no \x1b[31mdisk"), `{"kind":"failed","message":"no [31mdisk","exit_code":1}`},
		{&authy.ValidationError{Op: "request_sms", Problems: []authy.Problem{{Param: "authy_id", Reason: "is required"}}},
			`{"kind":"validation","op":"request_sms","message":"authy_id is required","fields":{"authy_id":"is required"},"exit_code":3}`},
		{&authy.APIError{Op: "request_sms", Status: 429, Code: "60003", Message: "Too many <requests>", RetryAfter: 1500 * time.Millisecond},
			`{"kind":"api","op":"request_sms","message":"Too many <requests>","status":429,"code":"60003","retry_after":1.5,"exit_code":4}`},
		{&authy.APIError{Op: "update_user", Status: 400, Message: "User not valid", Fields: map[string]string{"email": "is invalid"}},
			`{"kind":"api","op":"update_user","message":"User not valid","status":400,"fields":{"email":"is invalid"},"exit_code":4}`},
		{&authy.APIError{Op: "delete_user", Status: 401, Code: "60001", Message: "Invalid API key."},
			`{"kind":"api","op":"delete_user","message":"Invalid API key.","status":401,"code":"60001","hint":"check the key; 'authysh config show' tells where it comes from","exit_code":5}`},
		{&authy.ResponseError{Op: "register_user", Status: 200, Field: "user.id", Reason: "is missing"},
			`{"kind":"response","op":"register_user","message":"unexpected answer: user.id is missing (HTTP 200)","status":200,"fields":{"user.id":"is missing"},"exit_code":6}`},
	} {
		var people, programs strings.Builder
		for out, args := range map[*strings.Builder][]string{&people: {"version"}, &programs: {"version", "--output", "json"}} {
			a := &app{err: out, args: args, commandNames: []string{"version"}}
			a.lookupEnv = func(string) (string, bool) { return "", false }
			a.globalFlags()
			a.report(tt.err)
		}
		line, found := strings.CutPrefix(programs.String(), people.String())
		if !found {
			t.Errorf("%v: with JSON\n%swithout\n%s", tt.err, programs.String(), people.String())
		}
		if want := `{"error":` + tt.json + "}\n"; line != want {
			t.Errorf("%v: %s", tt.err, cmp.Diff(want, line))
		}
		var read struct{ Error complaint }
		if err := json.Unmarshal([]byte(line), &read); err != nil {
			t.Errorf("%v: %v in %s", tt.err, err, line)
		}
		first, _, _ := strings.Cut(people.String(), "\n")
		for _, word := range []string{read.Error.Op, read.Error.Message, read.Error.Code} {
			if !strings.Contains(first, word) {
				t.Errorf("%q does not say %q", first, word)
			}
		}
	}
}

func TestOutputFlag(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want string }{
		{"", "no"}, {"--output json x", "json"}, {"x --output=yaml", "yaml"}, {"--output json x --output yaml", "yaml"},
		{"x -- --output json", "no"}, {"x --output", "no"},
	} {
		form, given := outputFlag(strings.Fields(tt.args))
		if !given {
			form = "no"
		}
		if form != tt.want {
			t.Errorf("%s: got %s, want %s", tt.args, form, tt.want)
		}
	}
}
