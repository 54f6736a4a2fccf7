package luabind_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/journal"
)

// refusingStub is a service that refuses some operations, and counts the calls of each.
type refusingStub struct {
	*httptest.Server
	mu      sync.Mutex
	calls   map[string]int
	refuses map[string]bool
}

func newRefusingStub(t *testing.T) *refusingStub {
	s := &refusingStub{calls: map[string]int{}, refuses: map[string]bool{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := ""
		for part, name := range map[string]string{"/users/new": "register", "/sms/": "text", "/call/": "call", "/remove": "delete", "/activity": "activity"} {
			if strings.Contains(r.URL.Path, part) {
				op = name
			}
		}
		s.mu.Lock()
		s.calls[op]++
		refused := s.refuses[op]
		s.mu.Unlock()
		if refused {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"success":false,"message":"no","error_code":"60000"}`))
			return
		}
		_, _ = w.Write([]byte(`{"success":true,"message":"ok","user":{"id":7}}`))
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *refusingStub) count(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// runRow runs a batch of one row with a journal, and gives what the journal says of it.
func runRow(t *testing.T, s *refusingStub, path, each string) journal.RowRecord {
	t.Helper()
	client := &authy.Client{Key: "k", Host: s.URL, HTTPClient: s.Client(), Retries: authy.NoRetries}
	rt, err := luabind.New(client)
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	source := `
		local function register() return authy.register_user{ country_code = "351", phone = "911234567", email = "ana@example.com" } end
		local function text() authy.request_sms{ authy_id = 7 } end
		local function call() authy.request_call{ authy_id = 7 } end
		local function delete() authy.delete_user{ authy_id = 7 } end
		batch.run{ source = { { id = "a" } }, key = "id", retry_failed = true, journal = ` + quoted(path) + `, each = function(row, ctx) ` + each + ` end }`
	if err := rt.Run(t.Context(), luabind.Script{Name: "steps.lua", Source: source}); err != nil {
		t.Fatal(err)
	}
	for row, err := range journal.Rows(t.Context(), path) {
		if err != nil {
			t.Fatal(err)
		}
		return row
	}
	t.Fatal("the journal has no row")
	return journal.RowRecord{}
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text)
	return string(encoded)
}

// TestStepsCoverTheirCallsOnly asks the journal, at every moment of a row, whether the row could run again after a kill,
// once something was sent that the steps of its flow do not cover.
func TestStepsCoverTheirCallsOnly(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		each  string
		doubt bool
	}{
		"call before a flow":  {`text() flow.define("f", { { "s", register } }):run()`, true},
		"call in the flow":    {`flow.define("f", { { "r", register }, { "t", text }, { "s", register } }):run()`, false},
		"call between flows":  {`flow.define("f", { { "s", register } }):run() text() flow.define("g", { { "s", register } }):run()`, true},
		"call beside a flow":  {`local t = task.spawn(text) t:await() flow.define("f", { { "s", register } }):run()`, true},
		"call that was lost":  {`pcall(flow.define("f", { { "t", function() text() error("x") end } }).run) flow.define("g", { { "s", register } }):run()`, false},
		"call in outer step":  {`flow.define("f", { { "o", function() text() flow.define("g", { { "s", register } }):run() error("stop") end } }):run()`, true},
		"flow in a step":      {`flow.define("f", { { "o", function() flow.define("g", { { "t", text }, { "s", register } }):run() end } }):run()`, false},
		"refused, then steps": {`pcall(call) flow.define("f", { { "t", text }, { "s", register } }):run()`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stub := newRefusingStub(t)
			stub.refuses["call"] = true
			path := filepath.Join(t.TempDir(), "a.journal")
			runRow(t, stub, path, test.each)
			if got := inDoubtAfterLastStep(t, path); got != test.doubt {
				text, _ := os.ReadFile(path)
				t.Errorf("in doubt if killed before the end: %t, want %t; the journal is\n%s", got, test.doubt, text)
			}
		})
	}
}

// inDoubtAfterLastStep reports whether the row would be in doubt had the program been killed just before the row's end.
func inDoubtAfterLastStep(t *testing.T, path string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, `"ev":"done"`) || strings.Contains(line, `"ev":"failed"`) {
			break
		}
		kept = append(kept, line)
	}
	cut := filepath.Join(t.TempDir(), "cut.journal")
	if err := os.WriteFile(cut, []byte(strings.Join(kept, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := journal.Summarize(t.Context(), cut)
	if err != nil {
		t.Fatal(err)
	}
	return s.Totals.InDoubt > 0
}

// TestUndoneRowMayRunAgain has a row fail before anything was sent for good: it may run again if all was undone.
func TestUndoneRowMayRunAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		steps   string
		refused string
		want    bool
	}{
		"all undone":        {`{ "r", register, undo = delete }, { "c", call }`, "call", true},
		"undo made a call":  {`{ "t", text, undo = delete }, { "c", call }`, "call", true},
		"no undo":           {`{ "r", register, undo = delete }, { "t", text }, { "c", call }`, "call", false},
		"undo failed":       {`{ "r", register, undo = delete }, { "t", text, undo = function() error("no") end }, { "c", call }`, "call", false},
		"only undo failed":  {`{ "r", register, undo = function() end }, { "t", text, undo = function() error("no") end }, { "c", call }`, "call", false},
		"nothing to undo":   {`{ "r", register }, { "c", call }`, "call", true},
		"no call was final": {`{ "r", register, undo = function() end }, { "c", call }`, "call", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stub := newRefusingStub(t)
			stub.refuses[test.refused] = true
			path := filepath.Join(t.TempDir(), "a.journal")
			each := `flow.define("f", { ` + test.steps + ` }):run()`
			row := runRow(t, stub, path, each)
			if row.Status != journal.Failed || row.Repeatable != test.want {
				t.Errorf("the row is %s, may run again: %t; want failed and %t", row.Status, row.Repeatable, test.want)
			}
			texts := stub.count("text")
			runRow(t, stub, path, each)
			if again := stub.count("text") - texts; again > 0 && !test.want {
				t.Errorf("%d texts when run again", again)
			}
		})
	}
}
