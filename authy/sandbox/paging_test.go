package sandbox_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/authy/sandbox/store"
)

// walk reads a listing page by page, and gives what its elements have under a name.
func (b *box) walk(list, query, member string) string {
	b.t.Helper()
	var got []string
	for next := any(nil); ; {
		path := "/sandbox/api/" + list + "?limit=2" + query
		if next != nil {
			path += fmt.Sprint("&before=", next)
		}
		a := b.get("%s", path).wants(200)
		found := a.at(list).([]any)
		if len(found) == 0 && len(got) > 0 {
			b.t.Errorf("%s: an empty page follows", path)
		}
		for _, v := range found {
			got = append(got, fmt.Sprint(v.(map[string]any)[member]))
		}
		if next = a.at("next"); next == nil {
			return strings.Join(got, " ")
		}
	}
}

// Every listing of the API is read to its end, page by page, with nothing missing and nothing twice.
func TestEveryListingIsPaged(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	id := b.register()
	other := b.registerPhone("351", "961234567")
	for i := range 5 {
		b.post("/onetouch/json/users/"+itoa(id)+"/approval_requests", fmt.Sprint("message=m", i)).wants(200)
		b.post("/onetouch/json/users/"+itoa(other)+"/approval_requests", fmt.Sprint("message=o", i)).wants(200)
		b.post("/protected/json/users/"+itoa(id)+"/register_activity", "type=banned&data[n]=x").wants(200)
		b.post("/protected/json/users/"+itoa(other)+"/register_activity", "type=unbanned").wants(200)
	}
	for range 2 {
		b.post("/sandbox/api/approvals/" + b.Approvals(2)[1].UUID + "/approve")
	}
	for _, c := range []struct{ list, query, member, want string }{
		{"approvals", "", "message", "o4 m4 o3 m3 o2 m2 o1 m1 o0 m0"},
		{"approvals", "&authy_id=" + itoa(id), "message", "m4 m3 m2 m1 m0"},
		{"approvals", "&status=pending&authy_id=" + itoa(id), "message", "m3 m2 m1 m0"},
		{"approvals", "&status=denied", "message", ""},
		{"activities", "", "id", "10 9 8 7 6 5 4 3 2 1"},
		{"activities", "&authy_id=" + itoa(id), "id", "9 7 5 3 1"},
		{"activities", "&after=7", "id", "10 9 8"},
		{"users", "", "id", itoa(other) + " " + itoa(id)},
		{"requests", "&operation=register_user", "operation", "register_user register_user"},
	} {
		if got := b.walk(c.list, c.query, c.member); got != c.want {
			t.Errorf("%s%s: %s, want %s", c.list, c.query, got, c.want)
		}
	}
	b.get("/sandbox/api/approvals?before=x").fails(400, "60004", "Invalid parameter: before - 'x' is not a valid Integer")
	b.get("/sandbox/api/activities?after=-1").fails(400, "60004", "Invalid parameter: after - '-1' is not a valid Integer")
	b.get("/sandbox/api/activities?authy_id=x").fails(400, "60004", "Invalid parameter: authy_id - 'x' is not a valid Integer")

	page := sandbox.Page{Limit: 3, Before: b.Approvals(2)[1].ID}
	if got := b.FindApprovals(sandbox.ApprovalFilter{AuthyID: other, Status: "pending", Page: page}); len(got) != 3 || got[0].Message != "o3" {
		t.Errorf("%+v", got)
	}
	if got := b.FindActivities(sandbox.ActivityFilter{AuthyID: id, Page: sandbox.Page{After: 8}}); len(got) != 1 || got[0].ID != 9 {
		t.Errorf("%+v", got)
	}
	if got := b.FindUsers(sandbox.UserFilter{Search: "9612", Page: sandbox.Page{Before: other + 1}}); len(got) != 1 || got[0].ID != other {
		t.Errorf("%+v", got)
	}
	if got := b.FindRequests(sandbox.RequestFilter{Operation: "register_user", Page: sandbox.Page{Limit: 1}}, true); len(got) != 1 || got[0].ID != 2 {
		t.Errorf("%+v", got)
	}
}

// The order of approval requests and callbacks is that of their making, though the clock goes back and a restart
// intervenes.
func TestOrderSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	opts := []sandbox.Option{sandbox.WithDelivery(sandbox.Delivery{Transport: &receiver{}}), sandbox.WithCallback("https://app.example/cb", "")}
	b := openBox(t, dir, opts...)
	id := b.register()
	for i := range 4 {
		b.post("/onetouch/json/users/"+itoa(id)+"/approval_requests", fmt.Sprint("message=m", i)).wants(200)
		if _, err := b.Approve(b.Approvals(1)[0].UUID); err != nil {
			t.Fatal(err)
		}
		if err := b.AdvanceClock(-time.Hour); err != nil {
			t.Fatal(err)
		}
		b.post("/protected/json/users/"+itoa(id)+"/register_activity", "type=banned").wants(200)
	}
	approvals, callbacks, activities := b.walk("approvals", "", "message"), b.walk("callbacks", "", "id"), b.walk("activities", "", "id")
	if approvals != "m3 m2 m1 m0" || activities != "4 3 2 1" || strings.Count(callbacks, " ") != 3 {
		t.Errorf("%s, %s, %s", approvals, callbacks, activities)
	}
	b = b.reopened(dir, opts...)
	if got := b.walk("approvals", "", "message"); got != approvals {
		t.Errorf("approvals: %s, want %s", got, approvals)
	}
	if got := b.walk("callbacks", "", "id"); got != callbacks {
		t.Errorf("callbacks: %s, want %s", got, callbacks)
	}
	if got := b.walk("activities", "", "id"); got != activities {
		t.Errorf("activities: %s, want %s", got, activities)
	}
}

// Approval requests and activities of data that an older program wrote have no numbers, and get them for good.
func TestOlderDataIsNumbered(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := openBox(t, dir)
	id := b.register()
	for i := range 3 {
		b.post("/onetouch/json/users/"+itoa(id)+"/approval_requests", fmt.Sprint("message=m", i)).wants(200)
		b.post("/protected/json/users/"+itoa(id)+"/register_activity", "type=banned").wants(200)
		b.advance(time.Second)
	}
	b.Close(t.Context())
	forgetNumbers(t, dir)

	b = openBox(t, dir)
	if got := b.walk("approvals", "", "id") + ", " + b.walk("approvals", "", "message"); got != "3 2 1, m2 m1 m0" {
		t.Error(got)
	}
	if got := b.walk("activities", "", "id") + b.walk("activities", "", "data"); got != "3 2 1map[] map[] map[]" {
		t.Error(got)
	}
	b.post("/onetouch/json/users/"+itoa(id)+"/approval_requests", "message=m3").wants(200)
	if _, err := b.Approve(b.Approvals(3)[2].UUID); err != nil {
		t.Fatal(err)
	}
	b = b.reopened(dir)
	if got := b.walk("approvals", "", "message"); got != "m3 m2 m1 m0" {
		t.Error(got)
	}
}

// forgetNumbers rewrites a directory as it was before there were numbers.
func forgetNumbers(t *testing.T, dir string) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, store.FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		for kind, member := range map[string]string{"approval": "number", "activity": "id"} {
			records := tx.Bucket([]byte("apps")).Bucket([]byte("main")).Bucket([]byte(kind))
			old := map[string][]byte{}
			err := records.ForEach(func(k, v []byte) error {
				old[string(k)] = unnumbered(t, v, member)
				return nil
			})
			for k, v := range old {
				if err == nil {
					err = records.Put([]byte(k), v)
				}
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func unnumbered(t *testing.T, record []byte, member string) []byte {
	t.Helper()
	var v map[string]json.RawMessage
	if err := json.Unmarshal(record, &v); err != nil || v[member] == nil {
		t.Fatalf("%s: %v", record, err)
	}
	delete(v, member)
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
