package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// explanation is what authysh callback verify --explain shows. It holds no signature but the one that came: whoever has
// the key makes the right one with authysh callback sign.
type explanation struct {
	Genuine    bool   `json:"genuine"`
	Reason     string `json:"reason,omitempty"`
	Signature  string `json:"signature"`
	Nonce      string `json:"nonce"`
	Method     string `json:"method"`
	URL        string `json:"url"`
	Params     string `json:"params"`
	SignedText string `json:"signed_text"`
}

// explainCallback shows the text that is signed. Where there is none, the refusal says why.
func (a *app) explainCallback(printer *present.Printer, request authy.CallbackRequest, refusal error) error {
	text, err := request.SignedText()
	if err != nil {
		return nil
	}
	parts := strings.SplitN(text, "|", 4)
	e := explanation{
		Genuine: refusal == nil, Signature: request.Header.Get(authy.CallbackSignatureHeader),
		Nonce: parts[0], Method: parts[1], URL: parts[2], Params: parts[3], SignedText: text,
	}
	if refusal != nil {
		e.Reason = refusal.Error()
	}
	return a.print(printer, present.Result{Value: e, Raw: []byte(e.SignedText), Pretty: e.write})
}

// write shows the parts, the parameters one below the other, and then the text as it is signed.
func (e explanation) write(w io.Writer) {
	for _, line := range [][2]string{{"signature", e.Signature}, {"nonce", e.Nonce}, {"method", e.Method}, {"url", e.URL}} {
		fmt.Fprintln(w, withoutControls(strings.TrimRight(fmt.Sprintf("%-9s  %s", line[0], line[1]), " ")))
	}
	label := "params"
	for pair := range strings.SplitSeq(e.Params, "&") {
		fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("%-9s  %s", label, withoutControls(pair)), " "))
		label = ""
	}
	fmt.Fprintf(w, "\nThe signature is the base64 of the HMAC-SHA256, with the API key, of\n%s\n", withoutControls(e.SignedText))
}

// remedyFor is what to do about a callback that was refused.
func remedyFor(key string, request authy.CallbackRequest, refusal error, explained bool) string {
	if !errors.Is(refusal, authy.ErrBadSignature) || !couldBeRight(key, request) {
		return ""
	}
	if right, ok := signedURL(key, request); ok {
		return "the signature is right for " + right + ": use that URL, and see what changes it on the way"
	}
	remedy := "neither scheme, host, port nor a slash at the end would make it right; what remains is another key or a changed body"
	if !explained {
		remedy += ", and --explain shows the text that is signed"
	}
	return remedy
}

// signedURL looks for the URL that was signed among those that a proxy could have made of it, or the other way round.
func signedURL(key string, request authy.CallbackRequest) (string, bool) {
	u, err := url.Parse(request.URL)
	if err != nil {
		return "", false
	}
	hosts := []string{u.Host, u.Hostname(), request.Header.Get("Host")}
	for _, name := range []string{"X-Forwarded-Host", "X-Original-Host"} {
		first, _, _ := strings.Cut(request.Header.Get(name), ",")
		hosts = append(hosts, strings.TrimSpace(first))
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	paths := []string{u.EscapedPath(), path + "/", path}
	if prefix := request.Header.Get("X-Forwarded-Prefix"); prefix != "" {
		paths = append(paths, strings.TrimRight(prefix, "/")+u.EscapedPath())
	}
	_, query, _ := strings.Cut(request.URL, "?")
	if query != "" {
		query = "?" + query
	}
	for _, host := range slices.Compact(hosts) {
		for _, scheme := range []string{"https", "http"} {
			for _, port := range []string{"", map[string]string{"https": ":443", "http": ":80"}[scheme]} {
				if host == "" || port != "" && strings.Contains(host, ":") {
					continue
				}
				for _, path := range paths {
					request.URL = scheme + "://" + host + port + path + query
					if isRight(key, request) {
						return strings.TrimSuffix(request.URL, query), true
					}
				}
			}
		}
	}
	return "", false
}

// couldBeRight reports whether there is a signature, and a text that it could be of.
func couldBeRight(key string, request authy.CallbackRequest) bool {
	values := request.Header.Values(authy.CallbackSignatureHeader)
	if len(values) != 1 {
		return false
	}
	sum, err := base64.StdEncoding.DecodeString(values[0])
	if err != nil || len(sum) != sha256.Size {
		return false
	}
	_, err = authy.SignCallback(key, request)
	return err == nil
}

// isRight reports whether the signature is that of the request, be it acceptable otherwise or not.
func isRight(key string, request authy.CallbackRequest) bool {
	signed, err := authy.SignCallback(key, request)
	return err == nil && hmac.Equal([]byte(signed.Header.Get(authy.CallbackSignatureHeader)), []byte(request.Header.Get(authy.CallbackSignatureHeader)))
}
