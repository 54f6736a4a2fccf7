package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy"
)

// application is everything that belongs to one set of API keys. Its lock guards all that is not fixed at
// the start; methods expect it to be held.
type application struct {
	config    *config
	slot      string // what it is called on disk
	name      string
	keys      []string
	off       map[Feature]bool
	dashboard DashboardKeys
	id        int
	mongoID   string
	account   string // account_sid

	mu       sync.Mutex
	random   *random
	callback callback
	lastID   int64 // ids are never given twice, not even after a reset
	starts   int   // how often it was read from disk
	journal  *journal
	numbered []string // approval requests that got their number when they were loaded
	turn     turn
	hub      *hub
	state
}

// state is what a reset forgets.
type state struct {
	users    map[int64]*user
	userIDs  []int64          // the keys of users, ascending
	byPhone  map[string]*user // E.164 → the user that a registration of this phone finds
	leaving  []int64          // users who will be gone once the deletion delay has passed
	devices  map[int64]*user
	pictures *table[string, qrCode]
	tickets  *table[string, int64] // SDK registration tokens → user, 0 once spent

	registrations *table[string, Registration]
	approvals     *table[string, *approval]
	verifications *table[string, *verification] // by uuid
	verifying     map[string]*verification      // E.164 → the latest
	texts         *table[string, *customText]   // texts with custom codes, by sms_id
	webhooks      []webhook
	nonces        *table[string, struct{}]

	deliveries *table[string, *delivery]
	outbox     *ring[Message]
	activities *ring[Activity]
	months     []*monthly
}

// Bounds of the records that callers make in passing; the oldest give way.
const (
	maxPictures = 10_000
	maxTickets  = 10_000
	maxTexts    = 10_000
	maxNonces   = 10_000
	maxWebhooks = 100
	maxMonths   = 120
)

// newApplication makes the application with a number among those of its sandbox; first are those before it.
func newApplication(c *config, app App, first []*application) *application {
	r := newRandom(c.seed, len(first), c.codes)
	slot := "main"
	if len(first) > 0 {
		slot = "app " + strings.ToLower(app.Name)
	}
	a := &application{
		config:    c,
		slot:      slot,
		name:      app.Name,
		keys:      app.Keys,
		off:       map[Feature]bool{},
		dashboard: app.Dashboard,
		callback:  callback{app.CallbackURL, app.CallbackMethod},
		id:        10_000 + r.rand.IntN(90_000),
		mongoID:   r.mongoID(),
		account:   "AC" + r.hex(32),
		random:    r,
		lastID:    10_000_000 + r.rand.Int64N(80_000_000), // fits the 32-bit ids of authy-java
		state:     newState(c.limits),
	}
	for slices.ContainsFunc(first, func(other *application) bool { return other.id == a.id }) {
		a.id++ // the number is also what QR pictures are found by
	}
	for _, f := range app.Without {
		a.off[f] = true
	}
	if len(a.keys) == 0 {
		a.keys = []string{r.key(32)}
	}
	if a.dashboard == (DashboardKeys{}) {
		a.dashboard = DashboardKeys{AccessKey: r.key(32), SigningKey: r.key(32)}
	}
	return a
}

func newState(l Limits) state {
	return state{
		users:         map[int64]*user{},
		byPhone:       map[string]*user{},
		devices:       map[int64]*user{},
		pictures:      newTable[string, qrCode](maxPictures),
		tickets:       newTable[string, int64](maxTickets),
		registrations: newTable[string, Registration](l.Records),
		approvals:     newTable[string, *approval](l.Records),
		verifications: newTable[string, *verification](l.Records),
		verifying:     map[string]*verification{},
		texts:         newTable[string, *customText](maxTexts),
		nonces:        newTable[string, struct{}](maxNonces),
		deliveries:    newTable[string, *delivery](l.Deliveries),
		outbox:        newRing[Message](l.Outbox),
		activities:    newRing[Activity](l.Activities),
	}
}

// serial is the id as text.
func (a *application) serial() string { return strconv.Itoa(a.id) }

func (a *application) nextID() int64 {
	a.lastID++
	for a.users[a.lastID] != nil || a.devices[a.lastID] != nil { // given by a seed
		a.lastID++
	}
	return a.lastID
}

// enter brings the state up to now before a request sees it.
func (a *application) enter(now time.Time) {
	a.removeLeavers(now)
	a.purgeApprovals(now)
	a.purgeVerifications(now)
}

// need refuses requests for a feature that the application lacks.
func (a *application) need(f Feature) error {
	if !a.off[f] {
		return nil
	}
	return fail(map[Feature]code{
		FeatureSMS:           codeSMSDisabled,
		FeatureCalls:         codeCallsDisabled,
		FeatureOneTouch:      codeOneTouchDisabled,
		FeatureGenericTokens: codeGenericDisabled,
		FeatureExports:       codeExportDisabled,
		FeatureCustomCodes:   codeCustomDisallowed,
	}[f])
}

func appDetails(a *application, _ *request) (any, error) {
	return object{
		{"message", "Application information."},
		{"app", object{
			{"app_id", a.id},
			{"name", a.name},
			{"plan", "sandbox"},
			{"sms_enabled", !a.off[FeatureSMS]},
			{"onetouch_enabled", !a.off[FeatureOneTouch]},
			{"phone_calls_enabled", !a.off[FeatureCalls]},
		}},
		{"success", true},
	}, nil
}

// monthly is one element of the statistics. authy-client refuses any further key.
type monthly struct {
	Year     int    `json:"year"`
	Month    string `json:"month"`           // English name
	Auths    int    `json:"auths_count"`     // tokens that were valid and requests that were approved
	APICalls int    `json:"api_calls_count"` // requests with a valid key, refused ones included
	Users    int    `json:"users_count"`     // users at the last event of the month
	SMS      int    `json:"sms_count"`       // texts of all kinds
	Calls    int    `json:"calls_count"`

	start time.Time
}

// month is the current month's count.
func (a *application) month(now time.Time) *monthly {
	start := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	if a.journal != nil {
		a.note(kindMonth, start.Format("2006-01"))
		if len(a.months) >= maxMonths {
			a.note(kindMonth, a.months[0].key())
		}
	}
	for i := len(a.months) - 1; i >= 0; i-- { // the last one, unless the clock was set back
		if m := a.months[i]; m.start.Equal(start) {
			return m
		}
	}
	m := &monthly{Year: start.Year(), Month: start.Month().String(), Users: len(a.users), start: start}
	a.months = append(a.months, m)
	if len(a.months) > maxMonths {
		a.months = a.months[1:]
	}
	return m
}

func appStatistics(a *application, rq *request) (any, error) {
	a.noteAll()
	stats := make([]monthly, len(a.months))
	for i, m := range a.months {
		stats[i] = *m
	}
	slices.SortFunc(stats, func(x, y monthly) int { return x.start.Compare(y.start) })
	return object{
		{"app_id", a.id},
		{"message", "Monthly statistics."},
		{"success", true},
		{"total_users", len(a.users)},
		{"count", len(stats)},
		{"stats", stats},
	}, nil
}

// Activity is something that an application reported about a user with register_activity.
type Activity struct {
	// ID counts from 1 and orders activities.
	ID      int64             `json:"id"`
	Time    time.Time         `json:"time"`
	AuthyID int64             `json:"authy_id"`
	Type    string            `json:"type"`
	Data    map[string]string `json:"data"`
	UserIP  string            `json:"user_ip"`
}

func registerActivity(a *application, rq *request) (any, error) {
	u, err := a.find(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	kind, err := rq.params.required("type")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(authy.Activities, kind) {
		return nil, badParam("type", "must be one of "+strings.Join(authy.Activities, ", "))
	}
	done := Activity{
		ID:      a.activities.total + 1,
		Time:    rq.now,
		AuthyID: u.id,
		Type:    kind,
		Data:    rq.params.texts("data"),
		UserIP:  rq.params.text("user_ip"),
	}
	if done.Data == nil { // the page and others read it as an object
		done.Data = map[string]string{}
	}
	a.activities.add(done)
	a.tell(EventActivity, done)
	return success("Activity was created."), nil
}

// success is the answer that is only a message.
func success(message string) object {
	return object{{"message", message}, {"success", true}}
}
