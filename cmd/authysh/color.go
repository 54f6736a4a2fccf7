package main

// colorSetting names the setting that decides about colours.
const colorSetting = "color"

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
func (a *app) colourChoice(s *settings) string {
	if by := s.origins[colorSetting]; by.where != "" && by.where != defaultOrigin && !by.inFile {
		return s.text(colorSetting)
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
	return s.text(colorSetting)
}
