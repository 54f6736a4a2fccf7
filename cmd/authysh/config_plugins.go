package main

import (
	"context"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/luabind"
	"github.com/authysh/authysh/luabind/plugin"
)

// declared is the key with what its plugin says of its setting. A plugin that is not installed, or cannot be read, says
// nothing.
func (a *app) declared(ctx context.Context, key config.Key) (config.Key, error) {
	settings := a.declaredSettings(ctx, key.Plugin())
	if settings == nil {
		return key, nil
	}
	return key.Declared(settings)
}

// declaredSettings are those of a plugin that is installed.
func (a *app) declaredSettings(ctx context.Context, name string) []plugin.Setting {
	if name == "" {
		return nil
	}
	s, err := a.settings()
	if err != nil {
		return nil
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return nil
	}
	found, err := plugin.Find(dirs, name)
	if err != nil {
		return nil
	}
	m, err := luabind.InspectPlugin(ctx, found)
	if err != nil {
		return nil
	}
	return m.Config
}

// offerPluginSettings completes the keys of plugins that are installed.
func (a *app) offerPluginSettings(ctx context.Context) []string {
	searched := config.PluginDirs()
	offered := []string{searched.String() + "\t" + searched.Setting.Doc}
	s, err := a.settings()
	if err != nil {
		return offered
	}
	dirs, err := a.pluginDirs(s)
	if err != nil {
		return offered
	}
	found, _ := plugin.List(dirs)
	for _, f := range found {
		if f.Shadowed {
			continue
		}
		for _, setting := range a.declaredSettings(ctx, f.Name) {
			offered = append(offered, config.PluginSetting(f.Name, setting.Name).String()+"\t"+setting.Doc)
		}
	}
	return offered
}
