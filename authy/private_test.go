package authy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/authy"
)

func TestPrivacy(t *testing.T) {
	t.Parallel()
	names := func(list ...string) map[string]bool {
		set := map[string]bool{}
		for _, name := range list {
			set[name] = true
		}
		return set
	}
	for name, want := range map[string]authy.Privacy{
		"register_user":           {map[int]bool{}, names("cellphone", "email"), names()},
		"verify_token":            {map[int]bool{3: true}, names("token", "user_ip"), names("ip", "city", "registration_city")},
		"send_feedback":           {map[int]bool{2: true}, names(), names()},
		"create_approval_request": {map[int]bool{}, names("message", "details", "hidden_details"), names()},
		"export_user_secret":      {map[int]bool{}, names(), names("secret", "otp")},
		"list_webhooks":           {map[int]bool{}, names(), names("signing_key")},
	} {
		op, ok := authy.ByName(name)
		if !ok {
			t.Fatalf("no operation %s", name)
		}
		if diff := cmp.Diff(want, op.Privacy()); diff != "" {
			t.Errorf("%s, -want +got:\n%s\n%s", name, diff, op.Path)
		}
	}
}

// TestPrivateParameters makes sure that what people type about others is marked in every operation.
func TestPrivateParameters(t *testing.T) {
	t.Parallel()
	for _, op := range authy.Operations() {
		for _, f := range op.Params {
			switch f.Name {
			case "phone", "email", "token", "ip", "custom_code", "message", "data":
				if !f.Private {
					t.Errorf("%s: %s is not marked as private", op.Name, f.Name)
				}
			}
		}
	}
}
