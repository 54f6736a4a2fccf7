package luabind

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// description is the authy module but for the operations, which come from the catalogue.
func (b *binding) description() Module {
	functions := []Function{
		{
			Name: "wait_approval", Doc: "Waits until an approval request is answered or expires.",
			Params:  []Param{{Name: "options", Type: "table", Fields: optionParams[waitOptions]()}},
			Returns: []Param{{Name: "approval", Type: "table", Doc: "as from get_approval_request", Result: "get_approval_request"}},
			Call:    b.waitApproval, takesSelf: true,
		},
		{
			Name: "client", Doc: "Makes a second client, with the same functions as methods.",
			Params:  []Param{{Name: "options", Type: "table", Fields: optionParams[clientOptions]()}},
			Returns: []Param{{Name: "client", Type: clientType}},
			Call:    b.newClient, takesSelf: true,
		},
		{
			Name: "verify_callback", Doc: "Checks the signature of a callback and returns what it says, or raises.",
			Params:  []Param{{Name: "request", Type: "table", Fields: optionParams[verifyCallbackOptions]()}},
			Returns: []Param{{Name: "callback", Type: "table", Fields: FieldsOf[authy.Callback]()}},
			Call:    b.verifyCallback, takesSelf: true,
		},
		{
			Name: "sign_callback", Doc: "Makes a callback as Authy would send it, to test what receives callbacks.",
			Params: []Param{{Name: "request", Type: "table", Fields: optionParams[signCallbackOptions]()}},
			Returns: []Param{{Name: "request", Type: "table", Doc: "method, url, headers and body", Fields: []Param{
				{Name: "method", Type: "string"}, {Name: "url", Type: "string"}, {Name: "headers", Type: "table<string, string>"},
				{Name: "body", Type: "string", Optional: true},
			}}},
			Call: b.signCallback, takesSelf: true,
		},
	}
	return Module{
		Name: "authy", Doc: "The Authy API.",
		Functions: functions, Operations: b.own,
		Values: []Value{{Name: "enums", Type: "table", Doc: "The API's enumerations.", Fields: enumFields(), Make: enums}},
	}.lacking(b.lacks)
}

// optionsTable is the one table that a function takes, behind a client's self.
func (b *binding) optionsTable(L *lua.LState, name string) *lua.LTable {
	first := 1
	if L.Get(1) == lua.LValue(b.table) {
		first = 2
	}
	t, ok := L.Get(first).(*lua.LTable)
	if !ok {
		raise(L, &authy.ValidationError{Op: name, Problems: []authy.Problem{notOneTable(name, L.Get(first))}})
	}
	return t
}

// notOneTable is the problem of a call that gets something else than the table of its parameters.
func notOneTable(op string, got lua.LValue) authy.Problem {
	return authy.Problem{Param: "parameters", Reason: fmt.Sprintf("must be one table, as in %s{...}, got %s", op, luavalue.TypeName(got))}
}

type waitOptions struct {
	ID       string        `json:"id" doc:"uuid from create_approval_request" required:""`
	Timeout  time.Duration `json:"timeout" doc:"how long to wait; until the answer is in when left out" unit:"ms"`
	Interval time.Duration `json:"interval" doc:"pause between two questions; grows from 1s to 5s when left out" unit:"ms"`
}

func (b *binding) waitApproval(L *lua.LState) int {
	var options waitOptions
	if err := readOptions("wait_approval", b.optionsTable(L, "wait_approval"), &options); err != nil {
		raise(L, err)
	}
	// For the middlewares it is one get_approval_request, however often it asks.
	op, _ := authy.ByName("get_approval_request")
	args := L.CreateTable(0, 1)
	args.RawSetString("id", lua.LString(options.ID))
	poll := func(ctx context.Context, call *Call) (any, error) {
		return call.send(ctx, func(ctx context.Context) (any, error) {
			return call.Client.WaitApproval(ctx, options.ID, authy.WaitOptions{Timeout: options.Timeout, Interval: options.Interval})
		})
	}
	result, err := b.run(L, op, args, b.wrap(poll))
	if err != nil {
		raise(L, err)
	}
	L.Push(result)
	return 1
}

type clientOptions struct {
	Key        string         `json:"key" doc:"the application's API key" required:""`
	Host       string         `json:"host" doc:"base URL; https://api.authy.com when left out"`
	Timeout    *time.Duration `json:"timeout" doc:"bounds a whole call; 5s when left out, 0 for none" unit:"ms"`
	Retries    *int           `json:"retries" doc:"how often a failed call may be tried again; 2 when left out"`
	RateLimit  float64        `json:"rate_limit" doc:"requests per second; 0 is unlimited"`
	AllowHTTP  bool           `json:"allow_http" doc:"permit a plain http host that is not this machine"`
	AccessKey  string         `json:"access_key" doc:"the dashboard's access key, for webhooks"`
	SigningKey string         `json:"signing_key" doc:"the dashboard's signing key, for webhooks"`
}

// clientType names the metatables of second clients.
const clientType = "authy.Client"

// newClient is authy.client{...}: a table with every function of the module, called with a dot or a colon.
func (b *binding) newClient(L *lua.LState) int {
	var options clientOptions
	unread := readOptions("client", b.optionsTable(L, "client"), &options)
	client := &authy.Client{
		Key: options.Key, Host: options.Host, RateLimit: options.RateLimit, AllowHTTP: options.AllowHTTP,
		AccessKey: options.AccessKey, SigningKey: options.SigningKey,
		HTTPClient: b.client.HTTPClient, UserAgent: b.client.UserAgent, Logger: b.client.Logger, Now: b.client.Now,
	}
	if options.Timeout != nil {
		client.Timeout = TimeoutSetting(*options.Timeout)
	}
	if options.Retries != nil {
		client.Retries = RetriesSetting(*options.Retries)
	}
	if err := joinProblems("client", unread, client.Validate()); err != nil {
		raise(L, err)
	}
	second := newBinding(b.host, client, b.chain)
	second.own = b.own
	second.table = L.NewTable()
	functions := second.description().Functions
	for _, f := range functions {
		if f.Name != "client" {
			second.table.RawSetString(f.Name, L.NewFunction(f.Call))
		}
	}
	second.addOperations(L, second.table, functions)
	b.lendPlugins(second.table)
	host := client.Host
	if host == "" {
		host = authy.DefaultHost
	}
	mt := second.table.Metatable.(*lua.LTable)
	mt.RawSetString("__name", lua.LString(clientType))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("authy.client (" + host + ")"))
		return 1
	}))
	L.Push(second.table)
	return 1
}

// joinProblems makes one error of those that two checks of the same call found; the first one's word on a parameter
// counts.
func joinProblems(op string, checks ...error) error {
	joined := &authy.ValidationError{Op: op}
	for _, check := range checks {
		failure, ok := errors.AsType[*authy.ValidationError](check)
		if !ok {
			continue
		}
		for _, problem := range failure.Problems {
			if !slices.ContainsFunc(joined.Problems, func(p authy.Problem) bool { return p.Param == problem.Param }) {
				joined.Problems = append(joined.Problems, problem)
			}
		}
	}
	if joined.Problems == nil {
		return nil
	}
	return joined
}

// TimeoutSetting is the [authy.Client.Timeout] for a timeout as users write it, where 0 means none.
func TimeoutSetting(timeout time.Duration) time.Duration {
	if timeout == 0 {
		return authy.NoTimeout
	}
	return timeout
}

// RetriesSetting is the [authy.Client.Retries] for a number as users write it, where 0 means none.
func RetriesSetting(retries int) int {
	if retries == 0 {
		return authy.NoRetries
	}
	return retries
}

// callbackOptions say which callback is meant. The URL may be whole, or a path with protocol and host beside it, as
// web frameworks give them.
type verifyCallbackOptions struct {
	Method    string         `json:"method" doc:"POST or GET; POST when left out" values:"POST GET"`
	URL       string         `json:"url" doc:"public URL of the callback, or its path and query"`
	Protocol  string         `json:"protocol" doc:"https or http, when url is a path"`
	Host      string         `json:"host" doc:"host and port, when url is a path; the Host header when left out"`
	Path      string         `json:"path" doc:"path and query, in place of url"`
	PublicURL string         `json:"public_url" doc:"where Authy sent it, behind a proxy that changes scheme or host"`
	Headers   map[string]any `json:"headers" doc:"the request's headers, in any case" required:""`
	Body      lua.LValue     `json:"body" doc:"the body as it came (best), or decoded; not for GET"`
	Key       string         `json:"key" doc:"API key; the client's when left out"`
	MaxAge    time.Duration  `json:"max_age" doc:"refuse what was signed longer ago; any age when left out" unit:"s"`
}

func (b *binding) verifyCallback(L *lua.LState) int {
	var options verifyCallbackOptions
	if err := readOptions("verify_callback", b.optionsTable(L, "verify_callback"), &options); err != nil {
		raise(L, err)
	}
	header, err := options.header()
	if err != nil {
		raise(L, err)
	}
	request := authy.CallbackRequest{Method: methodOr(options.Method), URL: options.url(header), Header: header}
	if err := setBody(&request, options.Body, "verify_callback"); err != nil {
		raise(L, err)
	}
	verifier := authy.CallbackVerifier{Key: options.Key, MaxAge: options.MaxAge, Now: b.host.Now}
	if verifier.Key == "" {
		verifier.Key = b.client.Key
	}
	callback, err := verifier.Verify(request)
	if err != nil {
		raise(L, err)
	}
	if err := b.host.plugins.callbackVerified(L, b.host, callback); err != nil {
		raise(L, err)
	}
	L.Push(ToLua(L, callback))
	return 1
}

func methodOr(method string) string {
	if method == "" {
		return http.MethodPost
	}
	return strings.ToUpper(method)
}

// header reads the headers table. Web frameworks give single values, some lists; a nonce may be a number.
func (o verifyCallbackOptions) header() (http.Header, error) {
	header := make(http.Header, len(o.Headers))
	var problems []authy.Problem
	for _, name := range slices.Sorted(maps.Keys(o.Headers)) {
		values, ok := o.Headers[name].([]any)
		if !ok {
			values = []any{o.Headers[name]}
		}
		for _, value := range values {
			switch value := value.(type) {
			case string:
				header[name] = append(header[name], value)
			case int64:
				header[name] = append(header[name], strconv.FormatInt(value, 10))
			case float64:
				header[name] = append(header[name], strconv.FormatFloat(value, 'f', -1, 64))
			case nil:
			default:
				problems = append(problems, authy.Problem{Param: "headers." + name, Reason: "must be a string, a number or a list of these"})
			}
		}
	}
	if problems != nil {
		return nil, &authy.ValidationError{Op: "verify_callback", Problems: problems}
	}
	return header, nil
}

// url puts the callback's URL together from what the script knows of it.
func (o verifyCallbackOptions) url(header http.Header) string {
	target := o.URL
	if target == "" {
		target = o.Path
	}
	if o.PublicURL != "" {
		return publicURL(o.PublicURL, target)
	}
	if !strings.HasPrefix(target, "/") {
		return target
	}
	host := o.Host
	for name, values := range header {
		if host == "" && strings.EqualFold(name, "Host") && len(values) > 0 {
			host = values[0]
		}
	}
	protocol := strings.TrimSuffix(o.Protocol, ":")
	if protocol == "" {
		protocol = "https"
	}
	return protocol + "://" + host + target
}

// publicURL is where Authy sent a callback that arrived at target: an origin alone gets target's path, and a URL
// without a query gets target's.
func publicURL(public, target string) string {
	arrived, err := url.Parse(target)
	if err != nil {
		return public
	}
	_, rest, _ := strings.Cut(public, "://")
	if !strings.ContainsAny(rest, "/?") {
		public += arrived.EscapedPath()
	}
	if arrived.RawQuery != "" && !strings.Contains(public, "?") {
		public += "?" + arrived.RawQuery
	}
	return public
}

// setBody takes the body as text or as a table.
func setBody(request *authy.CallbackRequest, body lua.LValue, op string) error {
	var problem authy.Problem
	switch body := body.(type) {
	case nil, *lua.LNilType:
		return nil
	case lua.LString:
		request.Body = []byte(body)
		return nil
	case *lua.LTable:
		decoded, err := toObject(body)
		if err == nil {
			request.Decoded = decoded
			return nil
		}
		return &authy.ValidationError{Op: op, Problems: authy.Within("body", err)}
	default:
		problem = authy.Problem{Param: "body", Reason: mistyped("text or a table", body).Error()}
	}
	return &authy.ValidationError{Op: op, Problems: []authy.Problem{problem}}
}

type signCallbackOptions struct {
	Method string     `json:"method" doc:"POST or GET; POST when left out" values:"POST GET"`
	URL    string     `json:"url" doc:"public URL of the callback" required:""`
	Body   lua.LValue `json:"body" doc:"text or table; for GET a table is written into the query" required:""`
	Nonce  string     `json:"nonce" doc:"the current time when left out" digits:""`
	Key    string     `json:"key" doc:"API key; the client's when left out"`
}

func (b *binding) signCallback(L *lua.LState) int {
	var options signCallbackOptions
	if err := readOptions("sign_callback", b.optionsTable(L, "sign_callback"), &options); err != nil {
		raise(L, err)
	}
	request := authy.CallbackRequest{Method: methodOr(options.Method), URL: options.URL, Header: http.Header{}}
	nonce := options.Nonce
	if nonce == "" {
		nonce = strconv.FormatInt(b.host.Now().Unix(), 10)
	}
	request.Header.Set(authy.CallbackNonceHeader, nonce)
	if err := setBody(&request, options.Body, "sign_callback"); err != nil {
		raise(L, err)
	}
	key := options.Key
	if key == "" {
		key = b.client.Key
	}
	signed, err := authy.SignCallback(key, request)
	if err != nil {
		raise(L, err)
	}
	headers := L.NewTable()
	for name := range signed.Header {
		headers.RawSetString(name, lua.LString(signed.Header.Get(name)))
	}
	result := L.NewTable()
	result.RawSetString("method", lua.LString(signed.Method))
	result.RawSetString("url", lua.LString(signed.URL))
	result.RawSetString("headers", headers)
	if len(signed.Body) > 0 {
		result.RawSetString("body", lua.LString(signed.Body))
	}
	L.Push(result)
	return 1
}

// enumerations are the lists in authy.enums.
var enumerations = []struct {
	name   string
	values []string
}{
	{"activity", authy.Activities}, {"approval_request_status", authy.ApprovalStatuses}, {"locale", authy.Locales},
	{"resolution", authy.Resolutions}, {"verification_via", authy.VerificationChannels},
}

// enumName is the name of a value: in capitals.
func enumName(value string) string { return strings.ToUpper(strings.ReplaceAll(value, "-", "_")) }

// enums is authy.enums: the API's enumerations, each name in capitals with its value.
func enums(L *lua.LState) lua.LValue {
	t := L.NewTable()
	for _, list := range enumerations {
		enum := L.CreateTable(0, len(list.values))
		for _, value := range list.values {
			enum.RawSetString(enumName(value), lua.LString(value))
		}
		t.RawSetString(list.name, withSuggestions(L, "authy.enums."+list.name, enum))
	}
	return withSuggestions(L, "authy.enums", t)
}

// enumFields describes authy.enums.
var enumFields = sync.OnceValue(func() []Param {
	fields := make([]Param, len(enumerations))
	for i, list := range enumerations {
		fields[i] = Param{Name: list.name, Type: "table"}
		for _, value := range list.values {
			fields[i].Fields = append(fields[i].Fields, Param{Name: enumName(value), Type: "string", Values: []string{value}})
		}
	}
	return fields
})
