package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

const hooksURL = "https://api.authy.com/dashboard/json/application/webhooks"

// newHookBox has the credentials of the published vectors; its API key is their app_api_key.
func newHookBox(t *testing.T) *box {
	t.Helper()
	return newBox(t, sandbox.WithKeys("AAA111"),
		sandbox.WithDashboard(sandbox.DashboardKeys{AccessKey: "BBB222", SigningKey: "api-signing-key-0123456789abcdef"}))
}

// signed sends a request as a proxy that ends TLS for api.authy.com would see it.
func (b *box) signed(method, url, form, nonce, signature string) answer {
	b.t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(form))
	if err != nil {
		b.t.Fatal(err)
	}
	r.TLS = tlsState
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Authy-Signature-Nonce", nonce)
	r.Header.Set("X-Authy-Signature", signature)
	return b.do(r)
}

// sign is written out here once more, from the API's description.
func sign(nonce, method, url, params string) string {
	mac := hmac.New(sha256.New, []byte("api-signing-key-0123456789abcdef"))
	fmt.Fprintf(mac, "%s|%s|%s|%s", nonce, method, url, params)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

const (
	hookKeys   = "app_api_key=AAA111&access_key=BBB222"
	hookSorted = "access_key=BBB222&app_api_key=AAA111"
	hookNonce  = "1427849783.886085"
)

// The signatures are precomputed vectors.
func TestWebhookVectors(t *testing.T) {
	t.Parallel()
	create := "&name=my+hook&url=https%3A%2F%2Fexample.com%2Fhooks%2Fauthy%3Fx%3D1&events[]=user_added&events[]=user_removed"
	for name, c := range map[string]struct {
		method, url, query, form, signature string
		status                              int
	}{
		"list, query": {"GET", hooksURL, "?" + hookKeys, "", "SlyPrvQaI+SpXCnRIElrfsM7x/hFuu9qEDpOoigkgOA=", 200},
		"list, body":  {"GET", hooksURL, "", hookKeys, "SlyPrvQaI+SpXCnRIElrfsM7x/hFuu9qEDpOoigkgOA=", 200},
		"create":      {"POST", hooksURL, "", hookKeys + create, "ac8jJXYevbNrfiLfIgFZa7XtkOOsyHLKA2o3fNew3mY=", 200},
		"delete":      {"DELETE", hooksURL + "/WH_6a554f7f-4433-4a25-ba5d-0f083733c790", "", hookKeys, "OgCRykact8F2K6wK3tPcETLz7Eo9n1326S9bpxArCEM=", 404},
		"wrong":       {"GET", hooksURL, "?" + hookKeys, "", "SlyPrvQaI+SpXCnRIElrfsM7x/hFuu9qEDpOoigkgOB=", 400},
		"wrong param": {"GET", hooksURL, "?" + hookKeys + "&a=1", "", "SlyPrvQaI+SpXCnRIElrfsM7x/hFuu9qEDpOoigkgOA=", 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newHookBox(t)
			b.signed(c.method, c.url+c.query, c.form, hookNonce, c.signature).wants(c.status)
			if c.status != 400 { // the nonce is spent, whatever became of the request
				b.signed(c.method, c.url+c.query, c.form, hookNonce, c.signature).
					fails(400, "60087", "Invalid signature: the nonce was used before")
			}
		})
	}
}

func TestWebhookLife(t *testing.T) {
	t.Parallel()
	b := newHookBox(t)
	n := 0
	send := func(method, url, form, sorted string) answer {
		t.Helper()
		n++
		nonce := fmt.Sprint("nonce-", n)
		return b.signed(method, url, hookKeys+form, nonce, sign(nonce, method, url, hookSorted+sorted))
	}
	list := func() answer { t.Helper(); return send("GET", hooksURL, "", "").wants(200) }

	list().says(`{"webhooks":[],"success":true}`)
	created := send("POST", hooksURL, "&name=h&url=https://e.example/&events[]=user_added", "&events%5B%5D=user_added&name=h&url=https%3A%2F%2Fe.example%2F").wants(200)
	hook := created.at("webhook").(map[string]any)
	for _, name := range []string{"id", "name", "account_sid", "service_id", "url", "signing_key", "events", "creation_date"} {
		if hook[name] == nil || hook[name] == "" {
			t.Errorf("no %s in %s", name, created.body)
		}
	}
	if !strings.Contains(list().body, hook["id"].(string)) {
		t.Error("not listed")
	}
	id := fmt.Sprint(hook["id"])
	send("DELETE", hooksURL, "&webhook_id="+id, "&webhook_id="+id).wants(200).says(`{"message":"Webhook deleted","success":true}`)
	send("DELETE", hooksURL+"/"+id, "", "").fails(404, "60100", "Webhook not found")
	list().says(`{"webhooks":[],"success":true}`)

	long, escaped := strings.Repeat("ü", 255), strings.Repeat("%C3%BC", 255)
	send("POST", hooksURL, "&events[]=user_added&name="+long+"&url=http://e", "&events%5B%5D=user_added&name="+escaped+"&url=http%3A%2F%2Fe").wants(200)
	send("POST", hooksURL, "&name="+long+"x", "&name="+escaped+"x").fails(400, "60098", "Webhook could not be created: name must be 1 to 255 characters")
	send("POST", hooksURL, "&name=h", "&name=h").fails(400, "60098", "Webhook could not be created: url must be a whole http or https URL in ASCII without spaces")
	send("POST", hooksURL, "&name=h&url=http://e&events[]=x", "&events%5B%5D=x&name=h&url=http%3A%2F%2Fe").
		fails(400, "60098", "Webhook could not be created: event 'x' is unknown")
	send("POST", hooksURL, "&name=h&url=http://e", "&name=h&url=http%3A%2F%2Fe").fails(400, "60098", "Webhook could not be created: events are required")
}

func TestWebhookCredentials(t *testing.T) {
	t.Parallel()
	b := newHookBox(t)
	b.signed("GET", hooksURL+"?access_key=BBB222", "", "n", "s").fails(400, "60073", "Invalid application API key")
	b.signed("GET", hooksURL+"?app_api_key=AAA111", "", "n", "s").fails(404, "60071", "Access key not found")
	b.signed("GET", hooksURL+"?app_api_key=AAA111&access_key=x", "", "n", "s").fails(404, "60072", "Invalid access key")
	b.signed("GET", hooksURL+"?"+hookKeys, "", "", "s").fails(400, "60087", "Invalid signature: the headers X-Authy-Signature and X-Authy-Signature-Nonce are required")
	b.signed("GET", hooksURL+"?"+hookKeys, "", "n", "s").fails(400, "60087", "Invalid signature: it does not fit method, URL, nonce and parameters")
}
