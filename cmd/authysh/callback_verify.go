package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/capture"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// verifyCallbackOptions are the flags of authysh callback verify.
type verifyCallbackOptions struct {
	request, body, url, method, maxAge string
	headers                            []string
	explain                            bool
}

func (a *app) verifyCallbackCommand() *cobra.Command {
	o := new(verifyCallbackOptions)
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "check the signature of a callback, and show what it says",
		Long: "Give the request as a whole with --request, as netcat or a log has it, or in\n" +
			"parts: --url, --header, and the body with --body-file or on standard input. The\n" +
			"fields of a GET are in the query of the URL.\n\n" +
			"The URL is the public one that Authy calls. With --request it is made of the\n" +
			"header Host, with https, unless --url says otherwise.\n\n" +
			"It exits with 0 if the callback is genuine, and with 3 if not. Where only the\n" +
			"URL is to blame, it tells the one for which the signature is right.",
		Example: "  nc -l 8080 | authysh callback verify --request - --url https://example.com\n" +
			"  authysh callback verify --body-file body.json --url https://example.com/ \\\n" +
			"    -H 'X-Authy-Signature: hqB6...' -H 'X-Authy-Signature-Nonce: 1455825429'",
		Args:        noArguments,
		Annotations: map[string]string{usesFlags: callbackFlags},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.verifyCallback(cmd, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.request, "request", "", "the whole request, in this `file`; - is standard input")
	flags.StringVar(&o.body, "body-file", "", "the body as it came, in this `file`; - is standard input")
	flags.StringArrayVarP(&o.headers, "header", "H", nil, "a `header`, \"Name: value\"; @file has one on each line")
	flags.StringVarP(&o.method, "method", "X", "", "the `method`, POST or GET; as the request says, else POST")
	flags.StringVar(&o.url, "url", "", "public `url`; with --request, the part before its path will do")
	flags.StringVar(&o.maxAge, "max-age", "", "refuse what was signed longer ago than this `time`")
	flags.BoolVar(&o.explain, "explain", false, "show the text that is signed, part for part, instead")
	completeWith(cmd, "method", callbackMethods...)
	return cmd
}

func (a *app) verifyCallback(cmd *cobra.Command, o *verifyCallbackOptions) error {
	maxAge, err := parseMaxAge(o.maxAge, cmd.Flags().Changed("max-age"))
	if err != nil {
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
	request, err := a.gatherCallback(cmd, o)
	if err != nil {
		return err
	}
	verifier := authy.CallbackVerifier{Key: key, MaxAge: maxAge}
	callback, refusal := verifier.Verify(request)
	if refusal != nil {
		refusal = &hinted{refusal, remedyFor(key, request, refusal, o.explain)}
	}
	if o.explain {
		return errors.Join(a.explainCallback(printer, request, refusal), refusal)
	}
	if refusal != nil {
		return refusal
	}
	raw := request.Body
	if request.Method == http.MethodGet {
		_, query, _ := strings.Cut(request.URL, "?")
		raw = []byte(query)
	}
	return a.print(printer, present.Result{Value: callback, Raw: raw})
}

// gatherCallback puts the request together from what the flags name.
func (a *app) gatherCallback(cmd *cobra.Command, o *verifyCallbackOptions) (authy.CallbackRequest, error) {
	given := cmd.Flags().Changed
	var none authy.CallbackRequest
	if given("request") && given("body-file") {
		return none, &usageError{message: "--request and --body-file contradict each other: the request has a body", hint: "leave one of them out"}
	}
	if given("url") {
		if err := checkCallbackURL("--url", o.url); err != nil {
			return none, err
		}
	}
	method, err := checkCallbackMethod(o.method)
	if err != nil {
		return none, err
	}
	header, err := a.typedHeaders(cmd.Context(), o.headers)
	if err != nil {
		return none, err
	}
	if given("request") {
		return a.capturedCallback(cmd.Context(), o, header)
	}
	if !given("url") {
		return none, &usageError{message: "authysh callback verify needs --url", hint: "the public URL that Authy calls, or the whole request with --request; see authysh callback verify --help"}
	}
	request := authy.CallbackRequest{Method: method, URL: o.url, Header: header}
	if method == http.MethodGet {
		if given("body-file") {
			return none, &usageError{message: "--body-file means nothing to a GET, whose fields are in the query of --url"}
		}
		return request, nil
	}
	request.Body, err = a.callbackBody(cmd, o)
	return request, err
}

// callbackBody reads the body from where it is: a file, or what is piped in.
func (a *app) callbackBody(cmd *cobra.Command, o *verifyCallbackOptions) ([]byte, error) {
	name, from := o.body, "--body-file"
	if !cmd.Flags().Changed("body-file") {
		if a.stdinTerminal {
			return nil, &usageError{message: "the body is missing", hint: "give it with --body-file or on standard input, or the whole request with --request"}
		}
		name, from = "-", "the body"
	}
	body, err := a.readInput(cmd.Context(), from, name)
	if err == nil && capture.Looks(body) {
		return nil, &usageError{message: "the body is a whole request", hint: "give it with --request " + name}
	}
	return body, err
}

// typedHeaders reads --header: each a header, or @file with several.
func (a *app) typedHeaders(ctx context.Context, typed []string) (http.Header, error) {
	header := http.Header{}
	for _, text := range typed {
		if file, ok := strings.CutPrefix(text, "@"); ok {
			lines, err := a.readInput(ctx, "--header", file)
			if err != nil {
				return nil, err
			}
			several, err := capture.Header(string(lines))
			if err != nil {
				return nil, &usageError{message: "--header " + text + " " + err.Error()}
			}
			for name, values := range several {
				header[name] = append(header[name], values...)
			}
			continue
		}
		name, value, ok := capture.Field(text)
		if !ok {
			return nil, &usageError{message: fmt.Sprintf(`--header must be "Name: value" or @file, got %q`, wording.Clip(text))}
		}
		header.Add(name, value)
	}
	return header, nil
}

// capturedCallback reads a whole request. Flags are stronger than what it says.
func (a *app) capturedCallback(ctx context.Context, o *verifyCallbackOptions, header http.Header) (authy.CallbackRequest, error) {
	var none authy.CallbackRequest
	text, err := a.readInput(ctx, "--request", o.request)
	if err != nil {
		return none, err
	}
	kept, err := capture.Read(text)
	if err != nil {
		return none, &usageError{message: "--request " + err.Error()}
	}
	if kept.Announced > len(kept.Body) {
		a.warn(fmt.Sprintf("the body of the request has %d of %d bytes", len(kept.Body), kept.Announced), "it may have been cut off, or changed when it was kept")
	}
	for name, values := range header {
		kept.Header[name] = values
	}
	if o.method != "" {
		kept.Method = strings.ToUpper(o.method)
	}
	target, err := url.Parse(kept.Target)
	if err != nil {
		return none, &usageError{message: "--request has a target that is no URL: " + wording.Clip(kept.Target)}
	}
	public := o.url
	switch host := kept.Header.Get("Host"); {
	case public != "":
	case target.Host != "":
		public = target.Scheme + "://" + target.Host
	case host != "":
		public = "https://" + host
	default:
		return none, &usageError{message: "--request has no header Host, so that its URL is unknown", hint: "give the public URL with --url"}
	}
	request, err := authy.NewCallbackRequest(&http.Request{
		Method: kept.Method, URL: target, RequestURI: kept.Target, Header: kept.Header,
	}, public)
	request.Body = kept.Body
	return request, err
}
