package luabind

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBatchResults(t *testing.T) {
	t.Parallel()
	const each = `each = function(row) local n = tonumber(row.id) task.sleep((4 - n % 4) * 1e-3) if n == 8 then error('it "broke"', 0) end
		authy.request_sms{ authy_id = n } if n == 1 then return { a = n } elseif n == 2 then return "x,y" end end`
	const csvHead = "row,key,status,result,error_kind,error_code,error\n"
	for name, c := range map[string]struct {
		ids     string
		options string
		file    string
		want    string
	}{
		"csv, in order": {"1 2 8 400 600 x 1", "ordered = true", "out.csv", csvHead +
			"1,1,done,\"{\"\"a\"\":1}\",,,\n2,2,done,\"x,y\",,,\n3,8,failed,,script,,\"it \"\"broke\"\"\"\n" +
			"4,400,failed,,api,60026,\"request_sms: no such user (HTTP 400, code 60026)\"\n" +
			"5,600,in_doubt,,network,,request_sms: read tcp: connection reset by peer\n" +
			"6,x,failed,,script,,test:1: attempt to perform arithmetic on local 'n' (a nil value)\n7,1,skipped,,,,\n"},
		"json, in order": {"1 2 8 3", "ordered = true", "out.jsonl",
			`{"row":1,"key":"1","status":"done","result":{"a":1}}` + "\n" + `{"row":2,"key":"2","status":"done","result":"x,y"}` + "\n" +
				`{"row":3,"key":"8","status":"failed","error":{"kind":"script","message":"it \"broke\"","where":"test:1"}}` + "\n" + `{"row":4,"key":"3","status":"done"}` + "\n"},
		"in any order": {"1 2 3 1", "workers = 4", "out.CSV", csvHead + "1,1,done,\"{\"\"a\"\":1}\",,,\n2,2,done,\"x,y\",,,\n3,3,done,,,,\n4,1,skipped,,,,\n"},
		"columns": {"1 2 8", `ordered = true, columns = { "a", "none" }`, "out.csv", "row,key,status,a,none,error_kind,error_code,error\n" +
			"1,1,done,1,,,,\n2,2,done,,,,,\n3,8,failed,,,script,,\"it \"\"broke\"\"\"\n"},
		"broken rows": {"1 \"a\"b", "ordered = true", "out.csv", csvHead + "1,1,done,\"{\"\"a\"\":1}\",,,\n2,,failed,,source,,\"DIR/rows.csv line 3: has a field in quotes that does not end well at byte 3: close it, and double the quotes in it\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := writeFiles(t, map[string]string{"rows.csv": "id\n" + strings.ReplaceAll(c.ids, " ", "\n") + "\n", c.file: "what was there before"})
			source := `batch.run{ source = csv.open(at "rows.csv"), key = "id", journal = at "journal", results = at "` + c.file + `", ` + c.options + ", " + each + " }"
			for run := range 3 { // the second and third have all from the journal
				w := new(wire)
				w.must(t, dir, source)
				got := strings.ReplaceAll(readFile(t, dir, c.file), dir, "DIR")
				if !strings.Contains(c.options, "ordered") {
					lines := strings.SplitAfter(got, "\n")
					slices.Sort(lines[1 : len(lines)-1])
					got = strings.Join(lines, "")
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("run %d (-want +got):\n%s", run+1, diff)
				}
				if run > 0 && len(w.calls) > 0 {
					t.Errorf("run %d called %v", run+1, w.calls)
				}
			}
		})
	}
}

// TestBatchResultsFail has no room for results: nothing more is sent, and the error says which file it was.
func TestBatchResultsFail(t *testing.T) {
	t.Parallel()
	b := &batchResults{err: errors.New("not sent"), ordered: true, next: 1, waiting: map[int64][]byte{}, moved: make(chan struct{}, 1)}
	run := &batch{results: b, draining: make(chan struct{})}
	run.settle(2)
	run.settle(1)
	if b.next != 3 || len(b.waiting) != 0 {
		t.Errorf("next %d, waiting %v", b.next, b.waiting)
	}
	if b.isCrowded(3+mostAhead) || !b.isCrowded(4+mostAhead) {
		t.Error("not crowded where it should be")
	}
	dir := t.TempDir()
	if err := os.Symlink("/dev/full", filepath.Join(dir, "out.csv")); err != nil {
		t.Skip(err)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	w := new(wire)
	_, err := w.script(t, dir, `batch.run{ source = count(1e6), results = at "out.csv", each = function(row) if row.id % 1000 == 0 then authy.request_sms{ authy_id = 7 } end end }`)
	if err == nil || !strings.Contains(err.Error(), "cannot write the results: write "+dir+"/out.csv: no space left on device") || len(w.calls) > 100 {
		t.Errorf("got %v after %d calls", err, len(w.calls))
	}
}

// TestBatchResultsFarAhead has one row take longer than ten thousand others: they wait for it, in order and in memory.
func TestBatchResultsFarAhead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got := new(wire).must(t, dir, `
		local most, first = 0, true
		local s = batch.run{ source = count(15000), workers = 4, results = at "out.csv", ordered = true, each = function(row)
			if row.id == 1 then
				while most < 10001 do task.yield() end
				for i = 1, 1000 do task.yield() end first = false
			else
				if first then most = math.max(most, row.id) end
			end end }
		print(s.done, most)`)
	if got != "15000\t10001\n" {
		t.Errorf("printed %q", got)
	}
	lines := strings.Split(strings.TrimSpace(readFile(t, dir, "out.csv")), "\n")
	if len(lines) != 15001 || !strings.HasPrefix(lines[1], "1,") || !strings.HasPrefix(lines[15000], "15000,") {
		t.Errorf("%d lines, from %s", len(lines), lines[1])
	}
}
