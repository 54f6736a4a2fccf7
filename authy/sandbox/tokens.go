package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// tokenLife is how long a texted, spoken or mailed token is good.
const tokenLife = 10 * time.Minute

// maxTokens is how many such tokens of one user are remembered; the oldest give way.
const maxTokens = 16

// maxAction is how long an action and its text may be.
const maxAction = 255

// issued is a token that was sent; it is kept after use, to tell a second use from a wrong token.
type issued struct {
	code    string
	action  string
	channel Channel
	expires time.Time
	used    bool
}

// verdict is what a check found out about a token.
type verdict int

const (
	wrong verdict = iota
	reused
	valid
)

// window counts events within an hour that begins with the first.
type window struct {
	start time.Time
	count int
}

// take counts one event and reports whether it is within limit, else how long to wait. A negative limit
// is none.
func (w *window) take(now time.Time, limit int) (wait time.Duration, ok bool) {
	if now.Sub(w.start) >= time.Hour || now.Before(w.start) {
		*w = window{start: now}
	}
	if limit >= 0 && w.count >= limit {
		return w.start.Add(time.Hour).Sub(now), false
	}
	w.count++
	return 0, true
}

// issue makes a token for a user and forgets those that are over.
func (a *application) issue(u *user, channel Channel, action string, now time.Time) (string, error) {
	if wait, ok := u.requests.take(now, a.config.limits.TokensPerHour); !ok {
		return "", &refusal{
			code:       codeTooMany,
			message:    "DoS protection: User has requested too many tokens in the last hour.",
			retryAfter: wait,
		}
	}
	u.tokens = slices.DeleteFunc(u.tokens, func(t issued) bool { return !now.Before(t.expires) })
	known := func(code string) bool {
		return slices.ContainsFunc(u.tokens, func(t issued) bool { return t.code == code })
	}
	code := a.random.code(a.config.tokenDigits)
	for range 8 { // a source of fixed codes may not have another
		if !known(code) {
			break
		}
		code = a.random.code(a.config.tokenDigits)
	}
	u.tokens = slices.DeleteFunc(u.tokens, func(t issued) bool { return t.code == code })
	u.tokens = append(u.tokens, issued{code: code, action: action, channel: channel, expires: now.Add(tokenLife)})
	if len(u.tokens) > maxTokens {
		u.tokens = u.tokens[1:]
	}
	return code, nil
}

// tokenRequest is what sms and call have in common.
type tokenRequest struct {
	user   *user
	action string
	text   string // action_message
	locale string
	force  bool
}

func (a *application) tokenRequest(rq *request) (tokenRequest, error) {
	u, err := a.active(rq.arg("id"))
	if err != nil {
		return tokenRequest{}, err
	}
	t := tokenRequest{
		user:   u,
		action: rq.params.text("action"),
		text:   rq.params.text("action_message"),
		locale: rq.params.text("locale"),
	}
	t.force, _ = rq.params.flag("force")
	if utf8.RuneCountInString(t.action) > maxAction {
		return t, badParam("action", "is longer than "+strconv.Itoa(maxAction)+" characters")
	}
	if utf8.RuneCountInString(t.text) > maxAction {
		return t, badParam("action_message", "is longer than "+strconv.Itoa(maxAction)+" characters")
	}
	return t, nil
}

// The answers when a user with the app asked for neither; both are Authy's words, spaces included.
const (
	smsIgnored  = "Ignored: SMS is not needed for smartphones. Pass force=true if you want to actually send it anyway."
	callIgnored = "Call ignored. User is using  App Tokens and this call is not necessary. Pass force=true if you still want to call users that are using the App."
)

func requestSMS(a *application, rq *request) (any, error) {
	if err := a.need(FeatureSMS); err != nil {
		return nil, err
	}
	return a.sendToken(rq, ChannelSMS, "SMS token was sent", smsIgnored)
}

func requestCall(a *application, rq *request) (any, error) {
	if err := a.need(FeatureCalls); err != nil {
		return nil, err
	}
	return a.sendToken(rq, ChannelCall, "Call started...", callIgnored)
}

func (a *application) sendToken(rq *request, channel Channel, sent, ignored string) (any, error) {
	t, err := a.tokenRequest(rq)
	if err != nil {
		return nil, err
	}
	if t.user.phone.code == 0 { // registered by QR code, without a phone
		return nil, fail(codePhoneInvalid)
	}
	cellphone := t.user.phone.hinted()
	if t.user.registered() && !t.force {
		a.nudgeApp(t.user, rq.now)
		return object{
			{"message", ignored},
			{"cellphone", cellphone},
			{"device", t.user.devices[len(t.user.devices)-1].os},
			{"ignored", true},
			{"success", true},
		}, nil
	}
	code, err := a.issue(t.user, channel, t.action, rq.now)
	if err != nil {
		return nil, err
	}
	words := wordsFor(t.locale, t.user.phone.code)
	a.send(rq.now, Message{
		Channel: channel, Via: channel, To: t.user.phone.e164(), AuthyID: t.user.id, Code: code,
		Text: words.token(a.name, code, t.text),
	})
	a.emit("totp_token_sent", func() objects { return objects{"user": t.user.object()} })
	return object{{"success", true}, {"message", sent}, {"cellphone", cellphone}}, nil
}

func requestEmail(a *application, rq *request) (any, error) {
	t, err := a.tokenRequest(rq)
	if err != nil {
		return nil, err
	}
	if len(t.user.emails) == 0 {
		return nil, fail(codeEmailInvalid)
	}
	code, err := a.issue(t.user, ChannelEmail, t.action, rq.now)
	if err != nil {
		return nil, err
	}
	words := wordsFor(t.locale, t.user.phone.code)
	a.send(rq.now, Message{
		Channel: ChannelEmail, Via: ChannelEmail, To: t.user.email(), AuthyID: t.user.id, Code: code,
		Text: words.token(a.name, code, t.text),
	})
	a.emit("totp_token_sent", func() objects { return objects{"user": t.user.object()} })
	return object{
		{"success", true},
		{"message", "Email token was sent"},
		{"email", t.user.email()},
		{"email_id", "EM" + a.random.hex(32)},
	}, nil
}

// verifyToken spends a token from a message or an app.
//
// Without force, a user who neither confirmed a token nor has the app cannot be locked out: a wrong token
// answers 200. Authy documents that but not the body. Here it has "token":"is not checked", so that
// clients that look for "is valid", as they should, do not take it for success.
func verifyToken(a *application, rq *request) (any, error) {
	u, err := a.find(rq.arg("id"))
	if err != nil {
		return nil, fail(codeNoSuchUser)
	}
	if u.suspended {
		return nil, fail(codeUserSuspended)
	}
	result, source := a.check(u, rq.arg("token"), rq.params.text("action"), rq.now)
	switch result {
	case valid:
		u.confirmed, u.failures = true, 0
		a.month(rq.now).Auths++
		a.emit("token_verified", func() objects { return objects{"user": u.object()} })
		a.tellUser(u)
		return object{
			{"message", "Token is valid."},
			{"token", "is valid"},
			{"success", "true"}, // a string here, and only here
			{"device", deviceOf(u, source)},
		}, nil
	case reused:
		a.emit("token_invalid", func() objects { return objects{"user": u.object()} })
		return nil, invalidToken(codeTokenReused)
	}
	if force, _ := rq.params.flag("force"); !force && !u.confirmed && !u.registered() {
		return object{
			{"message", "Token was not checked: the user has not confirmed a token yet. Pass force=true to check it anyway."},
			{"token", "is not checked"},
			{"success", "true"},
		}, nil
	}
	u.failures++
	a.emit("token_invalid", func() objects { return objects{"user": u.object()} })
	if limit := a.config.limits.Failures; limit >= 0 && u.failures >= limit {
		u.suspended = true
		a.emit("suspended_account", func() objects { return objects{"user": u.object()} })
	}
	a.tellUser(u)
	return nil, invalidToken(codeTokenInvalid)
}

func invalidToken(c code) error {
	return &refusal{code: c, extra: object{{"token", "is invalid"}}}
}

// check looks for the token among those that were sent, then in the apps. The action must be the one that
// a sent token was asked for; tokens of apps know no action.
func (a *application) check(u *user, token, action string, now time.Time) (verdict, string) {
	result := wrong
	for i := range u.tokens {
		t := &u.tokens[i]
		if t.code != token || t.action != action || !now.Before(t.expires) {
			continue
		}
		if !t.used {
			t.used = true
			return valid, string(t.channel)
		}
		result = reused
	}
	if u.registered() {
		switch v := appTOTP(a.config.tokenDigits).check(u.appSecret, &u.appUsed, token, now); v {
		case valid:
			return valid, u.devices[len(u.devices)-1].os
		case reused:
			result = reused
		}
	}
	if u.genericSecret != nil {
		switch v := genericTOTP.check(u.genericSecret, &u.genericUsed, token, now); v {
		case valid:
			return valid, "generic"
		case reused:
			result = reused
		}
	}
	return result, ""
}

// deviceOf is the device object of a valid token; most of it is null for tokens that were sent.
func deviceOf(u *user, source string) object {
	o := object{
		{"id", nil},
		{"os_type", source},
		{"registration_date", u.created.Unix()},
	}
	for _, d := range u.devices {
		if d.os == source {
			o[0].value, o[2].value = d.id, d.created.Unix()
		}
	}
	for name := range strings.FieldsSeq("registration_method registration_country registration_region " +
		"registration_city country region city ip last_account_recovery_at last_sync_date") {
		o = append(o, member{name, nil})
	}
	return o
}
