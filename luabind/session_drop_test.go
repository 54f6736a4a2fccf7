package luabind

import (
	"runtime"
	"testing"
)

// TestSessionsAreDropped: a runtime that outlives its sessions does not keep them.
func TestSessionsAreDropped(t *testing.T) {
	t.Parallel()
	b := newLimitBench(t)
	kept := b.rt.NewSession(SessionOptions{})
	for range 20 {
		b.rt.NewSession(SessionOptions{})
	}
	runtime.GC()
	b.rt.NewSession(SessionOptions{})
	if n := len(b.rt.host.sessions); n > 3 {
		t.Errorf("the runtime has %d sessions", n)
	}
	if _, err := kept.Eval(t.Context(), "authy.request_sms{ authy_id = 1635 }"); err != nil {
		t.Fatal(err)
	}
	if got := kept.Complete("authy.request_sms{ authy_id = ", 30).Candidates; len(got) != 1 || got[0].Text != "1635" {
		t.Errorf("the session that is left completes with %v", got)
	}
}
