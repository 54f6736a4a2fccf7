package sandbox_test

import (
	"errors"
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

// ask creates an approval request and returns its uuid.
func (b *box) ask(id int64, form ...string) string {
	b.t.Helper()
	return b.post("/onetouch/json/users/"+itoa(id)+"/approval_requests", append(form, "message=Log+in%3F")...).wants(200).text("approval_request", "uuid")
}

func (b *box) approvalStatus(uuid string) string {
	b.t.Helper()
	return b.get("/onetouch/json/approval_requests/%s", uuid).wants(200).text("approval_request", "status")
}

func TestApprovalRead(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	uuid := b.ask(id, "seconds_to_expire=120")
	a := b.get("/onetouch/json/approval_requests/%s", strings.ToUpper(uuid)).wants(200)
	want := regexp.MustCompile(`^{"approval_request":{"_app_name":"Sandbox App","_app_serial_id":\d+,"_authy_id":` + itoa(id) +
		`,"_id":"[0-9a-f]{24}","_user_email":"ana@example.com","app_id":"[0-9a-f]{24}","created_at":"2023-11-14T22:13:20Z","notified":false,` +
		`"processed_at":null,"seconds_to_expire":120,"status":"pending","updated_at":"2023-11-14T22:13:20Z","user_id":"[0-9a-f]{24}","uuid":"` + uuid + `"},"success":true}$`)
	if !want.MatchString(a.body) {
		t.Errorf("body\n got %s\nwant %s", a.body, want)
	}
	if m := b.Outbox(sandbox.OutboxFilter{Channel: sandbox.ChannelPush}); len(m) != 1 || m[0].Text != "Log in?" || m[0].To != "+351911234567" {
		t.Errorf("outbox %+v", m)
	}
}

func TestApprovalAnswers(t *testing.T) {
	t.Parallel()
	for action, status := range map[string]string{"approve": "approved", "deny": "denied"} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			uuid := b.ask(b.register())
			b.advance(30 * time.Second)
			a := b.post("/sandbox/approvals/" + uuid + "/" + action).wants(200)
			if a.text("approval", "status") != status || a.text("approval", "processed_at") != "2023-11-14T22:13:50Z" {
				t.Errorf("answer %s", a.body)
			}
			a = b.get("/onetouch/json/approval_requests/%s", uuid)
			if a.text("approval_request", "status") != status || a.text("approval_request", "processed_at") != "2023-11-14T22:13:50Z" {
				t.Errorf("read %s", a.body)
			}
			b.post("/sandbox/approvals/"+uuid+"/deny").fails(409, "60079", "Approval request is not pending but "+status)
			if _, err := b.Approve(uuid); !errors.Is(err, sandbox.ErrNotPending) {
				t.Errorf("Approve: %v", err)
			}
		})
	}
}

func TestApprovalExpires(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	short, day, never := b.ask(id, "seconds_to_expire=60"), b.ask(id), b.ask(id, "seconds_to_expire=0")
	b.advance(59 * time.Second)
	if got := b.approvalStatus(short); got != "pending" {
		t.Errorf("after 59 s: %s", got)
	}
	b.advance(time.Second)
	a := b.get("/onetouch/json/approval_requests/%s", short)
	if a.text("approval_request", "status") != "expired" || a.text("approval_request", "processed_at") != "2023-11-14T22:14:20Z" {
		t.Errorf("after 60 s: %s", a.body)
	}
	b.post("/sandbox/approvals/"+short+"/approve").fails(409, "60079", "Approval request is not pending but expired")
	b.advance(24*time.Hour - 61*time.Second)
	if got := b.approvalStatus(day); got != "pending" {
		t.Errorf("after a day less a second: %s", got)
	}
	b.advance(time.Second)
	if got := b.approvalStatus(day); got != "expired" {
		t.Errorf("after a day: %s", got)
	}
	b.advance(365 * 24 * time.Hour)
	if got := b.approvalStatus(never); got != "pending" {
		t.Errorf("after a year: %s", got)
	}
	b.get("/onetouch/json/approval_requests/%s", day).fails(404, "60049", "Approval request not found: "+day) // purged
	if a := b.post("/sandbox/approvals/" + never + "/approve").wants(200); a.at("approval", "expires_at") != nil {
		t.Errorf("expires_at: %s", a.body)
	}
}

func TestApprovalParameters(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	path := "/onetouch/json/users/" + itoa(id) + "/approval_requests"
	b.ask(id, "details[Account Number]=98 12&details[location]=California,%20USA&hidden_details[ip]=10.0.0.1&logos[][res]=default&logos[][res]=u")
	got := b.Approvals(0)[0]
	if !maps.Equal(got.Details, map[string]string{"Account Number": "98 12", "location": "California, USA"}) ||
		!maps.Equal(got.Hidden, map[string]string{"ip": "10.0.0.1"}) || len(got.Logos) != 0 {
		t.Errorf("approval %+v", got)
	}
	b.post(path).fails(400, "60004", "Invalid parameter: message - Parameter is required")
	b.post(path, "message=%20").fails(400, "60004", "Invalid parameter: message - Parameter is required")
	b.post(path, "message="+strings.Repeat("é", 200)).wants(200)
	b.post(path, "message="+strings.Repeat("é", 201)).fails(400, "60004", "Invalid parameter: message - is longer than 200 characters")
	b.post(path, "message=m&seconds_to_expire=soon").fails(400, "60004", "Invalid parameter: seconds_to_expire - 'soon' is not a valid Integer")
	b.post(path, "message=m&seconds_to_expire=-1").fails(400, "60004", "Invalid parameter: seconds_to_expire - must be from 0 to 315360000")
	b.post("/onetouch/json/users/1/approval_requests", "message=m").fails(404, "60026", "User not found.")
}

func TestApprovalsAreBounded(t *testing.T) {
	t.Parallel()
	b := newBox(t, sandbox.WithLimits(sandbox.Limits{Records: 2}))
	id := b.register()
	first := b.ask(id)
	second, third := b.ask(id), b.ask(id)
	b.get("/onetouch/json/approval_requests/%s", first).wants(404)
	b.post("/sandbox/approvals/" + second + "/approve").wants(200)
	got := b.Approvals(0)
	if len(got) != 2 || got[0].UUID != third || got[1].UUID != second {
		t.Errorf("approvals %+v", got)
	}
	if a := b.get("/sandbox/approvals?status=approved&authy_id=%d", id).wants(200); strings.Contains(a.body, third) || !strings.Contains(a.body, second) {
		t.Errorf("approved: %s", a.body)
	}
	b.get("/sandbox/approvals?status=x").fails(400, "60004", "Invalid parameter: status - must be pending, approved, denied or expired")
}
