//go:build unix

package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// The size of a life of the sandbox that is killed.
const (
	killedClients = 8
	killedAnswers = 100 // acknowledged ones, and up to as many more
)

// TestSandboxKilled kills a sandbox under load again and again. What it ever acknowledged is there in its next life:
// users, secrets, codes that were spent, approvals, counts, the clock; and who was deleted stays deleted.
func TestSandboxKilled(t *testing.T) {
	t.Parallel()
	k := &killedSandbox{T: t, key: "shop-key-0123456789", args: []string{"sandbox", "--key", "shop-key-0123456789", "--data", t.TempDir()}}
	checked := 0
	for life := range killedTimes {
		p := k.begin()
		if life == 0 {
			if _, err := k.call("POST", "/sandbox/api/clock", url.Values{"set": {"2030-01-02T03:04:05Z"}, "freeze": {"true"}}); err != nil {
				t.Fatal(err)
			}
		}
		k.check(checked)
		checked = len(k.users)
		k.load(life, p)
	}
	p := k.begin()
	k.check(0)
	p.finish(os.Interrupt)
	t.Logf("%d users, %d texts and %d authentications were acknowledged", len(k.users), k.texts, k.auths)
}

// killedUser is what was acknowledged about a user; empty for what was not.
type killedUser struct {
	id, code, appToken, secret, approved, email string
	deleting, deleted                           bool
}

type killedSandbox struct {
	*testing.T
	key  string
	args []string
	base string
	http http.Client

	mu      sync.Mutex
	users   []*killedUser
	texts   int
	auths   int
	answers int // in this life
}

func (k *killedSandbox) begin() *running {
	k.Helper()
	p := scriptProcess(k.T, k.args)
	k.base, k.answers = field(p.line(), "url"), -rand.IntN(killedAnswers)
	k.http.Transport = &http.Transport{MaxIdleConnsPerHost: killedClients}
	return p
}

// call makes a request. An error is an answer that did not come, or a refusal.
func (k *killedSandbox) call(method, path string, form url.Values) (gjson.Result, error) {
	r, err := http.NewRequest(method, k.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return gjson.Result{}, err
	}
	r.Header.Set("X-Authy-API-Key", k.key)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := k.http.Do(r)
	if err != nil {
		return gjson.Result{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %d %s", method, path, answer.StatusCode, text)
	}
	return gjson.ParseBytes(text), err
}

// load lets clients work until the sandbox is killed, in the middle of what they do.
func (k *killedSandbox) load(life int, p *running) {
	k.Helper()
	due := make(chan struct{}, 1)
	var wg sync.WaitGroup
	for client := range killedClients {
		wg.Go(func() {
			for n := 0; k.work(fmt.Sprintf("9%02d%02d%04d", client, life, n), n%3 == 0, due); n++ {
			}
		})
	}
	select {
	case <-due:
	case <-time.After(30 * time.Second):
		k.Error("the sandbox was not asked enough")
	}
	p.finish(os.Kill)
	wg.Wait()
	k.http.CloseIdleConnections()
}

// work is the life of one user, as far as the sandbox acknowledges it. It reports whether all of it was.
func (k *killedSandbox) work(phone string, remove bool, due chan<- struct{}) bool {
	u := &killedUser{}
	user, email := "", "ana."+phone+"@example.org"
	var code, uuid string
	steps := []struct {
		method string
		path   func() string
		form   url.Values
		note   func(gjson.Result)
	}{
		{"POST", func() string { return "/protected/json/users/new" }, url.Values{"user[email]": {"ana@example.com"}, "user[country_code]": {"351"}, "user[cellphone]": {phone}}, func(v gjson.Result) {
			user = v.Get("user.id").String()
			u.id = user
			k.users = append(k.users, u)
		}},
		{"GET", func() string { return "/protected/json/sms/" + user }, nil, func(gjson.Result) { k.texts++ }},
		{"GET", func() string { return "/sandbox/api/outbox?limit=1&channel=sms&authy_id=" + user }, nil, func(v gjson.Result) { code = v.Get("outbox.0.code").String() }},
		{"GET", func() string { return "/protected/json/verify/" + code + "/" + user + "?force=true" }, nil, func(gjson.Result) { u.code = code; k.auths++ }},
		{"POST", func() string { return "/protected/json/users/" + user + "/update" }, url.Values{"email": {email}}, func(gjson.Result) { u.email = email }},
		{"POST", func() string { return "/protected/json/users/" + user + "/secret" }, nil, func(gjson.Result) {}},
		{"GET", func() string { return "/protected/json/users/" + user + "/secret/export" }, nil, func(v gjson.Result) { u.secret = v.Get("secret").String() }},
		{"POST", func() string { return "/sandbox/api/users/" + user + "/register-app" }, nil, func(v gjson.Result) { code = v.Get("user.app_token").String() }},
		{"GET", func() string { return "/protected/json/verify/" + code + "/" + user + "?force=true" }, nil, func(gjson.Result) { u.appToken = code; k.auths++ }},
		{"POST", func() string { return "/onetouch/json/users/" + user + "/approval_requests" }, url.Values{"message": {"log in?"}}, func(v gjson.Result) { uuid = v.Get("approval_request.uuid").String() }},
		{"POST", func() string { return "/sandbox/api/approvals/" + uuid + "/approve" }, nil, func(gjson.Result) { u.approved = uuid; k.auths++ }},
		{"POST", func() string { u.deleting = true; return "/protected/json/users/" + user + "/remove" }, nil, func(gjson.Result) { u.deleted = true }},
	}
	if !remove {
		steps = steps[:len(steps)-1]
	}
	for _, step := range steps {
		k.mu.Lock()
		path := step.path()
		k.mu.Unlock()
		v, err := k.call(step.method, path, step.form)
		if err != nil {
			if v.Exists() {
				k.Error(err) // it was refused, not killed
			}
			return false
		}
		k.mu.Lock()
		step.note(v)
		k.answers++
		enough := k.answers == killedAnswers
		k.mu.Unlock()
		if enough {
			due <- struct{}{}
		}
	}
	return true
}

// check compares the sandbox with what it acknowledged, users from a number on.
func (k *killedSandbox) check(from int) {
	k.Helper()
	get := func(path string) gjson.Result {
		v, err := k.call("GET", path, nil)
		if err != nil && !v.Exists() {
			k.Fatal(err)
		}
		return v
	}
	for _, u := range k.users[from:] {
		switch status := get("/protected/json/users/" + u.id + "/status"); {
		case u.deleted:
			if status.Get("success").Bool() {
				k.Errorf("user %s was deleted, and is back", u.id)
			}
			continue
		case u.deleting: // nobody knows
			continue
		case status.Get("status.authy_id").String() != u.id:
			k.Errorf("user %s is lost: %s", u.id, status)
			continue
		}
		one := get("/sandbox/api/users/" + u.id).Get("user")
		if u.email != "" && !slices.ContainsFunc(one.Get("emails").Array(), func(e gjson.Result) bool { return e.String() == u.email }) {
			k.Errorf("user %s lost the address %s: %s", u.id, u.email, one)
		}
		for _, code := range []string{u.code, u.appToken} {
			if code == "" {
				continue
			}
			if v := get("/protected/json/verify/" + code + "/" + u.id + "?force=true"); v.Get("error_code").String() != "60019" {
				k.Errorf("user %s: the code %s was spent, and answers %s", u.id, code, v)
			}
		}
		if u.secret != "" && get("/protected/json/users/"+u.id+"/secret/export").Get("secret").String() != u.secret {
			k.Errorf("user %s has another secret", u.id)
		}
		if u.approved != "" && get("/onetouch/json/approval_requests/"+u.approved).Get("approval_request.status").String() != "approved" {
			k.Errorf("request %s was approved, and is not", u.approved)
		}
	}
	if now := get("/sandbox/api/clock").Get("clock"); now.Get("now").String() != "2030-01-02T03:04:05Z" || !now.Get("frozen").Bool() {
		k.Errorf("the clock is %s", now)
	}
	if month := get("/protected/json/app/stats").Get("stats.@reverse.0"); month.Get("sms_count").Int() < int64(k.texts) || month.Get("auths_count").Int() < int64(k.auths) {
		k.Errorf("%d texts and %d authentications were acknowledged, and the statistics are %s", k.texts, k.auths, month)
	}
}
