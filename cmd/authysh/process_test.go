package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// running is a program that runs beside the test.
type running struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser // stays open, so that a reader of it waits
	stdout *bufio.Reader
	stderr bytes.Buffer
	fatal  func(format string, args ...any)
}

// begin starts a program. It gets extra files as descriptors 3 and up.
func begin(fatal func(string, ...any), program string, args, env []string, extra ...*os.File) *running {
	p := &running{cmd: exec.Command(program, args...), fatal: fatal}
	p.cmd.Env, p.cmd.Stderr, p.cmd.ExtraFiles = env, &p.stderr, extra
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		fatal("pipe: %v", err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		fatal("pipe: %v", err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		fatal("start: %v", err)
	}
	return p
}

// line waits for the next line of output.
func (p *running) line() string {
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.fatal("no line of output: %v; standard error: %s", err, p.stderr.String())
	}
	return strings.TrimSuffix(line, "\n")
}

// finish sends signals until the process has ended, and tells how it ended, what it printed since, and how long it took.
func (p *running) finish(signals ...os.Signal) (code int, rest string, took time.Duration) {
	started := time.Now()
	for _, s := range signals {
		p.cmd.Process.Signal(s)
	}
	killer := time.AfterFunc(20*time.Second, func() { p.cmd.Process.Kill() })
	defer killer.Stop()
	printed, _ := io.ReadAll(p.stdout)
	p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode(), string(printed), time.Since(started)
}
