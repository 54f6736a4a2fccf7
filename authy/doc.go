// Package authy is a client for the Authy API: users, one-time codes, push approvals, phone verification, phone
// intelligence, webhooks and callbacks.
//
//	client := &authy.Client{Key: key}
//	user, err := client.RegisterUser(ctx, authy.RegisterUserParams{
//		CountryCode: "PT", Phone: "911 234 567", Email: "ana@example.com",
//	})
//
// A [Client] with a key is ready to use; its other fields have defaults that their comments name. Its methods are
// safe for concurrent use. Each takes a context and a struct of parameters: a value is required, and a pointer,
// slice or map may be left nil ([bool] and [int] pointers come from new(true) and new(300)). Each returns a result
// whose JSON form keeps the names of the wire, with the answer itself in [Answer].
//
// # Checks before sending
//
// Parameters are checked first, all of them at once. If any breaks a rule, nothing is sent, and the error is a
// [*ValidationError] that names each parameter and its rule. Phone numbers are taken in any usual notation, checked
// against the numbering plan of their country, and travel as Authy wants them. Ids keep all their digits, and codes
// their leading zeros. What the caller passed is never changed.
//
// # Errors
//
// Every error of a call is an [Error]: it has a [Kind] and the operation's name. The types behind it are
// [*ValidationError] (a mistake, nothing was sent), [*APIError] (the service said no), [*NetworkError] (no complete
// answer: unreachable, timed out, canceled) and [*ResponseError] (an answer that is not the API's). [errors.Is]
// matches [ErrNotFound], [ErrUnauthorized], [ErrRateLimited] and [ErrInvalidToken], [context.Canceled] and
// [context.DeadlineExceeded]. No error, and no log record, shows the client's keys.
//
// Status 200 is not taken for success. An answer also has to say so, where the API has it say so, and to hold the
// fields without which it is of no use: a code is right only if Authy says "is valid". Wording, additional fields
// and unimportant fields of another type do not matter.
//
// # Timeouts and retries
//
// [Client.Timeout] bounds a whole call, waits and retries and a server that drips included. What is tried again
// follows from what a call does in the world, its [Effect], not from its HTTP method, for Authy sends texts on GET.
// Reads and registrations, which Authy matches by phone, are repeated after a broken connection, 429, 502, 503 and 504.
// Anything else is repeated only if nothing can have been sent, or if the service said that it did nothing. Retry-After
// is honoured; a wait longer than the time left is not begun.
//
// Redirects are refused, so that the key stays with its host, and plain http is accepted for this machine only,
// unless [Client.AllowHTTP] says otherwise.
//
// # The catalogue
//
// [Operations] lists every call as data: name, parameters with their rules, result, route, effect. From it programs
// derive commands, bindings and documentation, and make calls with [Operation.Call].
//
// # Callbacks
//
// A user's answer to an approval request comes with [Client.WaitApproval], or in a callback, which [CallbackVerifier]
// checks; [SignCallback] makes callbacks for tests. Package sandbox, below this one, is a whole Authy service for tests
// and trials.
package authy
