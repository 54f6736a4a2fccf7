package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
)

func TestApprovalMeant(t *testing.T) {
	t.Parallel()
	pending := []string{"c31f2620-ee70-0139-3a97-0a8b6b2ff2b5", "c31f9999-ee70-0139-3a97-0a8b6b2ff2b5", "0aaaaaaa-ee70-0139-3a97-0a8b6b2ff2b5"}
	for _, test := range []struct {
		args    []string
		pending []string
		want    string // or the message of the error
	}{
		{nil, pending[:1], pending[0]},
		{nil, pending, "authysh sandbox deny needs a uuid unless one request alone is pending, and there are 3"},
		{nil, nil, "authysh sandbox deny needs a uuid unless one request alone is pending, and there are 0"},
		{[]string{"0"}, pending, pending[2]},
		{[]string{"C31F9"}, pending, pending[1]},
		{[]string{"c31f"}, pending, `2 pending requests begin with "c31f"`},
		{[]string{"nope"}, pending, "nope"},
		{[]string{""}, pending[:1], ""},
	} {
		got, err := approvalMeant("deny", test.args, test.pending)
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%q of %d: got %q, want %q", test.args, len(test.pending), got, test.want)
		}
	}
}

// TestApproveByPrefix answers one of two requests of a sandbox by the beginning of its uuid.
func TestApproveByPrefix(t *testing.T) {
	t.Parallel()
	box := sandbox.New()
	server := httptest.NewServer(box)
	defer server.Close()
	client := &authy.Client{Key: box.Key(), Host: server.URL}
	user, err := client.RegisterUser(t.Context(), authy.RegisterUserParams{CountryCode: "PT", Phone: "911234567", Email: "ana@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	var uuids []string
	for range 2 {
		made, err := client.CreateApprovalRequest(t.Context(), authy.CreateApprovalRequestParams{AuthyID: user.User.ID, Message: "log in?"})
		if err != nil {
			t.Fatal(err)
		}
		uuids = append(uuids, made.ApprovalRequest.UUID)
	}
	length := 1
	for strings.HasPrefix(uuids[1], uuids[0][:length]) {
		length++
	}
	code, got, stderr := runWith(t, false, "sandbox", "approve", uuids[0][:length], "--url", server.URL, "--key", box.Key(), "--query", "[uuid, status]", "--output", "json")
	if want := `["` + uuids[0] + `","approved"]`; code != 0 || strings.TrimSpace(got) != want {
		t.Errorf("got %d, %s, %s, want %s", code, got, stderr, want)
	}
}
