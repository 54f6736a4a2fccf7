package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/authysh/authysh/authy/sandbox"
)

func TestPhoneInBrowser(t *testing.T) {
	browser := ""
	for _, name := range []string{"chromium", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	if browser == "" {
		t.Skip("neither chromium nor google-chrome is installed")
	}
	s, err := sandbox.Start(t.Context(), "", sandbox.WithKeys(testKey), sandbox.WithAdminToken("admin"))
	if err != nil {
		t.Fatal(err)
	}
	post := func(path string, form url.Values) {
		t.Helper()
		form.Set("api_key", testKey)
		r, err := http.PostForm(s.URL()+path, form)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != 200 {
			t.Fatalf("%s: %s", path, r.Status)
		}
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	defer cancel()
	run := func(what string, actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	sees := func(list, text string) chromedp.Action {
		return chromedp.Poll(fmt.Sprintf("document.getElementById(%q).textContent.includes(%q)", list, text), nil)
	}
	run("without a token", chromedp.Navigate(s.URL()+"/sandbox/"), chromedp.WaitVisible("#locked"))
	run("wrong token", chromedp.Navigate(s.URL()+"/sandbox/?token=wrong"), chromedp.WaitVisible("#locked"))
	var address string
	run("token", chromedp.Navigate(s.URL()+"/sandbox/?token=admin"), sees("link", "Live"), chromedp.Location(&address))
	if strings.Contains(address, "token") {
		t.Errorf("the token stays in %s", address)
	}

	post("/protected/json/users/new", url.Values{"user[email]": {"ana@example.com"}, "user[cellphone]": {"911234567"}, "user[country_code]": {"351"}})
	user := s.Users(1)[0]
	run("user", sees("users", "911234567"))
	get := func(path string) int {
		t.Helper()
		r, err := http.Get(s.URL() + path + "api_key=" + testKey)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	get(fmt.Sprintf("/protected/json/sms/%d?force=true&", user.ID))
	code := s.Outbox(sandbox.OutboxFilter{})[0].Code
	run("code", sees("outbox", code))
	if got := get(fmt.Sprintf("/protected/json/verify/%s/%d?", code, user.ID)); got != 200 {
		t.Errorf("the code that is shown is refused: %d", got)
	}

	const markup = "<script>window.hit=1</script><img src=x onerror=hit=1>"
	ask := func(message string) {
		t.Helper()
		post(fmt.Sprintf("/onetouch/json/users/%d/approval_requests", user.ID), url.Values{"message": {message}, "details[who]": {markup}, "hidden_details[what]": {markup}})
	}
	ask("first " + markup)
	var hit bool
	run("approve by keyboard", sees("approvals", "first <script>"),
		chromedp.Focus("#approvals button.main"), chromedp.KeyEvent(kb.Enter), sees("approvals", "approved"),
		chromedp.Evaluate("'hit' in window || document.querySelector('main script, main img') !== null", &hit))
	if hit {
		t.Error("markup was not inert")
	}
	ask("second")
	run("deny", sees("approvals", "second"), chromedp.Click("//button[text()='Deny']"), sees("approvals", "denied"))
	if dir := os.Getenv("PHONE_SCREENSHOTS"); dir != "" {
		for _, width := range []int64{320, 1200} {
			var picture []byte
			run("screenshot", chromedp.EmulateViewport(width, 800), chromedp.FullScreenshot(&picture, 100))
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.png", width)), picture, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	var wide bool
	run("narrow", chromedp.EmulateViewport(320, 800), chromedp.Evaluate("document.documentElement.scrollWidth > 320", &wide))
	if wide {
		t.Error("at 320 pixels the page scrolls sideways")
	}
}
