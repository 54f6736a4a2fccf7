//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCurlLine runs what --dry-run=curl prints in a real shell, with a curl that prints its arguments: they are those of
// the request, whatever keys and values hold.
func TestCurlLine(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	fake := "#!/bin/sh\nfor argument; do printf '%s\\0' \"$argument\"; done\n"
	if err := os.WriteFile(filepath.Join(bin, "curl"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	dashboard := map[string]string{"AUTHYSH_ACCESS_KEY": "plain-key-2", "AUTHYSH_SIGNING_KEY": "signing-key-3"}
	tests := map[string]struct {
		key  string
		env  map[string]string
		args []string
		want []string // arguments of curl, from the address on and without the headers that all requests have
	}{
		"plain": {"plain-key", nil, []string{"user", "get", "status", "1635", "--ip", "::1"},
			[]string{"https://api.authy.com/protected/json/users/1635/status?user_ip=%3A%3A1", "X-Authy-API-Key: plain-key"}},
		"quotes, dollars and lines in values": {"plain-key", nil,
			[]string{"onetouch", "create", "1635", "It's $HOME `id` \"x\"\n\\n", "--visible.it's", "''"},
			[]string{"-X", "POST", "https://api.authy.com/onetouch/json/users/1635/approval_requests", "X-Authy-API-Key: plain-key",
				"--data-raw", `{"message":"It's $HOME ` + "`id`" + ` \"x\"\n\\n","details":{"it's":"''"}}`}},
		"quotes and dollars in the key": {`it's-"$HOME"\'`, nil, []string{"user", "get", "status", "1635"},
			[]string{"https://api.authy.com/protected/json/users/1635/status", `X-Authy-API-Key: it's-"$HOME"\'`}},
		"key in the path": {"plain-key", nil, []string{"phone", "feedback", "SM1", "--outcome", "received"},
			[]string{"-X", "POST", "https://api.authy.com/2010-04-01/Accounts/plain-key/SMS/Messages/SM1/Feedback.json",
				"X-Authy-API-Key: plain-key", "--data-raw", "Outcome=received"}},
		"key in the path that has to be escaped": {"it's/a-key", nil, []string{"phone", "feedback", "SM1", "--outcome", "received"},
			[]string{"-X", "POST", "https://api.authy.com/2010-04-01/Accounts/" + hidden + "/SMS/Messages/SM1/Feedback.json",
				"X-Authy-API-Key: it's/a-key", "--data-raw", "Outcome=received"}},
		"keys in a form, one the beginning of the other": {"plain-key", dashboard,
			[]string{"webhook", "create", "--name", "it's", "--url", "https://example.com", "--events", "user_added"},
			[]string{"-X", "POST", "https://api.authy.com/dashboard/json/application/webhooks", "--data-raw",
				"access_key=plain-key-2&app_api_key=plain-key&events%5B%5D=user_added&name=it%27s&url=https%3A%2F%2Fexample.com"}},
		"value that is the key": {"plain-key", nil, []string{"onetouch", "create", "1635", "plain-key"},
			[]string{"-X", "POST", "https://api.authy.com/onetouch/json/users/1635/approval_requests",
				"X-Authy-API-Key: plain-key", "--data-raw", `{"message":"plain-key"}`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"AUTHY_KEY": tt.key}
			shell := exec.Command("sh", "-s")
			shell.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "AUTHY_KEY=" + tt.key}
			for name, value := range tt.env {
				env[name] = value
				shell.Env = append(shell.Env, name+"="+value)
			}
			code, line, stderr := authysh(t, "", env, append(tt.args, "--dry-run=curl")...)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			for _, form := range []string{tt.key, strings.ReplaceAll(tt.key, "'", `'\''`), "%27s%2Fa-key", "plain-key-2", "signing-key"} {
				if strings.Contains(line, form) {
					t.Errorf("a key is in the line, as %s: %s", form, line)
				}
			}
			shell.Stdin = strings.NewReader(line)
			printed, err := shell.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s\n%s", err, printed, line)
			}
			var got []string
			for argument := range strings.SplitSeq(strings.TrimSuffix(string(printed), "\x00"), "\x00") {
				header, _, _ := strings.Cut(argument, ": ")
				switch header {
				case "-H", "Accept", "Content-Type", "User-Agent", "X-Authy-Signature", "X-Authy-Signature-Nonce":
					continue
				}
				got = append(got, argument)
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("curl got %q\nwant %q\nline %s", got, tt.want, line)
			}
		})
	}
}

// TestDryRunShowsNoKey looks for keys in all forms of a dry run, where requests have them in odd places.
func TestDryRunShowsNoKey(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"AUTHY_KEY": `s3cret-k'e"y/&<`, "AUTHYSH_ACCESS_KEY": `s3cret-k'e"y/&<acc`, "AUTHYSH_SIGNING_KEY": "s3cret-signing"}
	for _, args := range [][]string{
		{"phone", "feedback", "SM1", "--outcome", "received"},
		{"webhook", "create", "--name", "n", "--url", "https://example.com", "--events", "user_added"},
		{"webhook", "list"},
		{"webhook", "delete", "WH_1"},
		{"onetouch", "create", "1635", keys["AUTHY_KEY"]},
		{"user", "get", "registration", keys["AUTHYSH_ACCESS_KEY"]},
	} {
		for _, form := range []string{"json", "yaml", "table", "pretty", "curl"} {
			flags := []string{"--dry-run", "--output", form}
			if form == "curl" {
				flags = []string{"--dry-run=curl"}
			}
			code, stdout, stderr := authysh(t, "", keys, append(args, flags...)...)
			if code != 0 || stdout == "" {
				t.Errorf("%v %s: exit code %d: %s", args, form, code, stderr)
			}
			for _, part := range []string{"s3cret", "acc&", "accacc", "<acc"} {
				if strings.Contains(stdout+stderr, part) {
					t.Errorf("%v %s: part of a key shows: %s%s", args, form, stdout, stderr)
				}
			}
		}
	}
}

// TestDryRunNeedsNoKey: nothing is sent, so none is asked for.
func TestDryRunNeedsNoKey(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := authysh(t, "", nil, "user", "get", "status", "1635", "--dry-run", "--output", "pretty")
	want := "GET https://api.authy.com/protected/json/users/1635/status\nAccept: application/json\n" +
		"User-Agent: authysh/" + thisBuild().Version + "\nX-Authy-API-Key: " + hidden + "\n"
	if code != 0 || stdout != want {
		t.Errorf("exit code %d: got %s%s, want %s", code, stdout, stderr, want)
	}
	for _, mode := range []string{"--dry-run=http", "--dry-run=curl"} {
		if code, stdout, stderr = authysh(t, "", nil, "user", "get", "status", "1635", mode); code != 0 || strings.Contains(stdout, placeholderKey) {
			t.Errorf("%s: exit code %d: %s%s", mode, code, stdout, stderr)
		}
	}
	if code, _, stderr = authysh(t, "", nil, "user", "get", "status", "1635", "--dry-run=wget"); code != 2 || !strings.Contains(stderr, `--dry-run must be =http or =curl, got "wget"`) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
