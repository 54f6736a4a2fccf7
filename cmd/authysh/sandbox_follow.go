package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/tidwall/gjson"

	"github.com/authysh/authysh/cmd/authysh/internal/present"
)

// The bounds of following a sandbox.
const (
	followedBefore = 10               // requests that are shown at the beginning, unless --limit says how many
	followSilence  = 40 * time.Second // a sandbox says every 15 s that it is there
	followPause    = 200 * time.Millisecond
	followMaxPause = 5 * time.Second
)

// requestFollower shows the requests that a sandbox answers as they come. The stream of events only says that there
// are some; they are read as they are for a list, so that none is lost where the connection breaks.
type requestFollower struct {
	*app
	client  *sandboxClient
	printer *present.Printer
	query   url.Values // of the list
	last    int64      // the number of the last request that was shown; 0 for none yet
	begun   bool       // with the last requests before
	reached bool       // at least once
	broken  bool       // and not reached again
}

// followRequests goes on until it is interrupted, which is how it is meant to end.
func (a *app) followRequests(cmd *cobra.Command, l *sandboxLook, query url.Values) error {
	c, s, err := a.sandboxAt(cmd.Context(), &l.target, cmd.Flags().Changed)
	if err != nil {
		return err
	}
	printer, err := a.printer(s)
	if err != nil {
		return err
	}
	a.graceful.Store(true)
	f := &requestFollower{app: a, client: c, printer: printer, query: query}
	ctx := cmd.Context()
	for pause := followPause; ; pause = min(2*pause, followMaxPause) {
		err := f.stream(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if _, gone := errors.AsType[*sandboxUnreachable](err); !f.reached || !gone {
			return err
		}
		if !f.broken {
			f.broken, pause = true, followPause
			f.warn(err.Error()+": trying again until it is", "")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// stream follows over one connection, until that ends.
func (f *requestFollower) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	silence := time.AfterFunc(followSilence, cancel)
	defer silence.Stop()
	c := f.client
	target := c.base + "/sandbox/api/events?types=request"
	if c.app != "" {
		target += "&app=" + url.QueryEscape(c.app)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	r.Header = c.header.Clone()
	r.Header.Set("User-Agent", "authysh/"+thisBuild().Version)
	answer, err := c.http.Do(r)
	if err != nil {
		return c.unreachable(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/event-stream") {
		text, err := io.ReadAll(io.LimitReader(answer.Body, maxSandboxAnswer+1))
		if err != nil {
			return c.unreachable(err)
		}
		if answer.StatusCode == http.StatusOK {
			text = nil // JSON, but no events
		}
		return c.judge(answer.StatusCode, text)
	}
	if f.broken {
		f.warn("the sandbox at "+c.base+" is there again", "")
	}
	f.reached, f.broken = true, false
	if err := f.recount(ctx); err != nil {
		return err
	}
	if err := f.show(ctx); err != nil {
		return err
	}
	for lines := bufio.NewReader(answer.Body); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return c.unreachable(errors.New("the stream of events has ended"))
		}
		silence.Reset(followSilence)
		// What came meanwhile is shown at once: events that wait to be read tell of requests that were.
		if line == "\n" && lines.Buffered() == 0 {
			if err := f.show(ctx); err != nil {
				return err
			}
		}
	}
}

// show prints the requests since the last one.
func (f *requestFollower) show(ctx context.Context) error {
	query := maps.Clone(f.query)
	if f.begun {
		query.Set("limit", "10000")
		query.Set("after", strconv.FormatInt(f.last, 10))
	}
	requests, err := f.list(ctx, query)
	if err != nil {
		return err
	}
	f.begun = true
	for _, request := range slices.Backward(requests) { // from the oldest
		raw := []byte(request.Raw)
		f.last = request.Get("id").Int()
		err := f.printPlain(f.printer, present.Result{
			Value: json.RawMessage(raw), Raw: raw, Pretty: func(w io.Writer) { prettyRequest(w, request) },
		})
		if err != nil {
			return err
		}
	}
	return f.out.Flush()
}

// recount begins anew with a sandbox that was started again, which counts from 1 once more.
func (f *requestFollower) recount(ctx context.Context) error {
	newest, err := f.list(ctx, url.Values{"limit": {"1"}})
	if err == nil && (len(newest) == 0 || newest[0].Get("id").Int() < f.last) {
		f.last = 0
	}
	return err
}

func (f *requestFollower) list(ctx context.Context, query url.Values) ([]gjson.Result, error) {
	answer, err := f.client.get(ctx, "/requests", query)
	if err != nil {
		return nil, err
	}
	return gjson.GetBytes(answer, "requests").Array(), nil
}

// prettyRequest is one line for people, short enough for most terminals.
func prettyRequest(w io.Writer, request gjson.Result) {
	at := request.Get("time").String()
	if t, err := time.Parse(time.RFC3339Nano, at); err == nil {
		at = t.Local().Format(time.TimeOnly)
	}
	code := ""
	if n := request.Get("error_code").Int(); n != 0 {
		code = strconv.FormatInt(n, 10)
	}
	faults := ""
	for _, id := range request.Get("faults").Array() {
		faults += " fault " + id.String()
	}
	fmt.Fprintf(w, "%s  %3d %5s %7.1f ms  %-6s %s%s\n", at, request.Get("status").Int(), code,
		request.Get("duration_ms").Float(), oneLineOf(request.Get("method").String()), oneLineOf(request.Get("path").String()), faults)
}
