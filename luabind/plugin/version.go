package plugin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luatext"
	"golang.org/x/mod/semver"
)

// canonical is a version as golang.org/x/mod/semver wants it; empty when it is none.
func canonical(version string) string {
	return semver.Canonical("v" + strings.TrimPrefix(version, "v"))
}

func validVersion(version string) bool { return version[0] != 'v' && canonical(version) != "" }

// bound is one part of a constraint, such as >=0.1.
type bound struct{ operator, version string }

var operators = []string{">=", "<=", "==", ">", "<", "="}

// parseConstraint reads versions such as ">=0.1" or ">=1.2, <2".
func parseConstraint(text string) ([]bound, error) {
	var bounds []bound
	for _, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		b := bound{operator: "="}
		for _, operator := range operators {
			if rest, ok := strings.CutPrefix(part, operator); ok {
				b.operator, part = operator, strings.TrimSpace(rest)
				break
			}
		}
		if b.version = canonical(part); part == "" || b.version == "" {
			return nil, fmt.Errorf("must be versions such as \">=0.1\" or \">=1.2, <2\", got %s", luatext.Excerpt(text))
		}
		bounds = append(bounds, b)
	}
	return bounds, nil
}

// satisfies reports whether a version is within a constraint. A build that has no version satisfies all.
func satisfies(version, constraint string) bool {
	bounds, err := parseConstraint(constraint)
	v := canonical(version)
	if err != nil || v == "" {
		return err == nil
	}
	for _, b := range bounds {
		c := semver.Compare(v, b.version)
		ok := false
		switch b.operator {
		case ">=":
			ok = c >= 0
		case "<=":
			ok = c <= 0
		case ">":
			ok = c > 0
		case "<":
			ok = c < 0
		default:
			ok = c == 0
		}
		if !ok {
			return false
		}
	}
	return true
}

// programName is the program in the requires of a manifest.
const programName = "authysh"

// CheckRequires compares what plugins need with each other and with the program's version, which may be empty or of any
// other form when it is not known: then it is not compared. It returns an error for each plugin that cannot run.
func CheckRequires(program string, manifests []*Manifest) map[string]error {
	byName := map[string]*Manifest{}
	for _, m := range manifests {
		byName[m.Name] = m
	}
	failures := map[string]error{}
	for _, m := range manifests {
		for _, name := range slices.Sorted(maps.Keys(m.Requires)) {
			want := m.Requires[name]
			other := byName[name]
			switch {
			case name == programName && !satisfies(program, want):
				failures[m.Name] = fmt.Errorf("plugin %s needs authysh %s, this is %s; install another version of either", m.Name, want, program)
			case name == programName:
			case other == nil:
				failures[m.Name] = fmt.Errorf("plugin %s needs the plugin %s %s, which is not enabled", m.Name, name, want)
			case !satisfies(other.Version, want):
				failures[m.Name] = fmt.Errorf("plugin %s needs %s %s, but %s is enabled; install another version of either", m.Name, name, want, other.Version)
			}
		}
		if failures[m.Name] == nil {
			if cycle := findCycle(m.Name, byName, nil); cycle != nil {
				failures[m.Name] = fmt.Errorf("plugin %s needs itself: %s", m.Name, strings.Join(cycle, " needs "))
			}
		}
	}
	spreadFailures(manifests, failures)
	return failures
}

// spreadFailures fails what needs a plugin that fails.
func spreadFailures(manifests []*Manifest, failures map[string]error) {
	for changed := true; changed; {
		changed = false
		for _, m := range manifests {
			for name := range m.Requires {
				if failures[m.Name] == nil && failures[name] != nil {
					failures[m.Name] = fmt.Errorf("plugin %s needs the plugin %s, which cannot run", m.Name, name)
					changed = true
				}
			}
		}
	}
}

// findCycle is the way from a plugin back to itself; nil when there is none.
func findCycle(name string, all map[string]*Manifest, path []string) []string {
	if len(path) > 0 && path[0] == name {
		return append(path, name)
	}
	if slices.Contains(path, name) || all[name] == nil {
		return nil
	}
	for _, next := range slices.Sorted(maps.Keys(all[name].Requires)) {
		if cycle := findCycle(next, all, append(slices.Clip(path), name)); cycle != nil {
			return cycle
		}
	}
	return nil
}
