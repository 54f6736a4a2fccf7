package authy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/authy"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	const page = "<html><body><h1>502 Bad Gateway</h1>" + testKey + "</body></html>"
	for name, tc := range map[string]struct {
		op     string // get_user_status unless set
		status int
		header []string
		body   string
		want   authy.APIError // Op and Body are not compared
		text   string
		is     error
	}{
		"documented": {"", 404, nil, `{"message":"User not found.","success":false,"errors":{"message":"User not found."},"error_code":"60026"}`,
			authy.APIError{Status: 404, Code: "60026", Message: "User not found."},
			"get_user_status: User not found. (HTTP 404, code 60026)", authy.ErrNotFound},
		"fields get the caller's names": {"register_user", 400, nil,
			`{"message":"User was not valid","success":false,"errors":{"cellphone":"is invalid","email":"is invalid","message":"User was not valid"},"cellphone":"is invalid","error_code":"60027"}`,
			authy.APIError{Status: 400, Code: "60027", Message: "User was not valid", Fields: map[string]string{"phone": "is invalid", "email": "is invalid"}},
			"register_user: User was not valid: email is invalid, phone is invalid (HTTP 400, code 60027)", nil},
		"nested and renamed": {"create_approval_request", 400, nil, `{"errors":{"details":"too long","seconds_to_expire":"no","other":"odd"},"success":false}`,
			authy.APIError{Status: 400, Message: "bad request", Fields: map[string]string{"details.visible": "too long", "ttl": "no", "other": "odd"}},
			"", nil},
		"code as number": {"", 401, nil, `{"message":"Invalid API key","success":"false","error_code":60001}`,
			authy.APIError{Status: 401, Code: "60001", Message: "Invalid API key"}, "", authy.ErrUnauthorized},
		"errors of other types": {"", 400, nil, `{"errors":{"a":1,"b":true,"c":null,"d":{"x":1},"e":["is bad","is worse",{}],"f":[],"message":"Sorry"}}`,
			authy.APIError{Status: 400, Message: "Sorry", Fields: map[string]string{"a": "1", "b": "true", "e": "is bad, is worse"}}, "", nil},
		"errors is a list":      {"", 400, nil, `{"errors":["x"],"message":"No"}`, authy.APIError{Status: 400, Message: "No"}, "", nil},
		"errors is null":        {"", 400, nil, `{"errors":null,"message":"No","error_code":null}`, authy.APIError{Status: 400, Message: "No"}, "", nil},
		"everything mistyped":   {"", 400, nil, `{"errors":7,"message":{},"error_code":[],"success":{}}`, authy.APIError{Status: 400, Message: "bad request"}, "", nil},
		"success true on a 500": {"", 500, nil, `{"success":true,"message":"Fine"}`, authy.APIError{Status: 500, Message: "Fine"}, "", nil},
		"HTML": {"", 502, []string{"Content-Type", "text/html"}, page,
			authy.APIError{Status: 502, Message: "bad gateway, with an HTML page: is this the API's host, or did a gateway answer?"}, "", nil},
		"plain text": {"", 401, []string{"Content-Type", "text/plain; charset=utf-8"}, "Requested URL was not found.\n",
			authy.APIError{Status: 401, Message: `unauthorized: "Requested URL was not found."`}, "", authy.ErrUnauthorized},
		"plain text with the key": {"", 401, []string{"Content-Type", "text/plain"}, "Key " + testKey + " is unknown",
			authy.APIError{Status: 401, Message: `unauthorized: "Key [redacted] is unknown"`}, "", authy.ErrUnauthorized},
		"key where the quote is cut": {"", 403, []string{"Content-Type", "text/plain"}, strings.Repeat("x", 30) + testKey,
			authy.APIError{Status: 403, Message: `forbidden: "` + strings.Repeat("x", 30) + `[redacted]"`}, "", authy.ErrUnauthorized},
		"empty":             {"", 503, nil, "", authy.APIError{Status: 503, Message: "service unavailable, with an empty body"}, "", nil},
		"unknown status":    {"", 599, nil, "", authy.APIError{Status: 599, Message: "unknown status, with an empty body"}, "", nil},
		"cut off JSON":      {"", 400, nil, `{"message":"User not`, authy.APIError{Status: 400, Message: "bad request"}, "", nil},
		"JSON, no object":   {"", 400, nil, `["no"]`, authy.APIError{Status: 400, Message: `bad request, it starts with "[\"no\"]"`}, "", nil},
		"byte order mark":   {"", 404, nil, "\ufeff{\"message\":\"No\"}\n", authy.APIError{Status: 404, Message: "No"}, "", authy.ErrNotFound},
		"terminal controls": {"", 400, nil, `{"message":"a\nb\u001b[2Jc\u2028d","errors":{"x\ny":"\u0007"}}`, authy.APIError{Status: 400, Message: "a b [2Jc d", Fields: map[string]string{"x y": " "}}, "", nil},
		"key in every place": {"", 400, nil, `{"message":"` + testKey + `","error_code":"` + testKey + `","errors":{"key":"` + testKey + `","` + testKey + `":"is bad"}}`,
			authy.APIError{Status: 400, Message: "[redacted]", Code: "[redacted]", Fields: map[string]string{"key": "[redacted]", "[redacted]": "is bad"}}, "", nil},

		"200, success false": {"", 200, nil, `{"success":false,"message":"No such luck"}`, authy.APIError{Status: 200, Message: "No such luck"}, "", nil},
		"200, success \"false\"": {"", 200, nil, `{"success":"false","error_code":"60003"}`,
			authy.APIError{Status: 200, Code: "60003", Message: "the service reported a failure without saying why"}, "", authy.ErrRateLimited},
		"200, success 0":    {"", 200, nil, `{"success":0}`, authy.APIError{Status: 200, Message: "the service reported a failure without saying why"}, "", nil},
		"200, success odd":  {"", 200, nil, `{"success":{"yes":true},"message":"m"}`, authy.APIError{Status: 200, Message: "m"}, "", nil},
		"200, success text": {"", 200, nil, `{"success":"perhaps","message":"m"}`, authy.APIError{Status: 200, Message: "m"}, "", nil},

		"wrong token": {"verify_token", 401, nil, `{"message":"Token is invalid","token":"is invalid","success":false,"errors":{"message":"Token is invalid"},"error_code":"60020"}`,
			authy.APIError{Status: 401, Code: "60020", Message: "Token is invalid", Fields: map[string]string{"token": "is invalid"}}, "", authy.ErrInvalidToken},
		"used token": {"verify_token", 401, nil, `{"message":"Token is invalid. Token was used recently","success":false,"error_code":"60019"}`,
			authy.APIError{Status: 401, Code: "60019", Message: "Token is invalid. Token was used recently"}, "", authy.ErrInvalidToken},
		"wrong token without code": {"verify_token", 401, nil, `{"errors":{"token":"is invalid"},"success":false}`,
			authy.APIError{Status: 401, Message: "unauthorized", Fields: map[string]string{"token": "is invalid"}}, "verify_token: unauthorized: token is invalid (HTTP 401)", authy.ErrInvalidToken},
		"wrong token, 200": {"verify_token", 200, nil, `{"message":"Token is invalid.","token":"is invalid","success":"true"}`,
			authy.APIError{Status: 200, Message: "Token is invalid.", Fields: map[string]string{"token": "is invalid"}}, "", authy.ErrInvalidToken},
		"echoed token, 200": {"verify_token", 200, nil, `{"message":"m","token":"1234567","success":"true"}`,
			authy.APIError{Status: 200, Message: "m"}, "", nil},
		"unknown user of a token": {"verify_token", 401, nil, `{"message":"User doesn't exist","success":false,"error_code":"60016"}`,
			authy.APIError{Status: 401, Code: "60016", Message: "User doesn't exist"}, "", authy.ErrNotFound},
		"wrong phone code": {"verify_phone", 401, nil, `{"message":"Verification code is incorrect","success":false,"error_code":"60022","errors":{"verification_code":"is wrong"}}`,
			authy.APIError{Status: 401, Code: "60022", Message: "Verification code is incorrect", Fields: map[string]string{"token": "is wrong"}}, "", authy.ErrInvalidToken},
		"disallowed": {"", 403, nil, `{"message":"m","success":false,"error_code":"60083"}`, authy.APIError{Status: 403, Code: "60083", Message: "m"}, "", nil},

		"rate limit": {"", 429, []string{"Retry-After", "7"}, `{"message":"DoS protection","success":false,"error_code":"60003"}`,
			authy.APIError{Status: 429, Code: "60003", Message: "DoS protection", RetryAfter: 7 * time.Second},
			"get_user_status: DoS protection (HTTP 429, code 60003, retry after 7s)", authy.ErrRateLimited},
		"rate limit of old": {"", 503, []string{"Retry-After", " 1 "}, `{"message":"m","success":false,"error_code":"60003"}`,
			authy.APIError{Status: 503, Code: "60003", Message: "m", RetryAfter: time.Second}, "", authy.ErrRateLimited},
		"retry at a date": {"", 429, []string{"Retry-After", "Tue, 14 Nov 2023 22:13:50 GMT"}, "x",
			authy.APIError{Status: 429, Message: `too many requests, it starts with "x"`, RetryAfter: 30 * time.Second}, "", authy.ErrRateLimited},
		"retry in the past":  {"", 429, []string{"Retry-After", "Tue, 14 Nov 2022 22:13:50 GMT"}, `{"message":"m"}`, authy.APIError{Status: 429, Message: "m"}, "", nil},
		"retry negative":     {"", 429, []string{"Retry-After", "-5"}, `{"message":"m"}`, authy.APIError{Status: 429, Message: "m"}, "", nil},
		"retry nonsense":     {"", 429, []string{"Retry-After", "soon"}, `{"message":"m"}`, authy.APIError{Status: 429, Message: "m"}, "", nil},
		"retry in the aeons": {"", 429, []string{"Retry-After", "99999999999999999999"}, `{"message":"m"}`, authy.APIError{Status: 429, Message: "m", RetryAfter: (1<<31 - 1) * time.Second}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op := tc.op
			if op == "" {
				op = "get_user_status"
			}
			c := answering(tc.status, tc.body, tc.header...)
			c.Now = func() time.Time { return time.Unix(1700000000, 0) }
			_, err := callOf(t, op).run(t.Context(), c)
			got, ok := err.(*authy.APIError)
			if !ok {
				t.Fatalf("got %v, want an *APIError", err)
			}
			if got.Op != op || got.Operation() != op || got.Kind() != authy.KindAPI {
				t.Errorf("the error is of %q (%q), kind %s", got.Op, got.Operation(), got.Kind())
			}
			compared := *got
			compared.Op, compared.Body = "", nil
			if diff := cmp.Diff(tc.want, compared, cmp.FilterPath(unexported, cmp.Ignore())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if tc.text != "" && err.Error() != tc.text {
				t.Errorf("got  %s\nwant %s", err, tc.text)
			}
			for _, sentinel := range []error{authy.ErrNotFound, authy.ErrUnauthorized, authy.ErrRateLimited, authy.ErrInvalidToken} {
				if want := sentinel == tc.is; tc.is != nil && errors.Is(err, sentinel) != want {
					t.Errorf("%v: is %q = %v", err, sentinel, !want)
				}
			}
			if strings.Contains(string(got.Body), testKey) {
				t.Errorf("Body holds the key: %s", got.Body)
			}
			if want := strings.ReplaceAll(tc.body, testKey, "[redacted]"); string(got.Body) != want {
				t.Errorf("got Body %q, want %q", got.Body, want)
			}
			checkQuiet(t, err)
		})
	}
}

func unexported(path cmp.Path) bool {
	field, ok := path.Last().(cmp.StructField)
	return ok && field.Name() == "rejected"
}

func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		field  string
		reason string
	}{
		"HTML":               {200, "<!DOCTYPE html><p>Log in to " + testKey, "", "is not a JSON object, with an HTML page: is this the API's host, or did a gateway answer?"},
		"empty":              {200, "", "", "is empty"},
		"blank":              {200, " \r\n\t", "", "is empty"},
		"no content":         {204, "", "", "is empty"},
		"array":              {200, `[{"success":true}]`, "", `is not a JSON object, it starts with "[{\"success\":true}]"`},
		"null":               {200, "null", "", `is not a JSON object, it starts with "null"`},
		"text":               {200, `"ok"`, "", `is not a JSON object, it starts with "\"ok\""`},
		"key in text":        {200, "ok " + testKey, "", `is not a JSON object, it starts with "ok [redacted]"`},
		"truncated":          {200, answers["get_user_status"][:200], "", "is not a JSON object: it is cut off or malformed"},
		"two documents":      {200, answers["get_user_status"] + "{}", "", "is not a JSON object: it is cut off or malformed"},
		"too deep":           {200, `{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}", "", "is not a JSON object: it is cut off or malformed"},
		"success missing":    {200, `{"status":{"authy_id":1}}`, "success", "is missing"},
		"success null":       {200, `{"status":{"authy_id":1},"success":null}`, "success", "is missing"},
		"essential mistyped": {200, `{"status":{"authy_id":{"id":1}},"success":true}`, "status.authy_id", "is missing or unusable"},
		"object mistyped":    {200, `{"status":[1],"success":true}`, "status.authy_id", "is missing or unusable"},
		"strange status":     {399, `{}`, "", "redirects to another path, which is refused so that the key stays with its host; check the host setting"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := status(t.Context(), answering(tc.status, tc.body))
			got, ok := err.(*authy.ResponseError)
			if !ok {
				t.Fatalf("got %v (%s), want a *ResponseError", err, kindOf(err))
			}
			if got.Field != tc.field || got.Reason != tc.reason || got.Status != tc.status || got.Operation() != "get_user_status" || got.Kind() != authy.KindResponse {
				t.Errorf("got %+v", got)
			}
			checkQuiet(t, err)
			if strings.Contains(string(got.Body), testKey) {
				t.Errorf("Body holds the key: %s", got.Body)
			}
		})
	}
}

// essentials are the fields without which a result is of no use, per operation.
var essentials = map[string][]string{
	"register_user": {"user.id", "success"}, "get_user_status": {"status.authy_id", "success"}, "update_user": {"success"}, "delete_user": {"success"},
	"request_sms": {"success"}, "request_call": {"success"}, "request_email": {"success"}, "verify_token": {"token", "success"},
	"create_user_secret": {"qr_code"}, "export_user_secret": {"secret"}, "export_user_phone": {"phone_number"},
	"get_registration_status": {"registration.status", "success"}, "register_activity": {"success"},
	"get_application_details": {"app.app_id", "success"}, "get_application_statistics": {"stats", "success"},
	"start_phone_verification": {"success"}, "verify_phone": {"success"}, "get_phone_verification_status": {"status", "success"},
	"get_phone_information": {"type", "success"}, "send_feedback": {"success"}, "create_approval_request": {"approval_request.uuid", "success"},
	"get_approval_request": {"approval_request.uuid", "approval_request.status", "success"},
	"create_webhook":       {"webhook.id", "success"}, "list_webhooks": {"webhooks", "success"}, "delete_webhook": {"success"},
}

// edited is an answer with one field, a dotted path, replaced by edit; nil removes it.
func edited(t testing.TB, op, path string, edit any) string {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(answers[op]), &body); err != nil {
		t.Fatal(err)
	}
	object, keys := body, strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		object = object[key].(map[string]any)
	}
	if edit == nil {
		delete(object, keys[len(keys)-1])
	} else {
		object[keys[len(keys)-1]] = edit
	}
	return jsonText(body)
}

func TestEssentialFields(t *testing.T) {
	t.Parallel()
	for _, o := range authy.Operations() {
		if essentials[o.Name] == nil {
			t.Errorf("%s has no row", o.Name)
		}
		for _, field := range essentials[o.Name] {
			for name, body := range map[string]string{
				"missing": edited(t, o.Name, field, nil),
				"null":    edited(t, o.Name, field, json.RawMessage("null")),
			} {
				_, err := callOf(t, o.Name).run(t.Context(), answering(200, body))
				if failure, ok := err.(*authy.ResponseError); !ok || failure.Field != field {
					t.Errorf("%s with %s %s: got %v, want a *ResponseError about it", o.Name, name, field, err)
				}
			}
		}
		for _, body := range []string{edited(t, o.Name, "success", "true"), edited(t, o.Name, "success", 1), edited(t, o.Name, "message", "Anything else."),
			edited(t, o.Name, "message", map[string]any{"mistyped": 1}), edited(t, o.Name, "unknown", []any{1, "x"}), "\ufeff\r\n" + answers[o.Name] + "\n"} {
			if _, err := callOf(t, o.Name).run(t.Context(), answering(200, body)); err != nil {
				t.Errorf("%s: %v for %s", o.Name, err, body)
			}
		}
		for _, no := range []any{false, "false", 0, ""} {
			if _, err := callOf(t, o.Name).run(t.Context(), answering(200, edited(t, o.Name, "success", no))); kindOf(err) != authy.KindAPI {
				t.Errorf("%s with success %v: got %v, want an *APIError", o.Name, no, err)
			}
		}
	}
	if len(essentials) != len(authy.Operations()) {
		t.Errorf("rows of unknown operations among %v", slices.Sorted(maps.Keys(essentials)))
	}
}

// TestUnconfirmedUsersCode: without force Authy answers 200 and says nothing of the token. That must not pass.
func TestUnconfirmedUsersCode(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"message":"Token not checked","success":true}`, `{"success":"true","token":null}`, `{"success":"true","token":["is valid"]}`, `{"success":true,"token":""}`} {
		_, err := callOf(t, "verify_token").run(t.Context(), answering(200, body))
		if failure, ok := err.(*authy.ResponseError); !ok || failure.Field != "token" {
			t.Errorf("%s: got %v, want a *ResponseError about token", body, err)
		}
	}
}

// TestMistypedFields: a field of another type than expected stays empty, the others are read, and it is logged.
func TestMistypedFields(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := answering(200, `{"status":{"phone_number":7,"devices":{"a":1},"confirmed":"true","country_code":"351","has_hard_token":[],"email":null,`+
		`"detailed_devices":[{"device_id":"b6fe","last_sync_date":"soon"}],"authy_id":"12345678901234567890"},"message":["`+testKey+`"],"success":true,"x":{}}`)
	c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	got, err := c.GetUserStatus(t.Context(), authy.GetUserStatusParams{AuthyID: "1635"})
	if err != nil {
		t.Fatal(err)
	}
	want := authy.UserDetails{AuthyID: "12345678901234567890", Confirmed: true, CountryCode: 351, DetailedDevices: []authy.Device{{DeviceID: "b6fe"}}}
	if diff := cmp.Diff(want, got.Status); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := log.String(); !strings.Contains(text, "unexpected type") || strings.Contains(text, testKey) {
		t.Errorf("logged %s", text)
	}
}

// TestBigIDs: ids keep their digits on the way in and out, beyond 2^53 and 2^63, numbers and strings alike.
func TestBigIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"1", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551615"} {
		for _, wire := range []string{id, `"` + id + `"`} {
			var path string
			c := clientOf(func(r *http.Request) (*http.Response, error) {
				path = r.URL.Path
				return reply(200, `{"user":{"id":`+wire+`},"success":true,"status":{"authy_id":`+wire+`}}`), nil
			})
			user, err := callOf(t, "register_user").run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			got := user.(*authy.Registration).User.ID
			if string(got) != id || jsonText(got) != id {
				t.Errorf("%s became %s, and %s in JSON", wire, got, jsonText(got))
			}
			if _, err := c.GetUserStatus(t.Context(), authy.GetUserStatusParams{AuthyID: got}); err != nil {
				t.Error(err)
			}
			if want := fmt.Sprintf("/protected/json/users/%s/status", id); path != want {
				t.Errorf("got %s, want %s", path, want)
			}
		}
	}
}

// TestOtherSecrets: what the dashboard's keys open must not show either.
func TestOtherSecrets(t *testing.T) {
	t.Parallel()
	const odd = `odd"key\with/signs&more`
	c := answering(400, `{"message":"acc3ss-key s1gning-key odd\"key\\with/signs&more","errors":{"url":"odd%22key%5Cwith%2Fsigns&more"}}`)
	c.Key = odd
	_, err := c.ListWebhooks(context.Background(), authy.ListWebhooksParams{})
	failure, ok := err.(*authy.APIError)
	if !ok || failure.Message != "[redacted] [redacted] [redacted]" || failure.Fields["url"] != "[redacted]" {
		t.Errorf("got %#v", err)
	}
	if want := `{"message":"[redacted] [redacted] [redacted]","errors":{"url":"[redacted]"}}`; ok && string(failure.Body) != want {
		t.Errorf("got %s, want %s", failure.Body, want)
	}
}
