package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// signCallbackOptions are the flags of authysh callback sign.
type signCallbackOptions struct {
	url, method, body, nonce, out, curl string
	sample                              sampleCallback
}

// sampleCallback is what users may say of the callback that is made for them.
type sampleCallback struct{ status, authyID, uuid, message string }

// sampleFlags are those that describe the sample; a body of the user's own leaves them no meaning.
var sampleFlags = []string{"status", "authy-id", "uuid", "message"}

func (a *app) signCallbackCommand() *cobra.Command {
	o := new(signCallbackOptions)
	cmd := &cobra.Command{
		Use:   "sign",
		Short: "make a callback as the service would send it",
		Long: "The body is yours with --body-file, else that of a user's answer to an approval\n" +
			"request. For a GET the answer's fields are in the query; a query of your own, in\n" +
			"--url, is signed as it is.\n\n" +
			"On a terminal it shows the headers and the body; --output raw is the whole\n" +
			"request, and --curl a command that sends it. Nothing is sent.",
		Example: "  authysh callback sign --url https://example.com/authy --status denied\n" +
			"  authysh callback sign --curl http://localhost:3000/authy | sh\n" +
			"  authysh callback sign --url https://example.com/authy --output raw |\n" +
			"    authysh callback verify --request -",
		Args:        noArguments,
		Annotations: map[string]string{usesFlags: callbackFlags},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.signCallback(cmd, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.url, "url", "", "public `url` of the callback, which is signed; else that of --curl")
	flags.StringVarP(&o.method, "method", "X", "", "the `method`, POST (by default) or GET")
	flags.StringVar(&o.body, "body-file", "", "sign this `file`, JSON; - is standard input")
	flags.StringVar(&o.sample.status, "status", "", "the user's `answer`, approved (by default) or denied")
	flags.StringVar(&o.sample.authyID, "authy-id", "", "`id` of the user (1635)")
	flags.StringVar(&o.sample.uuid, "uuid", "", "`id` of the approval request; else another each time")
	flags.StringVar(&o.sample.message, "message", "", "the `text` that the user was asked (Log in?)")
	flags.StringVar(&o.nonce, "nonce", "", "`seconds` since 1970 when it was signed; else now")
	flags.StringVar(&o.out, "out", "", "write the body to this new `file`, not to the output")
	flags.StringVar(&o.curl, "curl", "", "print a curl command that sends it to this `url`")
	completeWith(cmd, "method", callbackMethods...)
	completeWith(cmd, "status", sampleStatuses...)
	return cmd
}

func (a *app) signCallback(cmd *cobra.Command, o *signCallbackOptions) error {
	given := cmd.Flags().Changed
	if err := o.check(given); err != nil {
		return err
	}
	s, key, err := a.callbackKey(cmd.Context())
	if err != nil {
		return err
	}
	printer, err := a.printer(s)
	if err != nil {
		return err
	}
	if given("curl") && (given("output") || a.picks()) {
		return &usageError{message: "--curl is a form of its own: --output, --query and --template mean nothing to it"}
	}
	request, err := o.request(cmd.Context(), a, given)
	if err != nil {
		return err
	}
	signed, err := authy.SignCallback(key, request)
	if err != nil {
		return err
	}
	if given("out") {
		if err := writeNew(o.out, signed.Body); err != nil {
			return err
		}
	}
	if given("curl") {
		_, err := fmt.Fprintln(a.out, o.curlLine(signed))
		return err
	}
	return a.print(printer, o.result(signed))
}

// check judges the flags without looking at any file.
func (o *signCallbackOptions) check(given func(string) bool) error {
	var err error
	if o.method, err = checkCallbackMethod(o.method); err != nil {
		return err
	}
	if given("curl") {
		if err := checkCallbackURL("--curl", o.curl); err != nil {
			return err
		}
		if !given("url") {
			o.url = o.curl
		}
	} else if !given("url") {
		return &usageError{message: "authysh callback sign needs --url", hint: "the public URL that the service would call; see authysh callback sign --help"}
	}
	if err := checkCallbackURL("--url", o.url); err != nil {
		return err
	}
	own, what := given("body-file"), "--body-file"
	if o.method == http.MethodGet {
		for _, flag := range []string{"body-file", "out"} {
			if given(flag) {
				return &usageError{message: "--" + flag + " means nothing to a GET, which has no body", hint: "its fields are in the query of --url"}
			}
		}
		own, what = strings.Contains(o.url, "?"), "the query of --url"
	}
	for _, flag := range sampleFlags {
		if own && given(flag) {
			return &usageError{message: fmt.Sprintf("--%s and %s contradict each other: it is for the callback that is made up", flag, what), hint: "leave one of them out"}
		}
	}
	if err := o.sample.check(given); err != nil || !given("out") {
		return err
	}
	return checkNewFile("--out", o.out)
}

// request is what gets signed.
func (o *signCallbackOptions) request(ctx context.Context, a *app, given func(string) bool) (authy.CallbackRequest, error) {
	r := authy.CallbackRequest{Method: o.method, URL: o.url, Header: http.Header{}}
	if given("nonce") {
		r.Header.Set(authy.CallbackNonceHeader, o.nonce)
	}
	var err error
	switch {
	case given("body-file"):
		r.Body, err = a.readInput(ctx, "--body-file", o.body)
	case o.method == http.MethodGet && strings.Contains(o.url, "?"):
	default:
		r.Decoded = o.sample.fields(time.Now())
	}
	return r, err
}

// signedCallback is a callback as programs see it.
type signedCallback struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
}

func (o *signCallbackOptions) result(signed authy.CallbackRequest) present.Result {
	shown := signedCallback{Method: signed.Method, URL: signed.URL, Headers: map[string]string{}, Body: string(signed.Body)}
	if o.out != "" {
		shown.Body = ""
	}
	for name := range signed.Header {
		shown.Headers[name] = signed.Header.Get(name)
	}
	return present.Result{Value: shown, Raw: rawRequest(signed), Pretty: func(w io.Writer) {
		if signed.Method == http.MethodGet {
			fmt.Fprintf(w, "GET %s\n", signed.URL)
		}
		for _, name := range headerNames(&http.Request{Header: signed.Header}) {
			fmt.Fprintf(w, "%s: %s\n", name, signed.Header.Get(name))
		}
		if shown.Body != "" {
			fmt.Fprintf(w, "\n%s\n", withoutControls(shown.Body))
		}
	}}
}

// rawRequest is the callback as it goes over the wire.
func rawRequest(signed authy.CallbackRequest) []byte {
	_, rest, _ := strings.Cut(signed.URL, "://")
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest+"/", "/?")
	host, target := rest[:end], rest[end:]
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", signed.Method, target, host[strings.LastIndexByte(host, '@')+1:])
	for _, name := range headerNames(&http.Request{Header: signed.Header}) {
		fmt.Fprintf(&b, "%s: %s\r\n", name, signed.Header.Get(name))
	}
	if signed.Method == http.MethodPost {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(signed.Body))
	}
	fmt.Fprintf(&b, "\r\n%s", signed.Body)
	return []byte(b.String())
}

// curlLine is a command that sends the callback to the URL of --curl.
func (o *signCallbackOptions) curlLine(signed authy.CallbackRequest) string {
	target := o.curl
	if _, query, ok := strings.Cut(signed.URL, "?"); ok && signed.Method == http.MethodGet {
		target, _, _ = strings.Cut(target, "?")
		target += "?" + query
	}
	words := []string{"curl"}
	if signed.Method == http.MethodGet {
		words = append(words, "--globoff")
	}
	words = append(words, shellQuote(target))
	for _, name := range headerNames(&http.Request{Header: signed.Header}) {
		words = append(words, "-H", shellQuote(name+": "+signed.Header.Get(name)))
	}
	switch {
	case o.out != "":
		words = append(words, "--data-binary", shellQuote("@"+o.out))
	case signed.Method == http.MethodPost:
		words = append(words, "--data-raw", shellQuote(string(signed.Body)))
	}
	return strings.Join(words, " ")
}

// sampleStatuses are the answers that callbacks tell of: none is sent when a request expires.
var sampleStatuses = []string{"approved", "denied"}

// check judges what the user said of the sample.
func (c *sampleCallback) check(given func(string) bool) error {
	for _, field := range []struct {
		flag, byDefault string
		value           *string
	}{{"status", sampleStatuses[0], &c.status}, {"authy-id", "1635", &c.authyID}, {"uuid", uuid.NewString(), &c.uuid}, {"message", "Log in?", &c.message}} {
		if !given(field.flag) {
			*field.value = field.byDefault
		} else if strings.TrimSpace(*field.value) == "" {
			return &usageError{message: "--" + field.flag + " must not be blank"}
		}
	}
	switch {
	case !slices.Contains(sampleStatuses, c.status):
		return &usageError{message: fmt.Sprintf("--status must be %s, got %q%s", strings.Join(sampleStatuses, " or "), wording.Clip(c.status), wording.Suggest(c.status, sampleStatuses))}
	case strings.Trim(c.authyID, "0123456789") != "" || c.authyID[0] == '0' || len(c.authyID) > 18:
		return &usageError{message: fmt.Sprintf("--authy-id must be a whole number above 0, got %q", wording.Clip(c.authyID))}
	}
	return nil
}
