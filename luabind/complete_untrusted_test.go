package luabind_test

import (
	"testing"
	"testing/fstest"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

// TestCompleteUntrusted: the editor of a stranger's script knows what such scripts have, and nothing of the host's disk.
func TestCompleteUntrusted(t *testing.T) {
	t.Parallel()
	rt, err := luabind.New(&authy.Client{}, luabind.Untrusted(), luabind.Files(fstest.MapFS{"rules.lua": {}}))
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	for line, want := range map[string]string{
		"authy.request_s|": "request_sms", "authy.sign|": "", "csv.op|": "", "os.ex|": "", "io.|": "write", `require "rul|`: "rules",
		`require "./|`: "", `csv.open("/et|`: "", `io.open("/et|`: "", "authy.request_sms{ force = |": "true false",
	} {
		if got := completedBy(rt, line); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}
