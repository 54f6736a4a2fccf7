package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/authysh/authysh/authy/sandbox"
)

// chromedpBrowser is the context for commands to the browser as a whole.
func chromedpBrowser(ctx context.Context, c *chromedp.Context) context.Context {
	return cdp.WithExecutor(ctx, c.Browser)
}

// The token is asked for, taken out of the address, kept for a reload, and never part of an address again.
func tabToken(b *tab) {
	s, err := sandbox.Start(b.Context(), "", sandbox.WithKeys(testKey), sandbox.WithAdminToken("admin"))
	if err != nil {
		b.Fatal(err)
	}
	b.Server = s
	defer s.Close(context.Background())
	b.run("without", chromedp.Navigate(s.URL()+"/sandbox/"))
	b.sees("#locked", "needs the sandbox's token")
	b.run("wrong", chromedp.Navigate(s.URL()+"/sandbox/?token=wrong"))
	b.sees("#locked", "not valid any more")
	b.fill("unlock", map[string]string{"token": s.URL() + "/sandbox/?token=admin"})
	b.sees("#link", "Live")
	b.run("address", chromedp.Navigate(s.URL()+"/sandbox/?token=admin#/clock"))
	b.sees("#h-clock", "Clock")
	if got := eval[string](b, "location.href"); got != s.URL()+"/sandbox/#/clock" {
		b.Errorf("the address is %s", got)
	}
	if got := eval[string](b, "document.cookie + Object.keys(localStorage)"); got != "" {
		b.Errorf("kept beyond the tab: %s", got)
	}
	b.run("reload", chromedp.Reload())
	b.sees("#link", "Live")
	if got := eval[int](b, "performance.getEntriesByType('resource').filter((e) => e.name.includes('admin')).length"); got != 0 {
		b.Errorf("%d requests have the token in their address", got)
	}
}

func tabApps(b *tab) {
	b.serve(sandbox.WithApps(sandbox.App{Name: "Bank & <b>Co</b>", Keys: []string{otherKey}}))
	b.enrol("351", "911234567", "ana@example.com")
	b.sees("#users", "+351911234567")
	b.run("choose", chromedp.Evaluate(`{ const s = document.getElementById("app"); s.value = "Bank & <b>Co</b>"; s.dispatchEvent(new Event("change")); }`, nil))
	b.lacks("#users", "911234567")
	b.press("Add")
	b.fill("add", map[string]string{"country_code": "1", "phone": "7754615609", "email": "bo@example.com"})
	b.sees("#h-detail", "+17754615609")
	other, _ := b.App("Bank & <b>Co</b>")
	if len(other.Users(0)) != 1 || len(b.Users(0)) != 1 {
		b.Error("the user was added elsewhere")
	}
	b.run("reload", chromedp.Reload())
	b.sees("#h-detail", "+17754615609")
	if got := eval[string](b, "document.getElementById('app').value"); got != "Bank & <b>Co</b>" {
		b.Errorf("after a reload the application is %q", got)
	}
}

// What is asked for shows up by itself, and what is shown works.
func tabPhone(b *tab) {
	b.serve()
	b.sees(".side", "No users yet")
	id := b.enrol("351", "911234567", "ana@example.com")
	b.sees("#users", "+351911234567")
	b.view(fmt.Sprintf("phones/%d", id))
	b.sees("#h-detail", "+351911234567")
	b.sees(".detail", "No messages yet")
	b.get(fmt.Sprintf("/protected/json/sms/%d?force=true", id))
	code := b.Outbox(sandbox.OutboxFilter{})[0].Code
	b.sees("#outbox", code)
	b.sees("#said", code)
	b.allow()
	b.press("Copy code " + code)
	b.sees("#said", "Copied code "+code)
	var copied string
	b.run("clipboard", chromedp.Evaluate("navigator.clipboard.readText()", &copied, chromedp.EvalAsValue, awaited))
	if copied != code {
		b.Errorf("copied %q, want %q", copied, code)
	}
	b.get(fmt.Sprintf("/protected/json/verify/%s/%d", code, id))
	b.sees(".chips", "confirmed")
	b.get(fmt.Sprintf("/protected/json/call/%d?force=true", id))
	b.post(fmt.Sprintf("/protected/json/email/%d", id), url.Values{})
	b.until("call and e-mail", "document.querySelectorAll('#outbox .message').length === 3 && document.querySelector('#outbox .face.call') && document.querySelector('#outbox .face.email')")
	b.run("kind", chromedp.Evaluate(`{ const s = document.getElementById("channel"); s.value = "email"; s.dispatchEvent(new Event("change", { bubbles: true })); }`, nil))
	b.until("only the e-mail", "document.querySelectorAll('#outbox .message').length === 1")
	b.view("approvals")
	b.sees("#view", "No approval requests yet")
	b.view(fmt.Sprintf("phones/%d", id))
	b.until("the kind is remembered and shown", "document.getElementById('channel')?.value === 'email' && document.querySelectorAll('#outbox .message').length === 1")
	b.fill("device", map[string]string{"os_type": "iphone"})
	b.sees("#devices", "iPhone")
	b.press("Suspended")
	b.sees("#users", "suspended")
	if u, _ := b.User(id); !u.Suspended || len(u.Devices) != 1 {
		b.Errorf("%+v", u)
	}
	b.post(fmt.Sprintf("/protected/json/users/%d/register_activity", id), url.Values{"type": {"password_reset"}, "data[reason]": {"lost"}, "user_ip": {"203.0.113.7"}})
	b.sees("#activities", "password_reset")
	for path, want := range map[string]string{"phones/12": "There is no user 12", "phones/%": "There is no user %", "constructor": "Everyone", "__proto__/x": "There is no user x"} {
		b.view(path)
		b.sees(".detail", want)
	}
}

func awaited(p *runtimeEvaluate) *runtimeEvaluate { return p.WithAwaitPromise(true) }

// Everything can be reached and done with the keyboard alone.
func tabKeyboard(b *tab) {
	b.serve()
	id := b.enrol("351", "911234567", "ana@example.com")
	b.sees("#users", "+351911234567")
	var order []string
	b.run("start", chromedp.Evaluate("document.activeElement.blur()", nil))
	for range 11 {
		b.run("tab", chromedp.KeyEvent(kb.Tab))
		order = append(order, eval[string](b, "(document.activeElement.getAttribute('aria-label') || document.activeElement.textContent).trim().slice(0, 13)"))
	}
	want := "Skip to conte|Virtual phone|Clock|Phones|Approvals|Callbacks|Requests|Faults|Clock|Add|Search users"
	if got := strings.Join(order, "|"); got != want {
		b.Errorf("the focus goes\n%s, want\n%s", got, want)
	}
	if got := eval[string](b, "getComputedStyle(document.activeElement).outlineStyle"); got != "solid" {
		b.Errorf("the focus cannot be seen: %s", got)
	}
	b.run("search", chromedp.KeyEvent("nobody"))
	b.sees(".side", "Nobody is found")
	b.ask(id, url.Values{"message": {"first"}, "details[Amount]": {"12 EUR"}, "hidden_details[ip]": {"203.0.113.7"}, "logos[][res]": {"default"}, "logos[][url]": {"https://example.com/logo.png"}})
	b.ask(id, url.Values{"message": {"second"}})
	b.view("approvals")
	b.until("two", "document.querySelectorAll('#approvals > .approval.pending').length === 2")
	if got := eval[string](b, "document.activeElement.id"); got != "h-approvals" {
		b.Errorf("after a change of view the focus is at %q", got)
	}
	b.sees("#approvals", "12 EUR")
	b.sees("#approvals", "For +351911234567")
	b.run("approve", chromedp.Focus("#approvals > :last-child button.main", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter))
	b.sees("#approvals > :last-child", "approved")
	b.sees("#said", "Approved")
	if !eval[bool](b, "document.activeElement.closest('li')?.textContent.includes('first') === true") {
		b.Error("the focus is lost after an answer")
	}
	b.run("deny", chromedp.Focus("#approvals > :first-child button.danger", chromedp.ByQuery), chromedp.KeyEvent(" "))
	b.sees("#approvals > :first-child", "denied")
	b.until("badge", "!document.querySelector('.tabs .badge')")
}

// Tokens change by themselves, and count down by the sandbox's clock.
func tabTokens(b *tab) {
	b.serve()
	id := b.enrol("351", "911234567", "ana@example.com")
	if _, err := b.RegisterApp(id, ""); err != nil {
		b.Fatal(err)
	}
	b.post(fmt.Sprintf("/protected/json/users/%d/secret", id), url.Values{})
	if err := b.FreezeClock(true); err != nil {
		b.Fatal(err)
	}
	if err := b.SetClock(epoch.Add(3 * time.Second)); err != nil {
		b.Fatal(err)
	}
	u, _ := b.User(id)
	b.view(fmt.Sprintf("phones/%d", id))
	b.sees("#tokens > :first-child", u.AppToken)
	b.sees("#tokens > :last-child", u.GenericToken)
	b.sees("#tokens > :first-child .left", "7 s")
	b.until("bar", "document.querySelector('#tokens .bar').style.getPropertyValue('--left') === '0.700'")
	if len(u.AppToken) != 7 || len(u.GenericToken) != 6 {
		b.Errorf("%+v", u)
	}
	b.press("Copy token " + u.AppToken)
	if err := b.AdvanceClock(6 * time.Second); err != nil {
		b.Fatal(err)
	}
	b.sees("#tokens > :first-child .left", "1 s")
	if err := b.FreezeClock(false); err != nil {
		b.Fatal(err)
	}
	b.lacks("#tokens", u.AppToken)
	b.until("a new one", "Number(document.querySelector('#tokens .left').textContent.split(' ')[0]) > 6")
	if got := eval[string](b, "document.querySelector('#tokens .digits').textContent"); got == u.AppToken || len(got) != 7 {
		b.Errorf("the new token is %q", got)
	}
	// An approval request expires under one's eyes.
	b.ask(id, url.Values{"message": {"soon over"}, "seconds_to_expire": {"3600"}})
	b.sees("#pending", "expires in")
	if err := b.AdvanceClock(time.Hour - 300*time.Millisecond); err != nil {
		b.Fatal(err)
	}
	b.lacks("#pending", "soon over")
	b.sees(".detail > details", "expired")
}

func tabCallbacks(b *tab) {
	var answer = make(chan int, 4)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(<-answer)
		io.WriteString(w, "<b>thank you</b>")
	}))
	defer receiver.Close()
	b.serve(sandbox.WithDelivery(sandbox.Delivery{Retries: -1}))
	id := b.enrol("351", "911234567", "ana@example.com")
	b.view("callbacks")
	b.sees(".column", "Nothing was sent yet")
	b.fill("target", map[string]string{"url": receiver.URL + "/cb", "method": "POST"})
	b.sees("#target", receiver.URL+"/cb")
	b.ask(id, url.Values{"message": {"log in"}})
	answer <- 500
	if _, err := b.Approve(b.Approvals(1)[0].UUID); err != nil {
		b.Fatal(err)
	}
	b.sees("#callbacks", "failed")
	b.press("Attempt 1")
	for _, want := range []string{"callback approved", "POST " + receiver.URL + "/cb", "X-Authy-Signature", "X-Authy-Signature-Nonce", `"callback_action": "approval_request_status"`, "Status 500", "<b>thank you</b>"} {
		b.sees("#callbacks", want)
	}
	if !eval[bool](b, "document.querySelector('.attempt').open") {
		b.Error("the fold is shut")
	}
	answer <- 200
	b.press("Send callback")
	b.sees("#callbacks > :first-child", "delivered")
	if !eval[bool](b, "document.querySelector('#callbacks > :last-child .attempt').open") {
		b.Error("an update has shut the fold")
	}
	b.fill("target", map[string]string{"url": ""})
	b.sees("#target", "go nowhere")
	b.fill("target", map[string]string{"url": "ftp://example.com/"})
	b.sees("#failed", "must be a whole http or https URL")
}

func tabFaults(b *tab) {
	b.serve()
	id := b.enrol("351", "911234567", "ana@example.com")
	b.view("faults")
	b.sees(".column", "No rules")
	b.press("Service down")
	b.sees("#faults", "status=503")
	b.sees(".tabs .badge", "1")
	if got := len(b.Faults()); got != 1 {
		b.Fatalf("%d rules", got)
	}
	res, err := http.Get(fmt.Sprintf("%s/protected/json/sms/%d?api_key=%s", b.URL(), id, testKey))
	if err != nil || res.StatusCode != 503 {
		b.Fatalf("%v, %v", res, err)
	}
	res.Body.Close()
	b.sees("#faults", "fired 1 of 1 request")
	b.press("Service down")
	b.until("off", "document.querySelector('#switches [data-rule=\"status=503\"]').getAttribute('aria-checked') === 'false' && document.querySelector('#faults .chip').textContent === 'off'")
	b.fill("build", map[string]string{"on": "request_sms", "user": fmt.Sprint(id), "effect": "code", "value": "60017", "often": "every", "n": "2"})
	b.sees("#faults", fmt.Sprintf("request_sms: user=%d, every=2, code=60017", id))
	b.fill("add", map[string]string{"rule": "callback: delay=5s, drop"})
	b.sees("#faults", "callback: delay=5s, drop=true")
	b.fill("add", map[string]string{"rule": "request_smss: status=503"})
	b.sees("#failed", "did you mean request_sms?")
	b.press("Rule 2 on")
	b.until("rule 2 off", "document.querySelector('[data-key=f2] .chip').textContent === 'off'")
	b.press("Delete rule 2")
	b.lacks("#faults", "60017")
	b.press("Delete all")
	b.sees(".column", "No rules")
	if got := len(b.Faults()); got != 0 {
		b.Errorf("%d rules", got)
	}
}

func tabClock(b *tab) {
	b.serve()
	b.view("clock")
	b.sees("#face", "the real time")
	b.press("Frozen")
	b.sees("#face", "frozen")
	b.sees("#now", "frozen")
	b.fill("set", map[string]string{"set": "2031-05-06T07:08:09"})
	b.sees("#face", "07:08:09")
	b.sees("#face", "6 May 2031")
	b.press("Advance by 10 min")
	b.sees("#now", "07:18:09")
	b.fill("advance", map[string]string{"advance": "-1h"})
	b.sees("#face", "06:18:09")
	if c := b.Clock(); !c.Frozen || c.Now.Format(time.RFC3339) != "2031-05-06T06:18:09Z" {
		b.Errorf("%+v", c)
	}
	b.fill("advance", map[string]string{"advance": "soon"})
	b.sees("#failed", "must be a duration")
	if err := b.AdvanceClock(time.Minute); err != nil { // by somebody else
		b.Fatal(err)
	}
	b.sees("#face", "06:19:09")
	b.press("Back to the real time")
	b.sees("#face", "the real time")
	b.lacks("#face", "frozen")
}

func tabRequests(b *tab) {
	b.serve()
	b.view("requests")
	b.sees(".column", "No requests yet")
	id := b.enrol("351", "911234567", "ana@example.com")
	b.sees("#requests", "register_user")
	b.press(eval[string](b, "document.querySelector('#requests summary').textContent.trim()"))
	b.sees("#requests", "***")
	if text := eval[string](b, "document.getElementById('requests').textContent"); strings.Contains(text, "911234567") || strings.Contains(text, testKey) {
		b.Errorf("not hidden: %s", text)
	}
	b.press("Show hidden values")
	b.sees("#requests", "911234567")
	b.sees("#requests", "Go-http-client")
	if text := eval[string](b, "document.getElementById('requests').textContent"); strings.Contains(text, testKey) {
		b.Errorf("the key is shown: %s", text)
	}
	b.get(fmt.Sprintf("/protected/json/sms/%d", id))
	b.sees("#requests", "request_sms")
	if !eval[bool](b, "document.querySelector('#requests > :last-child details').open") {
		b.Error("an update has shut the fold")
	}
	b.press("Show hidden values")
	b.lacks("#requests", "911234567")
	b.press("Only errors")
	b.sees(".column", "No request has failed")
}

// Older entries come when asked for; the address and the search survive what happens meanwhile.
func tabPaging(b *tab) {
	b.serve()
	for i := range 120 {
		b.enrol("351", fmt.Sprintf("911234%03d", i), fmt.Sprintf("user%d@example.com", i))
	}
	last := b.Users(1)[0].ID
	for range 60 {
		b.get(fmt.Sprintf("/protected/json/sms/%d", last))
	}
	b.until("50 users", "document.querySelectorAll('#users > [data-key] a').length === 51")
	b.press("Show older users")
	b.until("100 users", "document.querySelectorAll('#users > [data-key] a').length === 101")
	b.press("Show older users")
	b.until("all users", "document.querySelectorAll('#users > [data-key] a').length === 121 && !document.querySelector('#users .older')")
	b.view(fmt.Sprintf("phones/%d", last))
	b.until("50 messages", "document.querySelectorAll('#outbox .message').length === 50")
	b.press("Show older messages")
	b.until("60 messages", "document.querySelectorAll('#outbox .message').length === 60 && !document.querySelector('#outbox .older')")
	b.run("search", chromedp.SendKeys("#search", "user11", chromedp.ByQuery))
	b.until("11 found", "document.querySelectorAll('#users > [data-key] a').length === 12")
	b.view("requests")
	b.until("50 requests", "document.querySelectorAll('#requests > li').length === 51")
	b.press("Show older requests")
	b.until("100 requests", "document.querySelectorAll('#requests > li').length === 101")

	for i := range 25 {
		b.post(fmt.Sprintf("/protected/json/users/%d/register_activity", last), url.Values{"type": {"banned"}})
		b.post(fmt.Sprintf("/onetouch/json/users/%d/approval_requests", last), url.Values{"message": {fmt.Sprint("Request ", i)}})
		if _, err := b.Deny(b.Approvals(1)[0].UUID); err != nil {
			b.Fatal(err)
		}
	}
	b.view(fmt.Sprintf("phones/%d", last))
	b.until("20 activities", "document.querySelectorAll('#activities .card').length === 20 && document.querySelectorAll('#past .card').length === 20")
	b.run("open them", chromedp.Evaluate(`document.querySelector("#activities").closest("details").open = true`, nil))
	b.press("Show older activities")
	b.until("all activities, still open", "document.querySelectorAll('#activities .card').length === 25 && !document.querySelector('#activities .older') && document.querySelector('#activities').closest('details').open")
	b.run("open them", chromedp.Evaluate(`document.querySelector("#past").closest("details").open = true`, nil))
	b.press("Show older approvals")
	b.until("all requests, still open", "document.querySelectorAll('#past .card').length === 25 && !document.querySelector('#past .older') && document.querySelector('#past').closest('details').open")
}
