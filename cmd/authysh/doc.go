// Authysh runs Lua scripts against the Authy API, or against a sandbox of it.
//
//	authysh [flags] script.lua [args...]
//	authysh [flags] -e code [args...]
//	authysh [flags] - [args...]
//	authysh [flags] command
//
// Results go to standard output, everything else to standard error. The exit codes are listed by authysh --help; the
// settings, and where they may come from, in config.example.yaml.
package main
