package authy

import "errors"

// Sentinel errors of callback verification, matched by [errors.Is] against a [*CallbackError].
var (
	// ErrNotSigned matches a callback whose signature or nonce header is missing or blank.
	ErrNotSigned = errors.New("callback is not signed")
	// ErrBadSignature matches a callback whose signature is malformed or not that of its content.
	ErrBadSignature = errors.New("callback signature is wrong")
	// ErrStaleCallback matches a callback signed further from now than [CallbackVerifier.MaxAge].
	ErrStaleCallback = errors.New("callback is stale")
	// ErrBadCallback matches a callback that cannot be read, or that is signed but lacks what a callback must hold.
	ErrBadCallback = errors.New("callback is unusable")
)

// CallbackError says why a callback was refused.
//
// A handler should answer such a request with 401 or 400 and do nothing else. Neither the key nor the
// signature that would have been right is ever part of the text.
type CallbackError struct {
	// Err is one of [ErrNotSigned], [ErrBadSignature], [ErrStaleCallback] and [ErrBadCallback].
	Err error
	// Reason says what exactly is wrong and what to do about it.
	Reason string

	cause   error // such as a broken connection or *http.MaxBytesError; nil for most
	signing bool  // it comes from SignCallback
}

// Error is one line: what is wrong and the remedy.
func (e *CallbackError) Error() string {
	return prefix(e.Operation()) + e.Err.Error() + ": " + e.Reason
}

// Kind is [KindValidation]: nothing was sent to the service.
func (e *CallbackError) Kind() Kind { return KindValidation }

// Operation is "verify_callback", or "sign_callback" when it was [SignCallback] that could not do its work.
func (e *CallbackError) Operation() string {
	if e.signing {
		return opSignCallback
	}
	return opVerifyCallback
}

// Unwrap gives the sentinel and, where there is one, the error that kept the body from being read.
func (e *CallbackError) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.cause}
}

const (
	opVerifyCallback = "verify_callback"
	opSignCallback   = "sign_callback"
)

func notSigned(reason string) error    { return &CallbackError{Err: ErrNotSigned, Reason: reason} }
func badSignature(reason string) error { return &CallbackError{Err: ErrBadSignature, Reason: reason} }
func badCallback(reason string) error  { return &CallbackError{Err: ErrBadCallback, Reason: reason} }
