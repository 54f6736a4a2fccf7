package sandbox

import (
	"iter"
	"slices"
	"strconv"
	"time"
)

// Page is a part of a listing, whose elements are numbered by their ids, the latest first.
//
// The elements that follow a full page are those before the id of its last.
type Page struct {
	// Limit is how many elements there are at most; 0 means DefaultLimit.
	Limit int
	// Before and After are exclusive bounds of the ids; 0 means none.
	Before, After int64
}

// has reports whether an element is within the page's bounds.
func (p Page) has(n int64) bool { return (p.Before == 0 || n < p.Before) && n > p.After }

// fill collects the elements of a page that pass keep, and tells whether others would follow.
func fill[T any](p Page, values iter.Seq[T], number func(T) int64, keep func(T) bool) (found []T, more bool) {
	limit := p.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	for v := range values {
		if !p.has(number(v)) || !keep(v) {
			continue
		}
		if len(found) == limit {
			return found, true
		}
		found = append(found, v)
	}
	return found, false
}

func (rq *request) page() (p Page, err error) {
	if p.Limit, err = rq.params.integer("limit", DefaultLimit, 1, maxLimit); err != nil {
		return p, err
	}
	for name, to := range map[string]*int64{"before": &p.Before, "after": &p.After} {
		text := rq.params.text(name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 0 {
			return p, badParam(name, "'"+clip(text)+"' is not a valid Integer")
		}
		*to = n
	}
	return p, nil
}

// listed is the answer that holds a page. Its next is the value of before for the page that follows, null after the last.
func listed[T, V any](name string, found []T, more bool, number func(T) int64, view func(T) V) object {
	var next any
	if more {
		next = number(found[len(found)-1])
	}
	return object{{name, viewed(found, view)}, {"next", next}, {"success", true}}
}

// viewed is how elements are shown; no elements are an empty list, not null.
func viewed[T, V any](found []T, view func(T) V) []V {
	out := make([]V, len(found))
	for i, v := range found {
		out[i] = view(v)
	}
	return out
}

func same[T any](v T) T { return v }

// The ids of the elements.
func numberOfUser(u *user) int64         { return u.id }
func numberOfMessage(m Message) int64    { return m.ID }
func numberOfActivity(x Activity) int64  { return x.ID }
func numberOfApproval(p *approval) int64 { return p.number }
func numberOfDelivery(d *delivery) int64 { return d.ID }
func numberOfExchange(x *exchange) int64 { return x.ID }

// UserFilter narrows [Service.FindUsers]; zero fields do not.
type UserFilter struct {
	// Search is a part of the phone, an e-mail, the Authy id or the custom user id, in any case.
	Search string
	Page
}

func (a *application) findUsers(f UserFilter) ([]*user, bool) {
	newest := func(yield func(*user) bool) {
		for _, id := range slices.Backward(a.userIDs) {
			if !yield(a.users[id]) {
				return
			}
		}
	}
	return fill(f.Page, newest, numberOfUser, searchUsers(f.Search))
}

func apiUsers(a *application, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	found, more := a.findUsers(UserFilter{rq.params.text("search"), p})
	return listed("users", found, more, numberOfUser, func(u *user) User { return a.view(u, rq.now) }), nil
}

// FindUsers lists the users that a filter lets through, the newest first.
func (x *Application) FindUsers(f UserFilter) []User {
	out, _ := run(x, "users", func(a *application, now time.Time) ([]User, error) {
		found, _ := a.findUsers(f)
		return viewed(found, func(u *user) User { return a.view(u, now) }), nil
	})
	return out
}

func (a *application) findMessages(f OutboxFilter) ([]Message, bool) {
	return fill(Page{f.Limit, f.Before, f.After}, a.outbox.newest(), numberOfMessage, a.wants(f))
}

func apiOutbox(a *application, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	f, err := outboxFilter(rq)
	if err != nil {
		return nil, err
	}
	f.Limit, f.Before, f.After = p.Limit, p.Before, p.After
	found, more := a.findMessages(f)
	return listed("outbox", found, more, numberOfMessage, same), nil
}

// ActivityFilter narrows [Service.FindActivities]; zero fields do not.
type ActivityFilter struct {
	AuthyID int64
	Page
}

func (a *application) findActivities(f ActivityFilter) ([]Activity, bool) {
	return fill(f.Page, a.activities.newest(), numberOfActivity, func(x Activity) bool { return f.AuthyID == 0 || x.AuthyID == f.AuthyID })
}

func apiActivities(a *application, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	id, err := rq.authyID()
	if err != nil {
		return nil, err
	}
	found, more := a.findActivities(ActivityFilter{id, p})
	return listed("activities", found, more, numberOfActivity, same), nil
}

// FindActivities lists the activities that a filter lets through, the latest first.
func (x *Application) FindActivities(f ActivityFilter) []Activity {
	out, _ := run(x, "activities", func(a *application, _ time.Time) ([]Activity, error) {
		found, _ := a.findActivities(f)
		return viewed(found, same), nil
	})
	return out
}

// ApprovalFilter narrows [Service.FindApprovals]; zero fields do not.
type ApprovalFilter struct {
	AuthyID int64
	// Status is pending, approved, denied or expired.
	Status string
	Page
}

func (a *application) findApprovals(f ApprovalFilter, now time.Time) ([]*approval, bool) {
	return fill(f.Page, a.approvals.newest(), numberOfApproval, func(p *approval) bool {
		is, _ := p.at(now)
		return (f.AuthyID == 0 || p.authyID == f.AuthyID) && (f.Status == "" || is == f.Status)
	})
}

func apiApprovals(a *application, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	id, status, err := approvalFilter(rq)
	if err != nil {
		return nil, err
	}
	found, more := a.findApprovals(ApprovalFilter{id, status, p}, rq.now)
	return listed("approvals", found, more, numberOfApproval, func(p *approval) Approval { return viewApproval(p, rq.now) }), nil
}

// FindApprovals lists the approval requests that a filter lets through, the latest first.
func (x *Application) FindApprovals(f ApprovalFilter) []Approval {
	out, _ := run(x, "approvals", func(a *application, now time.Time) ([]Approval, error) {
		found, _ := a.findApprovals(f, now)
		return viewed(found, func(p *approval) Approval { return viewApproval(p, now) }), nil
	})
	return out
}

// CallbackFilter narrows [Service.FindCallbacks]; zero fields do not.
type CallbackFilter struct {
	// Subject is an approval request's uuid or a webhook's id.
	Subject string
	// State is DeliveryPending, DeliveryDelivered, DeliveryFailed or DeliveryDropped.
	State string
	Page
}

func (a *application) findDeliveries(f CallbackFilter) ([]*delivery, bool) {
	return fill(f.Page, a.deliveries.newest(), numberOfDelivery, func(d *delivery) bool {
		return (f.Subject == "" || d.Subject == f.Subject) && (f.State == "" || d.State == f.State)
	})
}

// FindCallbacks lists the callbacks and webhooks that a filter lets through, the latest first.
func (x *Application) FindCallbacks(f CallbackFilter) []Sent {
	out, _ := run(x, "callbacks", func(a *application, _ time.Time) ([]Sent, error) {
		found, _ := a.findDeliveries(f)
		return viewed(found, viewDelivery), nil
	})
	return out
}

// RequestFilter narrows [Service.FindRequests]; zero fields do not.
type RequestFilter struct {
	// Operation is a name in the catalogue.
	Operation string
	// Failed leaves out those that were answered with a status below 400.
	Failed bool
	Page
}

// find gives requests, the latest first, that pass the filter and keep.
func (l *requestLog) find(f RequestFilter, keep func(*exchange) bool) ([]*exchange, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fill(f.Page, l.kept.newest(), numberOfExchange, func(x *exchange) bool {
		return !(f.Failed && x.Status < 400) && (f.Operation == "" || x.Operation == f.Operation) && keep(x)
	})
}

func apiRequests(s *Service, rq *request) (any, error) {
	p, err := rq.page()
	if err != nil {
		return nil, err
	}
	unmasked, _ := rq.params.flag("unmask")
	failed, _ := rq.params.flag("failed")
	apps := s.seen(rq)
	found, more := s.requests.find(RequestFilter{rq.params.text("operation"), failed, p}, func(x *exchange) bool {
		return x.App == "" && rq.admin || slices.ContainsFunc(apps, func(a *application) bool { return a.name == x.App })
	})
	return listed("requests", found, more, numberOfExchange, func(x *exchange) Request { return x.view(unmasked) }), nil
}

// FindRequests lists the requests to the API that a filter lets through, the latest first. Personal data is masked
// unless it is asked for; keys always are.
func (s *Service) FindRequests(f RequestFilter, unmasked bool) []Request {
	found, _ := s.requests.find(f, func(*exchange) bool { return true })
	return viewed(found, func(x *exchange) Request { return x.view(unmasked) })
}
