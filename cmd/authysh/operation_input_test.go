package main

import (
	"strings"
	"testing"
)

// TestHugeInput: a refusal names where the value came from in words, not as it was written.
func TestHugeInput(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"user", "get", "status", "-"}, {"call", "get_user_status", "--json", "-"}} {
		code, stdout, stderr := authysh(t, strings.Repeat("1", maxValue+1), nil, args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "is too large: standard input has over 1048576 bytes") {
			t.Errorf("%q: exit code %d, output %q, errors %q", args, code, stdout, stderr)
		}
	}
}

// TestOutDash: a dash does not become a file of that name, which would be hard to find and to remove.
func TestOutDash(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--sandbox", "user", "create-secret", "1", "--out", "-"},
		{"--key", "k", "callback", "sign", "--url", "https://example.com/", "--out", "-"},
	} {
		code, stdout, stderr := authysh(t, "", nil, args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "--out must name a file, got \"-\"\nhint: ./- is a file of that name") {
			t.Errorf("%q: exit code %d, output %q, errors %q", args, code, stdout, stderr)
		}
	}
}
