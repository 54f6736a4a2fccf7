package main

import (
	"regexp"
	"slices"
	"testing"
)

// TestPluginTestStub compares what editors are told of tests with what tests are given.
func TestPluginTestStub(t *testing.T) {
	t.Parallel()
	functions := func(text, prefix string) []string {
		var names []string
		for _, found := range regexp.MustCompile(`(?m)^function (?:`+prefix+`\.)?(\w+)(\(.*?\))`).FindAllStringSubmatch(text, -1) {
			names = append(names, found[1]+found[2])
		}
		slices.Sort(names)
		return names
	}
	got, want := functions(pluginTestStub, "t"), functions(pluginTestPrelude, "judges")
	if len(want) < 5 || !slices.Equal(got, want) {
		t.Errorf("described are %q, given %q", got, want)
	}
}
