package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// kind is one sort of record: how it is found, written and read back.
type kind struct {
	name string
	// value is the record of a key, nil if there is none.
	value func(a *application, key string) any
	keys  func(a *application) []string
	load  func(a *application, records []store.Record) error
}

// The kinds of records that are named elsewhere.
const (
	kindApp      = "app"
	kindUser     = "user"
	kindApproval = "approval"
	kindMonth    = "month"
	kindWebhooks = "webhooks"
)

// kinds is everything that survives a restart.
var kinds = []kind{
	{
		kindUser,
		func(a *application, key string) any { return orNil(a.users[number(key)]) },
		func(a *application) []string { return texts(a.userIDs) },
		loadUsers,
	},
	tableKind(kindApproval, func(s *state) *table[string, *approval] { return s.approvals }, orderOfApprovals),
	tableKind("verification", func(s *state) *table[string, *verification] { return s.verifications }, byTime(func(v *verification) time.Time { return v.started })),
	tableKind("registration", func(s *state) *table[string, Registration] { return s.registrations }, byTime(func(r Registration) time.Time { return r.Time })),
	tableKind("text", func(s *state) *table[string, *customText] { return s.texts }, byTime(func(t *customText) time.Time { return t.created })),
	tableKind("picture", func(s *state) *table[string, qrCode] { return s.pictures }, nil),
	tableKind("ticket", func(s *state) *table[string, int64] { return s.tickets }, nil),
	tableKind("nonce", func(s *state) *table[string, struct{}] { return s.nonces }, nil),
	tableKind("delivery", func(s *state) *table[string, *delivery] { return s.deliveries }, func(x, y *delivery) int { return cmp.Compare(x.ID, y.ID) }),
	ringKind("message", func(s *state) *ring[Message] { return s.outbox }),
	ringKind("activity", func(s *state) *ring[Activity] { return s.activities }),
	{
		kindMonth,
		func(a *application, key string) any {
			i := slices.IndexFunc(a.months, func(m *monthly) bool { return m.key() == key })
			if i < 0 {
				return nil
			}
			return a.months[i]
		},
		func(a *application) []string {
			var keys []string
			for _, m := range a.months {
				keys = append(keys, m.key())
			}
			return keys
		},
		loadMonths,
	},
	{
		kindWebhooks,
		func(a *application, _ string) any { return a.webhooks },
		func(*application) []string { return []string{""} },
		func(a *application, records []store.Record) error {
			return json.Unmarshal(records[0].Value, &a.webhooks)
		},
	},
	{
		kindApp,
		func(a *application, _ string) any { return a.record() },
		func(*application) []string { return []string{""} },
		func(a *application, records []store.Record) error { return nil }, // read before all others
	},
}

func kindOf(name string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// orNil keeps a nil pointer from hiding in an interface.
func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return p
}

func number(key string) int64 {
	n, _ := strconv.ParseInt(key, 10, 64) // keys are ours
	return n
}

func texts(ids []int64) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strconv.FormatInt(id, 10)
	}
	return out
}

func byTime[V any](created func(V) time.Time) func(x, y V) int {
	return func(x, y V) int { return created(x).Compare(created(y)) }
}

// orderOfApprovals is by their numbers, as time can be set back. Those of older data have none, and are the oldest.
func orderOfApprovals(x, y *approval) int {
	return cmp.Or(cmp.Compare(x.number, y.number), x.created.Compare(y.created))
}

// tableKind keeps a table; order puts its entries back into the order of their arrival.
func tableKind[V any](name string, of func(*state) *table[string, V], order func(x, y V) int) kind {
	return kind{
		name: name,
		value: func(a *application, key string) any {
			if v, ok := of(&a.state).byKey[key]; ok {
				return v
			}
			return nil
		},
		keys: func(a *application) []string {
			t := of(&a.state)
			return t.order[t.head:]
		},
		load: func(a *application, records []store.Record) error {
			values := make(map[string]V, len(records))
			keys := make([]string, len(records))
			for i, r := range records {
				var v V
				if err := unmarshal(r.Value, &v); err != nil {
					return fmt.Errorf("%s %s: %w", name, clip(r.Key), err)
				}
				values[r.Key], keys[i] = v, r.Key
			}
			if order != nil {
				slices.SortStableFunc(keys, func(x, y string) int { return order(values[x], values[y]) })
			}
			t := of(&a.state)
			for _, key := range keys {
				t.put(key, values[key])
			}
			return nil
		},
	}
}

// unmarshal refuses null, which would leave a nil pointer.
func unmarshal(text []byte, v any) error {
	if string(text) == "null" {
		return errors.New("must not be null")
	}
	return json.Unmarshal(text, v)
}

// ringKind keeps a ring by the numbers of its values.
func ringKind[V any](name string, of func(*state) *ring[V]) kind {
	return kind{
		name: name,
		value: func(a *application, key string) any {
			if v, ok := of(&a.state).nth(number(key)); ok {
				return v
			}
			return nil
		},
		keys: func(a *application) []string {
			r := of(&a.state)
			var keys []string
			for n := r.total - int64(len(r.values)) + 1; n <= r.total; n++ {
				keys = append(keys, strconv.FormatInt(n, 10))
			}
			return keys
		},
		load: func(a *application, records []store.Record) error {
			slices.SortFunc(records, func(x, y store.Record) int { return cmp.Compare(number(x.Key), number(y.Key)) })
			r := of(&a.state)
			for _, record := range records {
				var v V
				if err := json.Unmarshal(record.Value, &v); err != nil {
					return fmt.Errorf("%s %s: %w", name, clip(record.Key), err)
				}
				r.total = number(record.Key) - 1
				r.add(v)
			}
			return nil
		},
	}
}

func loadUsers(a *application, records []store.Record) error {
	for _, r := range records {
		u := &user{}
		if err := json.Unmarshal(r.Value, u); err != nil || u.id <= 0 {
			return fmt.Errorf("user %s: %w", clip(r.Key), cmp.Or(err, fmt.Errorf("has no id")))
		}
		if a.users[u.id] != nil {
			return fmt.Errorf("user %d is there twice", u.id)
		}
		a.users[u.id] = u
		a.userIDs = append(a.userIDs, u.id)
		for _, d := range slices.Concat(u.devices, u.deletedDevices) {
			a.lastID = max(a.lastID, d.id)
		}
		for _, d := range u.devices {
			a.devices[d.id] = u
		}
		if u.leaving() {
			a.leaving = append(a.leaving, u.id)
		} else if key := u.phone.e164(); key != "" {
			a.byPhone[key] = u
		}
	}
	slices.Sort(a.userIDs)
	return nil
}

func (m *monthly) key() string { return m.start.Format("2006-01") }

func loadMonths(a *application, records []store.Record) error {
	for _, r := range records {
		m := &monthly{}
		if err := json.Unmarshal(r.Value, m); err != nil {
			return fmt.Errorf("month %s: %w", clip(r.Key), err)
		}
		start, err := time.Parse("2006-01", r.Key)
		if err != nil {
			return fmt.Errorf("month %s: is no month", clip(r.Key))
		}
		m.start = start
		a.months = append(a.months, m)
	}
	return nil
}

// load fills an empty application with records.
func (a *application) load(records map[string][]store.Record) error {
	for _, k := range kinds {
		if found := records[k.name]; len(found) > 0 {
			if err := k.load(a, found); err != nil {
				return err
			}
		}
	}
	a.number()
	for r := range a.registrations.newest() {
		if u := a.users[r.AuthyID]; u != nil {
			u.custom = r.CustomUserID
		}
	}
	for v := range a.verifications.newest() {
		if key := v.phone.e164(); a.verifying[key] == nil {
			a.verifying[key] = v
		}
	}
	return nil
}

// number gives approval requests and activities of older data, which had none, numbers below all others, and those that
// were without data an object. It is for an application that was just loaded.
func (a *application) number() {
	for _, key := range a.approvals.order[a.approvals.head:] {
		p := a.approvals.byKey[key]
		if p.number == 0 {
			a.numbered = append(a.numbered, key)
			p.number = int64(len(a.numbered))
		}
		a.lastID = max(a.lastID, p.number)
	}
	for d := range a.deliveries.newest() {
		a.lastID = max(a.lastID, d.ID)
	}
	r := a.activities
	for i, n := 0, len(r.values); i < n; i++ {
		x := &r.values[(r.next+i)%n]
		x.ID = r.total - int64(n-1-i)
		if x.Data == nil {
			x.Data = map[string]string{}
		}
	}
}

// all is every record of an application.
func (a *application) all() []store.Change {
	var out []store.Change
	for _, k := range kinds {
		for _, key := range k.keys(a) {
			if v := k.value(a, key); v != nil {
				out = append(out, store.Change{App: a.slot, Kind: k.name, Key: key, Value: compactRecord(v)})
			}
		}
	}
	return out
}

func compactRecord(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil { // records hold nothing that could fail
		panic("sandbox: record does not encode: " + err.Error())
	}
	return text
}
