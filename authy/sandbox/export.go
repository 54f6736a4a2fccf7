package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authysh/authysh/authy/sandbox/store"
)

// exportVersion is the version of the JSON that Export writes.
const exportVersion = 1

// exported is everything that a sandbox knows, but for API keys and dashboard keys, which stay those of the
// sandbox that reads it. It has secrets and codes: it is for machines and to be kept like a password file.
type exported struct {
	Version int           `json:"version"`
	Clock   *clockRecord  `json:"clock,omitempty"`
	Apps    []exportedApp `json:"apps"`
}

// exportedApp is one application: records by kind and key.
type exportedApp struct {
	Name    string                                `json:"name"`
	Records map[string]map[string]json.RawMessage `json:"records"`
}

// Export writes everything that the sandbox knows as JSON for [Service.Import], but for API keys.
//
// It can fail only with a data directory that cannot be read again after it could not be written.
func (s *Service) Export() ([]byte, error) {
	clock := s.clock.record()
	all, err := s.export(&clock, s.apps)
	if err != nil {
		return nil, err
	}
	return compact(all), nil
}

func (s *Service) export(clock *clockRecord, apps []*application) (exported, error) {
	out := exported{Version: exportVersion, Clock: clock}
	for _, a := range apps {
		e := exportedApp{Name: a.name, Records: map[string]map[string]json.RawMessage{}}
		err := s.transact(a, nil, func(time.Time) error {
			for _, c := range a.all() {
				if c.Kind == kindApp {
					r := a.record()
					r.Keys, r.Dashboard = nil, DashboardKeys{}
					c.Value = compactRecord(r)
				}
				if e.Records[c.Kind] == nil {
					e.Records[c.Kind] = map[string]json.RawMessage{}
				}
				e.Records[c.Kind][c.Key] = c.Value
			}
			return nil
		})
		if err != nil {
			return exported{}, err
		}
		out.Apps = append(out.Apps, e)
	}
	return out, nil
}

// Import replaces what the sandbox knows by what [Service.Export] wrote, application by application; those
// that the text does not name stay as they are. Nothing is changed when there is an error, but for those applications
// that were replaced before a data directory could not be written.
func (s *Service) Import(text []byte) error { return s.importInto(text, s.apps, true) }

func (s *Service) importInto(text []byte, apps []*application, clock bool) error {
	in, err := readExport(text)
	if err != nil {
		return fmt.Errorf("sandbox: import: %w", err)
	}
	type replacement struct {
		into  *application
		fresh *application
		app   appRecord
	}
	var plan []replacement
	for _, e := range in.Apps {
		i := slices.IndexFunc(apps, func(a *application) bool { return strings.EqualFold(a.name, e.Name) })
		if i < 0 && len(apps) == 1 && len(in.Apps) == 1 {
			i = 0 // only one can be meant
		}
		if i < 0 {
			return fmt.Errorf("sandbox: import: app %s: %w: this sandbox has %s", strconv.Quote(clip(e.Name)), ErrNotFound, names(apps))
		}
		fresh := &application{config: s.config, slot: apps[i].slot, state: newState(s.config.limits)}
		var r appRecord
		if text := e.Records[kindApp][""]; text != nil {
			if err := json.Unmarshal(text, &r); err != nil {
				return fmt.Errorf("sandbox: import: app %s: %w: %w", strconv.Quote(clip(e.Name)), ErrInvalid, err)
			}
		}
		if err := fresh.load(recordsOf(e.Records)); err != nil {
			return fmt.Errorf("sandbox: import: app %s: %w: %w", strconv.Quote(clip(e.Name)), ErrInvalid, err)
		}
		if last := max(fresh.lastID, r.LastID); last > maxAuthyID {
			return fmt.Errorf("sandbox: import: app %s: %w: last_id must be at most %d, got %d", strconv.Quote(clip(e.Name)), ErrInvalid, maxAuthyID, last)
		}
		for d := range fresh.deliveries.newest() {
			if d.State == DeliveryPending {
				d.State = DeliveryFailed // it was another sandbox's to deliver; it can be sent again by hand
			}
		}
		plan = append(plan, replacement{apps[i], fresh, r})
	}
	if clock && in.Clock != nil {
		if err := s.keepClock(func() error { s.clock.restore(*in.Clock); return nil }); err != nil {
			return fmt.Errorf("sandbox: import: %w", err)
		}
	}
	for _, p := range plan {
		err := s.transact(p.into, nil, func(time.Time) error {
			p.into.state = p.fresh.state
			p.into.lastID = max(p.into.lastID, p.fresh.lastID, p.app.LastID)
			p.into.callback = callback{p.app.CallbackURL, p.app.CallbackMethod}
			p.into.forget()
			p.into.tell(EventReset, struct{}{})
			return nil
		})
		if err != nil {
			return fmt.Errorf("sandbox: import: %w", err)
		}
	}
	return nil
}

func names(apps []*application) string {
	var all []string
	for _, a := range apps {
		all = append(all, strconv.Quote(a.name))
	}
	return strings.Join(all, ", ")
}

func readExport(text []byte) (exported, error) {
	var in exported
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&in); err != nil {
		return in, fmt.Errorf("%w: not an export of a sandbox: %w", ErrInvalid, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return in, fmt.Errorf("%w: more than one JSON value", ErrInvalid)
	}
	switch {
	case in.Version == 0:
		return in, fmt.Errorf("%w: not an export of a sandbox: version is missing", ErrInvalid)
	case in.Version > exportVersion:
		return in, fmt.Errorf("%w: version %d is newer than this program knows: use the program that wrote it", ErrInvalid, in.Version)
	}
	return in, nil
}

func recordsOf(kinds map[string]map[string]json.RawMessage) map[string][]store.Record {
	out := map[string][]store.Record{}
	for kindName, records := range kinds {
		for _, key := range slices.Sorted(maps.Keys(records)) {
			out[kindName] = append(out[kindName], store.Record{Key: key, Value: records[key]})
		}
	}
	return out
}

// maxImport bounds an import.
const maxImport = 256 << 20

func apiExport(s *Service, rq *request) (any, error) {
	var clock *clockRecord
	if rq.admin {
		now := s.clock.record()
		clock = &now
	}
	all, err := s.export(clock, s.seen(rq))
	if err != nil { // not an interface around an empty export
		return nil, err
	}
	return all, nil
}

func apiImport(s *Service, rq *request) (any, error) {
	text, err := io.ReadAll(io.LimitReader(rq.Body, maxImport+1))
	if err != nil || len(text) > maxImport {
		return nil, badRequest("the import could not be read, or is larger than 256 MB")
	}
	if err := s.importInto(text, s.seen(rq), rq.admin); err != nil {
		if _, lost := errors.AsType[*lostError](err); lost {
			return nil, err
		}
		return nil, badRequest(strings.TrimPrefix(err.Error(), "sandbox: "))
	}
	return object{{"success", true}}, nil
}
