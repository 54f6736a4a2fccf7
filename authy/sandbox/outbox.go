package sandbox

import "time"

// Channel is how a message left the service.
type Channel string

// The channels of [Message].
const (
	ChannelSMS          Channel = "sms"
	ChannelCall         Channel = "call"
	ChannelEmail        Channel = "email"
	ChannelPush         Channel = "push"
	ChannelVerification Channel = "verification" // a phone verification, by text or call
)

// Message is one thing that the service would have sent; its JSON form is an element of GET /sandbox/outbox.
type Message struct {
	// ID counts from 1 and orders messages.
	ID   int64     `json:"id"`
	Time time.Time `json:"time"`
	// Channel is what kind of message it is; Via tells text from call for phone verifications and else
	// repeats the channel.
	Channel Channel `json:"channel"`
	Via     Channel `json:"via"`
	// To is a phone in E.164 form or an e-mail address; empty for a push to a user without a phone.
	To string `json:"to"`
	// AuthyID is 0 when the message is not for a user.
	AuthyID int64 `json:"authy_id"`
	// Code is the one-time code; empty when the message has none.
	Code string `json:"code"`
	Text string `json:"text"`
}

// send puts a message into the outbox and counts it.
func (a *application) send(now time.Time, m Message) {
	m.ID, m.Time = a.outbox.total+1, now
	a.outbox.add(m)
	a.tell(EventMessage, m)
	switch m.Via {
	case ChannelSMS:
		a.month(now).SMS++
	case ChannelCall:
		a.month(now).Calls++
	}
}

func (a *application) sendInstallLink(u *user, now time.Time) {
	a.send(now, Message{
		Channel: ChannelSMS, Via: ChannelSMS, To: u.phone.e164(), AuthyID: u.id,
		Text: wordsFor("", u.phone.code).install(a.name),
	})
}

// nudgeApp tells the app to show its token, in place of a text that was not needed.
func (a *application) nudgeApp(u *user, now time.Time) {
	a.send(now, Message{
		Channel: ChannelPush, Via: ChannelPush, To: u.phone.e164(), AuthyID: u.id,
		Text: wordsFor("", u.phone.code).open(a.name),
	})
}
