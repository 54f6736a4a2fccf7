//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/luabind/journal"
)

// killedWorkers is how many rows are in the works at a time: at most as many are in doubt after a kill.
const killedWorkers = 16

// sendingOps are the operations of the script that text people.
var sendingOps = []string{"request_sms", "start_phone_verification"}

// killedScript registers and texts every row, with a journal. It prints its summary.
const killedScript = `
local plain = function(row)
  local user = authy.register_user{ country_code = row.country_code, phone = row.phone, email = row.email }
  authy.request_sms{ authy_id = user.user.id }
  if arg[3] == "faults" and row.phone % 7 == 0 then error("fails after the text") end
  return user.user.id
end
local retry = { times = 3, backoff = "20ms" }
local onboard = flow.define("onboard", {
  { "register", function(ctx) return authy.register_user(ctx.input) end, retry = retry,
    undo = function(ctx) authy.delete_user{ authy_id = ctx.register.user.id } end },
  { "text", function(ctx) authy.request_sms{ authy_id = ctx.register.user.id } end, retry = retry },
  { "settle", function(ctx) -- of some rows, so that others have ended when this runs
    if ctx.input.phone % 3 == 0 then authy.register_user(ctx.input) end
  end },
})
local stepwise = function(row)
  if row.phone % 5 == 0 then -- outside of the steps
    authy.start_phone_verification{ country_code = row.country_code, phone = row.phone, via = "sms" }
  end
  return onboard:run(row).register.user.id
end
print(json.encode(batch.run{
  source = csv.open(arg[1]), key = "phone", workers = 16, journal = "users.journal", retry_failed = true,
  each = arg[2] == "flow" and stepwise or plain,
}))
`

// TestBatchKilled kills a batch again and again, and resumes it. In the end each row is done or in doubt, and nobody was
// asked to be texted twice.
func TestBatchKilled(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "flow"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, name, false)
			k.run()
			totals, _ := k.check()
			if totals.Failed > 0 {
				t.Errorf("%d rows failed", totals.Failed)
			}
			if most := killedWorkers * killedTimes; totals.InDoubt > most {
				t.Errorf("%d rows are in doubt after %d kills of %d workers", totals.InDoubt, killedTimes, killedWorkers)
			}
			for i, row := range k.stub.rows {
				for _, op := range sendingOps {
					if n := row.received[op]; n > 1 {
						t.Errorf("row %d: %d calls of %s", i+1, n, op)
					}
				}
			}
		})
	}
}

// TestBatchKilledAmidFaults does the same with a service that breaks connections, hangs and pushes back. A text that may
// have been sent must not be asked for again, whether the answer or the program was lost.
func TestBatchKilledAmidFaults(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain", "flow"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKilling(t, name, true, "--timeout", "300ms")
			k.run()
			_, rows := k.check()
			for n, row := range rows {
				if sent := k.stub.rows[n-1].sent; name == "plain" && row.Repeatable && len(sent) > 0 {
					t.Errorf("row %d: may run again, but was sent %v", n, sent)
				}
			}
		})
	}
}

// killing is a batch that is killed and resumed until it ends.
type killing struct {
	*testing.T
	stub *batchStub
	dice *rand.Rand
	dir  string
	args []string

	summary string // what the last life printed
}

// newKilling prepares a batch. The seed of all that is random is in the test's log; TEST_SEED repeats it.
func newKilling(t *testing.T, variant string, bad bool, flags ...string) *killing {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("TEST_SEED=%d", seed)
	k := &killing{T: t, stub: newBatchStub(t, killedRows, seed, bad), dice: rand.New(rand.NewPCG(seed, 0)), dir: t.TempDir()}
	var users strings.Builder
	users.WriteString("country_code,phone,email\n")
	for i := range killedRows {
		fmt.Fprintf(&users, "351,%d,user%d@example.com\n", firstPhone+i, i+1)
	}
	for name, text := range map[string]string{"users.csv": users.String(), "script.lua": killedScript} {
		if err := os.WriteFile(filepath.Join(k.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k.args = append(append([]string{"--quiet", "--host", k.stub.URL}, flags...), "script.lua", "users.csv", variant, map[bool]string{true: "faults"}[bad])
	return k
}

// run kills the batch as often as it should be, and then lets it end.
func (k *killing) run() {
	k.Helper()
	var before journal.Totals
	for kills := killedTimes; ; kills-- {
		at := 0
		if kills > 0 {
			// Each row that is left needs two calls, but for those in the works: there is enough for the kills to come.
			left := killedRows - before.Done - before.Failed - before.InDoubt
			at = 1 + k.dice.IntN(max(1, 3*left/(2*kills)))
		}
		if !k.live(at) {
			if kills > 0 {
				k.Errorf("the batch ended with %d kills to come", kills)
			}
			return
		}
		now := k.totals()
		if more := now.InDoubt - before.InDoubt; more > killedWorkers && !k.stub.bad {
			k.Errorf("a kill leaves %d rows in doubt, of %d workers", more, killedWorkers)
		}
		before = now
	}
}

// live runs the program until it ends, or is killed at the given call.
func (k *killing) live(killAt int) (killed bool) {
	k.Helper()
	program, err := lookIn(os.Getenv("PATH"), "authysh")
	if err != nil {
		k.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(k.Context(), 2*time.Minute) // or who hangs would end all tests
	defer cancel()
	cmd := exec.CommandContext(ctx, program, k.args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = k.dir, &stdout, &stderr
	cmd.Env = []string{"HOME=" + k.dir, "AUTHY_KEY=a-key", "GORACE=" + noRaceSleep}
	k.stub.begins(killAt, k.dice)
	if err := cmd.Start(); err != nil {
		k.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-k.stub.due:
		killed = cmd.Process.Kill() == nil
		<-ended
	}
	close(k.stub.killed)
	k.summary = stdout.String()
	if !killed && (err != nil || stderr.Len() > 0) {
		k.Fatalf("the batch ended with %v: %s", err, stderr.String())
	}
	return killed
}

func (k *killing) journal() string { return filepath.Join(k.dir, "users.journal") }

// totals is what the journal says now.
func (k *killing) totals() journal.Totals {
	k.Helper()
	s, err := journal.Summarize(k.Context(), k.journal())
	if err != nil {
		k.Fatal(err)
	}
	return s.Totals
}

// check compares what the journal, the program and the service say of the rows.
func (k *killing) check() (journal.Totals, map[int64]journal.RowRecord) {
	k.Helper()
	k.stub.Close() // there are no more calls
	for _, problem := range k.stub.problems {
		k.Error(problem)
	}
	rows := map[int64]journal.RowRecord{}
	for row, err := range journal.Rows(k.Context(), k.journal()) {
		if err != nil {
			k.Fatal(err)
		}
		rows[row.N] = row
		k.checkRow(row)
	}
	s, err := journal.Summarize(k.Context(), k.journal())
	if err != nil {
		k.Fatal(err)
	}
	totals := s.Totals
	if ended := totals.Done + totals.Failed + totals.InDoubt; ended != killedRows || len(rows) != killedRows || !s.Ended {
		k.Errorf("%d of %d rows in the journal have ended, want all %d", ended, len(rows), killedRows)
	}
	var printed struct {
		Rows, Done, Failed, Unfinished int
		InDoubt                        int `json:"in_doubt"`
	}
	if err := json.Unmarshal([]byte(k.summary), &printed); err != nil {
		k.Fatalf("summary %q: %v", k.summary, err)
	}
	if printed.Rows != killedRows || printed.Done != totals.Done || printed.Failed != totals.Failed ||
		printed.InDoubt != totals.InDoubt || printed.Unfinished != 0 {
		k.Errorf("the summary is %s, the journal says %+v", k.summary, totals)
	}
	k.Logf("%+v after %d sessions, calls: %v", totals, s.Sessions, k.stub.verdicts)
	return totals, rows
}

func (k *killing) checkRow(row journal.RowRecord) {
	k.Helper()
	if want := strconv.FormatInt(firstPhone+row.N-1, 10); row.Key != want {
		k.Errorf("row %d: key %q, want %q", row.N, row.Key, want)
	}
	sent := k.stub.rows[row.N-1].sent
	for op, n := range sent {
		if n > 1 {
			k.Errorf("row %d: %s was carried out %d times", row.N, op, n)
		}
	}
	switch {
	case row.Status == journal.Done && sent["request_sms"] != 1:
		k.Errorf("row %d: done, but no text was sent", row.N)
	case row.Status == journal.InDoubt && !k.stub.bad && !slices.Contains(sendingOps, row.Op):
		k.Errorf("row %d: in doubt about %q", row.N, row.Op)
	}
}
