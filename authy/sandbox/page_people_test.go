package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func mediaFeature(name, value string) chromedp.Action {
	return emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: name, Value: value}})
}

// populate fills a sandbox with what a day of work leaves behind, and gives the user to whom most happened.
func populate(b *tab) int64 {
	b.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"ok":true}`) }))
	b.Cleanup(receiver.Close)
	b.SetCallback(receiver.URL+"/callback/onetouch", "POST")
	for i, name := range []string{"bo.chen", "carla.mendes", "dmitri.volkov", "eun-ji.park", "fatima.al-sayed", "george.w.longworth-featherstonehaugh"} {
		id := b.enrol("1", fmt.Sprintf("77546156%02d", i), name+"@example.com")
		if i == 2 {
			b.SetSuspended(id, true)
		}
		if i == 3 {
			b.RegisterApp(id, "ipad")
		}
	}
	b.CompleteRegistration("customer-8842")
	id := b.enrol("351", "911234567", "ana.ferreira@example.com")
	b.RegisterApp(id, "iphone")
	b.post(fmt.Sprintf("/protected/json/users/%d/secret", id), url.Values{})
	b.get(fmt.Sprintf("/protected/json/sms/%d?force=true", id))
	b.get(fmt.Sprintf("/protected/json/call/%d?force=true", id))
	b.post(fmt.Sprintf("/protected/json/email/%d", id), url.Values{})
	b.post("/protected/json/phones/verification/start", url.Values{"via": {"call"}, "country_code": {"351"}, "phone_number": {"961234567"}, "code_length": {"6"}})
	b.post(fmt.Sprintf("/protected/json/users/%d/register_activity", id), url.Values{"type": {"password_reset"}, "data[reason]": {"forgotten"}, "user_ip": {"203.0.113.7"}})
	for i, message := range []string{"Log in to Acme Bank from Lisbon?", "Add the payee Jörg Müller GmbH & Co. KG?", "Pay 1,249.00 EUR to Northwind Traders?"} {
		b.ask(id, url.Values{"message": {message}, "details[Account]": {"PT50 0002 0123 1234 5678 9015 4"}, "details[Device]": {"Firefox 142 on Ubuntu, 203.0.113.7"}, "seconds_to_expire": {"900"},
			"hidden_details[session]": {"f3b1c2"}, "logos[][res]": {"default"}, "logos[][url]": {"https://example.com/logos/acme-240.png"}})
		if i == 0 {
			b.Approve(b.Approvals(1)[0].UUID)
		}
		if i == 1 {
			b.Deny(b.Approvals(1)[0].UUID)
		}
	}
	for _, refused := range []string{"/protected/json/app/details?api_key=wrong", fmt.Sprintf("/protected/json/verify/0000000/%d?api_key=%s", id, testKey)} {
		res, err := http.Get(b.URL() + refused)
		if err != nil {
			b.Fatal(err)
		}
		res.Body.Close()
	}
	b.run("rules", chromedp.Evaluate(`Promise.all(["request_sms: status=503, every=3", "callback: delay=5s, probability=0.1", "latency=2s"].map((rule) =>
		fetch("api/faults", { method: "POST", headers: { "X-Sandbox-Token": "admin", "Content-Type": "application/json" }, body: JSON.stringify({ rule }) })))`, nil, awaited))
	return id
}
