package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/authysh/authysh/authy/receiver"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// execHandler runs a program for each delivery. The API key stays here: the program did not ask for it.
func (a *app) execHandler(line string) (receiver.Handler, error) {
	words, err := splitWords(line)
	if err != nil {
		return nil, &usageError{message: "--exec " + err.Error()}
	}
	if len(words) == 0 {
		return nil, &usageError{message: "--exec must not be empty"}
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		return nil, &usageError{message: fmt.Sprintf("--exec: %q is no program that can be run", wording.Clip(words[0]))}
	}
	env := []string{}
	if a.environ != nil {
		for _, variable := range a.environ() {
			if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "AUTHY") || !strings.Contains(name, "KEY") {
				env = append(env, variable)
			}
		}
	}
	programs := &programs{running: map[*exec.Cmd]struct{}{}}
	kill := programs.kill
	a.dying.Store(&kill)
	return func(ctx context.Context, d *receiver.Delivery) error {
		text, err := json.Marshal(told(d))
		if err != nil {
			return err
		}
		command := exec.CommandContext(ctx, program, words[1:]...)
		command.Env, command.Stdin = env, bytes.NewReader(append(text, '\n'))
		command.Stdout, command.Stderr = a.out, a.err
		command.WaitDelay = time.Second // for what it left running with our pipe in its hands
		err = programs.run(command)
		if errors.Is(err, exec.ErrWaitDelay) {
			err = nil // the program itself has ended, and well
		}
		if flushed := a.out.Flush(); err == nil {
			err = flushed
		}
		if err != nil {
			return fmt.Errorf("--exec %s: %w", words[0], err)
		}
		return nil
	}, nil
}

// programs are those that run just now, each in a process group of its own where the system has such: an interrupt of the
// terminal is for this program, which lets them finish, and who is killed takes along what he has started.
type programs struct {
	mu      sync.Mutex
	running map[*exec.Cmd]struct{}
}

func (p *programs) run(command *exec.Cmd) error {
	inOwnGroup(command)
	command.Cancel = func() error { return killGroup(command) }
	p.mu.Lock()
	err := command.Start()
	if err == nil {
		p.running[command] = struct{}{}
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	err = command.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, command)
	return err
}

// kill ends them all, and sees to it that no other begins: the process is about to end.
func (p *programs) kill() {
	p.mu.Lock() // for good
	for command := range p.running {
		_ = killGroup(command)
	}
}
