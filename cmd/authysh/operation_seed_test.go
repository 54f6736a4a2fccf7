package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/authy/sandbox"
)

// seedCommands are the command lines of the seed library's README, in an order in which they can be run one after the
// other. ID, CODE, PHONE_CODE and UUID are what the sandbox gave before. Two lines are put right: the state of an
// approval request is asked for with onetouch, and user verify has the id that its README left out.
var seedCommands = []struct {
	line   string
	wire   string // method, path with query, and body
	result string // a member of the result and its value
}{
	{`authy user create 911234567 PT ana@example.com`,
		`POST /protected/json/users/new {"user":{"country_code":351,"cellphone":"911234567","email":"ana@example.com"}}`,
		`message=User created successfully.`},
	{`authy user request sms ID`, `GET /protected/json/sms/ID`, `message=SMS token was sent`},
	{`authy user request call ID`, `GET /protected/json/call/ID`, `message=Call started...`},
	{`authy user verify ID --token CODE`, `GET /protected/json/verify/CODE/ID`, `token=is valid`},
	{`authy activity create ID \
--data.reason foo \
--type banned \
--ip 127.0.0.1`,
		`POST /protected/json/users/ID/register_activity {"type":"banned","data":{"reason":"foo"},"user_ip":"127.0.0.1"}`,
		`message=Activity was created.`},
	{`authy user get status ID`, `GET /protected/json/users/ID/status`, `status.confirmed=true`},
	{`authy application get details`, `GET /protected/json/app/details`, `app.name=Sandbox App`},
	{`authy application get statistics`, `GET /protected/json/app/stats`, `total_users=1`},
	{`authy phone verify 7754615609 US \
--locale=en \
--via=sms`,
		`POST /protected/json/phones/verification/start {"country_code":1,"phone_number":"7754615609","via":"sms","locale":"en"}`,
		`message=Text message sent to +1 775-461-5609.`},
	{`authy phone verify 7754615609 US --token PHONE_CODE`,
		`GET /protected/json/phones/verification/check?country_code=1&phone_number=7754615609&verification_code=PHONE_CODE`,
		`success=true`},
	{`authy phone get information 7754615609 US`,
		`GET /protected/json/phones/info?country_code=1&phone_number=7754615609`, `type=cellphone`},
	{`authy onetouch create ID \
'Login requested for a CapTrade Bank account.' \
--hidden.ip_address 10.10.3.203 \
--logos.0.res default \
--logos.0.url 'https://example.com/logos/default.png' \
--logos.1.res low \
--logos.1.url 'https://example.com/logos/low.png' \
--visible.'Account Number' 981266321 \
--visible.location 'California, USA' \
--visible.username 'Bill Smith' \
--ttl 120`,
		`POST /onetouch/json/users/ID/approval_requests {"message":"Login requested for a CapTrade Bank account.",` +
			`"details":{"Account Number":"981266321","location":"California, USA","username":"Bill Smith"},` +
			`"hidden_details":{"ip_address":"10.10.3.203"},"logos":[{"res":"default","url":"https://example.com/logos/default.png"},` +
			`{"res":"low","url":"https://example.com/logos/low.png"}],"seconds_to_expire":120}`,
		`message=Approval request was created.`},
	{`authy onetouch get status UUID`, `GET /onetouch/json/approval_requests/UUID`, `approval_request.status=pending`},
	{`authy user delete ID`, `POST /protected/json/users/ID/remove {}`, `message=User removed from application`},
}

// TestSeedCommands replays them: what a dry run shows is what is sent, and what is sent is what the seed sent.
func TestSeedCommands(t *testing.T) {
	t.Parallel()
	service := sandbox.New(sandbox.WithKeys("foobar"))
	sent := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + string(body))
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		service.ServeHTTP(w, r)
	}))
	defer server.Close()
	env := map[string]string{"AUTHY_KEY": "foobar", "AUTHYSH_HOST": server.URL}
	known := map[string]string{}
	fill := func(text string) string {
		for _, name := range []string{"PHONE_CODE", "CODE", "UUID", "ID"} {
			text = strings.ReplaceAll(text, name, known[name])
		}
		return text
	}
	learn := func(name, value string) {
		if value != "" {
			known[name] = value
		}
	}
	for _, command := range seedCommands {
		words, err := splitWords(strings.ReplaceAll(command.line, "\\\n", " "))
		if err != nil {
			t.Fatal(err)
		}
		args := words[1:]
		for i := range args {
			args[i] = fill(args[i])
		}
		wire := fill(command.wire)

		code, stdout, stderr := authysh(t, "", env, append(args, "--dry-run")...)
		var request struct {
			Method, URL string
			Headers     map[string]string
			Body        json.RawMessage
		}
		if err := json.Unmarshal([]byte(stdout), &request); code != 0 || err != nil {
			t.Fatalf("%s --dry-run: exit code %d, %v; %s", command.line, code, err, stderr)
		}
		if got := strings.TrimSpace(request.Method + " " + strings.TrimPrefix(request.URL, server.URL) + " " + string(request.Body)); got != wire {
			t.Errorf("%s --dry-run:\n got %s\nwant %s", command.line, got, wire)
		}
		if got := request.Headers["X-Authy-API-Key"]; got != hidden {
			t.Errorf("%s --dry-run: the key is shown as %q", command.line, got)
		}

		if words[2] == "delete" {
			args = append(args, "--yes")
		}
		code, stdout, stderr = authysh(t, "", env, args...)
		member, want, _ := strings.Cut(command.result, "=")
		if got := gjson.Get(stdout, member).String(); code != 0 || got != want || stderr != "" {
			t.Fatalf("%s: exit code %d, %s = %q, want %q; %s%s", command.line, code, member, got, want, stdout, stderr)
		}
		if sent != wire {
			t.Errorf("%s:\nsent %s\nwant %s", command.line, sent, wire)
		}
		learn("ID", gjson.Get(stdout, "user.id").String())
		learn("UUID", gjson.Get(stdout, "approval_request.uuid").String())
		if messages := service.Outbox(sandbox.OutboxFilter{Channel: sandbox.ChannelSMS}); len(messages) > 0 {
			learn("CODE", messages[0].Code)
		}
		if messages := service.Outbox(sandbox.OutboxFilter{Channel: sandbox.ChannelVerification}); len(messages) > 0 {
			learn("PHONE_CODE", messages[0].Code)
		}
	}
}
