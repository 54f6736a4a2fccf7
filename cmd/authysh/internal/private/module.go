package private

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
)

// Module is what scripts see of the private sandbox: the phone in the user's hand.
func (p *Sandbox) Module(*luabind.Host) luabind.Module {
	id := luabind.Param{Name: "authy_id", Type: "integer|string", Doc: "as from register_user"}
	uuid := luabind.Param{Name: "uuid", Type: "string", Doc: "as from create_approval_request"}
	user := luabind.Param{Name: "user", Type: "table", Doc: "id, phone, emails, app_token, suspended, ...", Fields: luabind.FieldsOf[sandbox.User]()}
	approval := luabind.Param{Name: "approval", Type: "table", Doc: "uuid, authy_id, status, message, details, ...", Fields: luabind.FieldsOf[sandbox.Approval]()}
	who := []luabind.Param{
		{Name: "authy_id", Type: "integer|string", Optional: true},
		{Name: "phone", Type: "string", Doc: "with or without country code", Optional: true},
		{Name: "channel", Type: "string", Doc: "sms, call, email, push or verification", Optional: true},
	}
	page := pageParams()
	filter := func(fields ...luabind.Param) luabind.Param {
		return luabind.Param{Name: "filter", Type: "table", Optional: true, Fields: fields}
	}
	why := luabind.Param{Name: "why", Type: "string", Doc: "why there is none", Optional: true}
	list := func(params, returns luabind.Param) ([]luabind.Param, []luabind.Param) {
		return []luabind.Param{params}, []luabind.Param{returns}
	}
	m := luabind.Module{
		Name: "sandbox", Doc: "The private sandbox of this run: what it sent, and what its users do.",
		Values: []luabind.Value{
			{Name: "key", Type: "string", Doc: "The API key, for a second client.", Make: constant(p.key)},
			{Name: "url", Type: "string", Doc: "The host, for a second client in this script; no other program reaches it.", Make: constant(URL)},
		},
	}
	add := func(name, doc string, call lua.LGFunction, params, returns []luabind.Param) {
		m.Functions = append(m.Functions, luabind.Function{Name: name, Doc: doc, Params: params, Returns: returns, Call: call})
	}
	in, out := list(filter(append(slices.Clone(who), page...)...), luabind.Param{Name: "messages", Type: "table[]", Doc: "channel, to, authy_id, code, text, time, ...", Fields: luabind.FieldsOf[sandbox.Message]()})
	add("outbox", "Lists what was sent, the newest last.", p.outbox, in, out)
	add("last_code", "Gives the newest code that was sent.", p.lastCode, []luabind.Param{filter(who...)},
		[]luabind.Param{{Name: "code", Type: "string", Optional: true}, why})
	search := luabind.Param{Name: "search", Type: "string", Doc: "a part of the phone, an e-mail, the id or the custom id", Optional: true}
	in, out = list(filter(append([]luabind.Param{search}, page...)...), luabind.Param{Name: "users", Type: "table[]", Fields: luabind.FieldsOf[sandbox.User]()})
	add("users", "Lists the users, the newest last.", p.users, in, out)
	add("token", "Gives the code that the user's Authy app shows now.", p.token, []luabind.Param{id},
		[]luabind.Param{{Name: "token", Type: "string", Optional: true}, why})
	in, out = list(filter(append([]luabind.Param{who[0], {Name: "status", Type: "string", Doc: "pending, approved, denied or expired", Optional: true}}, page...)...), luabind.Param{Name: "approvals", Type: "table[]", Fields: luabind.FieldsOf[sandbox.Approval]()})
	add("approvals", "Lists the approval requests, the newest last.", p.approvals, in, out)
	in, out = list(uuid, approval)
	add("approve", "Answers an approval request with yes, as its user.", p.answer("approve", (*sandbox.Service).Approve), in, out)
	add("deny", "Answers an approval request with no, as its user.", p.answer("deny", (*sandbox.Service).Deny), in, out)
	in, out = list(id, user)
	add("register_app", "Gives the user the Authy app.", p.registerApp, in, out)
	add("suspend", "Suspends the user, as too many wrong codes do.", p.suspend("suspend", true), in, out)
	add("unsuspend", "Lifts a suspension.", p.suspend("unsuspend", false), in, out)
	in, out = list(luabind.Param{Name: "custom_user_id", Type: "string"}, luabind.Param{Name: "registration", Type: "table", Fields: luabind.FieldsOf[sandbox.Registration]()})
	add("complete_registration", "Does what scanning a registration QR code does.", p.completeRegistration, in, out)
	in, out = list(luabind.Param{Name: "time", Type: "string|number", Doc: `such as "10m", or seconds`}, luabind.Param{Name: "now", Type: "string"})
	add("advance", "Moves the time of the sandbox and of this script.", p.advance, in, out)
	add("real_time", "Returns the sandbox and this script to the real time.", p.realTime, nil, out)
	in, out = list(filter(append([]luabind.Param{who[0]}, page...)...), luabind.Param{Name: "activities", Type: "table[]", Fields: luabind.FieldsOf[sandbox.Activity]()})
	add("activities", "Lists what was reported with register_activity, the newest last.", p.activities, in, out)
	add("reset", "Forgets all users and messages, and returns to the real time.", p.reset, nil, nil)
	m.Functions = withExamples(append(m.Functions, p.serviceFunctions()...))
	return m
}

func constant(text string) func(*lua.LState) lua.LValue {
	return func(*lua.LState) lua.LValue { return lua.LString(text) }
}

// call is a call of one of the functions: its name for errors, and the state.
type call struct {
	*lua.LState
	name string
}

func (c call) fail(format string, args ...any) {
	c.RaiseError("%s", "sandbox."+c.name+": "+fmt.Sprintf(format, args...))
}

// result returns what the service answered, or raises its error.
func (c call) result(v any, err error) int {
	if err != nil {
		c.fail("%s", strings.TrimPrefix(err.Error(), "sandbox: "))
	}
	c.Push(luabind.ToLua(c.LState, v))
	return 1
}

// none returns nil and the reason.
func (c call) none(format string, args ...any) int {
	c.Push(lua.LNil)
	c.Push(lua.LString(fmt.Sprintf(format, args...)))
	return 2
}

// filter reads the table of named arguments, which may be left out.
func (c call) filter(known ...string) listFilter {
	var f listFilter
	options := c.OptTable(1, nil)
	if options == nil {
		return f
	}
	options.ForEach(func(k, v lua.LValue) {
		name := k.String()
		if _, ok := k.(lua.LString); !ok || !slices.Contains(known, name) {
			c.fail("%s is not a parameter%s; known are %s", wording.Clip(name), wording.Suggest(name, known), strings.Join(known, ", "))
		}
		switch name {
		case "authy_id":
			f.AuthyID = c.id(v)
		case "phone":
			f.Phone = c.text("phone", v)
		case "channel":
			f.Channel = c.channel(v)
		case "search":
			f.search = c.text("search", v)
		case "status":
			f.status = c.status(v)
		case "limit":
			f.Limit = int(c.whole("limit", v, 1, 1<<20))
		case "before":
			f.Before = c.whole("before", v, 1, 1<<53)
		case "after":
			f.After = c.whole("after", v, 0, 1<<53)
		}
	})
	return f
}

func (c call) text(name string, v lua.LValue) string {
	s, ok := v.(lua.LString)
	if !ok || s == "" {
		c.fail("%s must be a string, got %s", name, v.Type())
	}
	return string(s)
}

// OutboxChannels are the ways by which a sandbox sends.
var OutboxChannels = []string{"sms", "call", "email", "push", "verification"}

func (c call) channel(v lua.LValue) sandbox.Channel {
	channels := OutboxChannels
	name := c.text("channel", v)
	if !slices.Contains(channels, name) {
		c.fail("channel must be one of %s, got %q%s", strings.Join(channels, ", "), wording.Clip(name), wording.Suggest(name, channels))
	}
	return sandbox.Channel(name)
}

func (c call) whole(name string, v lua.LValue, least, most float64) int64 {
	n, ok := v.(lua.LNumber)
	if !ok || float64(n) != math.Trunc(float64(n)) || float64(n) < least || float64(n) > most {
		c.fail("%s must be a whole number from %.0f to %.0f, got %s", name, least, most, wording.Clip(v.String()))
	}
	return int64(n)
}

// id reads an Authy id, which may be text.
func (c call) id(v lua.LValue) int64 {
	const most = 1 << 53
	if s, ok := v.(lua.LString); ok {
		n, err := strconv.ParseInt(string(s), 10, 64)
		if err != nil || n < 1 {
			c.fail("authy_id must be a number, got %q", wording.Clip(string(s)))
		}
		return n
	}
	if v == lua.LNil {
		c.fail("authy_id is required")
	}
	return c.whole("authy_id", v, 1, most)
}

func (p *Sandbox) outbox(L *lua.LState) int {
	messages := p.service().Outbox(call{L, "outbox"}.filter(paged("authy_id", "phone", "channel")...).OutboxFilter)
	slices.Reverse(messages)
	return call{L, "outbox"}.result(messages, nil)
}

func (p *Sandbox) lastCode(L *lua.LState) int {
	c := call{L, "last_code"}
	f := c.filter("authy_id", "phone", "channel").OutboxFilter
	f.Limit = math.MaxInt
	for _, m := range p.service().Outbox(f) {
		if m.Code != "" {
			c.Push(lua.LString(m.Code))
			return 1
		}
	}
	return c.none("no code was sent%s", describeFilter(f))
}

func describeFilter(f sandbox.OutboxFilter) string {
	text := ""
	if f.AuthyID != 0 {
		text += " to user " + strconv.FormatInt(f.AuthyID, 10)
	}
	if f.Phone != "" {
		text += " to " + f.Phone
	}
	if f.Channel != "" {
		text += " by " + string(f.Channel)
	}
	return text
}

func (p *Sandbox) users(L *lua.LState) int {
	c := call{L, "users"}
	f := c.filter(paged("search")...)
	users := p.service().FindUsers(sandbox.UserFilter{Search: f.search, Page: f.page()})
	slices.Reverse(users)
	return c.result(users, nil)
}

func (p *Sandbox) token(L *lua.LState) int {
	c := call{L, "token"}
	user, err := p.service().User(c.id(L.Get(1)))
	if err != nil || user.AppToken != "" {
		return c.result(user.AppToken, err)
	}
	return c.none("user %d has no app: sandbox.register_app(%d) gives one", user.ID, user.ID)
}

func (p *Sandbox) approvals(L *lua.LState) int {
	c := call{L, "approvals"}
	f := c.filter(paged("authy_id", "status")...)
	approvals := p.service().FindApprovals(sandbox.ApprovalFilter{AuthyID: f.AuthyID, Status: f.status, Page: f.page()})
	slices.Reverse(approvals)
	return c.result(approvals, nil)
}

func (p *Sandbox) answer(name string, do func(*sandbox.Service, string) (sandbox.Approval, error)) lua.LGFunction {
	return func(L *lua.LState) int {
		c := call{L, name}
		return c.result(do(p.service(), c.text("uuid", L.Get(1))))
	}
}

func (p *Sandbox) registerApp(L *lua.LState) int {
	c := call{L, "register_app"}
	return c.result(p.service().RegisterApp(c.id(L.Get(1)), ""))
}

func (p *Sandbox) suspend(name string, suspended bool) lua.LGFunction {
	return func(L *lua.LState) int {
		c := call{L, name}
		return c.result(p.service().SetSuspended(c.id(L.Get(1)), suspended))
	}
}

func (p *Sandbox) completeRegistration(L *lua.LState) int {
	c := call{L, "complete_registration"}
	return c.result(p.service().CompleteRegistration(c.text("custom_user_id", L.Get(1))))
}

func (p *Sandbox) advance(L *lua.LState) int {
	c := call{L, "advance"}
	d, err := clockStep(L.Get(1))
	if err != nil {
		c.fail("%s", err)
	}
	err = p.service().AdvanceClock(d)
	return c.result(p.service().Clock().Now, err)
}

// clockStep reads how far to move the clock: text with a unit, or a number of seconds.
func clockStep(v lua.LValue) (time.Duration, error) {
	rule := errors.New(`time must have a unit, such as "10m" or "24h", or be a number of seconds; got ` + wording.Clip(v.String()))
	switch v := v.(type) {
	case lua.LString:
		d, err := time.ParseDuration(string(v))
		if err != nil || strings.Trim(string(v), "+-.0123456789") == "" {
			return 0, rule
		}
		return d, nil
	case lua.LNumber:
		seconds := float64(v)
		if math.Abs(seconds) < math.MaxInt64/float64(time.Second) { // false for NaN
			return time.Duration(seconds * float64(time.Second)), nil
		}
	}
	return 0, rule
}

func (p *Sandbox) realTime(L *lua.LState) int {
	err := p.service().RealClock()
	return call{L, "real_time"}.result(p.service().Clock().Now, err)
}

func (p *Sandbox) reset(L *lua.LState) int {
	if err := p.service().Reset(); err != nil {
		call{L, "reset"}.fail("%s", err)
	}
	return 0
}
