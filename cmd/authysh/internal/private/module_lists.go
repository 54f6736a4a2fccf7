package private

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/authysh/authysh/authy/sandbox"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
)

// What the functions share that list something of the private sandbox.

// pageParams are the named arguments of every list.
func pageParams() []luabind.Param {
	return []luabind.Param{
		{Name: "limit", Type: "integer", Doc: "how many at most; 100 when left out", Optional: true},
		{Name: "before", Type: "integer", Doc: "only those before this id, as the first one of a list has", Optional: true},
		{Name: "after", Type: "integer", Doc: "only those after this id, as the last one of a list has", Optional: true},
	}
}

// paged are the names of arguments with those of every list.
func paged(names ...string) []string { return append(names, "limit", "before", "after") }

// listFilter is what the named arguments of a list say.
type listFilter struct {
	sandbox.OutboxFilter
	search, status string
}

func (f listFilter) page() sandbox.Page {
	return sandbox.Page{Limit: f.Limit, Before: f.Before, After: f.After}
}

func (c call) status(v lua.LValue) string {
	known := []string{"pending", "approved", "denied", "expired"}
	status := c.text("status", v)
	if !slices.Contains(known, status) {
		c.fail("status must be one of %s, got %q%s", strings.Join(known, ", "), wording.Clip(status), wording.Suggest(status, known))
	}
	return status
}

func (p *Sandbox) activities(L *lua.LState) int {
	c := call{L, "activities"}
	f := c.filter(paged("authy_id")...)
	activities := p.service().FindActivities(sandbox.ActivityFilter{AuthyID: f.AuthyID, Page: f.page()})
	slices.Reverse(activities)
	return c.result(activities, nil)
}
