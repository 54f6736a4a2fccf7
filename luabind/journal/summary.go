package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// A Summary is what a journal tells as a whole.
type Summary struct {
	Header   Header
	Totals   Totals
	Errors   []ErrorGroup // of the rows that failed or ended in doubt, the most frequent first
	Script   Script       // the one that ran last
	Last     time.Time    // when the last event was; zero if there is none
	Sessions int          // how often a run was begun or resumed
	Ended    bool         // the last run came to its end; false if it is at work, or died
}

// An ErrorGroup is the rows that ended with the same kind of error.
type ErrorGroup struct {
	Kind, Code string // as recorded; empty if the error does not tell
	Count      int
	Example    RowRecord // the first of them
}

// Summarize reads a journal. It takes no lock: of a journal that is being written it tells what is there.
func Summarize(ctx context.Context, path string) (Summary, error) {
	var s survey
	file, err := surveyFile(ctx, path, &s)
	if err != nil {
		return Summary{}, err
	}
	defer func() { _ = file.Close() }()
	summary := Summary{
		Header: s.header, Totals: s.index.totals(), Script: s.header.Script, Sessions: s.sessions, Ended: s.ended,
	}
	if s.script != "" {
		_ = json.Unmarshal([]byte(s.script), &summary.Script) // if it is none, the first script stays
	}
	summary.Last, _ = time.Parse(time.RFC3339, s.last)
	groups := make([]ErrorGroup, len(s.groups.names))
	for n, p := range s.places {
		if p.end == 0 || s.index.state(n) == stateSkipped {
			continue
		}
		g := &groups[p.group]
		if g.Count == 0 || int64(n) < g.Example.N {
			g.Example.N = int64(n)
		}
		g.Count++
	}
	for i, g := range groups {
		if g.Count == 0 {
			continue
		}
		g.Kind, g.Code = s.groups.names[i][0], s.groups.names[i][1]
		if g.Example, err = s.record(path, file, uint32(g.Example.N)); err != nil {
			return Summary{}, err
		}
		summary.Errors = append(summary.Errors, g)
	}
	slices.SortFunc(summary.Errors, func(a, b ErrorGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Example.N, b.Example.N))
	})
	return summary, nil
}
