//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// inOwnGroup has a program that is to be started lead a process group.
func inOwnGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills the program and those of its group.
func killGroup(command *exec.Cmd) error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
