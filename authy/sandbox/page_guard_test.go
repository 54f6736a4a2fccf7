package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/authysh/authysh/authy/sandbox"
)

type runtimeEvaluate = runtime.EvaluateParams

// What happens elsewhere takes neither the focus nor what is typed.
func tabFocus(b *tab) {
	b.serve()
	id := b.enrol("351", "911234567", "ana@example.com")
	b.view(fmt.Sprintf("phones/%d", id))
	b.get(fmt.Sprintf("/protected/json/sms/%d", id))
	code := b.Outbox(sandbox.OutboxFilter{})[0].Code
	b.sees("#outbox", code)
	b.run("focus", chromedp.Focus("#outbox button", chromedp.ByQuery), chromedp.Evaluate("window.before = document.activeElement", nil))
	for range 3 {
		b.get(fmt.Sprintf("/protected/json/sms/%d", id))
	}
	b.until("four", "document.querySelectorAll('#outbox .message').length === 4")
	if !eval[bool](b, "document.activeElement === window.before && document.activeElement.dataset.text === "+quoted(code)) {
		b.Error("new messages have moved the focus")
	}
	b.press("Add")
	b.until("form", "document.activeElement.name === 'phone'")
	b.run("type", chromedp.KeyEvent("9612"))
	b.enrol("1", "7754615609", "bo@example.com")
	b.sees("#users", "+17754615609")
	if got := eval[string](b, "document.activeElement.name + document.activeElement.value"); got != "phone9612" {
		b.Errorf("an update has changed what is typed to %q", got)
	}
	// What is removed hands the focus on within its list.
	b.view("faults")
	for _, rule := range []string{"status=501", "status=502", "status=504"} {
		b.fill("add", map[string]string{"rule": rule})
		b.sees("#faults", rule)
	}
	b.until("three", "document.querySelectorAll('#faults > li').length === 3")
	b.run("delete", chromedp.Evaluate("{ const d = document.querySelectorAll('#faults .danger')[1]; d.focus(); d.click(); }", nil))
	b.lacks("#faults", "status=502")
	b.until("handed on", "document.activeElement.closest('li')?.textContent.includes('status=504') === true")
}

// A flood is told in few words, and what ticks is not read out.
func tabQuiet(b *tab) {
	b.serve()
	id := b.enrol("351", "911234567", "ana@example.com")
	b.view(fmt.Sprintf("phones/%d", id))
	b.run("listen", chromedp.Evaluate(`window.said = []; new MutationObserver(() => { const t = document.getElementById("said").textContent; if (t) said.push(t); }).observe(document.getElementById("said"), { childList: true, subtree: true, characterData: true })`, nil))
	for range 20 {
		b.get(fmt.Sprintf("/protected/json/sms/%d", id))
	}
	b.until("told", "said.join().match(/\\d+ new messages/) && document.querySelectorAll('#outbox .message').length === 20")
	if said := eval[[]string](b, "said"); len(said) > 4 {
		b.Errorf("20 messages are told in %d sentences: %q", len(said), said)
	}
	if got := eval[[]string](b, `[...document.querySelectorAll("[aria-live], [role=status], [role=alert], [role=log]")].map((e) => e.id || e.outerHTML)`); strings.Join(got, " ") != "banner said failed" {
		b.Errorf("read out: %q", got)
	}
	// Whoever wants no motion gets none.
	b.run("reduced", mediaFeature("prefers-reduced-motion", "reduce"))
	if got := eval[[]string](b, `[...document.querySelectorAll("*")].filter((e) => { const s = getComputedStyle(e); return s.transitionDuration.split(", ").some((d) => d !== "0s") || s.animationName !== "none" }).map((e) => e.className)`); len(got) > 0 {
		b.Errorf("moving: %q", got)
	}
	b.run("usual", mediaFeature("prefers-reduced-motion", "no-preference"))
	// Everything that can be used has a name, and everything is in a landmark.
	for _, view := range []string{"phones", "approvals", "callbacks", "requests", "faults", "clock"} {
		b.view(view)
		b.until(view, "document.querySelector('#view h2[id]')")
		nameless := eval[[]string](b, `[...document.querySelectorAll("button, a, input, select, summary")].filter((e) => e.checkVisibility() && e.type !== "hidden"
			&& !(e.getAttribute("aria-label") || e.textContent.trim() && !e.matches("select") || e.labels?.length)).map((e) => e.outerHTML)`)
		if len(nameless) > 0 {
			b.Errorf("%s: without a name: %q", view, nameless)
		}
		if got := eval[int](b, `new Set([...document.querySelectorAll("[id]")].map((e) => e.id)).size - document.querySelectorAll("[id]").length`); got != 0 {
			b.Errorf("%s: an id is there twice", view)
		}
	}
}

// The page survives a restart, and says what to do when its token does not.
func tabRestart(b *tab) {
	b.serve()
	b.enrol("351", "911234567", "ana@example.com")
	b.sees("#users", "+351911234567")
	addr := b.Addr().String()
	stop := func() {
		b.Helper()
		if err := b.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	again := func(token string) {
		b.Helper()
		s, err := sandbox.Start(b.Context(), addr, sandbox.WithKeys(testKey), sandbox.WithAdminToken(token), sandbox.WithInstallLink(false))
		if err != nil {
			b.Fatal(err)
		}
		b.Server = s
		b.Cleanup(func() { s.Close(context.Background()) })
	}
	stop()
	b.sees("#link", "Reconnecting")
	b.sees("#banner", "does not answer")
	if !strings.Contains(eval[string](b, "document.getElementById('users').textContent"), "911234567") {
		b.Error("what was there is gone")
	}
	b.press("Add")
	b.sees("#failed", "") // nothing is asked of the sandbox here
	again("admin")
	b.press("Try now")
	b.sees("#link", "Live")
	b.lacks("#users", "911234567")
	b.until("banner", "document.getElementById('banner').hidden")
	b.enrol("1", "7754615609", "bo@example.com")
	b.sees("#users", "+17754615609")
	stop()
	b.sees("#banner", "does not answer")
	again("another")
	b.press("Try now")
	b.sees("#locked", "not valid any more")
	b.sees("#locked", "paste it here")
	if got := eval[string](b, "document.activeElement.id + document.getElementById('users')"); got != "h-lockednull" {
		b.Errorf("locked: %s", got)
	}
	b.fill("unlock", map[string]string{"token": "another"})
	b.sees("#link", "Live")
}

// Whatever strangers can write is text wherever it is shown.
func tabHostile(b *tab) {
	const markup = `<img src=x onerror=hit=1><script>hit=1</script><svg onload=hit=1>"'><a href="javascript:hit=1">x</a>`
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(418)
		fmt.Fprint(w, markup)
	}))
	defer receiver.Close()
	b.serve(sandbox.WithKeys(testKey, "AAA111"), sandbox.WithDashboard(sandbox.DashboardKeys{AccessKey: "BBB222", SigningKey: "api-signing-key-0123456789abcdef"}),
		sandbox.WithApps(sandbox.App{Name: "<script>hit=1</script>"}), sandbox.WithDelivery(sandbox.Delivery{Retries: -1}),
		sandbox.WithCallback(receiver.URL+"/?q="+url.QueryEscape(markup)+"#<script>", ""))
	id := b.enrol("351", "911234567", "'onerror='hit=1&#60img/src=x@example.com")
	hook := receiver.URL + "/hook?q=<img/src=x/onerror=hit=1>"
	(&box{b.Service, b}).signed("POST", hooksURL, hookKeys+"&name=h&url="+url.QueryEscape(hook)+"&events[]=one_touch_request_responded", hookNonce,
		sign(hookNonce, "POST", hooksURL, hookSorted+"&events%5B%5D=one_touch_request_responded&name=h&url="+url.QueryEscape(hook))).wants(200)
	if _, err := b.CompleteRegistration(markup); err != nil {
		b.Fatal(err)
	}
	custom := b.Users(1)[0].ID
	b.post(fmt.Sprintf("/protected/json/users/%d/register_activity", id), url.Values{"type": {"banned"}, "data[" + markup + "]": {markup}, "user_ip": {markup}})
	b.post("/protected/json/phones/verification/start", url.Values{"via": {"sms"}, "country_code": {"351"}, "phone_number": {"911234568"}, "custom_message": {markup + " {{code}}"}})
	for i, logo := range []string{"javascript:hit=1", "data:text/html,<script>hit=1</script>", "JaVaScRiPt:hit=1", " javascript:hit=1", "vbscript:hit=1", markup, `https://example.com/"onmouseover=hit=1`} {
		b.ask(id, url.Values{"message": {markup}, "details[" + markup + "]": {markup}, "hidden_details[__proto__]": {markup}, "logos[][res]": {"default"}, "logos[][url]": {logo}})
		if i == 0 {
			if _, err := b.Approve(b.Approvals(1)[0].UUID); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, path := range []string{"/nowhere/" + url.PathEscape(markup), "/protected/json/users/" + url.PathEscape(markup) + "/status?q=" + url.QueryEscape(markup)} {
		r, _ := http.NewRequestWithContext(b.Context(), "GET", b.URL()+path, nil)
		r.Header.Set("User-Agent", markup)
		r.Header.Set("X-Authy-API-Key", testKey)
		r.Header.Set(sandbox.ScenarioHeader, `body="`+strings.ReplaceAll(markup, `"`, `\"`)+`"`)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		res.Body.Close()
	}
	b.run("rule", chromedp.Evaluate(`fetch("api/faults", { method: "POST", headers: { "X-Sandbox-Token": "admin", "Content-Type": "application/json" }, body: JSON.stringify({ on: "/<script>hit=1</script>*", body: `+quoted(markup)+` }) }).then((r) => r.status)`, nil, awaited))
	for view, shown := range map[string]string{
		fmt.Sprintf("phones/%d", id): "onerror", fmt.Sprintf("phones/%d", custom): "<script>", "phones/all": "onerror", "approvals": "JaVaScRiPt:", "callbacks": "onerror", "requests": "onerror", "faults": "<script>",
		"phones/" + url.PathEscape(markup): "There is no user",
	} {
		b.view(view)
		if view == "requests" {
			b.press("Show hidden values")
			b.until("unmasked", "document.getElementById('requests').textContent.includes('User agent: <img')")
		}
		if view == "callbacks" {
			b.sees("#callbacks", "418")
			b.sees("#callbacks", hook)
		}
		b.sees("#view", shown)
		b.run("open folds", chromedp.Evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })", nil))
		found := eval[[]string](b, `[...document.querySelectorAll("body *")].filter((e) => !["A", "B", "BUTTON", "DATALIST", "DD", "DETAILS", "DIV", "DL", "DT", "FORM", "H1", "H2", "H3", "H4", "HEADER", "INPUT", "LABEL", "LI", "MAIN", "NAV",
			"NOSCRIPT", "OPTION", "P", "PRE", "SECTION", "SELECT", "SMALL", "SPAN", "SUMMARY", "TIME", "UL", "svg", "path"].includes(e.tagName)
			|| [...e.attributes].some((a) => a.name.startsWith("on") || a.name === "srcdoc" || ["href", "src", "action", "formaction"].includes(a.name) && !/^(#|https:)/.test(a.value))).map((e) => e.outerHTML)`)
		if len(found) > 0 {
			b.Errorf("%s: %q", view, found)
		}
	}
	if eval[bool](b, "'hit' in window") {
		b.Error("markup came alive")
	}
}

// contrasts gives what cannot be read: texts below 4.5 to 1 (3 to 1 if large), edges of fields below 3 to 1.
const contrasts = `(() => {
	const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return c.startsWith("color(srgb") ? [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1] : [n[0], n[1], n[2], n[3] ?? 1]; };
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const light = (c) => [0.2126, 0.7152, 0.0722].reduce((s, w, i) => { const v = c[i] / 255; return s + w * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); }, 0);
	const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
	const known = new Map();
	const back = (e) => {
		if (!e) return [255, 255, 255, 1];
		if (!known.has(e)) known.set(e, over(parse(getComputedStyle(e).backgroundColor), back(e.parentElement)));
		return known.get(e);
	};
	const bad = [];
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || e.closest(".unseen, noscript, .skip")) continue;
		const s = getComputedStyle(e), size = parseFloat(s.fontSize), large = size >= 24 || size >= 18.66 && s.fontWeight >= 700;
		const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.matches("input, select, svg");
		const where = e.tagName + "." + e.getAttribute("class") + " " + e.textContent.slice(0, 20);
		if (text) { const r = ratio(over(parse(s.color), back(e)), back(e)); if (r < (large ? 3 : 4.5)) bad.push(r.toFixed(2) + " " + where); }
		if (e.matches("input, select, .knob")) { const r = ratio(parse(s.borderTopColor), back(e.parentElement)); if (r < 3) bad.push("edge " + r.toFixed(2) + " " + where); }
	}
	return bad;
})()`

// Every view can be read in both themes, fits a narrow screen, and has targets large enough for a finger.
func tabLooks(b *tab) {
	b.serve(sandbox.WithApps(sandbox.App{Name: "Other"}), sandbox.WithDelivery(sandbox.Delivery{Retries: -1}))
	id := populate(b)
	views := []string{"phones", fmt.Sprintf("phones/%d", id), "approvals", "callbacks", "requests", "faults", "clock"}
	dir := os.Getenv("PHONE_SCREENSHOTS")
	for _, width := range []int64{1280, 390, 320} {
		height := map[int64]int64{1280: 800, 390: 844, 320: 640}[width]
		b.run("size", chromedp.EmulateViewport(width, height))
		for _, view := range views {
			b.view(view)
			b.until(view, "document.querySelector('#view h2[id]')")
			if view == "callbacks" || view == "requests" {
				b.until("fold", "document.querySelector('#view details')")
				b.run("open one", chromedp.Evaluate("document.querySelectorAll('#view details')[1].open = true", nil))
			}
			if got := eval[int](b, "document.documentElement.scrollWidth"); int64(got) > width {
				b.Errorf("%s at %d: scrolls sideways to %d", view, width, got)
			}
			small := eval[[]string](b, `[...document.querySelectorAll("button, a, input, select, summary")].filter((e) => e.checkVisibility() && !e.matches(".skip, p a, li a[target], .pairs a, [type=hidden]")
				&& (e.getBoundingClientRect().height < 24 || e.getBoundingClientRect().width < 24)).map((e) => e.outerHTML.slice(0, 90))`)
			if len(small) > 0 {
				b.Errorf("%s at %d: too small: %q", view, width, small)
			}
			if width == 320 || width == 390 && view != "phones" && dir == "" { // the colours of a view do not depend on its width
				continue
			}
			for _, theme := range []string{"light", "dark"} {
				b.dark(theme == "dark")
				if bad := eval[[]string](b, contrasts); len(bad) > 0 {
					b.Errorf("%s at %d, %s: %q", view, width, theme, bad)
				}
				b.picture(fmt.Sprintf("%d-%s-%s", width, strings.ReplaceAll(view, fmt.Sprintf("/%d", id), "-one"), theme))
			}
		}
	}
}

// picture keeps what the tab looks like, for people to look at, if a folder for pictures is named.
func (b *tab) picture(name string) {
	b.Helper()
	dir := os.Getenv("PHONE_SCREENSHOTS")
	if dir == "" {
		return
	}
	var picture []byte
	b.run("screenshot", chromedp.CaptureScreenshot(&picture))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600); err != nil {
		b.Fatal(err)
	}
}

// fits looks for what is wider than the window, or cannot be read.
func (b *tab) fits(name string, width int) {
	b.Helper()
	if got := eval[int](b, "document.documentElement.scrollWidth"); got > width {
		b.Errorf("%s at %d: scrolls sideways to %d", name, width, got)
	}
	if bad := eval[[]string](b, contrasts); len(bad) > 0 {
		b.Errorf("%s at %d: %q", name, width, bad)
	}
	b.picture(fmt.Sprintf("state-%d-%s", width, name))
}

// Nothing at all, far too much, and what went wrong fit the screen as well as what is usual.
func tabStates(b *tab) {
	if !phoneStates {
		b.Skip("takes long: -tags heavy has it")
	}
	b.serve()
	sizes := []int{1280, 320}
	each := func(name, view string, ready func()) {
		b.Helper()
		for i, width := range sizes {
			b.run("size", chromedp.EmulateViewport(int64(width), 800))
			b.dark(i == 1)
			if view != "" {
				b.view(view)
				b.until(view, "document.querySelector('#view h2[id]')")
			}
			if ready != nil {
				ready()
			}
			b.fits(name, width)
		}
	}
	b.run("no token", chromedp.Evaluate("sessionStorage.clear()", nil), chromedp.Reload())
	b.sees("#locked", "needs")
	each("locked", "", nil)
	b.fill("unlock", map[string]string{"token": "admin"})
	b.sees("#link", "Live")
	for _, view := range []string{"phones", "approvals", "callbacks", "requests", "faults"} {
		each("empty-"+view, view, func() { b.until("empty", "document.querySelector('.empty')") })
	}
	long, words := strings.Repeat("Supercalifragilistic", 9), strings.Repeat("a long story ", 15)
	var users []sandbox.SeedUser
	for i := range 200 {
		users = append(users, sandbox.SeedUser{CountryCode: "351", Phone: fmt.Sprintf("911234%03d", i), Email: strings.ToLower(long[:60]) + fmt.Sprint(i) + "@example.com", Devices: []string{"android_tablet"}})
	}
	b.Close(context.Background())
	again, err := sandbox.Start(b.Context(), b.Addr().String(), sandbox.WithKeys(testKey), sandbox.WithAdminToken("admin"), sandbox.WithUsers(users...),
		sandbox.WithCallback("http://127.0.0.1:1/"+long+"?"+long, ""), sandbox.WithDelivery(sandbox.Delivery{Retries: -1}))
	if err != nil {
		b.Fatal(err)
	}
	b.Server = again
	b.Cleanup(func() { again.Close(context.Background()) })
	b.until("again", "document.getElementById('link').textContent.trim() === 'Live' && document.getElementById('retry').click() === undefined")
	id := b.Users(1)[0].ID
	b.ask(id, url.Values{"message": {long}, "details[" + long + "]": {words}, "details[b]": {long}, "logos[][res]": {"high"}, "logos[][url]": {"https://example.com/" + long}, "seconds_to_expire": {"60"}})
	b.ask(id, url.Values{"message": {words}, "seconds_to_expire": {"0"}})
	b.Deny(b.Approvals(1)[0].UUID)
	b.ask(id, url.Values{"message": {words}, "details[a]": {long}})
	b.post("/protected/json/phones/verification/start", url.Values{"via": {"sms"}, "country_code": {"351"}, "phone_number": {"911234568"}, "custom_message": {long + " {{code}}"}})
	b.AdvanceClock(2 * 24 * 61 * time.Minute)
	each("long-phones", "phones", func() { b.until("users", "document.querySelectorAll('#users > li').length > 50") })
	each("long-phone", fmt.Sprintf("phones/%d", id), func() {
		b.until("expired", "[...document.querySelectorAll('.detail details')].some((d) => d.textContent.includes('expired'))")
		b.run("open", chromedp.Evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })", nil))
	})
	each("long-approvals", "approvals", nil)
	each("long-callbacks", "callbacks", func() {
		b.until("failed", "document.querySelector('#callbacks .chip.bad')")
		b.run("open", chromedp.Evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })", nil))
	})
	each("long-requests", "requests", func() {
		b.until("requests", "document.querySelector('#requests details')")
		b.run("open", chromedp.Evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true })", nil))
	})
	b.view("faults")
	b.fill("add", map[string]string{"rule": "/" + long + "*: body=" + long})
	b.sees("#faults", long)
	each("long-faults", "faults", nil)
	b.fill("add", map[string]string{"rule": "nonsense " + long})
	b.sees("#failed", "must")
	each("error", "", nil)
	b.Close(context.Background())
	b.sees("#banner", "does not answer")
	each("gone", "", nil)
}
