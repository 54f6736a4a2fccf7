package fault

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Answer is a response before anything happens to it.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// gatewayPage is what stands between a client and the API when something goes wrong there.
const gatewayPage = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n"

// spoil changes an answer as the effect says.
func (e Effect) spoil(a Answer) Answer {
	a.Header = a.Header.Clone()
	a.Header.Del("Content-Length")
	if e.Body != nil {
		a.Body = []byte(*e.Body)
	}
	switch e.JSON {
	case JSONTruncated:
		a.Body = a.Body[:len(a.Body)/2]
	case JSONWrong:
		a.Body = []byte(`["this","is","not","what","was","asked","for"]`)
	case JSONHTML:
		a.Body = []byte(gatewayPage)
		a.Header.Set("Content-Type", "text/html")
	}
	if e.Skew != 0 {
		a.Header.Set("Date", time.Now().Add(time.Duration(e.Skew)).UTC().Format(http.TimeFormat))
	}
	if e.RetryAfter != 0 {
		a.Header.Set("Retry-After", strconv.Itoa(int((time.Duration(e.RetryAfter)+time.Second-1)/time.Second)))
	}
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified { // a client would take a body for the next answer
		a.Body = nil
		a.Header.Del("Content-Type")
		return a
	}
	a.Header.Set("Content-Length", strconv.Itoa(len(a.Body)))
	return a
}

// Write sends an answer with everything that the effect does to it, and returns the status that was meant.
//
// It returns early, with nothing more sent, when the caller goes away. A reset panics with
// [http.ErrAbortHandler], as handlers do, where the connection itself is out of reach.
func (e Effect) Write(w http.ResponseWriter, r *http.Request, a Answer) int {
	control := http.NewResponseController(w)
	if e.Latency != (Spread{}) || e.SlowHeaders != 0 || e.Drip != 0 {
		control.SetWriteDeadline(time.Time{}) // where there is one, it is for callers, not for us
	}
	if !pause(r.Context(), e.Latency.Base) {
		return 0
	}
	if e.Reset == ResetRequest || e.Reset == ResetBefore {
		reset(w)
		return 0
	}
	a = e.spoil(a)
	if e.SlowHeaders != 0 && e.slowly(w, r, a) {
		return a.Status
	}
	maps.Copy(w.Header(), a.Header)
	if e.Reset == ResetAfter {
		w.Header().Del("Content-Length") // so that the end of the body would have to be told
	}
	w.WriteHeader(a.Status)
	if !e.drip(r.Context(), a.Body, func(part []byte) error {
		_, err := w.Write(part)
		if e.Drip != 0 {
			control.Flush() // where it cannot be done, nothing is lost but the effect
		}
		return err
	}) {
		return a.Status
	}
	if e.Reset == ResetAfter {
		control.Flush()
		panic(http.ErrAbortHandler)
	}
	return a.Status
}

// drip writes a body in sixteenths, each after a pause.
func (e Effect) drip(ctx context.Context, body []byte, write func([]byte) error) bool {
	if e.Drip == 0 {
		write(body)
		return true
	}
	for part := range slices.Chunk(body, max(1, (len(body)+15)/16)) {
		if !pause(ctx, e.Drip) || write(part) != nil {
			return false
		}
	}
	return true
}

// slowly writes the answer line by line on the bare connection; false if it cannot be had.
func (e Effect) slowly(w http.ResponseWriter, r *http.Request, a Answer) bool {
	conn, buffered, ok := hijack(w)
	if !ok {
		return !pause(r.Context(), e.SlowHeaders*Duration(2+len(a.Header)))
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go func() { // the server no longer looks whether the caller is there
		defer cancel()
		io.Copy(io.Discard, conn)
	}()
	send := func(part []byte) error { buffered.Write(part); return buffered.Flush() }
	sendBody := send
	if e.Reset == ResetAfter && a.Body != nil { // the chunk that would tell the end never comes
		a.Header.Del("Content-Length")
		a.Header.Set("Transfer-Encoding", "chunked")
		sendBody = func(part []byte) error { return send(fmt.Appendf(nil, "%x\r\n%s\r\n", len(part), part)) }
	}
	var head bytes.Buffer
	a.Header.Set("Connection", "close")
	if a.Header.Get("Date") == "" {
		a.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", a.Status, http.StatusText(a.Status))
	a.Header.Write(&head)
	head.WriteString("\r\n")
	for line := range bytes.Lines(head.Bytes()) {
		if !pause(ctx, e.SlowHeaders) || send(line) != nil {
			return true
		}
	}
	e.drip(ctx, a.Body, sendBody)
	return true
}

func hijack(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, bool) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, false
	}
	conn.SetDeadline(time.Time{})
	return conn, buffered, true
}

// reset ends the connection so that the caller's system reports it as reset, not as closed.
func reset(w http.ResponseWriter) {
	conn, _, ok := hijack(w)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// pause waits, and reports whether the caller is still there.
func pause(ctx context.Context, d Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(time.Duration(d))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
