package authy

// Effect is what a call does in the world. It is declared, not guessed from the HTTP method:
// Authy sends text messages on GET.
type Effect int

// The effects, from harmless to final.
const (
	// Reads changes nothing and may be repeated.
	Reads Effect = iota + 1
	// Sends reaches a person: a text, a call, an e-mail or a push.
	Sends
	// Writes changes what the service stores, or uses up a code.
	Writes
	// Deletes removes something for good.
	Deletes
)

// String is the effect in lower case, such as "reads".
func (e Effect) String() string {
	switch e {
	case Reads:
		return "reads"
	case Sends:
		return "sends"
	case Writes:
		return "writes"
	case Deletes:
		return "deletes"
	}
	return "unknown"
}

// Route is how one operation travels: its name, HTTP method, path and effect.
type Route struct {
	Name   string // catalogue name in snake_case, such as "register_user"
	Method string
	// Path starts at the host. A {brace} names the parameter that stands there, escaped as one segment.
	Path   string
	Effect Effect
	// Idempotent marks a write that may be repeated without doing more than once, as a registration,
	// which Authy matches by phone.
	Idempotent bool

	form   bool // parameters travel as a form body, not as JSON
	signed bool // a dashboard call: access key and signature instead of the key header
	bare   bool // the answer has no "success"; its essential fields decide
}

// Repeatable reports whether the call may be sent again although a first attempt may have arrived.
func (r Route) Repeatable() bool { return r.Effect == Reads || r.Idempotent }
