package main

import (
	"context"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// checkPlugins tells which plugins run, or the first that does not.
func (a *app) checkPlugins(ctx context.Context, s *config.Settings) finding {
	if a.plugins.none {
		return skipped("--no-plugins is given")
	}
	state, err := a.pluginState()
	if err != nil {
		return failed(exitUsage, remedyOf(err), "%s", err)
	}
	if len(state.Plugins) == 0 {
		return fine("none is enabled")
	}
	list, err := a.knownPlugins(ctx, s)
	if err != nil {
		return failed(exitUsage, remedyOf(err), "%s", err)
	}
	var names []string
	for _, p := range list {
		switch {
		case p.Order > 0 && p.Problem != "":
			return failed(exitUsage, "authysh plugin doctor tells of all; calls are made without a plugin that cannot be loaded", "%s", p.Problem)
		case p.Order > 0:
			names = append(names, p.Name)
		}
	}
	return fine("%s", strings.Join(names, ", "))
}
