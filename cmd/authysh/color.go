package main

import "github.com/authysh/authysh/cmd/authysh/internal/config"

// colours reports whether what goes to a stream should be coloured; terminal says whether that is one. The flag --color
// is stronger than AUTHYSH_COLOR, that than NO_COLOR, that than CLICOLOR_FORCE and CLICOLOR, and those than the configuration file.
func (a *app) colours(terminal bool) bool {
	s := a.loaded
	if s == nil {
		quick, err := a.quickSettings()
		if err != nil {
			return false // the command says what is wrong
		}
		s = quick
	}
	switch a.colourChoice(s) {
	case "always":
		return true
	case "never":
		return false
	}
	dumb, _ := a.lookupEnv("TERM")
	return terminal && dumb != "dumb"
}

// colourChoice is auto, always or never.
func (a *app) colourChoice(s *config.Settings) string {
	if by := s.Origin(config.ColorSetting); by.Where != "" && by.Where != config.DefaultOrigin && !by.InFile {
		return s.Text(config.ColorSetting)
	}
	if set, _ := a.lookupEnv("NO_COLOR"); set != "" {
		return "never"
	}
	if force, _ := a.lookupEnv("CLICOLOR_FORCE"); force != "" && force != "0" {
		return "always"
	}
	if on, _ := a.lookupEnv("CLICOLOR"); on == "0" {
		return "never"
	}
	return s.Text(config.ColorSetting)
}
