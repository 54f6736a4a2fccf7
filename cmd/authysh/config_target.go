package main

import (
	"github.com/spf13/cobra"

	"github.com/authysh/authysh/cmd/authysh/internal/config"
)

// configTargetFlags adds the flags that choose a file.
func configTargetFlags(cmd *cobra.Command) *config.Target {
	t := new(config.Target)
	cmd.Flags().BoolVar(&t.Local, "local", false, "work on ./"+config.LocalFile)
	cmd.Flags().BoolVar(&t.User, "user", false, "work on the file in your configuration folder")
	return t
}
