package luabind

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Formats lists the forms in which values can be shown: those of [Formats], then those that plugins add.
func (s *Session) Formats() []Format {
	formats := Formats()
	for _, name := range s.rt.Formats() {
		if !slices.Contains(formats, Format(name)) {
			formats = append(formats, Format(name))
		}
	}
	return formats
}

// showAsPlugin shows values in the format of a plugin, each on lines of its own; secrets are hidden as in any other form.
// It gives nothing where the format is not a plugin's.
func (s *Session) showAsPlugin(values []lua.LValue) (string, error) {
	name := string(s.format)
	if slices.Contains(Formats(), s.format) {
		return "", nil
	}
	for _, g := range s.rt.plugins.loaded() {
		if !slices.Contains(g.manifest.Formats, name) {
			continue
		}
		p := s.printer()
		texts := make([]string, len(values))
		for i, v := range values {
			text, err := g.formatIn(s.rt.host, s.rt.state, name, p.Masked(v))
			if err != nil {
				return "", err
			}
			texts[i] = strings.TrimSuffix(text, "\n")
		}
		return strings.Join(texts, "\n"), nil
	}
	return "", nil
}
