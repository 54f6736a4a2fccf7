package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set when a release is built: -ldflags "-X main.version=v1.2.3".
var version string

// build describes the program.
type build struct {
	Version  string `json:"version" yaml:"version"`
	Commit   string `json:"commit,omitempty" yaml:"commit,omitempty"`
	Go       string `json:"go" yaml:"go"`
	Platform string `json:"platform" yaml:"platform"`
}

// thisBuild asks the linker first, then what go build or go install wrote down.
func thisBuild() build {
	b := build{Version: version, Go: strings.TrimPrefix(runtime.Version(), "go"), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Commit = s.Value
		}
	}
	if b.Version == "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	if b.Version == "" {
		b.Version = "development"
	}
	return b
}

func (b build) String() string {
	return fmt.Sprintf("authysh %s (go %s, %s)", b.Version, b.Go, b.Platform)
}

// showVersionLine is authysh --version, which is for people and the first line of bug reports.
func (a *app) showVersionLine() error {
	_, err := io.WriteString(a.out, thisBuild().String()+"\n")
	return err
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       "show the version",
		Args:        noArguments,
		Annotations: map[string]string{usesFlags: showsResult},
		RunE: func(*cobra.Command, []string) error {
			s, err := a.quickSettings()
			if err != nil {
				return err
			}
			b := thisBuild()
			return a.show(s, b, func(w io.Writer) {
				fmt.Fprintln(w, b)
			}, []string{"version", "commit", "go", "platform"}, [][]string{{b.Version, b.Commit, b.Go, b.Platform}})
		},
	}
}
