package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/present"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
	"github.com/authysh/authysh/luabind"
)

// The formats of plugins are further forms of --output. The environment and a configuration file take the program's own
// forms only: they hold for runs without plugins, too.

// flagLayer is the layer of the flags that were given.
func (a *app) flagLayer() (config.Layer, error) {
	l, err := config.FromFlags(a.flagGiven)
	if err != nil {
		return nil, err
	}
	form, _ := l[config.OutputSetting].Value.(string)
	if form == "" || slices.Contains(present.Forms(), form) {
		return l, nil
	}
	if a.plugins.probing || a.plugins.runtime == nil && a.mayLoadPlugins() {
		return l, nil // whoever loads the plugins checks it
	}
	return l, a.checkForm(form, a.plugins.runtime)
}

// mayLoadPlugins reports whether plugins are enabled that this run is going to load.
func (a *app) mayLoadPlugins() bool {
	return !a.plugins.none && !a.plugins.planted && len(a.pluginCommandNames()) > 0
}

// forms lists what --output may be, the formats of plugins last.
func (a *app) forms() []string { return formsWith(a.plugins.runtime) }

func formsWith(runtime *luabind.Runtime) []string {
	forms := present.Forms()
	if runtime == nil {
		return forms
	}
	for _, name := range runtime.Formats() {
		if !slices.Contains(forms, name) { // the program's own come first
			forms = append(forms, name)
		}
	}
	return forms
}

// checkForm refuses a form that is neither the program's nor that of a plugin of the runtime. Nil has no plugins.
func (a *app) checkForm(form string, runtime *luabind.Runtime) error {
	forms := formsWith(runtime)
	if form == "" || slices.Contains(forms, form) {
		return nil
	}
	e := &usageError{message: fmt.Sprintf("--%s must be one of %s, got %q%s", config.OutputSetting, strings.Join(forms, ", "), wording.Clip(form), wording.Suggest(form, forms))}
	if a.plugins.none {
		e.hint = "--no-plugins leaves out the formats of plugins"
	} else if len(a.plugins.failures) > 0 {
		e.hint = "the plugin " + a.plugins.failures[0].name + " is left out, and with it its formats; authysh plugin doctor tells more"
	}
	return e
}

// renderer makes the text of a form that a plugin adds; nil for the program's own.
func (a *app) renderer(form string) func(any) (string, error) {
	runtime := a.plugins.runtime
	if runtime == nil || form == "" || slices.Contains(present.Forms(), form) {
		return nil
	}
	return func(value any) (string, error) {
		ctx := a.plugins.ends
		if ctx == nil {
			ctx = context.Background()
		}
		text, err := runtime.Format(ctx, form, value)
		if err != nil && ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return text, err
	}
}
