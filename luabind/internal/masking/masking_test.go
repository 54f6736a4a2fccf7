package masking_test

import (
	"testing"

	"github.com/authysh/authysh/luabind/internal/masking"
)

// TestIsSecret: what the log and the prompt mask by its name.
func TestIsSecret(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"token": true, "api_key": true, "signing_key": true, "otp": true, "qr_code": true, "code": true, "country_code": false, "error_code": false, "code_length": false, "message": false, "id": false} {
		if got := masking.IsSecret(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
