package luabind

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/receiver"
	lua "github.com/yuin/gopher-lua"
)

const (
	callbacksServe     = "callbacks.serve"
	callbackServerType = "callbacks.Server"
)

// callbacksModule is callbacks: a server for what Authy calls an application with. Package receiver decides what is genuine.
func callbacksModule(h *Host) Module {
	return Module{
		Name: "callbacks", Doc: "Receives callbacks and webhooks, each verified and handled once.",
		Functions: []Function{{
			Name: "serve", Doc: "Starts a server as a task, which handles what comes until it is stopped.",
			Params:  []Param{{Name: "options", Type: "table", Optional: true, Fields: serveParams()}},
			Returns: []Param{{Name: "server", Type: callbackServerType}},
			Call:    func(L *lua.LState) int { return serveCallbacks(L, h) },
		}},
		Types: []Type{callbackServerObject()},
	}
}

// serveParams are the options of callbacks.serve with what help tells of them beyond their tags.
func serveParams() []Param {
	fields := optionParams[serveOptions]()
	for i := range fields {
		if fields[i].Name == "methods" {
			fields[i].Values = []string{"POST", "GET"}
		}
	}
	return fields
}

type serveOptions struct {
	Addr        string         `json:"addr" doc:"where to listen; 127.0.0.1:8080 when left out, port 0 is a free one" digits:""`
	Path        string         `json:"path" doc:"the only path served, besides /healthz; /callback/onetouch when left out"`
	PublicURL   string         `json:"public_url" doc:"the URL that Authy calls, behind a proxy or tunnel"`
	OnApproval  *lua.LFunction `json:"on_approval" doc:"gets each answer (uuid, status, authy_id, ...) and the server"`
	OnEvent     *lua.LFunction `json:"on_event" doc:"gets each event of a webhook (event, time, objects, webhook_id) and the server"`
	Key         string         `json:"key" doc:"API key that signs callbacks; the client's when left out"`
	WebhookKeys []string       `json:"webhook_keys" doc:"signing_key of each webhook, as from create_webhook"`
	Methods     []string       `json:"methods" doc:"how callbacks may come: POST, GET; both when left out"`
	MaxAge      *time.Duration `json:"max_age" doc:"refuse what was signed longer ago; 5m when left out" unit:"s"`
	MaxBody     *int64         `json:"max_body" doc:"bytes of a body at most; 262144 when left out"`
	State       string         `json:"state" doc:"a file that keeps what was handled, for a restart"`
	Handlers    *int           `json:"handlers" doc:"how many run at once; 64 when left out"`
	Timeout     *time.Duration `json:"timeout" doc:"stops a handler that takes longer; 30s when left out" unit:"ms"`
}

// receiverOptions judges what only scripts can get wrong; the receiver judges the rest.
func (o serveOptions) receiverOptions(h *Host) (receiver.Options, error) {
	var problems []authy.Problem
	wrong := func(param, reason string) { problems = append(problems, authy.Problem{Param: param, Reason: reason}) }
	r := receiver.Options{
		Key: o.Key, WebhookKeys: o.WebhookKeys, Path: o.Path, PublicURL: o.PublicURL, State: o.State,
		Log: h.Log, Now: h.Now, MaxAge: receiver.DefaultMaxAge, HandlerTimeout: receiver.DefaultHandlerTimeout,
	}
	if r.Key == "" && h.client != nil {
		r.Key = h.client.Key
	}
	if r.Key == "" {
		wrong("key", "is required: give the API key of the application, which signs callbacks; the client has none")
	}
	if r.Path == "" {
		r.Path = "/callback/onetouch"
	}
	for _, method := range o.Methods {
		r.Methods = append(r.Methods, strings.ToUpper(method))
	}
	if o.OnEvent != nil && len(o.WebhookKeys) == 0 {
		wrong("webhook_keys", "is required with on_event: the signing_key that create_webhook returned")
	}
	if o.OnEvent == nil && len(o.WebhookKeys) > 0 {
		wrong("on_event", "is required with webhook_keys: nothing would be done with the events")
	}
	take := func(param string, given *time.Duration, into *time.Duration) {
		if given != nil {
			if *into = *given; *given == 0 {
				wrong(param, "must be more than nothing")
			}
		}
	}
	take("max_age", o.MaxAge, &r.MaxAge)
	take("timeout", o.Timeout, &r.HandlerTimeout)
	if o.Handlers != nil {
		if r.Concurrency = *o.Handlers; r.Concurrency < 1 || r.Concurrency > mostHandlers {
			wrong("handlers", "must be from 1 to 1024")
		}
	}
	if o.MaxBody != nil {
		if r.MaxBody = *o.MaxBody; r.MaxBody < 1 {
			wrong("max_body", "must be at least 1")
		}
	}
	if problems != nil {
		return r, &authy.ValidationError{Op: callbacksServe, Problems: problems}
	}
	return r, nil
}

const mostHandlers = 1024

// serveMistake is what the receiver says of the options or of the address, as an error of this function.
func serveMistake(err error) error {
	if wrong, ok := errors.AsType[*receiver.OptionError](err); ok {
		param := strings.ReplaceAll(wrong.Option, " ", "_")
		return &authy.ValidationError{Op: callbacksServe, Problems: []authy.Problem{{Param: param, Reason: wrong.Reason}}}
	}
	return &taskError{authy.KindNetwork, callbacksServe + ": " + strings.TrimPrefix(err.Error(), "receiver: ")}
}

// callbackServerObject describes what callbacks.serve gives.
func callbackServerObject() Type {
	method := func(f func(L *lua.LState, s *callbackServer) int) lua.LGFunction {
		return func(L *lua.LState) int { return f(L, checkCallbackServer(L)) }
	}
	return Type{
		Name: callbackServerType, Doc: "A server of callbacks, which is a task.",
		Methods: []Function{
			{
				Name: "wait", Doc: "Waits until the server has stopped; an interrupt stops it.",
				Call: method(func(L *lua.LState, s *callbackServer) int { return s.wait(L) }),
			},
			{
				Name: "stop", Doc: "Takes no more requests; handlers that run go on to their end.",
				Call: method(func(_ *lua.LState, s *callbackServer) int {
					s.stop()
					return 0
				}),
			},
			{
				Name: "wait_approval", Doc: "Waits for the answer to one approval request, instead of asking for it.",
				Params:  []Param{{Name: "options", Type: "table", Fields: optionParams[serverWaitOptions]()}},
				Returns: []Param{{Name: "callback", Type: "table", Doc: "nil when none came in time", Optional: true, Fields: FieldsOf[authy.Callback]()}},
				Call:    method(func(L *lua.LState, s *callbackServer) int { return s.waitApproval(L) }),
			},
			{
				Name: "counts", Doc: "Tells how many deliveries it has dealt with.",
				Returns: []Param{{Name: "counts", Type: "table", Fields: FieldsOf[serverCounts]()}},
				Call: method(func(L *lua.LState, s *callbackServer) int {
					c := s.receiver.Counts()
					L.Push(ToLua(L, serverCounts{c.Handled, c.Failed, c.Refused, c.Repeated}))
					return 1
				}),
			},
		},
		Fields: []Param{
			{Name: "url", Type: "string", Doc: "the public_url, or where it is on this machine"},
			{Name: "addr", Type: "string", Doc: "host and port"},
		},
	}
}

type serverWaitOptions struct {
	ID      string        `json:"id" doc:"uuid from create_approval_request" required:""`
	Timeout time.Duration `json:"timeout" doc:"how long to wait; until the server stops when left out" unit:"ms"`
}

type serverCounts struct {
	Handled  int64 `json:"handled"`
	Failed   int64 `json:"failed"`
	Refused  int64 `json:"refused"`
	Repeated int64 `json:"repeated"`
}

func checkCallbackServer(L *lua.LState) *callbackServer {
	if data, ok := L.Get(1).(*lua.LUserData); ok {
		if s, ok := data.Value.(*callbackServer); ok {
			return s
		}
	}
	L.ArgError(1, callbackServerType+" expected, got "+L.Get(1).Type().String()+" (call methods with a colon, as in server:stop())")
	return nil
}

// callbackServerMetatable lets scripts read url and addr, and shows where the server is.
func callbackServerMetatable(L *lua.LState) *lua.LTable {
	object := callbackServerObject()
	mt := object.metatable(L)
	methods, ok := mt.RawGetString("__index").(*lua.LTable)
	if !ok {
		return mt
	}
	var known []string
	for _, f := range slices.Concat(object.Fields) {
		known = append(known, f.Name)
	}
	for _, f := range object.Methods {
		known = append(known, f.Name)
	}
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		s := checkCallbackServer(L)
		switch key := L.Get(2); key {
		case lua.LString("url"):
			L.Push(lua.LString(s.url))
		case lua.LString("addr"):
			L.Push(lua.LString(s.server.Addr()))
		default:
			method := methods.RawGet(key)
			if method == lua.LNil {
				hint := ""
				if near := authy.Nearest(key.String(), known); near != "" {
					hint = `, did you mean "` + near + `"?`
				}
				L.RaiseError("a server of callbacks has no %s%s", quoteKey(key.String()), hint)
			}
			L.Push(method)
		}
		return 1
	}))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		s := checkCallbackServer(L)
		L.Push(lua.LString(callbackServerType + " (" + s.url + ")"))
		return 1
	}))
	return mt
}
