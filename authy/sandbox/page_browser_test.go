package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/authysh/authysh/authy/sandbox"
)

// TestPhoneInBrowser uses the virtual phone in one headless browser, a tab for each part.
func TestPhoneInBrowser(t *testing.T) {
	program := ""
	for _, name := range []string{"chromium", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("neither chromium nor google-chrome is installed")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := chromedp.Run(ctx); err != nil {
		t.Fatal(err)
	}
	t.Run("parts", func(t *testing.T) { tabs(t, ctx) }) // ends when all of them have
}

// tabs runs the parts beside each other, because each mostly waits.
func tabs(t *testing.T, ctx context.Context) {
	for _, part := range []struct {
		name string
		test func(*tab)
	}{
		{"token", tabToken}, {"apps", tabApps}, {"phone", tabPhone}, {"keyboard", tabKeyboard}, {"tokens", tabTokens},
		{"callbacks", tabCallbacks}, {"faults", tabFaults}, {"clock", tabClock}, {"requests", tabRequests}, {"paging", tabPaging},
		{"focus", tabFocus}, {"quiet", tabQuiet}, {"restart", tabRestart}, {"hostile", tabHostile}, {"looks", tabLooks}, {"states", tabStates},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := chromedp.NewContext(ctx)
			defer cancel()
			ctx, cancel = context.WithTimeout(ctx, time.Minute)
			defer cancel()
			// Each tab believes that it is the one in front.
			if err := chromedp.Run(ctx, emulation.SetFocusEmulationEnabled(true)); err != nil {
				t.Fatal(err)
			}
			part.test(&tab{T: t, ctx: ctx})
		})
	}
}

// tab is one tab of the browser, and the sandbox that it looks into.
type tab struct {
	*testing.T
	ctx context.Context
	*sandbox.Server
}

// serve starts a sandbox and opens its page in a window of the given width.
func (b *tab) serve(opts ...sandbox.Option) {
	b.Helper()
	s, err := sandbox.Start(b.Context(), "", append([]sandbox.Option{
		sandbox.WithKeys(testKey), sandbox.WithAdminToken("admin"), sandbox.WithInstallLink(false),
	}, opts...)...)
	if err != nil {
		b.Fatal(err)
	}
	b.Server = s
	b.Cleanup(func() { s.Close(context.Background()) })
	b.run("open", chromedp.EmulateViewport(1280, 800), chromedp.Navigate(s.URL()+"/sandbox/?token=admin"))
	b.sees("#link", "Live")
}

func (b *tab) run(what string, actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatalf("%s: %v\n%s", what, err, b.content())
	}
}

// content is what the page shows, for messages of failures.
func (b *tab) content() (text string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.ctx), time.Second)
	defer cancel()
	chromedp.Run(ctx, chromedp.Evaluate("document.body.innerText.slice(0, 3000)", &text))
	return text
}

// until waits for an expression to be true.
func (b *tab) until(what, expression string) {
	b.Helper()
	if err := chromedp.Run(b.ctx, chromedp.Poll(expression, nil, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		b.Fatalf("%s: %v\n%s\n%s", what, err, expression, b.content())
	}
}

func quoted(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

// sees waits until the first element of a selector shows a text.
func (b *tab) sees(selector, text string) {
	b.Helper()
	b.until(selector+" shows "+text, fmt.Sprintf("(document.querySelector(%s)?.textContent || '').includes(%s)", quoted(selector), quoted(text)))
}

// lacks waits until no element of a selector shows a text.
func (b *tab) lacks(selector, text string) {
	b.Helper()
	b.until(selector+" lacks "+text, fmt.Sprintf("![...document.querySelectorAll(%s)].some((e) => e.textContent.includes(%s))", quoted(selector), quoted(text)))
}

// eval gives the value of an expression.
func eval[T any](b *tab, expression string) (v T) {
	b.Helper()
	b.run(expression, chromedp.Evaluate(expression, &v))
	return v
}

// press clicks the button with a name, as a screen reader would call it.
func (b *tab) press(name string) {
	b.Helper()
	find := fmt.Sprintf("[...document.querySelectorAll('button, summary, a')].find((e) => (e.getAttribute('aria-label') || e.textContent).trim().startsWith(%s) && e.checkVisibility())", quoted(name))
	b.until("button "+name, "!!"+find)
	b.run("press "+name, chromedp.Evaluate(find+".click()", nil))
}

// fill puts a text into the field of a form, and submits the form.
func (b *tab) fill(form string, values map[string]string) {
	b.Helper()
	b.until(form, fmt.Sprintf("!!document.querySelector('form[data-form=%s]')", form))
	b.run("fill "+form, chromedp.Evaluate(fmt.Sprintf(`{
		const form = document.querySelector("form[data-form=%s]");
		for (const [name, value] of Object.entries(%s)) {
			form.elements[name].value = value;
			form.elements[name].dispatchEvent(new Event("change", { bubbles: true }));
		}
		form.requestSubmit();
	}`, form, quoted(values)), nil))
}

// view opens a view by its address within the page.
func (b *tab) view(path string) {
	b.Helper()
	b.run("view "+path, chromedp.Evaluate(fmt.Sprintf("location.hash = %s", quoted("#/"+path)), nil))
	b.until("view "+path, "!document.querySelector('#view .wait')")
}

// post calls the API with a form and the key of the first application.
func (b *tab) post(path string, form url.Values) {
	b.Helper()
	form.Set("api_key", testKey)
	r, err := http.NewRequestWithContext(b.Context(), "POST", b.URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.send(r)
}

func (b *tab) get(path string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), "GET", b.URL()+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.send(r)
}

func (b *tab) send(r *http.Request) {
	b.Helper()
	r.Header.Set("X-Authy-API-Key", testKey)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		b.Fatalf("%s: %s", r.URL.Path, res.Status)
	}
}

// enrol registers a user, and gives the id.
func (b *tab) enrol(country, phone, email string) int64 {
	b.Helper()
	b.post("/protected/json/users/new", url.Values{"user[email]": {email}, "user[cellphone]": {phone}, "user[country_code]": {country}})
	return b.Users(1)[0].ID
}

func (b *tab) ask(id int64, form url.Values) {
	b.Helper()
	b.post(fmt.Sprintf("/onetouch/json/users/%d/approval_requests", id), form)
}

// allow lets the page use the clipboard.
func (b *tab) allow() {
	b.Helper()
	b.run("permissions", chromedp.ActionFunc(func(ctx context.Context) error {
		c := chromedp.FromContext(ctx)
		for _, name := range []string{"clipboard-read", "clipboard-write"} {
			if err := browser.SetPermission(&browser.PermissionDescriptor{Name: name, AllowWithoutSanitization: name == "clipboard-read"}, browser.PermissionSettingGranted).
				WithOrigin(b.URL()).Do(chromedpBrowser(ctx, c)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// dark chooses one of the two themes.
func (b *tab) dark(on bool) {
	b.Helper()
	scheme := map[bool]string{false: "light", true: "dark"}[on]
	b.run(scheme, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
}
