package main

import (
	"testing"

	"github.com/spf13/pflag"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

func TestColours(t *testing.T) {
	t.Parallel()
	inFile := func(choice string) config.Layer {
		return config.Layer{config.ColorSetting: {Value: choice, Origin: config.Origin{Where: "authysh.yaml:1", InFile: true}}}
	}
	tests := map[string]struct {
		file     config.Layer
		env      map[string]string
		flag     string
		terminal bool
		want     bool
	}{
		"a terminal":                            {terminal: true, want: true},
		"a pipe":                                {want: false},
		"a terminal without escape sequences":   {env: map[string]string{"TERM": "dumb"}, terminal: true, want: false},
		"NO_COLOR":                              {env: map[string]string{"NO_COLOR": "1"}, terminal: true, want: false},
		"an empty NO_COLOR":                     {env: map[string]string{"NO_COLOR": ""}, terminal: true, want: true},
		"CLICOLOR_FORCE":                        {env: map[string]string{"CLICOLOR_FORCE": "1"}, want: true},
		"CLICOLOR_FORCE=0":                      {env: map[string]string{"CLICOLOR_FORCE": "0"}, want: false},
		"NO_COLOR beats CLICOLOR_FORCE":         {env: map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, terminal: true, want: false},
		"AUTHYSH_COLOR beats NO_COLOR":          {env: map[string]string{"NO_COLOR": "1", "AUTHYSH_COLOR": "always"}, want: true},
		"AUTHYSH_COLOR beats CLICOLOR_FORCE":    {env: map[string]string{"CLICOLOR_FORCE": "1", "AUTHYSH_COLOR": "never"}, terminal: true, want: false},
		"the flag beats AUTHYSH_COLOR":          {env: map[string]string{"AUTHYSH_COLOR": "always"}, flag: "never", terminal: true, want: false},
		"the flag beats NO_COLOR":               {env: map[string]string{"NO_COLOR": "1"}, flag: "always", want: true},
		"the file":                              {file: inFile("always"), want: true},
		"NO_COLOR beats the file":               {file: inFile("always"), env: map[string]string{"NO_COLOR": "1"}, want: false},
		"CLICOLOR_FORCE beats the file":         {file: inFile("never"), env: map[string]string{"CLICOLOR_FORCE": "1"}, want: true},
		"always, though TERM is dumb":           {env: map[string]string{"TERM": "dumb"}, flag: "always", want: true},
		"--color auto takes back what is in it": {file: inFile("never"), flag: "auto", terminal: true, want: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &app{stdio: stdio{lookupEnv: func(name string) (string, bool) {
				value, ok := test.env[name]
				return value, ok
			}}}
			flags := a.globalFlags()
			if test.flag != "" {
				set(t, flags, "color", test.flag)
			}
			if test.file != nil {
				s, err := a.settingsOver(test.file)
				if err != nil {
					t.Fatal(err)
				}
				a.loaded = s
			}
			if got := a.colours(test.terminal); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func set(t *testing.T, flags *pflag.FlagSet, name, value string) {
	t.Helper()
	if err := flags.Set(name, value); err != nil {
		t.Fatal(err)
	}
}
