//go:build unix

package main

import "testing"

// TestCallbackOnTerminal signs and verifies as a person does, who sees lines rather than JSON.
func TestCallbackOnTerminal(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	env := []string{"AUTHY_KEY=the-key-of-this-test", "PAGER="}
	p := sitDown(t, home, env, "callback", "sign", "--url", "https://foo.bar/a", "--nonce", "1455825429", "--uuid", "u1", "--out", "body.json")
	p.sees(`(?m)^X-Authy-Signature-Nonce: 1455825429$`)
	p.leaves(0)
	p = sitDown(t, home, env, "callback", "verify", "--url", "https://foo.bar/a", "--body-file", "body.json", "-H", "X-Authy-Signature-Nonce: 1455825429", "--explain")
	p.sees(`(?m)^nonce +1455825429$`)
	p.sees(`(?m)^ +uuid=u1$`)
	p.sees(`(?m)^authysh: verify_callback: callback is not signed`)
	p.leaves(3)
	p = sitDown(t, home, env, "callback", "verify", "--url", "https://foo.bar/a")
	p.sees(`(?m)^authysh: the body is missing$`)
	p.leaves(2)
}
