//go:build !unix

package main

import "os/exec"

// inOwnGroup does nothing: there are no process groups.
func inOwnGroup(*exec.Cmd) {}

// killGroup kills the program alone.
func killGroup(command *exec.Cmd) error { return command.Process.Kill() }
