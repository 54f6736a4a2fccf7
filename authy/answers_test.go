package authy_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/authysh/authysh/authy"
)

const testKey = "k3y-0123456789abcdefghijklmnopqr"

// answers holds the body of a success per operation, as Authy's documentation and recorded traffic have it.
var answers = map[string]string{
	"register_user": `{"message":"User created successfully.","user":{"id":48213977},"success":true}`,
	"get_user_status": `{"status":{"authy_id":48213977,"confirmed":true,"registered":false,"country_code":351,` +
		`"phone_number":"XX-XXX-4567","email":"ana@example.com","devices":["iphone","authy_chrome"],"has_hard_token":false,` +
		`"account_disabled":true,"detailed_devices":[{"device_type":"authy","os_type":"android","registration_device_id":null,` +
		`"registration_method":"sms","device_id":290908,"last_sync_date":1700000000,"creation_date":1690000000}],` +
		`"deleted_devices":[{"device_type":"sms","os_type":"sms","device_id":7,"last_sync_date":null,"creation_date":1}]},` +
		`"message":"User status.","success":true}`,
	"update_user":   `{"message":"User was updated successfully","success":true}`,
	"delete_user":   `{"message":"User removed from application","success":true}`,
	"request_sms":   `{"success":true,"message":"SMS token was sent","cellphone":"+351-XXX-XXX-XX67"}`,
	"request_call":  `{"message":"Call ignored.","cellphone":"+57-XXX-XXX-XX12","device":"android","ignored":true,"success":true}`,
	"request_email": `{"success":true,"message":"Email token was sent","email":"ana@example.com","email_id":"EMa364aa751cc280d8c22772307e2c5760"}`,
	"verify_token": `{"message":"Token is valid.","token":"is valid","success":"true","device":{"id":null,"os_type":"sms",` +
		`"registration_date":1500648405,"registration_method":null,"registration_country":"PT","registration_region":null,` +
		`"registration_city":null,"country":null,"region":null,"city":"Porto","ip":null,"last_account_recovery_at":1494631010,"last_sync_date":null}}`,
	"create_user_secret":      `{"label":"ana@example.com","issuer":"Sandbox App","qr_code":"https://sandbox.invalid/qr/8f1c.png","success":true}`,
	"export_user_secret":      `{"secret":"JBSWY3DPEHPK3PXP","otp":"996554"}`,
	"export_user_phone":       `{"phone_number":"444-555-6666","country_code":"1","e164":"+14445556666","updated_at":"2021-12-09T15:41:20Z"}`,
	"get_registration_status": `{"registration":{"status":"completed","authy_id":48213977},"success":true}`,
	"register_activity":       `{"message":"Activity was created.","success":true}`,
	"get_application_details": `{"message":"Application information.","app":{"app_id":65257,"name":"Sandbox App","plan":"pay_as_you_go",` +
		`"sms_enabled":true,"onetouch_enabled":true,"phone_calls_enabled":true},"success":true}`,
	"get_application_statistics": `{"app_id":65257,"message":"Monthly statistics.","success":true,"total_users":1,"count":1,"stats":[` +
		`{"year":2017,"month":"June","auths_count":9,"api_calls_count":266,"users_count":1,"sms_count":2,"calls_count":0}]}`,
	"start_phone_verification": `{"carrier":"AT&T Wireless","is_cellphone":true,"is_ported":true,"message":"Text message sent to +1 987-654-3210.",` +
		`"seconds_to_expire":599,"uuid":"b8ebcd40-1234-5678-3fb5-0e5d6a065904","sms_id":"SM1","success":true}`,
	"verify_phone":                  `{"message":"Verification code is correct.","success":true}`,
	"get_phone_verification_status": `{"message":"Phone Verification status.","status":"pending","seconds_to_expire":598,"success":true}`,
	"get_phone_information": `{"message":"Phone number information as of 2017-11-25 23:21:39 UTC","type":"voip","provider":"Pinger",` +
		`"ported":false,"success":true}`,
	"send_feedback": `{"account_sid":"","message_sid":"SM1","outcome":"received","date_created":"Sat, 25 Nov 2017 23:21:39 +0000",` +
		`"date_updated":"Sat, 25 Nov 2017 23:21:39 +0000","uri":"","success":true}`,
	"create_approval_request": `{"approval_request":{"uuid":"dda2c400-bc43-0135-d7be-1285ca17e122"},"success":true}`,
	"get_approval_request": `{"approval_request":{"_app_name":"Sandbox App","_app_serial_id":46113,"_authy_id":28894864,` +
		`"_id":"589d12e07d558e6b91e9370a","_user_email":"ana@example.com","app_id":"58547f6f4014250a11c201f6",` +
		`"created_at":"2017-02-10T01:09:52Z","notified":false,"processed_at":"2017-02-10T01:10:52Z","seconds_to_expire":86400,"status":"approved",` +
		`"updated_at":"2017-02-10T01:09:52Z","user_id":"5840a9328aa2fb674c485436","uuid":"8d031630-d15b-0134-b0a8-0a77bbe8093e"},"success":true}`,
	"create_webhook": `{"webhook":{"id":"WH_6a55","name":"user-added","account_sid":"AC0","service_id":"12345",` +
		`"url":"https://example.com/hooks/authy","signing_key":"whk-1","events":["user_added"],"creation_date":"2020-07-01T10:00:00Z"},` +
		`"message":"Webhook created","success":true}`,
	"list_webhooks": `{"webhooks":[{"id":"WH_6a55","name":"user-added","account_sid":"AC0","service_id":12345,` +
		`"url":"https://example.com/hooks/authy","signing_key":"whk-1","events":["user_added"],"creation_date":"2020-07-01T10:00:00Z"}],"success":true}`,
	"delete_webhook": `{"message":"Webhook deleted","success":true}`,
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply is a transport's answer; header holds pairs of name and value.
func reply(status int, body string, header ...string) *http.Response {
	response := &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	for i := 0; i+1 < len(header); i += 2 {
		response.Header.Set(header[i], header[i+1])
	}
	return response
}

// clientOf is a client with all its keys whose requests go to f. It tries once.
func clientOf(f roundTrip) *authy.Client {
	return &authy.Client{
		Key: testKey, AccessKey: "acc3ss-key", SigningKey: "s1gning-key",
		HTTPClient: &http.Client{Transport: f}, Retries: authy.NoRetries,
	}
}

// answering gives every request the same answer.
func answering(status int, body string, header ...string) *authy.Client {
	return clientOf(func(*http.Request) (*http.Response, error) { return reply(status, body, header...), nil })
}

// unreachable fails the test if anything is sent.
func unreachable(t *testing.T) (*authy.Client, *atomic.Int64) {
	t.Helper()
	sent := new(atomic.Int64)
	t.Cleanup(func() {
		if n := sent.Load(); n != 0 {
			t.Errorf("%d requests were sent, want none", n)
		}
	})
	return clientOf(func(*http.Request) (*http.Response, error) {
		sent.Add(1)
		return reply(200, `{}`), nil
	}), sent
}

// invocation is a typed call of one operation.
type invocation struct {
	params any
	run    func(context.Context, *authy.Client) (any, error)
}

func call[P, R any](f func(*authy.Client, context.Context, P) (*R, error), p P) invocation {
	return invocation{p, func(ctx context.Context, c *authy.Client) (any, error) {
		result, err := f(c, ctx, p)
		if err != nil {
			return nil, err
		}
		return result, nil
	}}
}

// recording is a client that succeeds at everything that needs no particular field, and the URLs that it called.
func recording() (*authy.Client, *[]*url.URL) {
	urls := new([]*url.URL)
	return clientOf(func(r *http.Request) (*http.Response, error) {
		*urls = append(*urls, r.URL)
		return reply(200, `{"success":true,"status":"pending"}`), nil
	}), urls
}
