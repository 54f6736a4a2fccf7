//go:build unix

package luabind

import (
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

const fullDisk = `local ok, s = pcall(batch.run, { source = count(2000), key = "id", workers = 8, journal = at "journal",
	each = function(row) authy.try.request_sms{ authy_id = row.id } end })
	if ok then print(s.rows, s.done, s.failed, s.in_doubt) else print(s) end`

// TestBatchFullDisk has a journal reach the end of the disk, which is a bound on files in a process of its own.
func TestBatchFullDisk(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(string, *http.Request) (*http.Response, error) { return reply(200, fine), nil }}
	if dir := os.Getenv("AUTHYSH_FULL_DISK"); dir != "" {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
			t.Fatal(err)
		}
		var summary *BatchSummary
		said := w.must(t, dir, fullDisk, BatchStarted(func(Batch) func(*BatchSummary) { return func(s *BatchSummary) { summary = s } }))
		if summary.Done > int64(len(w.calls)) || summary.Stopped != "failure" {
			t.Errorf("%d calls were sent, and the summary is %+v", len(w.calls), summary)
		}
		os.Stdout.WriteString(said + "calls " + w.sorted() + "\n")
		return
	}
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBatchFullDisk$")
	child.Env = append(os.Environ(), "AUTHYSH_FULL_DISK="+dir)
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	said, rest, _ := strings.Cut(string(out), "\n")
	if want := "batch.run: DIR/journal: cannot write the journal: write DIR/journal: file too large; nothing more was sent: mend the cause, and run the same command again to go on"; said != want {
		t.Errorf("said %q, want %q", said, want)
	}
	list, _, _ := strings.Cut(rest, "\n")
	calls := strings.Fields(strings.TrimPrefix(list, "calls"))
	text := readFile(t, dir, "journal")
	for _, call := range calls {
		if !strings.Contains(text, `"key":"`+strings.TrimPrefix(call, "sms/")+`"`) {
			t.Errorf("%s was sent, and the journal has nothing of it", call)
		}
	}
	if recorded := strings.Count(text, `"ev":"call"`); len(calls) == 0 || len(calls) > recorded {
		t.Errorf("%d calls, recorded %d", len(calls), recorded)
	}
	got := w.must(t, dir, fullDisk) // there is room again
	if fields := strings.Fields(got); len(fields) != 4 || fields[0] != "2000" || fields[2] != "0" || len(fields[3]) > 1 || fields[3] > "8" {
		t.Errorf("resumed: %s", got)
	}
	both := append(calls, w.calls...)
	seen := map[string]bool{}
	for _, call := range both {
		if seen[call] {
			t.Errorf("%s was sent twice", call)
		}
		seen[call] = true
	}
}
