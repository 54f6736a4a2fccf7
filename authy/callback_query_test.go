package authy_test

import (
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/google/go-cmp/cmp"
)

func signedGET(t testing.TB, query string) authy.CallbackRequest {
	t.Helper()
	signed, err := authy.SignCallback(callbackKey, authy.CallbackRequest{Method: "GET", URL: callbackAt + "?" + query})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

const minimalQuery = "callback_action=approval_request_status&status=denied&uuid=u"

func TestCallbackQuery(t *testing.T) {
	t.Parallel()
	type tree = map[string]any
	type list = []any
	tests := []struct {
		name, query string
		want        tree // besides the minimal fields
	}{
		{"nothing more", "", nil},
		{"empty parts", "&&a=1&", tree{"a": "1"}},
		{"no value", "a&b=", tree{"a": "", "b": ""}},
		{"escapes", "a+b=c%20d%2B%3D%26", tree{"a b": "c d+=&"}},
		{"equals sign in value", "a=b=c", tree{"a": "b=c"}},
		{"nested", "a[b][c]=1&a[b][d]=2&a[e]=3", tree{"a": tree{"b": tree{"c": "1", "d": "2"}, "e": "3"}}},
		{"list", "a[]=1&a[]=2&a[]=", tree{"a": list{"1", "2", ""}}},
		{"list of objects", "l[][res]=default&l[][url]=x&l[][res]=med&l[][url]=y", tree{"l": list{
			tree{"res": "default", "url": "x"}, tree{"res": "med", "url": "y"},
		}}},
		{"objects with gaps", "l[][res]=low&l[][res]=med&l[][url]=y", tree{"l": list{tree{"res": "low"}, tree{"res": "med", "url": "y"}}}},
		{"objects in objects", "l[][m][a]=1&l[][m][b]=2&l[][m][a]=3", tree{"l": list{
			tree{"m": tree{"a": "1", "b": "2"}}, tree{"m": tree{"a": "3"}},
		}}},
		{"lists in objects in a list", "l[][m][]=1&l[][m][]=2&l[][n]=3", tree{"l": list{tree{"m": list{"1", "2"}, "n": "3"}}}},
		{"list of lists", "a[][]=1&a[][]=2", tree{"a": list{list{"1"}, list{"2"}}}},
		{"brackets in a name", "d[a[b]]=1&d[x]=2", tree{"d": tree{"a[b]": "1", "x": "2"}}},
		{"unpaired brackets", "a[b=1&b]=2&[c]=3&d[e]f=4&g]h[=5&i[[j]=6&k[l]]=7&m[n]]o[p]=8", tree{
			"a[b": "1", "b]": "2", "[c]": "3", "d[e]f": "4", "g]h[": "5", "i[[j]": "6", "k[l]]": "7", "m[n]]o[p]": "8",
		}},
		{"last one counts", "a=1&a=2&b=1&b[c]=2&d[e]=1&d=2&f[]=1&f[g]=2", tree{"a": "2", "b": tree{"c": "2"}, "d": "2", "f": tree{"g": "2"}}},
		{"not UTF-8", "a=%FF%FE", tree{"a": "\xff\xfe"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			callback, err := authy.CallbackVerifier{Key: callbackKey}.Verify(signedGET(t, minimalQuery+"&"+tt.query))
			if err != nil {
				t.Fatal(err)
			}
			want := tree{"callback_action": "approval_request_status", "status": "denied", "uuid": "u"}
			for key, value := range tt.want {
				want[key] = value
			}
			if diff := cmp.Diff(want, callback.Raw); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestCallbackQueryUnreadable(t *testing.T) {
	t.Parallel()
	deep := "a"
	for range 64 {
		deep += "[b]"
	}
	tests := []struct{ name, query, text string }{
		{"escape in name", "a%zz=1", `broken escape in the name "a%zz"`},
		{"escape in value", "a=1%", `broken escape in the value of "a"`},
		{"too deep", deep + "=1", "nests deeper than 64 levels"},
		{"nothing", "", "callback_action must be"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := authy.CallbackVerifier{Key: callbackKey}.Verify(signedGET(t, tt.query))
			checkRefusal(t, err, authy.ErrBadCallback, tt.text)
		})
	}
}

// TestCallbackOfEarlierYears covers forms that servers of 2016 sent.
func TestCallbackOfEarlierYears(t *testing.T) {
	t.Parallel()
	const inspected = `{"transaction"=>{"details"=>{}, "status"=>"approved"}, "logos"=>nil}`
	tests := []struct {
		name string
		req  authy.CallbackRequest
		want authy.Callback
	}{
		{
			"GET with a Ruby hash",
			signedCallback(t, "GET", map[string]any{"approval_request": inspected, "device_uuid": "4d89c320-a9bb-0133-7c02-0e67b818e6fb"}),
			authy.Callback{DeviceUUID: "4d89c320-a9bb-0133-7c02-0e67b818e6fb", ApprovalRequestText: inspected},
		},
		{"POST without approval request", signedCallback(t, "POST", nil), authy.Callback{DeviceUUID: "7"}},
		{"POST with none", signedCallback(t, "POST", map[string]any{"approval_request": (*int)(nil)}), authy.Callback{DeviceUUID: "7"}},
		{
			"fields of unforeseen types",
			signedCallback(t, "POST", map[string]any{
				"device_uuid": []any{1}, "signature": true, "device": "none", "unknown": map[string]any{"a": 1},
				"approval_request": map[string]any{
					"expiration_timestamp": "1455911778", "logos": []any{"x", nil, map[string]any{"res": 1}}, "app_id": 12,
					"transaction": map[string]any{
						"details": []any{"a"}, "device_details": "x", "encrypted": "true", "flagged": 1, "created_at_time": 1.5e9,
						"device_signing_time": "soon", "message": map[string]any{"a": 1},
					},
				},
			}),
			authy.Callback{
				Signature: "true",
				ApprovalRequest: &authy.CallbackApprovalRequest{
					ExpirationTimestamp: 1455911778, Logos: []authy.Logo{{}, {}, {Res: "1"}}, AppID: "12",
					Transaction: authy.CallbackTransaction{Encrypted: true, Flagged: true, CreatedAtTime: 1500000000},
				},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := authy.CallbackVerifier{Key: callbackKey}.Verify(tt.req)
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			want.AuthyID, want.CallbackAction, want.UUID, want.Status = "1635", "approval_request_status", "4a725520", "approved"
			want.Raw = got.Raw
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}
