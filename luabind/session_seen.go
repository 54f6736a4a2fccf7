package luabind

import (
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// kind is what a value stands for, where completion can offer those that the session has seen.
type kind string

const (
	kindUser         kind = "user"
	kindPhone        kind = "phone"
	kindEmail        kind = "email"
	kindApproval     kind = "approval"
	kindVerification kind = "verification"
	kindWebhook      kind = "webhook"
	kindMessage      kind = "message"
	kindCustomUser   kind = "custom user"
)

// kindsOfParams says what parameters name, by "function.parameter" or, for all others of that name, "parameter".
var kindsOfParams = map[string]kind{
	"authy_id": kindUser, "phone": kindPhone, "email": kindEmail, "uuid": kindApproval, "sms_id": kindMessage,
	"custom_user_id":                     kindCustomUser,
	"get_phone_verification_status.uuid": kindVerification,
	"get_approval_request.id":            kindApproval,
	"wait_approval.id":                   kindApproval,
	"delete_webhook.id":                  kindWebhook,
}

// kindsOfResults says which fields of which results are worth to be remembered; [] stands for all elements of a list.
var kindsOfResults = map[string]map[string]kind{
	"register_user":            {"user.id": kindUser},
	"get_registration_status":  {"registration.authy_id": kindUser},
	"create_approval_request":  {"approval_request.uuid": kindApproval},
	"start_phone_verification": {"uuid": kindVerification, "sms_id": kindMessage},
	"create_webhook":           {"webhook.id": kindWebhook},
	"list_webhooks":            {"webhooks[].id": kindWebhook},
}

func kindOfParam(function, param string) kind {
	if k, ok := kindsOfParams[function+"."+param]; ok {
		return k
	}
	return kindsOfParams[param]
}

// sighting is a value that a call of this session took or gave.
type sighting struct {
	kind  kind
	value string
	doc   string // what it is, with nothing in it that should not be read over a shoulder
}

// recents are the last sightings, the newest first, some of each kind.
type recents struct{ all []sighting }

// perKind is how many values of one kind are kept.
const perKind = 20

// call remembers what a successful call was about.
func (r *recents) call(op authy.Operation, args *lua.LTable, result lua.LValue) {
	about := aboutCall(args)
	for _, f := range op.Params {
		if k := kindOfParam(op.Name, f.Name); k != "" {
			doc := about
			if k == kindPhone || k == kindEmail {
				doc = strings.TrimPrefix(mask(k, luavalue.ScalarText(args.RawGetString(f.Name)))+", "+textField(args, "country_code"), ", ")
				doc = strings.TrimSuffix(doc, ", ")
			}
			r.add(k, luavalue.ScalarText(args.RawGetString(f.Name)), doc)
		}
	}
	t, ok := result.(*lua.LTable)
	if !ok {
		return
	}
	for path, k := range kindsOfResults[op.Name] {
		for _, value := range valuesAt(t, path) {
			r.add(k, value, about)
		}
	}
}

// aboutCall tells which call it was by its parameters.
func aboutCall(args *lua.LTable) string {
	var parts []string
	if country := textField(args, "country_code"); country != "" {
		parts = append(parts, country)
	}
	if phone := luavalue.ScalarText(args.RawGetString("phone")); phone != "" {
		parts = append(parts, mask(kindPhone, phone))
	}
	if email := luavalue.ScalarText(args.RawGetString("email")); email != "" {
		parts = append(parts, mask(kindEmail, email))
	}
	if id := luavalue.ScalarText(args.RawGetString("authy_id")); id != "" && len(parts) == 0 {
		parts = append(parts, "user "+id)
	}
	if name := textField(args, "name"); name != "" {
		parts = append(parts, oneLine(name))
	}
	return strings.Join(parts, ", ")
}

func textField(t *lua.LTable, name string) string { return luavalue.ScalarText(t.RawGetString(name)) }

// valuesAt are the scalars at a path such as "webhooks[].id".
func valuesAt(t *lua.LTable, path string) []string {
	name, rest, more := strings.Cut(path, ".")
	name, list := strings.CutSuffix(name, "[]")
	v := t.RawGetString(name)
	if !more {
		if text := luavalue.ScalarText(v); text != "" {
			return []string{text}
		}
		return nil
	}
	inner, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	if !list {
		return valuesAt(inner, rest)
	}
	var values []string
	for i := range min(inner.Len(), perKind) {
		if element, ok := inner.RawGetInt(i + 1).(*lua.LTable); ok {
			values = append(values, valuesAt(element, rest)...)
		}
	}
	return values
}

func (r *recents) add(k kind, value, doc string) {
	const longest = 64
	if value == "" || len(value) > longest || strings.ContainsFunc(value, luatext.IsUnprintable) {
		return
	}
	i := slices.IndexFunc(r.all, func(s sighting) bool { return s.kind == k && s.value == value })
	if i >= 0 {
		if known := r.all[i].doc; len(known) > len(doc) || known != "" && strings.HasPrefix(doc, "user ") {
			doc = known
		}
		r.all = slices.Delete(r.all, i, i+1)
	}
	r.all = slices.Insert(r.all, 0, sighting{k, value, doc})
	count := 0
	r.all = slices.DeleteFunc(r.all, func(s sighting) bool {
		if s.kind == k {
			count++
		}
		return s.kind == k && count > perKind
	})
}

// of lists the values of a kind, the newest first.
func (r *recents) of(k kind) []sighting {
	var found []sighting
	for _, s := range r.all {
		if s.kind == k {
			found = append(found, s)
		}
	}
	return found
}

// mask hides most of something personal: enough is left to know it again.
func mask(k kind, text string) string {
	switch k {
	case kindEmail:
		name, domain, ok := strings.Cut(text, "@")
		if !ok || name == "" {
			return ""
		}
		return string([]rune(name)[:1]) + "•••@" + domain
	case kindPhone:
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
		if len(digits) < 5 {
			return ""
		}
		return "••• " + digits[len(digits)-3:]
	}
	return text
}
