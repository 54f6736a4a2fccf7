package sandbox

import (
	"errors"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// code is an Authy error code; on the wire it is a string of five digits.
type code int

// The codes that the sandbox answers, by their names in Twilio's documentation and authy-java.
const (
	codeInternal            code = 60000
	codeAPIKey              code = 60001
	codeRequest             code = 60002
	codeTooMany             code = 60003
	codeParameter           code = 60004
	codeEncoding            code = 60005
	codeCallsDisabled       code = 60006
	codeSMSDisabled         code = 60007
	codeNoSuchUser          code = 60016
	codeUserSuspended       code = 60017
	codeTokenReused         code = 60019
	codeTokenInvalid        code = 60020
	codeVerificationCode    code = 60022
	codeNoVerification      code = 60023
	codeUserNotFound        code = 60026
	codeUserInvalid         code = 60027
	codeNotAuthorized       code = 60031
	codeSMSNotFound         code = 60032
	codePhoneInvalid        code = 60033
	codeRegistration        code = 60035
	codeEmailInvalid        code = 60038
	codeVerificationMissing code = 60042
	codeApprovalNotFound    code = 60049
	codeOneTouchDisabled    code = 60065
	codeAccessKeyMissing    code = 60071
	codeAccessKeyInvalid    code = 60072
	codeAppKeyInvalid       code = 60073
	codeCountryInvalid      code = 60078
	codeApprovalDone        code = 60079
	codeLandline            code = 60082
	codeNoCarrier           code = 60083
	codeSignature           code = 60087
	codeCustomDisallowed    code = 60091
	codeDeviceNotFound      code = 60092
	codeWebhookCreate       code = 60098
	codeWebhookDelete       code = 60100
	codeNoGenericToken      code = 60109
	codeNoApplication       code = 60117
	codeQRFailed            code = 60122
	codeGenericDisabled     code = 60123
	codeUserLeaving         code = 60127
	codeExportDisabled      code = 60154
)

// unknownURL is the whole body for a path, format or method that the API does not have.
const unknownURL = "Requested URL was not found. Please check http://docs.authy.com/ to see the valid URLs"

// errUnknownURL makes the answer that of an unknown URL.
var errUnknownURL = errors.New("unknown URL")

// refusal is an error answer.
type refusal struct {
	code       code
	status     int               // 0 for the table's
	message    string            // empty for the table's
	fields     map[string]string // bad fields: repeated at the top level and in errors
	extra      object            // further members at the top level only
	bare       bool              // errors is an empty object
	retryAfter time.Duration
}

// Error is the message that the answer carries.
func (f *refusal) Error() string {
	if f.message != "" {
		return f.message
	}
	_, message, _ := f.code.known()
	return message
}

func (f *refusal) httpStatus() int {
	if f.status != 0 {
		return f.status
	}
	status, _, _ := f.code.known()
	return status
}

// body has the canonical shape: the values in errors are all strings, and error_code is one too, because
// go-authy and authy-java read nothing else.
func (f *refusal) body() object {
	message := f.Error()
	details := map[string]string{}
	if !f.bare {
		maps.Copy(details, f.fields)
		details["message"] = message
	}
	o := object{{"message", message}, {"success", false}, {"errors", details}}
	for _, name := range slices.Sorted(maps.Keys(f.fields)) {
		o = append(o, member{name, f.fields[name]})
	}
	o = append(o, f.extra...)
	return append(o, member{"error_code", strconv.Itoa(int(f.code))})
}

// fail is the plain refusal of a code.
func fail(c code) *refusal { return &refusal{code: c} }

func badRequest(reason string) *refusal {
	return &refusal{code: codeRequest, message: "Invalid request: " + reason}
}

func badParam(name, reason string) *refusal {
	return &refusal{code: codeParameter, message: "Invalid parameter: " + name + " - " + reason}
}

// picture is an answer that is an image, drawn after the application is unlocked.
type picture func() ([]byte, error)

// answer is what goes back to the caller.
type answer struct {
	status     int
	code       code // of a refusal
	kind       string
	retryAfter time.Duration
	text       []byte
}

// answerOf writes out what a handler returned.
func answerOf(body any, err error) answer {
	if p, ok := body.(picture); ok && err == nil {
		var png []byte
		if png, err = p(); err == nil {
			return answer{status: http.StatusOK, kind: "image/png", text: png}
		}
	}
	const jsonType = "application/json;charset=utf-8"
	switch {
	case err == errUnknownURL:
		return answer{status: http.StatusNotFound, kind: "text/plain;charset=utf-8", text: []byte(unknownURL)}
	case err != nil:
		f, ok := err.(*refusal)
		if lost, is := errors.AsType[*lostError](err); is {
			f, ok = &refusal{code: codeInternal, status: http.StatusInternalServerError, message: "An error occurred: " + lost.Error()}, true
		}
		if !ok {
			f = &refusal{code: codeRequest, status: http.StatusInternalServerError, message: err.Error()}
		}
		return answer{f.httpStatus(), f.code, jsonType, f.retryAfter, compact(f.body())}
	}
	return answer{status: http.StatusOK, kind: jsonType, text: compact(body)}
}

func (a answer) write(w http.ResponseWriter) {
	a.header(w.Header())
	w.WriteHeader(a.status)
	w.Write(a.text)
}

// plain is the answer for those who spoil it.
func (a answer) plain() fault.Answer {
	h := http.Header{}
	a.header(h)
	return fault.Answer{Status: a.status, Header: h, Body: a.text}
}

// header also keeps codes and keys out of caches and out of pages that would guess at the type.
func (a answer) header(h http.Header) {
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(a.text)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(a.retryAfter.Seconds()))))
	}
}
