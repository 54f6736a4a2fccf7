package private

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/authy/sandbox/fault"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
)

// What scripts see of the private sandbox as a service: its faults, what it was asked and told others, its state.

// serviceFunctions are those of the module that are about the service rather than about a user.
func (p *Sandbox) serviceFunctions() []luabind.Function {
	limit := luabind.Param{Name: "filter", Type: "table", Optional: true, Fields: pageParams()}
	id := luabind.Param{Name: "id", Type: "integer"}
	rule := luabind.Param{Name: "rule", Type: "string|table", Doc: `such as "request_sms: status=503, every=3", or its fields`}
	ruleID := luabind.Param{Name: "id", Type: "integer", Doc: "as from add_fault"}
	target := luabind.Param{Name: "url", Type: "string", Doc: "on this machine, such as http://127.0.0.1:8080/callback; nil stops them", Optional: true}
	method := luabind.Param{Name: "method", Type: "string", Doc: "POST, or GET", Optional: true}
	requests := luabind.FieldsOf[sandbox.Request]()
	result := func(name, kind string, fields []luabind.Param) []luabind.Param {
		return []luabind.Param{{Name: name, Type: kind, Fields: fields}}
	}
	return []luabind.Function{
		{
			Name: "add_fault", Doc: "Lets things go wrong from now on, by a rule.", Call: p.addFault,
			Params: []luabind.Param{rule}, Returns: result("fault", "table", faultFields()),
		},
		{
			Name: "faults", Doc: "Lists the rules with how often each fired.", Call: p.faults,
			Returns: result("faults", "table[]", faultFields()),
		},
		{Name: "delete_fault", Doc: "Removes a rule.", Call: p.deleteFault, Params: []luabind.Param{ruleID}},
		{Name: "clear_faults", Doc: "Removes all rules.", Call: p.clearFaults},
		{
			Name: "requests", Doc: "Lists the calls that were made, the newest last.", Call: p.requests,
			Params: []luabind.Param{limit}, Returns: result("requests", "table[]", requests),
		},
		{
			Name: "set_callback", Doc: "Says where answers to approval requests are sent.", Call: p.setCallback,
			Params: []luabind.Param{target, method},
		},
		{
			Name: "callbacks", Doc: "Lists the callbacks and webhooks that were sent, the newest last.", Call: p.callbacks,
			Params: []luabind.Param{limit}, Returns: result("callbacks", "table[]", sentFields()),
		},
		{
			Name: "resend", Doc: "Sends a callback or webhook once more, signed anew.", Call: p.resend,
			Params: []luabind.Param{id}, Returns: result("callback", "table", sentFields()),
		},
		{
			Name: "export", Doc: "Gives all that the sandbox knows, as text for import.", Call: p.export,
			Returns: []luabind.Param{{Name: "text", Type: "string"}},
		},
		{
			Name: "import", Doc: "Replaces what the sandbox knows by what export gave.", Call: p.importState,
			Params: []luabind.Param{{Name: "text", Type: "string", Doc: "as from export, or from authysh sandbox export"}},
		},
	}
}

// faultFields are the members of a rule: what became of it, and what it says.
func faultFields() []luabind.Param {
	fields := []luabind.Param{{Name: "id", Type: "integer"}, {Name: "seen", Type: "integer"}, {Name: "fired", Type: "integer"}}
	for _, name := range fault.Fields() {
		if name != "key" { // which is never shown
			fields = append(fields, luabind.Param{Name: name, Type: "any", Optional: true})
		}
	}
	return append(fields, luabind.Param{Name: "key_given", Type: "boolean", Optional: true})
}

// sentFields are the members of a callback, whose content is an object.
func sentFields() []luabind.Param {
	fields := luabind.FieldsOf[sandbox.Sent]()
	for i := range fields {
		if fields[i].Name == "content" {
			fields[i].Type = "table"
		}
	}
	return fields
}

// asJSON returns a value as its JSON form, with the texts of times and waits.
func (c call) asJSON(v any, err error) int {
	if err != nil {
		return c.result(nil, err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return c.result(nil, err)
	}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber()
	var tree any
	err = dec.Decode(&tree)
	return c.result(tree, err)
}

func (p *Sandbox) addFault(L *lua.LState) int {
	c := call{L, "add_fault"}
	rule, err := c.rule(L.Get(1))
	if err != nil {
		return c.result(nil, err)
	}
	status, err := p.service().AddFault(rule)
	return c.asJSON(status, err)
}

// rule reads a fault rule from its line or its fields.
func (c call) rule(v lua.LValue) (fault.Rule, error) {
	switch v := v.(type) {
	case lua.LString:
		return fault.Parse(string(v))
	case *lua.LTable:
		fields := map[string]any{}
		v.ForEach(func(k, value lua.LValue) {
			switch value := value.(type) {
			case lua.LNumber:
				fields[k.String()] = json.Number(strconv.FormatFloat(float64(value), 'f', -1, 64))
			case lua.LBool:
				fields[k.String()] = bool(value)
			case lua.LString:
				fields[k.String()] = string(value)
			default:
				c.fail("%s must be a string, a number or a boolean, got %s", wording.Clip(k.String()), value.Type())
			}
		})
		return fault.FromFields(fields)
	}
	c.fail(`rule must be a string such as "request_sms: status=503", or a table of its fields, got %s`, v.Type())
	return fault.Rule{}, nil
}

func (p *Sandbox) faults(L *lua.LState) int {
	return call{L, "faults"}.asJSON(p.service().Faults(), nil)
}

func (p *Sandbox) deleteFault(L *lua.LState) int {
	c := call{L, "delete_fault"}
	if err := p.service().DeleteFault(int(c.whole("id", L.Get(1), 1, math.MaxInt32))); err != nil {
		return c.result(nil, err)
	}
	return 0
}

func (p *Sandbox) clearFaults(*lua.LState) int {
	p.service().ClearFaults()
	return 0
}

func (p *Sandbox) requests(L *lua.LState) int {
	c := call{L, "requests"}
	requests := p.service().FindRequests(sandbox.RequestFilter{Page: c.filter(paged()...).page()}, true)
	slices.Reverse(requests)
	return c.asJSON(requests, nil)
}

func (p *Sandbox) setCallback(L *lua.LState) int {
	c := call{L, "set_callback"}
	target, method := L.OptString(1, ""), L.OptString(2, "")
	if target != "" && !onThisMachine(target) {
		c.fail("url must be on this machine, such as http://127.0.0.1:8080/callback, as nothing leaves it with --sandbox; got %q", wording.Address(target))
	}
	if err := p.service().SetCallback(target, method); err != nil {
		return c.result(nil, err)
	}
	return 0
}

func (p *Sandbox) callbacks(L *lua.LState) int {
	c := call{L, "callbacks"}
	sent := p.service().FindCallbacks(sandbox.CallbackFilter{Page: c.filter(paged()...).page()})
	slices.Reverse(sent)
	return c.asJSON(sent, nil)
}

func (p *Sandbox) resend(L *lua.LState) int {
	c := call{L, "resend"}
	return c.asJSON(p.service().Resend(c.whole("id", L.Get(1), 1, 1<<53)))
}

func (p *Sandbox) export(L *lua.LState) int {
	text, err := p.service().Export()
	return call{L, "export"}.result(string(text), err)
}

func (p *Sandbox) importState(L *lua.LState) int {
	c := call{L, "import"}
	if err := p.service().Import([]byte(c.text("text", L.Get(1)))); err != nil {
		return c.result(nil, err)
	}
	return 0
}

// onThisMachine reports whether a URL can only mean a program on this machine.
func onThisMachine(target string) bool {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// localDelivery sends the callbacks and webhooks of a private sandbox, to this machine only.
type localDelivery struct{ http.RoundTripper }

func newLocalDelivery() localDelivery { return localDelivery{&http.Transport{MaxIdleConnsPerHost: 2}} }

// RoundTrip refuses what would leave the machine.
func (d localDelivery) RoundTrip(r *http.Request) (*http.Response, error) {
	if !onThisMachine(r.URL.String()) {
		return nil, errors.New("nothing leaves this machine with --sandbox: only a loopback address is called")
	}
	return d.RoundTripper.RoundTrip(r)
}
