package sandbox

import (
	"time"
	"unicode"
	"unicode/utf8"
)

// The lives of phone verifications, and the bounds of their codes.
const (
	verificationLife = 10 * time.Minute
	verificationKept = 24 * time.Hour // how long the status of one that is over can be asked for
	minCodeLength    = 4
	maxCodeLength    = 10
	maxCustomMessage = 1000
)

// verification is one code sent to a phone that need not belong to a user.
type verification struct {
	uuid     string
	phone    phone
	code     string
	started  time.Time
	failures int
	verified bool
	starts   window // starts for this number this hour, handed on from the one before
}

func (v *verification) ends() time.Time { return v.started.Add(verificationLife) }

// status is the state at a time, in the words of the status endpoint.
func (v *verification) status(now time.Time) string {
	switch {
	case v.verified:
		return "verified"
	case !now.Before(v.ends()):
		return statusExpired
	}
	return statusPending
}

// left is how many seconds a pending verification has, else 0.
func (v *verification) left(now time.Time) int {
	if v.status(now) != statusPending {
		return 0
	}
	return int(v.ends().Sub(now).Seconds())
}

func (a *application) purgeVerifications(now time.Time) {
	a.verifications.purge(func(v *verification) bool {
		return now.Sub(v.started) > verificationKept
	}, a.forgetVerification)
}

func (a *application) forgetVerification(v *verification) {
	if key := v.phone.e164(); a.verifying[key] == v {
		delete(a.verifying, key)
	}
}

// verificationStart is what the parameters of a start say.
type verificationStart struct {
	phone    phone
	via      Channel
	length   int
	code     string // custom_code
	message  string // custom_message
	language words  // of the text: by country unless a locale is given
	answer   words  // of the answer: English unless a locale is given
}

func (a *application) verificationStart(p params) (verificationStart, error) {
	var s verificationStart
	via, err := p.required("via")
	if err != nil {
		return s, err
	}
	s.via = Channel(via)
	if s.via != ChannelSMS && s.via != ChannelCall {
		return s, badParam("via", "'"+clip(via)+"' is neither sms nor call")
	}
	if s.phone, err = phoneParams(p); err != nil {
		return s, err
	}
	if s.length, err = p.integer("code_length", minCodeLength, minCodeLength, maxCodeLength); err != nil {
		return s, err
	}
	s.code, s.message = p.text("custom_code"), p.text("custom_message")
	if s.code != "" || s.message != "" {
		if err := a.need(FeatureCustomCodes); err != nil {
			a.emit("custom_message_not_allowed", func() objects { return objects{"phone_verification": s.phone.object()} })
			return s, err
		}
	}
	if n := utf8.RuneCountInString(s.code); s.code != "" && (n < minCodeLength || n > maxCodeLength || !printable(s.code)) {
		return s, badParam("custom_code", "must be 4 to 10 printable characters")
	}
	if utf8.RuneCountInString(s.message) > maxCustomMessage {
		return s, badParam("custom_message", "is longer than 1000 characters")
	}
	locale := p.text("locale")
	s.language, s.answer = wordsFor(locale, s.phone.code), wordsFor(locale, 0)
	return s, a.reachable(s.phone, s.via)
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

// reachable refuses channels that are off, and texts to lines that take none.
func (a *application) reachable(ph phone, via Channel) error {
	if via == ChannelCall {
		return a.need(FeatureCalls)
	}
	if err := a.need(FeatureSMS); err != nil {
		return err
	}
	switch {
	case ph.tollFree():
		return fail(codeNoCarrier)
	case ph.lineType() == "landline":
		return fail(codeLandline)
	}
	return nil
}

// startVerification sends a code. While one is pending the same code is sent again, and its time goes on.
func startVerification(a *application, rq *request) (any, error) {
	s, err := a.verificationStart(rq.params)
	if err != nil {
		a.emit("phone_verification_failed", func() objects { return objects{"phone_verification": s.phone.object()} })
		return nil, err
	}
	v, err := a.startFor(s, rq.now)
	if err != nil {
		return nil, err
	}
	if s.code != "" {
		v.code = s.code
	}
	a.send(rq.now, Message{
		Channel: ChannelVerification, Via: s.via, To: s.phone.e164(), Code: v.code,
		Text: s.language.verification(a.name, v.code, s.message),
	})
	a.emit("phone_verification_started", func() objects { return objects{"phone_verification": v.object(rq.now)} })
	answer := object{
		{"carrier", s.phone.carrier()},
		{"is_cellphone", s.phone.lineType() != "landline"},
		{"is_ported", false},
		{"message", s.answer.started(s.via, s.phone.spoken())},
		{"seconds_to_expire", v.left(rq.now)},
		{"uuid", v.uuid},
	}
	if s.code != "" {
		answer = append(answer, member{"sms_id", a.keepText(rq.now)})
	}
	return append(answer, member{"success", true}), nil
}

// latest is the last verification that was started for a number, nil if there is none.
func (a *application) latest(e164 string) *verification {
	v := a.verifying[e164]
	if v != nil {
		a.note("verification", v.uuid)
	}
	return v
}

// startFor gives the pending verification of a number, or a new one.
func (a *application) startFor(s verificationStart, now time.Time) (*verification, error) {
	key := s.phone.e164()
	v := a.latest(key)
	var starts window
	if v != nil {
		starts = v.starts
	}
	if wait, ok := starts.take(now, a.config.limits.VerificationsPerHour); !ok {
		a.emit("too_many_phone_verifications", func() objects { return objects{"phone_verification": s.phone.object()} })
		return nil, &refusal{
			code:       codeTooMany,
			message:    "DoS protection: Too many verifications were started for this phone number in the last hour.",
			retryAfter: wait,
		}
	}
	if v == nil || v.status(now) != statusPending {
		v = &verification{uuid: a.random.uuid(), phone: s.phone, code: a.random.code(s.length), started: now}
		if old, ok := a.verifications.put(v.uuid, v); ok {
			a.forgetVerification(old)
		}
		a.verifying[key] = v
	}
	v.starts = starts
	return v, nil
}

// checkVerification spends the code of the pending verification.
func checkVerification(a *application, rq *request) (any, error) {
	ph, err := phoneParams(rq.params)
	if err != nil {
		return nil, err
	}
	code, err := rq.params.required("verification_code")
	if err != nil {
		return nil, err
	}
	v := a.latest(ph.e164())
	if v == nil || v.status(rq.now) != statusPending {
		a.emit("phone_verification_not_found", func() objects { return objects{"phone_verification": ph.object()} })
		return nil, noVerification(ph)
	}
	if limit := a.config.limits.VerificationChecks; limit >= 0 && v.failures >= limit {
		a.emit("too_many_code_verifications", func() objects { return objects{"phone_verification": v.object(rq.now)} })
		return nil, &refusal{
			code:       codeTooMany,
			message:    "DoS protection: Too many wrong codes were entered for this phone number.",
			retryAfter: v.ends().Sub(rq.now),
		}
	}
	if code != v.code {
		v.failures++
		a.emit("phone_verification_code_is_invalid", func() objects { return objects{"phone_verification": v.object(rq.now)} })
		return nil, fail(codeVerificationCode)
	}
	v.verified = true
	a.emit("phone_verification_code_is_valid", func() objects { return objects{"phone_verification": v.object(rq.now)} })
	return success("Verification code is correct."), nil
}

func noVerification(ph phone) error {
	return &refusal{code: codeNoVerification, message: "No pending verifications for " + ph.spoken() + " found."}
}

// verificationStatus goes by uuid, or by phone to the latest verification.
func verificationStatus(a *application, rq *request) (any, error) {
	var v *verification
	if id := rq.params.text("uuid"); id != "" {
		var ok bool
		if v, ok = a.verifications.get(id); !ok {
			return nil, fail(codeNoVerification)
		}
	} else {
		if rq.params.text("country_code") == "" || rq.params.text("phone_number") == "" {
			return nil, fail(codeVerificationMissing)
		}
		ph, err := phoneParams(rq.params)
		if err != nil {
			return nil, err
		}
		if v = a.latest(ph.e164()); v == nil {
			return nil, noVerification(ph)
		}
	}
	return object{
		{"message", "Phone Verification status."},
		{"status", v.status(rq.now)},
		{"seconds_to_expire", v.left(rq.now)},
		{"success", true},
	}, nil
}

// phoneInformation tells what the number's range tells; the sandbox knows no ported numbers.
func phoneInformation(_ *application, rq *request) (any, error) {
	ph, err := phoneParams(rq.params)
	if err != nil {
		return nil, err
	}
	return object{
		{"message", "Phone number information as of " + rq.now.UTC().Format(time.DateTime) + " UTC"},
		{"type", ph.lineType()},
		{"provider", ph.carrier()},
		{"ported", false},
		{"success", true},
	}, nil
}

// customText is a text with a custom code, about which the sender reports whether it arrived.
type customText struct {
	outcome string
	created time.Time
}

func (a *application) keepText(now time.Time) string {
	id := "SM" + a.random.hex(32)
	a.texts.put(id, &customText{created: now})
	return id
}

// sendFeedback records whether a text with a custom code arrived. Its answer has Twilio's shape.
func sendFeedback(a *application, rq *request) (any, error) {
	id := rq.arg("sms_id")
	text, ok := a.texts.get(id)
	if !ok {
		return nil, fail(codeSMSNotFound)
	}
	outcome, err := rq.params.required("Outcome")
	if err != nil {
		return nil, err
	}
	if outcome != "received" && outcome != "not-received" {
		return nil, badParam("Outcome", "must be received or not-received")
	}
	text.outcome = outcome
	return object{
		{"account_sid", ""},
		{"message_sid", id},
		{"outcome", outcome},
		{"date_created", text.created.Format(time.RFC1123Z)},
		{"date_updated", rq.now.Format(time.RFC1123Z)},
		{"uri", ""},
		{"success", true},
	}, nil
}
