package main

import "github.com/spf13/cobra"

// configTargetFlags adds the flags that choose a file.
func configTargetFlags(cmd *cobra.Command) *configTarget {
	t := new(configTarget)
	cmd.Flags().BoolVar(&t.local, "local", false, "work on ./"+localConfig)
	cmd.Flags().BoolVar(&t.user, "user", false, "work on the file in your configuration folder")
	return t
}
