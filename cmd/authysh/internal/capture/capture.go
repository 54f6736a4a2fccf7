// Package capture reads an HTTP request that somebody kept as text: from netcat, from a log, from the developer tools of
// a proxy.
//
// It is more lenient than a server, as such copies are seldom exact: lines may end without a carriage return, and the
// body may have been reformatted, so that its length is no longer the announced one.
package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
)

// Request is an HTTP request as it was kept.
type Request struct {
	Method string
	// Target is what follows the method: a path with perhaps a query, or a whole URL.
	Target string
	// Header has its names in the canonical form; Host is among them.
	Header http.Header
	Body   []byte
	// Announced is the Content-Length; -1 if there was none.
	Announced int
}

// Looks reports whether text begins as a request does.
func Looks(text []byte) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	_, _, ok := requestLine(string(line))
	return ok
}

// Read takes the request apart.
func Read(text []byte) (*Request, error) {
	head, body := split(bytes.TrimLeft(text, "\r\n"))
	line, fields, _ := strings.Cut(head, "\n")
	method, target, ok := requestLine(line)
	if !ok {
		return nil, fmt.Errorf("must begin with a line such as %q, got %q", "POST /callback HTTP/1.1", shorten(strings.TrimRight(line, "\r")))
	}
	r := &Request{Method: method, Target: target, Body: body, Announced: -1}
	var err error
	if r.Header, err = Header(fields); err != nil {
		return nil, err
	}
	return r, r.readBody()
}

// split finds the empty line behind the headers.
func split(text []byte) (head string, body []byte) {
	for at := 0; ; {
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			return string(text), nil
		}
		if len(bytes.TrimRight(text[at:at+end], "\r")) == 0 {
			return string(text[:at]), text[at+end+1:]
		}
		at += end + 1
	}
}

// requestLine reads "POST /path HTTP/1.1". Logs drop the version at times.
func requestLine(line string) (method, target string, ok bool) {
	words := strings.Fields(line)
	switch {
	case len(words) < 2 || len(words) > 3:
		return "", "", false
	case len(words) == 3 && !strings.HasPrefix(words[2], "HTTP/"):
		return "", "", false
	case strings.Trim(words[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return "", "", false
	}
	target = words[1]
	return words[0], target, target[0] == '/' || strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://")
}

// Header reads lines "Name: value". A line that begins with a space goes on with the one before it.
func Header(lines string) (http.Header, error) {
	var whole []string
	for line := range strings.SplitSeq(lines, "\n") {
		line = strings.TrimRight(line, "\r \t")
		switch goesOn := line != "" && (line[0] == ' ' || line[0] == '\t'); {
		case line == "":
		case !goesOn:
			whole = append(whole, line)
		case len(whole) == 0:
			return nil, fmt.Errorf("has a header line that goes on with nothing: %q", shorten(line))
		default:
			whole[len(whole)-1] += " " + strings.TrimSpace(line)
		}
	}
	header := http.Header{}
	for _, line := range whole {
		name, value, ok := Field(line)
		if !ok {
			return nil, fmt.Errorf(`has a header line that is no "Name: value": %q`, shorten(line))
		}
		header.Add(name, value)
	}
	return header, nil
}

// Field reads "Name: value"; the name comes in its canonical form.
func Field(line string) (name, value string, ok bool) {
	name, value, found := strings.Cut(line, ":")
	if !found || name == "" || strings.ContainsAny(name, " \t\r\n\"(),/;<=>?@[\\]{}") {
		return "", "", false
	}
	value = strings.TrimSpace(value)
	return http.CanonicalHeaderKey(name), value, !strings.ContainsAny(value, "\r\n\x00")
}

// readBody finds out what of the text behind the headers is the body.
func (r *Request) readBody() error {
	if strings.EqualFold(r.Header.Get("Transfer-Encoding"), "chunked") {
		body, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(r.Body)))
		if err != nil {
			return errors.New("has a body in chunks that cannot be put together: " + err.Error())
		}
		r.Body = body
		return nil
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return fmt.Errorf("has a body in the encoding %q: give it decoded, without the header Content-Encoding", shorten(encoding))
	}
	text := r.Header.Get("Content-Length")
	if text == "" {
		return nil
	}
	length, err := strconv.Atoi(text)
	if err != nil || length < 0 {
		return fmt.Errorf("has a Content-Length that is no number: %q", shorten(text))
	}
	r.Announced = length
	if length < len(r.Body) && json.Valid(r.Body[:length]) {
		r.Body = r.Body[:length] // what follows is the next request, or a line's end of the log
	}
	return nil
}

func shorten(text string) string {
	const most = 60
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}
