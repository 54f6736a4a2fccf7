package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

// office is a service with some users, and a list of them in a file.
type office struct {
	env  map[string]string
	host string
	list string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	const key = "a-key-of-the-office"
	server := httptest.NewServer(sandbox.New(sandbox.WithKeys(key)))
	t.Cleanup(server.Close)
	o := &office{env: map[string]string{"AUTHY_KEY": key}, host: server.URL, list: filepath.Join(t.TempDir(), "leavers.csv")}
	code, _, problems := authysh(t, "", o.env, "--host", o.host, "-e", fmt.Sprintf(`
		local list = csv.create(%q, { header = { "authy_id", "name" } })
		for i = 0, 4 do
			local user = authy.register_user { country_code = "PT", phone = "91123456" .. i, email = "a@example.com" }.user
			list:write { authy_id = user.id, name = "leaver " .. i }
		end
		list:close()`, o.list))
	if code != 0 {
		t.Fatal(problems)
	}
	return o
}

func (o *office) run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return authysh(t, stdin, o.env, append([]string{"--host", o.host, filepath.Join(scriptsDir, "offboard.lua")}, args...)...)
}

func TestOffboard(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for name, stdin := range map[string]string{"nothing": "", "another number": "6\n", "yes": "yes\n"} {
		code, out, problems := o.run(t, stdin, o.list)
		if code != 2 || out != "" || !strings.Contains(problems, "deletes 5 users") || !strings.Contains(problems, "not confirmed; nothing was deleted") {
			t.Errorf("%s: code %d\n%s%s", name, code, out, problems)
		}
	}
	if code, out, problems := o.run(t, "5\n", o.list); code != 0 || !strings.Contains(out, "5 users: 5 deleted, 0 not") {
		t.Errorf("code %d\n%s%s", code, out, problems)
	}
	if err := os.Remove(o.list + ".journal"); err != nil {
		t.Fatal(err)
	}
	if code, out, problems := o.run(t, "", o.list, "--yes"); code != 0 || !strings.Contains(out, "5 users: 5 deleted, 0 not") {
		t.Errorf("when all were gone: code %d\n%s%s", code, out, problems)
	}
}

func TestOffboardRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	faulty := filepath.Join(t.TempDir(), "faulty.csv")
	if err := os.WriteFile(faulty, []byte("authy_id\n12\nana\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no list":          {nil, "name a CSV file"},
		"standard input":   {[]string{"-", "--yes"}, "name a file"},
		"a wrong id":       {[]string{faulty, "--yes"}, `faulty.csv line 3: authy_id must be digits, got "ana"; nothing was deleted`},
		"an unknown flag":  {[]string{o.list, "--force"}, "does not understand --force"},
		"two lists":        {[]string{o.list, o.list}, "does not understand"},
		"a missing column": {[]string{filepath.Join(scriptsDir, "users.example.csv"), "--yes"}, "authy_id"},
	} {
		code, out, problems := o.run(t, "", test.args...)
		if code == 0 || out != "" || !strings.Contains(problems, test.want) {
			t.Errorf("%s: code %d\n%s%s", name, code, out, problems)
		}
	}
	code, out, problems := authysh(t, "", o.env, "--host", o.host, "-e", fmt.Sprintf(`
		for row in csv.open(%q) do authy.get_user_status { authy_id = row.authy_id } end`, o.list))
	if code != 0 {
		t.Errorf("somebody was deleted: code %d\n%s%s", code, out, problems)
	}
}

func TestPhoneCheckInOrder(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dir := t.TempDir()
	list := filepath.Join(dir, "numbers.csv")
	if err := os.WriteFile(list, []byte("phone,country_code\n911 234 567,PT\n12,PT\n(415) 555-2671,US\n911 234 567,PT\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(scriptsDir, "bulk_phone_check.lua")
	for range 2 { // from the journal the second time
		code, out, problems := authysh(t, "", o.env, "--host", o.host, script, list)
		if code != 0 || !strings.Contains(out, "4 numbers: 2 looked up, 1 invalid, 1 twice in the file, 0 failed") {
			t.Errorf("code %d\n%s%s", code, out, problems)
		}
		results, err := os.ReadFile(list + ".checked.csv")
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(results), "\n")
		for i, want := range []string{
			"row,key,status,number,type,provider,ported,error_kind,error_code,error",
			"1,PT 911 234 567,done,+351911234567,cellphone,Vodafone,false,,,", "2,PT 12,failed,,,,,validation,",
			"3,US (415) 555-2671,done,+14155552671,cellphone,", "4,PT 911 234 567,skipped,",
		} {
			if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
				t.Errorf("line %d is not %q...:\n%s", i+1, want, results)
			}
		}
	}
}
