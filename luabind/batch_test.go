package luabind

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// batchTest is a script with a batch, the files it reads, and what it prints.
type batchTest struct {
	name   string
	csv    string // rows.csv
	source string
	want   string
	calls  string // that were made, sorted
}

func runBatchTests(t *testing.T, tests []batchTest) {
	t.Helper()
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := new(wire)
			dir := writeFiles(t, map[string]string{"rows.csv": c.csv})
			got := w.must(t, dir, c.source, Stdin(strings.NewReader(c.csv)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
			if got := w.sorted(); got != c.calls {
				t.Errorf("called %q, want %q", got, c.calls)
			}
		})
	}
}

func TestBatchSources(t *testing.T) {
	t.Parallel()
	const csv = "id,name\n1,a\n2,b\n"
	const all = "rows 2 done 2 failed 0 doubt 0 dup 0 left 0 earlier 0\n"
	runBatchTests(t, []batchTest{
		{"a file with a header", csv,
			`show(batch.run{ source = csv.open(at "rows.csv"), key = "id", workers = 1, each = function(row, ctx) print(row.id, row.name, ctx.number, ctx.key) end })`,
			"1\ta\t1\t1\n2\tb\t2\t2\n" + all, ""},
		{"no header, a key function", "7,a\n8,b\n",
			`show(batch.run{ source = csv.open(at "rows.csv", { header = false }), key = function(row) return row[1] .. row[2] end, workers = 1,
				each = function(row, ctx) print(row[1], ctx.number, ctx.key) end })`,
			"7\t1\t7a\n8\t2\t8b\n" + all, ""},
		{"standard input", csv,
			`show(batch.run{ source = csv.open "-", key = "name", workers = 1, each = function(row, ctx) print(row.id, ctx.key) end })`,
			"1\ta\n2\tb\n" + all, ""},
		{"no key", csv, `show(batch.run{ source = csv.open(at "rows.csv"), workers = 1, each = function(row, ctx) print(ctx.number, ctx.key) end })`,
			"1\tnil\n2\tnil\n" + all, ""},
		{"a list", "", `show(batch.run{ source = { "x", 2 }, workers = 1, each = function(row, ctx) print(row, ctx.number) end })`,
			"x\t1\n2\t2\n" + all, ""},
		{"an empty list", "", `show(batch.run{ source = {}, each = error })`, "rows 0 done 0 failed 0 doubt 0 dup 0 left 0 earlier 0\n", ""},
		{"a function", "", `show(batch.run{ source = count(2), key = "id", workers = 1, each = function(row, ctx) print(row.id, ctx.key) end })`,
			"1\t1\n2\t2\n" + all, ""},
		{"a coroutine that waits", "", `show(batch.run{ key = "id", each = function() task.yield() end,
			source = coroutine.wrap(function() for i = 1, 2 do task.sleep "1ms" coroutine.yield{ id = i } end end) })`, all, ""},
		{"rows of parsed text", "", `show(batch.run{ source = csv.parse "id\n1\n2\n", key = "id", each = function() end })`, all, ""},
		{"many workers count exactly", "", `
			local seen, most, now = {}, 0, 0
			local s = batch.run{ source = count(5000), key = "id", workers = 64, each = function(row, ctx)
				now = now + 1 most = math.max(most, now)
				assert(ctx.number == row.id and ctx.key == tostring(row.id) and not seen[row.id])
				seen[row.id] = true task.yield() now = now - 1
				if row.id % 10 == 0 then error "tenth" end
			end }
			print(s.rows, s.done, s.failed, #seen, most, now, s.errors[1].count)`, "5000\t4500\t500\t5000\t64\t0\t500\n", ""},
		{"a task of its own, beside another batch", "", `
			local function sum(n) return task.spawn(function() local s = batch.run{ source = count(n), each = function() task.yield() end } return s.done end) end
			local a, b = sum(100), sum(200) print(a:await(), b:await())`, "100\t200\n", ""},
		{"within time", "", `
			local ok, e = pcall(task.timeout, "20ms", function() batch.run{ source = count(1e9), each = function(row) task.sleep "1ms" end } end) print(e.kind)
			local ok, e = pcall(function() task.spawn(task.timeout, "20ms", function() batch.run{ source = count(1e9), each = function(row) task.sleep "1ms" end } end):await() end) print(e.kind)
			print(task.timeout(60, function() return batch.run{ source = count(3), each = function() end }.done end))`, "timeout\ntimeout\n3\n", ""},
	})
}

func TestBatchFailures(t *testing.T) {
	t.Parallel()
	runBatchTests(t, []batchTest{
		{"broken rows of a file", "id,name\n1,a\n2\n3,\"b\"c\n4,d\n",
			`show(batch.run{ source = csv.open(at "rows.csv"), key = "id", workers = 1, each = function(row) print(row.id) end })`,
			"1\n4\nrows 4 done 2 failed 2 doubt 0 dup 0 left 0 earlier 0\n" +
				"source\t-\t-\t2\t2\tDIR/rows.csv line 3: row has 1 field, want 2: \"id\", \"name\"\n", ""},
		{"keys that are none", "", `show(batch.run{ key = "id", workers = 1, each = function(row, ctx) print(ctx.key) end,
				source = { { id = 1.5 }, { id = "" }, {}, { id = true }, "text", { id = "x" } } })`,
			"1.5\nx\nrows 6 done 2 failed 4 doubt 0 dup 0 left 0 earlier 0\nsource\tkey\t-\t4\t2\tthe row's key is empty\n", ""},
		{"key functions that raise", "", `show(batch.run{ source = { 1, 2 }, key = function(row) if row == 1 then error("no key", 0) end return row end, each = function() end })`,
			"rows 2 done 1 failed 1 doubt 0 dup 0 left 0 earlier 0\nsource\tkey\t-\t1\t1\ttest:1: no key\n", ""},
		{"an iterator that raises", "", `
			local started, ended = 0, 0
			local n = 0
			local ok, e = pcall(batch.run, { source = function() n = n + 1 if n > 3 then error({ message = "source broke" }) end return n end, workers = 8,
				each = function() started = started + 1 task.sleep "2ms" ended = ended + 1 end })
			print(ok, e.message, started, ended, n)`, "false\tsource broke\t3\t3\t4\n", ""},
		{"anything may be raised", "", `show(batch.run{ workers = 1,
				source = { "text", { message = "a table", kind = "own", code = "7" }, {}, 42, false },
				each = function(row) if row == "text" then error("text") end error(row) end })
			show(batch.run{ source = { 1 }, each = function() error() end })`,
			"rows 5 done 0 failed 5 doubt 0 dup 0 left 0 earlier 0\nscript\t-\t-\t4\t1\ttest:3: text\nown\t-\t7\t1\t2\ta table\n" +
				"rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 0\nscript\t-\t-\t1\t1\tnil was raised as an error\n", ""},
		{"errors of authy", "", `show(batch.run{ source = { 400, 7, {} }, workers = 1, each = function(id) authy.get_user_status{ authy_id = id } end })`,
			"rows 3 done 1 failed 2 doubt 0 dup 0 left 0 earlier 0\n" +
				"api\tget_user_status\t60026\t1\t1\tget_user_status: no such user (HTTP 400, code 60026)\n" +
				"validation\tget_user_status\t-\t1\t3\tget_user_status: authy_id must be a string or a whole number, got a table\n",
			"users/400/status users/7/status"},
		{"errors of tasks nobody awaits", "", `
			show(batch.run{ source = { 1, 2, 3 }, workers = 1, each = function(n)
				if n == 1 then task.spawn(function() task.sleep "2ms" error("lost", 0) end) task.spawn(error, "lost too", 0) end
				if n == 2 then task.spawn(error, "caught"):catch(function() end) end
				if n == 3 then task.spawn(error, "awaited") end end })`,
			"rows 3 done 1 failed 2 doubt 0 dup 0 left 0 earlier 0\nscript\t-\t-\t2\t1\tlost\n", ""},
		{"a row waits for its tasks", "", `
			local late = 0
			show(batch.run{ source = { 1 }, each = function() task.spawn(function() task.sleep "3ms" task.spawn(function() task.sleep "3ms" late = late + 1 end) end) end })
			print(late)`, "rows 1 done 1 failed 0 doubt 0 dup 0 left 0 earlier 0\n1\n", ""},
		{"a failed row stops its tasks", "", `
			show(batch.run{ source = { 1 }, each = function() task.spawn(task.sleep, 600) error("enough", 0) end })`,
			"rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 0\nscript\t-\t-\t1\t1\tenough\n", ""},
		{"calls of tasks belong to the row", "", `show(batch.run{ source = { 600 }, each = function(id) authy.async.request_sms{ authy_id = id } end })`,
			"rows 1 done 0 failed 0 doubt 1 dup 0 left 0 earlier 0\n" +
				"network\trequest_sms\t-\t1\t1\trequest_sms: read tcp: connection reset by peer\n", "sms/600"},
		{"calls of coroutines from elsewhere too", "", `
			local call = coroutine.wrap(function(id) while true do id = coroutine.yield(authy.request_sms{ authy_id = id }) end end)
			show(batch.run{ source = { 600 }, each = function(id) call(id) end })`,
			"rows 1 done 0 failed 0 doubt 1 dup 0 left 0 earlier 0\n" +
				"network\trequest_sms\t-\t1\t1\trequest_sms: read tcp: connection reset by peer\n", "sms/600"},
	})
}

func TestBatchDuplicates(t *testing.T) {
	t.Parallel()
	const csv = "id\n1\n2\n1\n2\n"
	const source = `show(batch.run{ source = csv.open(at "rows.csv"), key = "id", workers = 4, on_duplicate = POLICY, each = function(row) authy.request_sms{ authy_id = row.id } end })`
	with := func(policy string) string { return strings.Replace(source, "POLICY", policy, 1) }
	runBatchTests(t, []batchTest{
		{"skipped", csv, with("nil"), "rows 4 done 2 failed 0 doubt 0 dup 2 left 0 earlier 0\n", "sms/1 sms/2"},
		{"skip", csv, with(`"skip"`), "rows 4 done 2 failed 0 doubt 0 dup 2 left 0 earlier 0\n", "sms/1 sms/2"},
		{"fail", csv, with(`"fail"`), "rows 4 done 2 failed 2 doubt 0 dup 0 left 0 earlier 0\n" +
			"duplicate\t-\t-\t2\t3\trow 1 has the same key\n", "sms/1 sms/2"},
		{"run", csv, with(`"run"`), "rows 4 done 4 failed 0 doubt 0 dup 0 left 0 earlier 0\n", "sms/1 sms/1 sms/2 sms/2"},
	})
}

func TestBatchRefusals(t *testing.T) {
	t.Parallel()
	const csv = "id,name\n1,a\n"
	line := func(o string) string { return "refused{ source = {}, each = print, " + o + " }" }
	runBatchTests(t, []batchTest{
		{"values", csv, strings.Join([]string{
			`refused(7) refused{} refused{ source = 7, each = print } refused{ source = {}, each = 7 }`,
			line("workers = 0"), line("workers = 10001"), line("workers = 1.5"), line(`workers = "many"`),
			line("rate = 0"), line("rate = -1"), line("rate = 0/0"), line("rate = 1/0"), line(`rate = 5, per = "day"`), line(`per = "minute"`),
			line("key = 7"), line(`key = ""`), line(`on_doubt = "ask"`), line("on_doubt = 7"), line(`on_duplicate = "drop", key = "id"`), line(`on_duplicate = "fail"`),
			line("max_errors = -1"), line("max_errors = 1.5"), line(`max_errors = "5"`), line(`max_errors = "101%"`), line(`max_errors = "x%"`), line("max_errors = true"),
			line(`results = "out.txt"`), line(`results = "a.csv", journal = "./a.csv", key = "id"`), line(`journal = "j"`), `refused{ source = csv.open "-", each = print, journal = "j" }`,
			line(`results = "a.jsonl", columns = { "a" }`), line(`results = "a.csv", columns = { "a", "a" }`), line(`results = "a.csv", columns = { "row" }`), line(`wokers = 7`), line(`worker = 7, rates = 8`),
		}, "\n"), `batch.run: options must be one table, as in batch.run{...}, got a number
batch.run: source is required; each is required
batch.run: source must be what csv.open gives, another iterator, or a list, got a number
batch.run: each must be a function, got a number
batch.run: workers must be from 1 to 10000, got 0
batch.run: workers must be from 1 to 10000, got 10001
batch.run: workers must be a whole number, got 1.5
batch.run: workers must be a whole number, got a string
batch.run: rate must be above 0, got 0
batch.run: rate must be above 0, got -1
batch.run: rate must be above 0, got NaN
batch.run: rate must be above 0, got +Inf
batch.run: per must be one of "second", "minute", "hour", got "day"
batch.run: rate is required with per
batch.run: key must be the name of a column, or a function, got a number
batch.run: key must name a column
batch.run: on_doubt must be one of "skip", "retry", got "ask"; a function will do too
batch.run: on_doubt must be "skip", "retry" or a function, got a number
batch.run: on_duplicate must be one of "skip", "fail", "run", got "drop"
batch.run: key is required with on_duplicate
batch.run: max_errors must be a whole number, or a part of the rows such as "5%", got -1
batch.run: max_errors must be a whole number, or a part of the rows such as "5%", got 1.5
batch.run: max_errors must be a whole number, or a part of the rows such as "5%", got "5"
batch.run: max_errors must be a whole number, or a part of the rows such as "5%", got "101%"
batch.run: max_errors must be a whole number, or a part of the rows such as "5%", got "x%"
batch.run: max_errors must be a whole number, or a part of the rows such as "5%", got true
batch.run: results must end in .csv or .jsonl, got "out.txt"
batch.run: results must be another file than the journal
batch.run: key is required with a journal, unless the rows come from a CSV file: without it nobody could tell whether they are the same
batch.run: key is required with a journal, unless the rows come from a CSV file: without it nobody could tell whether they are the same
batch.run: columns is for results in a .csv file
batch.run: columns names "a" twice
batch.run: columns has "row", which the results have anyway
batch.run: wokers is not known, did you mean "workers"?
batch.run: rates is not known, did you mean "rate"?; worker is not known, did you mean "workers"?
`, ""},
		{"columns", csv, `refused{ source = csv.open(at "rows.csv"), each = print, key = "nme" }
			refused{ source = csv.open(at "rows.csv"), each = print, key = "telephone" }
			refused{ source = csv.open(at "rows.csv", { header = false }), each = print, key = "id" }`,
			`batch.run: key is no column, did you mean "name"?
batch.run: key is no column, got "telephone"; columns are "id", "name"
batch.run: key names a column, but the rows have no header: give a function, as in key = function(row) return row[1] end
`, ""},
		{"readers", csv, `local r = csv.open(at "rows.csv") r:read() refused{ source = r, each = print }
			local r = csv.open(at "rows.csv") r:close() refused{ source = r, each = print }
			refused{ source = csv.open(at "rows.csv"), each = print, results = at "rows.csv" } print(#io.open(at "rows.csv"):read "*a")`,
			`batch.run: source is a csv.Reader that rows were read from already: the first row of a batch must be the first of the file
batch.run: source is a csv.Reader that was closed
batch.run: results must be another file than one that is read
12
`, ""},
		{"a batch in a batch", "", `show(batch.run{ source = { 1 }, each = function() batch.run{ source = {}, each = print } end })
			show(batch.run{ source = { 1 }, each = function() task.spawn(function() batch.run{ source = {}, each = print } end):await() end })`,
			"rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 0\nscript\t-\t-\t1\t1\ttest:1: batch.run cannot run inside the each of another batch\n" +
				"rows 1 done 0 failed 1 doubt 0 dup 0 left 0 earlier 0\nscript\t-\t-\t1\t1\ttest:2: batch.run cannot run inside the each of another batch\n", ""},
		{"files", "id\n", `refused{ source = { 1 }, each = print, results = at "none/out.csv" } refused{ source = { 1 }, key = tostring, each = print, journal = at "none/j" } refused{ source = { 1 }, key = tostring, each = print, journal = dir } refused{ source = { 1 }, key = tostring, each = print, journal = "/dev/null" }
			refused{ source = { 1 }, key = tostring, each = print, journal = at "rows.csv" } print(#io.open(at "rows.csv"):read "*a")`,
			`batch.run: cannot write the results: open DIR/none/out.csv: no such file or directory
batch.run: DIR/none/j: cannot open the journal: there is no folder DIR/none: make it, or name a journal elsewhere
batch.run: DIR is a folder: name a file for the journal
batch.run: /dev/null is not a regular file: name another file for the journal
batch.run: DIR/rows.csv is not a journal: it does not begin as one; name another file for the journal
3
`, ""},
	})
}
