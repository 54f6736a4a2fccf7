package main

import (
	"testing"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

func TestSettingsHaveFlags(t *testing.T) {
	t.Parallel()
	flags := (&app{}).globalFlags()
	for s := range config.All() {
		if s.Flag() != "" && flags.Lookup(s.Flag()) == nil {
			t.Errorf("%s: no flag --%s", s.Name, s.Flag())
		}
	}
}
