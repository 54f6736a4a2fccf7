//go:build !linux

package worker

import "os/exec"

// isolate does nothing: the child ends when its standard input does.
func isolate(*exec.Cmd) {}

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func keepThread() {}

func confine() {}

func capMemory(int64) {}

// resident is not known here: the garbage collector of the child alone keeps to the limit.
func resident(int) (size int64, ok bool) { return 0, false }
