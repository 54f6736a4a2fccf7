package authy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
)

// FuzzAnswers gives every operation any answer: the client never panics, and a success holds what it must.
func FuzzAnswers(f *testing.F) {
	operations := authy.Operations()
	for i, o := range operations {
		f.Add(i, 200, []byte(answers[o.Name]), "")
		for _, field := range essentials[o.Name] {
			f.Add(i, 200, []byte(edited(f, o.Name, field, nil)), "")
		}
	}
	for _, body := range []string{
		`{"message":"User was not valid","success":false,"errors":{"cellphone":"is invalid","message":"User was not valid"},"cellphone":"is invalid","error_code":"60027"}`,
		`{"message":"Token is invalid","token":"is invalid","success":false,"errors":{"message":"Token is invalid"},"error_code":"60020"}`,
		`{"errors":{"a":[1,"x",null],"b":{}},"error_code":60003}`, `<html>` + testKey, testKey, ``, `[]`, `{`, "\ufeff{}", "\x1f\x8b\x08",
	} {
		f.Add(0, 400, []byte(body), "1")
		f.Add(7, 200, []byte(body), "")
		f.Add(1, 503, []byte(body), "Tue, 14 Nov 2023 22:13:50 GMT")
	}
	f.Fuzz(func(t *testing.T, which, status int, body []byte, retryAfter string) {
		if which < 0 || status < 200 || status > 599 || len(body) > 1<<16 {
			return
		}
		o := operations[which%len(operations)]
		result, err := callOf(t, o.Name).run(t.Context(), answering(status, string(body), "Retry-After", retryAfter))
		if err == nil {
			checkSuccess(t, o.Name, status, body, result)
			return
		}
		failure, ok := errors.AsType[authy.Error](err)
		if !ok || failure.Operation() != o.Name || failure.Kind() != authy.KindAPI && failure.Kind() != authy.KindResponse {
			t.Fatalf("got %v (%T)", err, err)
		}
		text := err.Error()
		if strings.ContainsAny(text, "\n\r\x1b\x00") || strings.Contains(text, testKey) || len(text) > 50<<10 {
			t.Errorf("the error's text is not fit to print: %q", text)
		}
		refusal, ok := err.(*authy.APIError)
		if ok && (refusal.RetryAfter < 0 || len(refusal.Body) > authy.MaxErrorBody || bytes.Contains(refusal.Body, []byte(testKey))) {
			t.Errorf("got %+v", refusal)
		}
	})
}

// checkSuccess looks at the result as a user would: through its JSON form.
func checkSuccess(t *testing.T, op string, status int, body []byte, result any) {
	t.Helper()
	if status >= 300 || !json.Valid(bytes.TrimPrefix(body, []byte("\ufeff"))) {
		t.Fatalf("a success with status %d: %q", status, body)
	}
	data, err := json.Marshal(result)
	if err != nil {
		t.Fatalf("the result of %q has no JSON form: %v", body, err)
	}
	for _, field := range essentials[op] {
		value := decode(t, data)
		for key := range strings.SplitSeq(field, ".") {
			object, _ := value.(map[string]any)
			value = object[key]
		}
		if value == nil || value == "" || value == false {
			t.Errorf("a success without %s: %s from %q", field, data, body)
		}
	}
}

// FuzzParameters gives one call any texts: it is refused or sent, as one request to the right path, whole.
func FuzzParameters(f *testing.F) {
	f.Add("1635", "1234567", "a", "en", "::1")
	f.Add("0", "12 34", "\xff", "pt-br", "../..")
	f.Add("18446744073709551615", "00000000", "%2e&=?#", "ZH-HK", "127.0.0.1")
	f.Fuzz(func(t *testing.T, id, token, action, locale, ip string) {
		c, urls := recording()
		_, err := c.VerifyToken(t.Context(), authy.VerifyTokenParams{AuthyID: authy.ID(id), Token: token, Action: &action, IP: &ip})
		if kind := kindOf(err); (kind == authy.KindValidation) != (len(*urls) == 0) || len(*urls) > 1 {
			t.Fatalf("got %v after %d requests", err, len(*urls))
		}
		for _, u := range *urls {
			query := u.Query()
			if u.EscapedPath() != "/protected/json/verify/"+token+"/"+id || query.Get("action") != action || query.Get("user_ip") != ip {
				t.Errorf("%q, %q, %q and %q became %s", id, token, action, ip, u)
			}
		}
		c, urls = recording()
		if _, err := c.GetApprovalRequest(t.Context(), authy.GetApprovalRequestParams{ID: action}); kindOf(err) != authy.KindValidation {
			if got := (*urls)[0]; got.Path != "/onetouch/json/approval_requests/"+action || strings.Count(got.EscapedPath(), "/") != 4 {
				t.Errorf("%q became %s", action, got)
			}
		}
		c, urls = recording()
		if _, err := c.RequestSMS(t.Context(), authy.RequestSMSParams{AuthyID: "1", Locale: &locale}); kindOf(err) != authy.KindValidation {
			if got := (*urls)[0].Query().Get("locale"); !strings.EqualFold(got, locale) {
				t.Errorf("%q became %q", locale, got)
			}
		}
	})
}
