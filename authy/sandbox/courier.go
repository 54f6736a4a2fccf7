package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

// The bounds of deliveries under way.
const (
	maxUnderWay = 16 // attempts at once
	maxWaiting  = 10_000
	maxReply    = 4096 // bytes of an answer that are kept
)

// courier delivers callbacks and webhooks, each in a goroutine of its own that ends with it.
type courier struct {
	how    Delivery
	client *http.Client
	slots  chan struct{}

	ctx    context.Context // of attempts
	cancel context.CancelFunc

	mu       sync.Mutex
	stopping chan struct{} // closed when nothing more is to be tried
	stopped  bool
	active   map[string]bool // deliveries that have a goroutine, by application and number
	wg       sync.WaitGroup
}

func newCourier(how Delivery) *courier {
	how = how.filled()
	transport := how.Transport
	if transport == nil {
		transport = &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second}
	}
	c := &courier{
		how: how,
		client: &http.Client{
			Transport:     transport,
			Timeout:       how.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		slots:    make(chan struct{}, maxUnderWay),
		stopping: make(chan struct{}),
		active:   map[string]bool{},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// start runs work for a delivery unless something does already, or the courier has stopped. It reports false only
// if there are too many already.
func (c *courier) start(id string, work func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped || c.active[id] {
		return true
	}
	if len(c.active) >= maxWaiting {
		return false
	}
	c.active[id] = true
	c.wg.Go(func() {
		defer func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			delete(c.active, id)
		}()
		work()
	})
	return true
}

// wait reports whether a time has passed without the courier being stopped.
func (c *courier) wait(d time.Duration) bool {
	if d <= 0 {
		select {
		case <-c.stopping:
			return false
		default:
			return true
		}
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.stopping:
		return false
	}
}

// slot waits until one more attempt may be under way, and reports false if the courier stops instead.
func (c *courier) slot() bool {
	select {
	case <-c.stopping:
		return false
	default:
	}
	select {
	case c.slots <- struct{}{}:
		return true
	case <-c.stopping:
		return false
	}
}

func (c *courier) free() { <-c.slots }

// close lets attempts under way end until ctx does; what waits is left.
func (c *courier) close(ctx context.Context) {
	c.mu.Lock()
	if !c.stopped {
		c.stopped = true
		close(c.stopping)
	}
	c.mu.Unlock()
	stop := context.AfterFunc(ctx, c.cancel)
	c.wg.Wait()
	stop()
	c.cancel()
	c.client.CloseIdleConnections()
}

// deliver starts the delivery of what an application put on its way.
func (s *Service) deliver(a *application, ids []int64) {
	for _, id := range ids {
		if s.courier.start(a.slot+strconv.FormatInt(id, 10), func() { s.carry(a, id) }) {
			continue
		}
		s.change(a, id, func(d *delivery) { // it would be pending for ever
			d.State = DeliveryFailed
			d.Attempts = append(d.Attempts, Attempt{
				Time: s.clock.now(), Method: d.Method, URL: d.URL, Header: http.Header{},
				Error: fmt.Sprintf("was not tried: %d deliveries wait already", maxWaiting),
			})
		})
	}
}

// carry tries until a delivery has arrived or all its attempts are used up.
func (s *Service) carry(a *application, id int64) {
	effect, late := s.outgoingFaults(a, id)
	if effect.Drop {
		s.surely(a, id, func(d *delivery) { d.State = DeliveryDropped })
		return
	}
	for pause := late; s.courier.wait(pause); {
		attempt, ok := s.attempt(a, id, effect)
		if !ok {
			return
		}
		again := false
		kept := s.surely(a, id, func(d *delivery) {
			d.Attempts = append(d.Attempts, attempt)
			failures := d.failures()
			switch {
			case attempt.ok():
				d.State = DeliveryDelivered
			case failures > s.courier.how.Retries || failures >= maxAttempts:
				d.State = DeliveryFailed
			default:
				again, pause = true, s.courier.how.wait(failures)
			}
		})
		if !kept {
			return
		}
		if !again {
			for n := 0; n < effect.Duplicate && s.repeat(a, id, attempt); n++ {
			}
			return
		}
	}
}

// outgoingFaults asks the rules what is to happen to a delivery.
func (s *Service) outgoingFaults(a *application, id int64) (fault.Effect, time.Duration) {
	if s.faults.Empty() {
		return fault.Effect{}, 0
	}
	d, ok := s.delivery(a, id)
	if !ok {
		return fault.Effect{}, 0
	}
	rq := fault.Request{Operation: d.Kind, App: a.name, AppID: a.serial(), Key: a.keys[0]}
	if d.AuthyID != 0 {
		rq.User = strconv.FormatInt(d.AuthyID, 10)
		a.mu.Lock()
		if u := a.users[d.AuthyID]; u != nil {
			rq.Phone = u.phone.e164()
		}
		a.mu.Unlock()
	}
	effect, fired := s.faults.Match(rq)
	if len(fired) > 0 {
		s.tellFaults()
	}
	return effect, time.Duration(effect.Delay)
}

// repeat delivers once more exactly what was delivered, unless the courier stops.
func (s *Service) repeat(a *application, id int64, first Attempt) bool {
	if !s.courier.slot() {
		return false
	}
	again := s.send(Attempt{Method: first.Method, URL: first.URL, Header: first.Header, Body: first.Body})
	s.courier.free()
	return s.surely(a, id, func(d *delivery) { d.Attempts = append(d.Attempts, again) })
}

// delivery is a copy of a delivery.
func (s *Service) delivery(a *application, id int64) (delivery, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	d, ok := a.deliveries.byKey[strconv.FormatInt(id, 10)]
	if !ok {
		return delivery{}, false
	}
	return *d, true
}

// surely is change until what happened is kept, which can take some time when the disk is full: nothing is sent again
// for that. It reports false if the courier stops before.
func (s *Service) surely(a *application, id int64, f func(*delivery)) bool {
	for tries := 1; s.change(a, id, f) != nil; tries++ {
		if !s.courier.wait(s.courier.how.wait(tries)) {
			return false
		}
	}
	return true
}

// change changes a delivery, keeps the change and tells watchers of it.
func (s *Service) change(a *application, id int64, f func(*delivery)) error {
	return s.transact(a, nil, func(time.Time) error {
		d, ok := a.deliveries.get(strconv.FormatInt(id, 10))
		if !ok {
			return nil // it gave way, or everything was reset
		}
		changed := *d // what was handed out does not change
		changed.Attempts = slices.Clone(d.Attempts)
		f(&changed)
		if extra := len(changed.Attempts) - maxAttempts; extra > 0 {
			changed.Attempts = slices.Delete(changed.Attempts, 0, extra)
		}
		a.deliveries.put(changed.key(), &changed)
		a.tell(EventCallback, viewDelivery(&changed))
		return nil
	})
}

// attempt tries once; ok is false if there is nothing to try any more.
func (s *Service) attempt(a *application, id int64, effect fault.Effect) (Attempt, bool) {
	d, ok := s.delivery(a, id)
	if !ok {
		return Attempt{}, false
	}
	if !s.courier.slot() {
		return Attempt{}, false
	}
	defer s.courier.free()
	request, err := s.sealed(a, &d, time.Duration(effect.Skew))
	if err != nil {
		request.Error = err.Error()
		return request, true
	}
	return s.send(request), true
}

// sealed is a delivery as it goes out, signed now. The nonce follows the clock that the receiver has, too,
// not what the sandbox's clock was set to: a receiver refuses what is stale.
func (s *Service) sealed(a *application, d *delivery, skew time.Duration) (Attempt, error) {
	t := Attempt{Method: d.Method, URL: d.URL, Header: http.Header{"User-Agent": {"authysh-sandbox"}}}
	if d.Kind == DeliveryWebhook {
		a.mu.Lock()
		key := a.signingKey(d.Subject)
		a.mu.Unlock()
		if key == "" {
			return t, errors.New("the webhook was deleted")
		}
		body, err := signedToken(d.Content, key)
		t.Body = body
		t.Header.Set("Content-Type", "application/jwt")
		return t, err
	}
	content := params{}
	if err := content.addJSON(d.Content); err != nil {
		return t, err
	}
	nonce := strconv.FormatInt(s.clock.source().Add(skew).Unix(), 10)
	text := canonical(content)
	target, _, _ := strings.Cut(d.URL, "#")
	target, query, _ := strings.Cut(target, "?")
	u, err := url.Parse(target)
	if err != nil {
		return t, err
	}
	seen := u.Scheme + "://" + u.Host + cmp.Or(u.EscapedPath(), "/") // what the receiver sees, without name and password
	if d.Method == http.MethodPost {
		t.Body = string(d.Content)
		t.Header.Set("Content-Type", "application/json")
		if t.URL = target; query != "" {
			t.URL += "?" + query
		}
	} else {
		if query != "" { // it is signed with the rest, which is in its place by itself
			text = query + "&" + text
		}
		t.URL = target + "?" + text
	}
	t.Header.Set("X-Authy-Signature-Nonce", nonce)
	t.Header.Set("X-Authy-Signature", sign(a.keys[0], nonce, d.Method, seen, text))
	return t, nil
}

// signedToken is the body of a webhook: a JWT under the webhook's own key, as its whole text.
func signedToken(claims json.RawMessage, key string) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(claims))
	dec.UseNumber()
	content := jwt.MapClaims{}
	if err := dec.Decode(&content); err != nil {
		return "", err
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, content).SignedString([]byte(key))
}

// send does one request and says what came of it.
func (s *Service) send(t Attempt) (done Attempt) {
	t.Time = s.clock.now()
	started := time.Now()
	defer func() { done.Millis = millis(time.Since(started)) }()
	rq, err := http.NewRequestWithContext(s.courier.ctx, t.Method, t.URL, strings.NewReader(t.Body))
	if err != nil {
		t.Error = err.Error()
		return t
	}
	if t.Body == "" {
		rq.Body, rq.ContentLength = http.NoBody, 0
	}
	rq.Header = t.Header.Clone()
	res, err := s.courier.client.Do(rq)
	if err != nil {
		t.Error = plainCause(err)
		return t
	}
	defer res.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(res.Body, maxReply))
	t.Status, t.Answer = res.StatusCode, strings.ToValidUTF8(string(reply), "\ufffd")
	if err != nil {
		t.Error = "the answer broke off: " + plainCause(err)
	} else if !t.ok() {
		t.Error = fmt.Sprintf("answered with status %d", t.Status)
	}
	return t
}

// plainCause leaves out method and URL, which the attempt has already.
func plainCause(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		if timeout, ok := err.(interface{ Timeout() bool }); ok && timeout.Timeout() {
			return "no answer within the time for one attempt"
		}
		err = inner
	}
}

func millis(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}
