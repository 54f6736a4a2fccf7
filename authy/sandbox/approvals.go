package sandbox

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The lives of approval requests. Authy keeps an answered request for an unknown time; here it is a month.
const (
	defaultApprovalLife = 24 * 60 * 60      // seconds
	maxApprovalLife     = 10 * 365 * 86_400 // seconds
	approvalKept        = 30 * 24 * time.Hour
	maxApprovalMessage  = 200 // the limit that most clients know
)

// approval is a push that asks a user to approve or deny.
type approval struct {
	number    int64 // orders them
	uuid      string
	mongoID   string
	authyID   int64
	userID    string // the user's mongoID
	email     string
	message   string
	details   map[string]string
	hidden    map[string]string
	logos     []Logo
	seconds   int // 0 is for ever
	notified  bool
	created   time.Time
	processed time.Time // zero while pending
	status    string    // what was answered; see at for expiry
}

// Logo is a picture of an approval request.
type Logo struct {
	Res string `json:"res"`
	URL string `json:"url"`
}

// The states of an approval request.
const (
	statusPending  = "pending"
	statusApproved = "approved"
	statusDenied   = "denied"
	statusExpired  = "expired"
)

// at gives the status at a time and when it came about; zero while pending.
func (p *approval) at(now time.Time) (string, time.Time) {
	if p.status == statusPending && p.seconds > 0 {
		if end := p.expires(); !now.Before(end) {
			return statusExpired, end
		}
	}
	return p.status, p.processed
}

// expires is zero for a request that never does.
func (p *approval) expires() time.Time {
	if p.seconds == 0 {
		return time.Time{}
	}
	return p.created.Add(time.Duration(p.seconds) * time.Second)
}

func (a *application) purgeApprovals(now time.Time) {
	a.approvals.purge(func(p *approval) bool {
		status, since := p.at(now)
		return status != statusPending && now.Sub(since) > approvalKept
	}, nil)
}

// createApproval pushes to a user. Authy refuses users without the app; the sandbox lets them have
// requests, which only its inspector can answer, and marks those as not notified.
func createApproval(a *application, rq *request) (any, error) {
	if err := a.need(FeatureOneTouch); err != nil {
		return nil, err
	}
	u, err := a.active(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	message, err := rq.params.required("message")
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(message) > maxApprovalMessage {
		return nil, badParam("message", "is longer than 200 characters")
	}
	seconds, err := rq.params.integer("seconds_to_expire", defaultApprovalLife, 0, maxApprovalLife)
	if err != nil {
		return nil, err
	}
	p := &approval{
		number:   a.nextID(),
		uuid:     a.random.uuid(),
		mongoID:  a.random.mongoID(),
		authyID:  u.id,
		userID:   u.mongoID,
		email:    u.email(),
		message:  message,
		details:  rq.params.texts("details"),
		hidden:   rq.params.texts("hidden_details"),
		logos:    logos(rq.params.list("logos")),
		seconds:  seconds,
		notified: u.registered(),
		created:  rq.now,
		status:   statusPending,
	}
	a.approvals.put(p.uuid, p)
	a.tell(EventApproval, viewApproval(p, rq.now))
	a.send(rq.now, Message{Channel: ChannelPush, Via: ChannelPush, To: u.phone.e164(), AuthyID: u.id, Text: message})
	return object{
		{"approval_request", object{{"uuid", p.uuid}}},
		{"message", "Approval request was created."}, // authy-rs gives up without a message; others ignore it
		{"success", true},
	}, nil
}

// logos keeps the complete ones: authy-rs breaks each logo into two halves, and is let through.
func logos(values []any) []Logo {
	var out []Logo
	for _, v := range values {
		m, _ := v.(map[string]any)
		l := Logo{Res: params(m).text("res"), URL: params(m).text("url")}
		if slices.Contains([]string{"default", "low", "med", "high"}, l.Res) && l.URL != "" {
			out = append(out, l)
		}
	}
	return out
}

func (a *application) approval(uuid string) (*approval, error) {
	p, ok := a.approvals.get(strings.ToLower(uuid))
	if !ok {
		return nil, &refusal{code: codeApprovalNotFound, message: "Approval request not found: " + clip(uuid), bare: true}
	}
	return p, nil
}

func readApproval(a *application, rq *request) (any, error) {
	p, err := a.approval(rq.arg("uuid"))
	if err != nil {
		return nil, err
	}
	status, processed := p.at(rq.now)
	updated := p.created
	if !processed.IsZero() {
		updated = processed
	}
	return object{
		{"approval_request", object{
			{"_app_name", a.name},
			{"_app_serial_id", a.id},
			{"_authy_id", p.authyID},
			{"_id", p.mongoID},
			{"_user_email", p.email},
			{"app_id", a.mongoID},
			{"created_at", stamp(p.created)},
			{"notified", p.notified},
			{"processed_at", stamp(processed)},
			{"seconds_to_expire", p.seconds},
			{"status", status},
			{"updated_at", stamp(updated)},
			{"user_id", p.userID},
			{"uuid", p.uuid},
		}},
		{"success", true},
	}, nil
}

// stamp is a time as Authy writes it; null when there is none.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// answer does what the user does in the app.
func (a *application) answer(uuid, status string, now time.Time) (*approval, error) {
	p, err := a.approval(uuid)
	if err != nil {
		return nil, err
	}
	if is, _ := p.at(now); is != statusPending {
		return nil, &refusal{code: codeApprovalDone, message: "Approval request is not pending but " + is}
	}
	p.status, p.processed = status, now
	if status == statusApproved {
		a.month(now).Auths++
	}
	a.tell(EventApproval, viewApproval(p, now))
	a.callBack(p)
	a.emit("one_touch_request_responded", func() objects { return objects{"onetouch_request": p.object()} })
	return p, nil
}
