package luabind

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind/internal/luatext"
	"github.com/authysh/authysh/luabind/internal/luavalue"
	"github.com/authysh/authysh/luabind/internal/pace"
	lua "github.com/yuin/gopher-lua"
)

// batchOp is how errors call batch.run.
const batchOp = "batch.run"

// batchModule is batch: one function for every row of a large file, many at a time.
func batchModule(h *Host) Module {
	return Module{
		Name: "batch", Doc: "Runs a function for every row of a file of any size, and can resume.",
		Functions: []Function{{
			Name: "run", Doc: "Calls a function for every row; with a journal it can resume.",
			Params:  []Param{{Name: "options", Type: "table", Fields: optionParams[batchOptions]()}},
			Returns: []Param{{Name: "summary", Type: "table", Doc: "rows, done, failed, in_doubt, errors and more", Fields: summaryFields()}},
			Call:    func(L *lua.LState) int { return runBatch(L, h) },
		}},
	}
}

type batchOptions struct {
	Source      lua.LValue     `json:"source" doc:"the rows: what csv.open gives, another iterator, or a list" required:""`
	Each        *lua.LFunction `json:"each" doc:"gets a row and its context; what it returns is recorded" required:""`
	Key         lua.LValue     `json:"key" doc:"what names a row: a column, or a function of the row"`
	Workers     *int           `json:"workers" doc:"rows in the works at a time; 16 when left out"`
	Rate        *float64       `json:"rate" doc:"rows started per second at most; any number when left out"`
	Per         string         `json:"per" doc:"what rate counts by; second when left out" values:"second minute hour"`
	Journal     string         `json:"journal" doc:"file that records the run; resumes when it exists"`
	RetryFailed bool           `json:"retry_failed" doc:"when resuming, run failed rows again"`
	OnDoubt     lua.LValue     `json:"on_doubt" doc:"rows in doubt when resuming: skip, retry, or a function that says which; skip when left out"`
	OnDuplicate string         `json:"on_duplicate" doc:"a row whose key came before; skip when left out" values:"skip fail run"`
	MaxErrors   lua.LValue     `json:"max_errors" doc:"how many rows may fail before it stops: a number, or such as \"5%\""`
	Results     string         `json:"results" doc:"a .csv or .jsonl file that gets one record per row"`
	Ordered     bool           `json:"ordered" doc:"results are in the order of the rows"`
	Columns     []string       `json:"columns" doc:"what each returns: fields that get a column of their own in a .csv of results"`
}

// perUnits are what a rate may count by.
var perUnits = map[string]time.Duration{"": time.Second, "second": time.Second, "minute": time.Minute, "hour": time.Hour}

// newBatch reads the options.
func newBatch(L *lua.LState, h *Host) *batch {
	t, ok := L.Get(1).(*lua.LTable)
	if !ok {
		refuse(L, batchOp, "options", "must be one table, as in batch.run{...}, got "+luavalue.TypeName(L.Get(1)))
	}
	var o batchOptions
	if err := readOptions(batchOp, t, &o); err != nil {
		raise(L, err)
	}
	b := &batch{
		host: h, options: o, turn: newTurn(), draining: make(chan struct{}),
		workers: mapConcurrency, begun: time.Now(),
	}
	b.pace = pace.New(b.draining)
	var problems []authy.Problem
	check := func(param, reason string) {
		if reason != "" {
			problems = append(problems, authy.Problem{Param: param, Reason: reason})
		}
	}
	if o.Workers != nil {
		b.workers = *o.Workers
	}
	if b.workers < 1 || b.workers > mostWorkers {
		check("workers", fmt.Sprintf("must be from 1 to %d, got %d", mostWorkers, b.workers))
	}
	if units := []string{"second", "minute", "hour"}; o.Per != "" && !slices.Contains(units, o.Per) {
		check("per", oneOf(o.Per, units))
	}
	check("rate", b.readRate())
	check("key", b.readKey())
	check("on_doubt", b.readOnDoubt())
	if o.OnDuplicate != "" && !slices.Contains(duplicatePolicies, o.OnDuplicate) {
		check("on_duplicate", oneOf(o.OnDuplicate, duplicatePolicies))
	}
	check("max_errors", b.readMaxErrors())
	if o.Results != "" {
		check("results", resultsProblem(o.Results, o.Journal))
	}
	if o.Columns != nil {
		check("columns", columnsProblem(o.Columns, o.Results))
	}
	source, reason := newBatchSource(L, o.Source)
	check("source", reason)
	if o.Results != "" && openFilesOf(L).isRead(o.Results) {
		check("results", "must be another file than one that is read")
	}
	if reason == "" {
		check("key", b.keyProblem(source))
	}
	if problems != nil {
		raise(L, &authy.ValidationError{Op: batchOp, Problems: problems})
	}
	b.source = source
	return b
}

var duplicatePolicies = []string{"skip", "fail", "run"}

func (b *batch) readRate() (reason string) {
	unit, known := perUnits[b.options.Per]
	switch {
	case !known: // is said of per
		return ""
	case b.options.Rate == nil && b.options.Per != "":
		return "is required with per"
	case b.options.Rate == nil:
		return ""
	case !(*b.options.Rate > 0) || math.IsInf(*b.options.Rate, 1):
		return fmt.Sprintf("must be above 0, got %v", *b.options.Rate)
	}
	b.starts = pace.NewLimiter(*b.options.Rate / unit.Seconds())
	return ""
}

func (b *batch) readKey() (reason string) {
	switch key := b.options.Key.(type) {
	case nil:
	case lua.LString:
		if b.keyColumn = string(key); key == "" {
			return "must name a column"
		}
	case *lua.LFunction:
		b.keyFunction = key
	default:
		return mistyped("the name of a column, or a function", key).Error()
	}
	return ""
}

// keyProblem is what is wrong with the key for a source.
func (b *batch) keyProblem(source *batchSource) (reason string) {
	switch {
	case b.options.Key == nil && b.options.Journal != "" && !source.whole:
		return "is required with a journal, unless the rows come from a CSV file: without it nobody could tell whether they are the same"
	case b.options.Key == nil && b.options.OnDuplicate != "" && b.options.OnDuplicate != "run":
		return "is required with on_duplicate"
	case b.keyColumn != "" && source.reader != nil:
		header := source.reader.rows.header
		if header == nil {
			return "names a column, but the rows have no header: give a function, as in key = function(row) return row[1] end"
		}
		if !slices.Contains(header, b.keyColumn) {
			if near := authy.Nearest(b.keyColumn, header); near != "" {
				return fmt.Sprintf("is no column, did you mean %s?", luatext.Excerpt(near))
			}
			return fmt.Sprintf("is no column, got %s; columns are %s", luatext.Excerpt(b.keyColumn), listNames(header))
		}
	}
	return ""
}

func (b *batch) readOnDoubt() (reason string) {
	policies := []string{"skip", "retry"}
	switch policy := b.options.OnDoubt.(type) {
	case nil:
	case lua.LString:
		if !slices.Contains(policies, string(policy)) {
			return oneOf(string(policy), policies) + "; a function will do too"
		}
		b.retryDoubt = policy == "retry"
	case *lua.LFunction:
		b.askDoubt = policy
	default:
		return mistyped(`"skip", "retry" or a function`, policy).Error()
	}
	return ""
}

// readMaxErrors reads a count or a part of the rows.
func (b *batch) readMaxErrors() (reason string) {
	switch most := b.options.MaxErrors.(type) {
	case nil:
		b.maxErrors = math.MaxInt64
		return ""
	case lua.LNumber:
		if n := float64(most); n >= 0 && n == math.Trunc(n) {
			b.maxErrors = int64(n)
			return ""
		}
	case lua.LString:
		if text, ok := strings.CutSuffix(string(most), "%"); ok {
			if percent, err := strconv.ParseFloat(text, 64); err == nil && percent >= 0 && percent <= 100 {
				b.maxErrorPart = percent / 100
				b.maxErrors = -1
				return ""
			}
		}
	}
	got := b.options.MaxErrors.String()
	if _, isText := b.options.MaxErrors.(lua.LString); isText {
		got = luatext.Excerpt(got)
	}
	return `must be a whole number, or a part of the rows such as "5%", got ` + got
}

// columnsProblem is what is wrong with the columns of results.
func columnsProblem(columns []string, results string) (reason string) {
	if results != "" && !strings.EqualFold(filepath.Ext(results), ".csv") {
		return "is for results in a .csv file"
	}
	for i, name := range columns {
		switch {
		case name == "":
			return "has a column without a name"
		case slices.Contains(columns[:i], name):
			return "names " + luatext.Excerpt(name) + " twice"
		case slices.Contains(resultColumns, name):
			return "has " + luatext.Excerpt(name) + ", which the results have anyway"
		}
	}
	return ""
}

// resultsProblem is what is wrong with a file for results.
func resultsProblem(path, journal string) (reason string) {
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case ext != ".csv" && ext != ".jsonl":
		return "must end in .csv or .jsonl, got " + luatext.Excerpt(path)
	case journal != "" && filepath.Clean(path) == filepath.Clean(journal):
		return "must be another file than the journal"
	}
	return ""
}
