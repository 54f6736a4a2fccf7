package luabind

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luajson"
	"github.com/authysh/authysh/luabind/journal"
	lua "github.com/yuin/gopher-lua"
)

// recall is the steps of flows that an earlier run has finished in a row. It is safe for concurrent use.
type recall struct {
	mu      sync.Mutex
	steps   []journal.Step
	met     []string // the names of those that were taken over, and will not be run again
	strayed error    // the row goes another way than it did
}

// take gives the step of that name, if there is one. Those inside it are met with it.
func (r *recall) take(name string) (step journal.Step, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.steps, func(s journal.Step) bool { return s.Name == name })
	if i < 0 {
		return step, false
	}
	r.met = append(r.met, name)
	return r.steps[i], true
}

// forget drops steps that were undone.
func (r *recall) forget(names []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.steps = slices.DeleteFunc(r.steps, func(s journal.Step) bool { return slices.Contains(names, s.Name) })
}

// unmet is a step of one of the flows that was finished earlier, and that the row has not come to; empty for none.
func (r *recall) unmet(flows []string) string {
	for _, step := range r.steps {
		known := slices.ContainsFunc(r.met, func(name string) bool {
			return step.Name == name || strings.HasPrefix(step.Name, name+"/")
		})
		if !known && slices.ContainsFunc(flowsOf(step.Name), func(flow string) bool { return slices.Contains(flows, flow) }) {
			return step.Name
		}
	}
	return ""
}

// flowsOf are the flows that a step of that name is in.
func flowsOf(step string) []string {
	parts := strings.Split(step, "/")
	for i, part := range parts {
		parts[i] = part[:strings.IndexAny(part+".", "@#.")]
	}
	return parts
}

// mayCall refuses a call that may not be repeated while a step of the same flow is recorded that the row has not come to:
// perhaps that is where the call was made already. The row is in doubt then.
func (r *batchRow) mayCall(s *scope, route authy.Route) error {
	if len(s.within) == 0 {
		return nil
	}
	r.recall.mu.Lock()
	defer r.recall.mu.Unlock()
	step := r.recall.unmet(s.within)
	if step == "" {
		return nil
	}
	s.unknown.Store(true)
	r.recall.strayed = fmt.Errorf(
		"row %d went another way than in the run before: it did not come to step %s, which was finished; %s was not sent, as that might be for the second time",
		r.n, step, route.Name)
	return r.recall.strayed
}

// strayed is why the row is in doubt although nothing was sent; nil when it went as before.
func (r *batchRow) strayed() error {
	r.recall.mu.Lock()
	defer r.recall.mu.Unlock()
	return r.recall.strayed
}

// nameRun is what the journal calls one run of a flow: where it is run, with what, and the how manieth of these it is. So
// a row that is resumed finds its steps again, also if it does not come to its flows in the same order.
func (r *batchRow) nameRun(outer *scope, flow string, input lua.LValue) string {
	name := flow
	if outer.step {
		name = outer.name + "/" + flow
	}
	name += r.markOfInput(input)
	if outer.runs == nil {
		outer.runs = map[string]int{}
	}
	if outer.runs[name]++; outer.runs[name] > 1 {
		name += "#" + strconv.Itoa(outer.runs[name])
	}
	return name
}

// markOfInput tells runs with different input apart. The row itself, and nothing, need no mark.
func (r *batchRow) markOfInput(input lua.LValue) string {
	if input == lua.LNil || input == r.value {
		return ""
	}
	encoded, err := luajson.Encode(input, "")
	switch {
	case err != nil:
		return "@other"
	case r.recorded != nil && string(encoded) == string(r.recorded):
		return ""
	}
	sum := sha256.Sum256(encoded)
	return "@" + hex.EncodeToString(sum[:4])
}
