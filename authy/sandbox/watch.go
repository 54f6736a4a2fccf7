package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// EventKind is what an event is about.
type EventKind string

// The kinds of events, each with its data.
const (
	EventMessage  EventKind = "message"  // a Message that was sent
	EventUser     EventKind = "user"     // {"id","deleted"}: a user came, changed or went
	EventApproval EventKind = "approval" // an Approval that was created or answered
	EventActivity EventKind = "activity" // an Activity that was reported
	EventCallback EventKind = "callback" // a Sent callback or webhook that was created or tried
	EventRequest  EventKind = "request"  // a Request that was answered, masked
	EventClock    EventKind = "clock"    // a ClockState after a change
	EventFault    EventKind = "fault"    // {}: rules or their counts changed
	EventReset    EventKind = "reset"    // {}: everything is to be read anew
)

var eventKinds = []EventKind{
	EventMessage, EventUser, EventApproval, EventActivity, EventCallback, EventRequest, EventClock, EventFault, EventReset,
}

// Event is something that happened in a sandbox.
type Event struct {
	// ID counts from 1 while the sandbox runs.
	ID   int64
	Kind EventKind
	// App is the application's name; empty for what concerns all.
	App  string
	Data any
}

// The bounds of watching.
const (
	watcherBuffer = 256 // events that a watcher may be behind
	maxWatchers   = 100
	heartbeat     = 15 * time.Second
	watchWrite    = 10 * time.Second // for one event to one watcher
)

// hub hands events to watchers. Nobody ever waits for one: who is too far behind is dropped.
type hub struct {
	epoch string // tells this run's events from another's

	mu       sync.Mutex
	past     *ring[Event]
	watchers map[*watcher]struct{}
	closed   bool
}

// watcher is one reader of events.
type watcher struct {
	events chan Event // closed when the watcher is dropped
	wants  func(Event) bool
}

func newHub(size int, epoch string) *hub {
	return &hub{epoch: epoch, past: newRing[Event](size), watchers: map[*watcher]struct{}{}}
}

func (h *hub) publish(kind EventKind, app string, data any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := Event{ID: h.past.total + 1, Kind: kind, App: app, Data: data}
	h.past.add(e)
	for w := range h.watchers {
		if !w.wants(e) {
			continue
		}
		select {
		case w.events <- e:
		default:
			h.drop(w)
		}
	}
}

func (h *hub) drop(w *watcher) {
	if _, ok := h.watchers[w]; ok {
		delete(h.watchers, w)
		close(w.events)
	}
}

// watch adds a watcher and gives the events after last that it missed. Whole is false if some of them are
// gone. With last -1 it missed nothing. It returns nil when there are too many watchers, or after close.
func (h *hub) watch(last int64, wants func(Event) bool) (w *watcher, missed []Event, whole bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.watchers) >= maxWatchers {
		return nil, nil, false
	}
	w = &watcher{events: make(chan Event, watcherBuffer), wants: wants}
	h.watchers[w] = struct{}{}
	if last < 0 {
		return w, nil, true
	}
	for e := range h.past.newest() {
		if e.ID <= last {
			break
		}
		if wants(e) {
			missed = append(missed, e)
		}
	}
	slices.Reverse(missed)
	return w, missed, last <= h.past.total && last >= h.past.total-int64(len(h.past.values))
}

func (h *hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(w)
}

// close ends all watching.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for w := range h.watchers {
		h.drop(w)
	}
}

// tell publishes something of one application.
func (a *application) tell(kind EventKind, data any) {
	if a.hub != nil {
		a.hub.publish(kind, a.name, data)
	}
}

// UserChange is the data of an EventUser.
type UserChange struct {
	ID      int64 `json:"id"`
	Deleted bool  `json:"deleted"`
}

func (a *application) tellUser(u *user) {
	a.tell(EventUser, UserChange{ID: u.id, Deleted: a.users[u.id] == nil || u.leaving()})
}

// Watch calls f with each event of the sandbox until stop is called; stop waits for a call under way, so f
// must not call it. F is called from one goroutine; while it is too slow, events are lost and the last call
// has kind EventReset.
func (s *Service) Watch(f func(Event)) (stop func()) {
	w, _, _ := s.hub.watch(-1, func(Event) bool { return true })
	if w == nil {
		return func() {}
	}
	done := make(chan struct{})
	stopping := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stopping:
				return
			case e, ok := <-w.events:
				if !ok {
					f(Event{Kind: EventReset})
					return
				}
				f(e)
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(stopping)
		<-done
		s.hub.leave(w)
	})
}

// streamEvents serves events as a text/event-stream.
func streamEvents(s *Service, w http.ResponseWriter, rq *request) error {
	wants, err := s.wantedEvents(rq)
	if err != nil {
		return err
	}
	last, known := s.lastEvent(rq)
	watcher, missed, whole := s.hub.watch(last, wants)
	if watcher == nil {
		return &refusal{code: codeTooMany, message: "DoS protection: Too many watch already, or the sandbox is closing", retryAfter: heartbeat}
	}
	defer s.hub.leave(watcher)

	control := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	send := func(text string) bool {
		control.SetWriteDeadline(time.Now().Add(watchWrite))
		_, err := w.Write([]byte(text))
		return err == nil && control.Flush() == nil
	}
	hello := "retry: 1000\n\n"
	if !known || !whole {
		hello += "event: resync\ndata: {}\n\n"
	}
	if !send(hello) {
		return nil
	}
	for _, e := range missed {
		if !send(s.eventText(e)) {
			return nil
		}
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-rq.Context().Done():
			return nil
		case <-beat.C:
			if !send(": still here\n\n") {
				return nil
			}
		case e, ok := <-watcher.events:
			if !ok {
				send("event: dropped\ndata: {}\n\n")
				return nil
			}
			if !send(s.eventText(e)) {
				return nil
			}
		}
	}
}

// wantedEvents reads the parameters types and app. An application's own key sees that one only.
func (s *Service) wantedEvents(rq *request) (func(Event) bool, error) {
	var kinds []EventKind
	for name := range strings.SplitSeq(rq.params.text("types"), ",") {
		kind := EventKind(strings.TrimSpace(name))
		if kind == "" {
			continue
		}
		if !slices.Contains(eventKinds, kind) {
			return nil, badParam("types", "'"+clip(string(kind))+"' is not a kind of event")
		}
		kinds = append(kinds, kind)
	}
	app := ""
	if !rq.admin || rq.params.text("app") != "" {
		app = rq.app.name
	}
	return func(e Event) bool {
		return (kinds == nil || slices.Contains(kinds, e.Kind)) && (app == "" || e.App == "" || e.App == app)
	}, nil
}

// lastEvent reads which event the watcher saw last: -1 when it comes for the first time. Known is false for
// an event of another run.
func (s *Service) lastEvent(rq *request) (last int64, known bool) {
	id := rq.Header.Get("Last-Event-ID")
	if id == "" {
		id = rq.params.text("last_event_id")
	}
	if id == "" {
		return -1, true
	}
	epoch, n, _ := strings.Cut(id, "-")
	last, err := strconv.ParseInt(n, 10, 64)
	if epoch != s.hub.epoch || err != nil || last < 0 {
		return -1, false
	}
	return last, true
}

func (s *Service) eventText(e Event) string {
	data := e.Data
	if x, ok := data.(*exchange); ok {
		data = x.view(false)
	}
	body := compact(object{{"app", e.App}, {"data", data}}) // one line: JSON escapes line ends
	return fmt.Sprintf("id: %s-%d\nevent: %s\ndata: %s\n\n", s.hub.epoch, e.ID, e.Kind, body)
}
