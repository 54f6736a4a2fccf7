package authy

import "strings"

// Privacy says which parts of an operation's messages on the wire hold personal data or secrets, so that a trace can
// leave them out. The client's own keys are none of it: they must never be shown.
type Privacy struct {
	// Segments are the segments of the path that hold them, counted from 0 after the host's own path.
	Segments map[int]bool
	// Request and Answer are names of members of a query, a form or a JSON body, at any depth. What such a member
	// holds is private as a whole.
	Request, Answer map[string]bool
}

// Privacy describes the messages of the operation.
func (o Operation) Privacy() Privacy {
	p := Privacy{map[int]bool{}, map[string]bool{}, map[string]bool{}}
	private := map[string]bool{"api_key": true}
	for _, param := range planOf(o.params).params {
		if param.private {
			private[param.name] = true
			p.Request[param.wire[len(param.wire)-1]] = true
		}
	}
	for i, segment := range strings.Split(strings.Trim(o.Path, "/"), "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok && private[strings.TrimSuffix(name, "}")] {
			p.Segments[i] = true
		}
	}
	addPrivate(p.Answer, o.Result())
	return p
}

func addPrivate(names map[string]bool, fields []Field) {
	for _, f := range fields {
		if f.Private {
			names[f.Name] = true
		}
		addPrivate(names, f.Fields)
	}
}
