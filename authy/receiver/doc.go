// Package receiver takes in what Authy calls an application with: callbacks, which tell how a user answered an approval
// request, and webhooks, which tell of events.
//
// A [Receiver] is an http.Handler that believes nothing before the signature is found to be right. What is forged,
// stale, malformed or too large is refused; a replay and a second delivery of the same answer never reach the handler:
//
//	r, err := receiver.New(receiver.Options{
//		Key:    apiKey,
//		Path:   "/callback/onetouch",
//		Handle: func(ctx context.Context, d *receiver.Delivery) error { ... },
//	})
//	server, err := receiver.Start("127.0.0.1:8080", r)
//	defer server.Close(ctx)
//
// How it answers:
//
//   - 200: the handler has done its work, now or when the same thing was delivered before under another signature.
//   - 401, 400, 413: not signed, forged or stale; malformed; too large. The handler did not see it.
//   - 403: the handler refused it with [ErrRefused].
//   - 409: a replay, byte for byte what was handled before.
//   - 500: the handler failed, so that the sender tries again. Nothing is remembered of such a delivery.
//   - 503: too much is going on.
//
// A delivery that comes while the same one is being handled waits and gets its answer. A handler may see a delivery
// again after a crash between its work and the note of it in the state file; once the sender has heard 200, the note is
// on the disk.
//
// What is remembered is bounded. A callback that was forgotten is still refused as a replay when it is older than
// [Options].MaxAge; the token of a webhook has no such time, so for webhooks the memory alone decides.
package receiver
