package fault

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Request is what rules look at.
type Request struct {
	Operation string // name in the catalogue, OnCallback or OnWebhook; empty for what the catalogue lacks
	Path      string // without query
	App       string // the application's name
	AppID     string
	Key       string
	User      string // Authy id
	Phone     string // of the user or of the request, with country code
}

// Status is a rule with what became of it; its JSON form has the rule's fields beside them.
type Status struct {
	ID int `json:"id"`
	Rule
	// Seen counts the requests that the rule is about, Fired those to which something happened.
	Seen  int64 `json:"seen"`
	Fired int64 `json:"fired"`
	// KeyGiven reports that the rule is about one API key, which is not shown.
	KeyGiven bool `json:"key_given,omitempty"`
}

// Set is a list of rules that count. The zero value is not usable; see [NewSet]. It is safe for concurrent use.
type Set struct {
	active atomic.Int32

	mu     sync.Mutex
	rules  []*Status
	lastID int
	rand   *rand.Rand
}

// maxRules bounds what every request is held against.
const maxRules = 1000

// NewSet makes an empty set whose chances follow from seed.
func NewSet(seed uint64) *Set { return &Set{rand: rand.New(rand.NewPCG(seed, 0x5eed))} }

// Add appends a rule and gives it a number.
func (s *Set) Add(r Rule) (Status, error) {
	if err := r.Check(); err != nil {
		return Status{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rules) >= maxRules {
		return Status{}, &Error{Rule: quote(r.target()), Reason: "there are 1000 rules already: delete some"}
	}
	s.lastID++
	live := &Status{ID: s.lastID, Rule: r, KeyGiven: r.Key != ""}
	s.rules = append(s.rules, live)
	s.active.Store(int32(len(s.rules)))
	return *live, nil
}

// Delete removes a rule and reports whether it was there.
func (s *Set) Delete(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.rules)
	s.rules = slices.DeleteFunc(s.rules, func(r *Status) bool { return r.ID == id })
	s.active.Store(int32(len(s.rules)))
	return len(s.rules) < n
}

// Switch turns a rule on or off; ok is false if there is no such rule.
func (s *Set) Switch(id int, on bool) (status Status, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rules {
		if r.ID == id {
			r.Off = !on
			return *r, true
		}
	}
	return Status{}, false
}

// Clear removes all rules.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
	s.active.Store(0)
}

// List gives the rules in the order in which they were added.
func (s *Set) List() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Status, len(s.rules))
	for i, r := range s.rules {
		out[i] = *r
	}
	return out
}

// Empty reports whether there is no rule. It costs next to nothing.
func (s *Set) Empty() bool { return s.active.Load() == 0 }

// Match counts a request and gives what is to happen to it, with the numbers of the rules that fired. Of
// rules that fire together the earlier decides where they differ. A latency is chosen within its tolerance.
func (s *Set) Match(rq Request) (Effect, []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var e Effect
	var fired []int
	for _, r := range s.rules {
		if r.Off || !r.about(rq) {
			continue
		}
		r.Seen++
		if !r.due(s.rand) {
			continue
		}
		r.Fired++
		fired = append(fired, r.ID)
		e = e.join(r.Effect)
	}
	e.Latency = e.Latency.pick(s.rand)
	return e, fired
}

// due reports whether the request that was just counted is one on which the rule fires.
func (s *Status) due(r *rand.Rand) bool {
	return (s.Nth == 0 || s.Seen == int64(s.Nth)) &&
		(s.Every == 0 || s.Seen%int64(s.Every) == 0) &&
		(s.First == 0 || s.Seen <= int64(s.First)) &&
		(s.Times == 0 || s.Fired < int64(s.Times)) &&
		(s.Probability == 0 || r.Float64() < s.Probability)
}

func (r *Rule) about(rq Request) bool {
	outgoing := rq.Operation == OnCallback || rq.Operation == OnWebhook
	switch {
	case r.On == "" || r.On == "*":
		if outgoing {
			return false
		}
	case strings.HasPrefix(r.On, "/"):
		if outgoing || !glob(r.On, rq.Path) {
			return false
		}
	case r.On != rq.Operation:
		return false
	}
	return (r.App == "" || strings.EqualFold(r.App, rq.App) || r.App == rq.AppID) &&
		(r.Key == "" || r.Key == rq.Key) &&
		(r.User == "" || isUser(digits(r.User), rq))
}

func isUser(user string, rq Request) bool {
	return user == rq.User || user == digits(rq.Phone)
}

// glob matches a path with a pattern in which * stands for any characters.
func glob(pattern, path string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == path
	}
	rest, ok := strings.CutPrefix(path, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
