package sandbox

import (
	"encoding/hex"
	"testing"
	"time"
)

// The key of the vectors is base32 JBSWY3DPEHPK3PXP.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	secret, err := hex.DecodeString("48656c6c6f21deadbeef")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		unix     int64
		six, app string
	}{
		{59, "996554", "8768897"},
		{1111111109, "071271", "7559752"},
		{1700000000, "324550", "7876561"},
		{1700000009, "324550", "7876561"},
		{1700000010, "367665", "1067631"},
		{1700000019, "367665", "1067631"},
		{1700000029, "367665", "5027026"},
		{1700000030, "367665", "8885633"},
	} {
		now := time.Unix(c.unix, 0)
		if got := genericTOTP.now(secret, now); got != c.six {
			t.Errorf("%d: 6 digits %s, want %s", c.unix, got, c.six)
		}
		if got := appTOTP(7).now(secret, now); got != c.app {
			t.Errorf("%d: 7 digits %s, want %s", c.unix, got, c.app)
		}
	}
	rfc := totpKind{digits: 8, step: 30}
	if got := rfc.now([]byte("12345678901234567890"), time.Unix(59, 0)); got != "94287082" {
		t.Errorf("RFC 6238: %s", got)
	}
}
