package fault_test

import (
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// An error repeats the line, but for the key in it.
func TestErrorsDoNotShowTheKey(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"request_sms: key=s3cret, latncy=1s",
		"request_sms: Latency=x, KEY = s3cret",
		`nope: key="a,s3cret", status=500`,
		`request_sms: key="a,s3cret`,
		"key=s3cret",
		"key=s3cret, every=3",
	} {
		if _, err := fault.Parse(line); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("Parse: %s: %v", line, err)
		}
		if _, err := fault.ParseScenario(line); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("ParseScenario: %s: %v", line, err)
		}
		if _, err := fault.ParseYAML([]byte("- '" + line + "'\n")); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("ParseYAML: %s: %v", line, err)
		}
	}
}
