package luabind

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	lua "github.com/yuin/gopher-lua"
)

// TestJudgeSaysWhatCallsSay: a call that is wrong gets the same problems from Judge and from the call itself.
func TestJudgeSaysWhatCallsSay(t *testing.T) {
	t.Parallel()
	rt, err := New(&authy.Client{Key: "key"})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	manual := NewManual(nil)
	for _, test := range []struct{ name, table string }{
		{"register_user", `{}`},
		{"register_user", `{ country_code = "XY", phone = "1", emial = "ana@example.com" }`},
		{"register_user", `{ country_code = "PT", phone = "12", email = "ana" }`},
		{"request_sms", `{ authy_id = "abc", force = "yes", locale = "xx", [1] = 2 }`},
		{"verify_token", `{ authy_id = 1, token = 12 }`},
		{"create_approval_request", `{ authy_id = 1, message = "", details = { visibel = {} }, logos = { { res = "huge" }, 3 } }`},
		{"create_approval_request", `{ authy_id = 1, message = "x", ttl = "soon" }`},
		{"get_phone_verification_status", `{ uuid = "x", phone = "1" }`},
		{"get_phone_verification_status", `{}`},
		{"wait_approval", `{ timeout = "5" }`},
		{"client", `{ key = 5, timout = "5s", retries = 1.5 }`},
		{"verify_callback", `{ headers = 1, bodi = "" }`},
	} {
		got, want := map[string]string{}, map[string]string{}
		err := rt.inside(t.Context(), func(L *lua.LState) error {
			code := `given = ` + test.table + ` local ok, err = pcall(authy.` + test.name + `, given) fields = err.fields`
			if err := L.DoString(code); err != nil {
				return err
			}
			L.GetGlobal("fields").(*lua.LTable).ForEach(func(k, v lua.LValue) { want[k.String()] = v.String() })
			for _, fault := range manual.Judge("authy."+test.name, []lua.LValue{L.GetGlobal("given")}, false) {
				got[fault.Param] = strings.TrimPrefix(got[fault.Param]+"; "+fault.Reason, "; ")
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%s%s: %v", test.name, test.table, err)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s%s: judged %v, the call says %v", test.name, test.table, got, want)
		}
	}
}

// TestJudgeUnknown: what hangs on values that are not known is not judged.
func TestJudgeUnknown(t *testing.T) {
	t.Parallel()
	table := func(entries map[string]lua.LValue) *lua.LTable {
		result := &lua.LTable{}
		for name, value := range entries {
			result.RawSetString(name, value)
		}
		return result
	}
	open := table(map[string]lua.LValue{"forc": lua.LTrue})
	open.RawSet(Unknown, Unknown)
	logo := table(map[string]lua.LValue{"res": lua.LString("huge"), "url": Unknown})
	logos := &lua.LTable{}
	logos.Append(logo)
	logos.Append(Unknown)
	manual := NewManual(nil)
	for _, test := range []struct {
		name      string
		arguments []lua.LValue
		more      bool
		want      []string
	}{
		{"authy.request_sms", []lua.LValue{Unknown}, false, nil},
		{"authy.request_sms", nil, true, nil},
		{"authy.request_sms", []lua.LValue{lua.LNil}, false, []string{"authy_id missing-parameter"}},
		{"authy.request_sms", []lua.LValue{table(map[string]lua.LValue{"authy_id": Unknown})}, false, nil},
		{"authy.request_sms", []lua.LValue{table(map[string]lua.LValue{"force": Unknown})}, false, []string{"authy_id missing-parameter"}},
		{"authy.request_sms", []lua.LValue{open}, false, []string{"forc unknown-parameter"}},
		{"authy.get_phone_verification_status", []lua.LValue{table(map[string]lua.LValue{"phone": Unknown, "country_code": Unknown})}, false, nil},
		{"authy.get_phone_verification_status", []lua.LValue{table(map[string]lua.LValue{"phone": lua.LString("1"), "country_code": Unknown})}, false, nil},
		{"authy.register_user", []lua.LValue{table(map[string]lua.LValue{"phone": lua.LString("1"), "country_code": Unknown, "email": Unknown})}, false, nil},
		{
			"authy.create_approval_request",
			[]lua.LValue{table(map[string]lua.LValue{"authy_id": lua.LNumber(1), "message": Unknown, "logos": logos})}, false,
			[]string{"logos[1].res invalid-value"},
		},
		{"csv.open", []lua.LValue{lua.LNumber(1)}, false, []string{"path wrong-argument"}},
		{"csv.open", []lua.LValue{Unknown}, true, nil},
		{"csv.open", nil, true, nil},
		{"csv.open", nil, false, []string{"path missing-parameter"}},
		{"json.encode", nil, false, nil}, // a value may be nil
		{"task.spawn", []lua.LValue{&lua.LFunction{}, lua.LTrue, lua.LTrue, lua.LTrue}, false, nil},
		{"string.format", []lua.LValue{lua.LTrue}, false, nil}, // Lua's own
		{"no.such", nil, false, nil},
	} {
		var got []string
		for _, fault := range manual.Judge(test.name, test.arguments, test.more) {
			got = append(got, fault.Param+" "+string(fault.Kind))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestErrorsAreDescribed: whatever an error value holds, definitions for editors tell of.
func TestErrorsAreDescribed(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	var known []string
	for _, f := range errorObject().Fields {
		known = append(known, f.Name)
	}
	for _, err := range []error{
		&authy.ValidationError{Op: "x", Problems: []authy.Problem{{Param: "a", Reason: "b"}}},
		&authy.APIError{Op: "x", Status: 429, Code: "60000", Fields: map[string]string{"a": "b"}, RetryAfter: 1},
		&authy.ResponseError{Op: "x", Status: 200, Field: "a"},
	} {
		errorTable(L, err).ForEach(func(k, _ lua.LValue) {
			if !slices.Contains(known, k.String()) {
				t.Errorf("%T: %s is not described", err, k)
			}
		})
	}
}

// TestSummaryIsDescribed: the fields of a batch's summary are those that are described.
func TestSummaryIsDescribed(t *testing.T) {
	t.Parallel()
	L := lua.NewState()
	defer L.Close()
	s := BatchSummary{Stopped: "x", Journal: "x", Results: "x"}
	var got, want []string
	s.table(L).ForEach(func(k, _ lua.LValue) { got = append(got, k.String()) })
	for _, f := range summaryFields() {
		want = append(want, f.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, described %q", got, want)
	}
}
