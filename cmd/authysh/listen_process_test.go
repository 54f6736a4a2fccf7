//go:build unix

package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServingFinishes: an interrupted program that receives callbacks finishes what it handles, answers it and is gone;
// another interrupt ends it at once.
func TestServingFinishes(t *testing.T) {
	t.Parallel()
	const handling = `io.write("begun\n") io.stdout:flush() task.sleep(callback.uuid == "long" and "15s" or "300ms") print("finished")`
	const serving = `local server = callbacks.serve{ addr = "0", on_approval = function(cb) callback = cb ` + handling + ` end } print(server.addr) `
	for name, source := range map[string]string{"listen": handling, "script": serving + "server:wait()", "script that does not wait": serving} {
		for _, signals := range [][]os.Signal{{os.Interrupt}, {syscall.SIGTERM}, {os.Interrupt, syscall.SIGTERM}} {
			script := filepath.Join(t.TempDir(), "script.lua")
			os.WriteFile(script, []byte(source), 0o600)
			var p *running
			var address string
			if name == "listen" {
				address = freeAddress(t)
				p = scriptProcess(t, []string{"listen", "--key", listenKey, "--addr", address, "--script", script})
				waitUp(t, address)
			} else {
				p = scriptProcess(t, []string{"--key", listenKey, script})
				address = p.line()
			}
			watchdog := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
			defer watchdog.Stop()
			status := make(chan int, 1)
			if len(signals) == 1 {
				signed := signedFor(t, address, "short")
				go func() { status <- deliver(t, address, signed) }()
			} else {
				request, err := signedFor(t, address, "long").HTTPRequest(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				go http.DefaultClient.Do(request) // to which no answer comes
			}
			if got := p.line(); got != "begun" {
				t.Fatalf("%s: %q", name, got)
			}
			code, rest, _ := p.finish(signals...)
			if len(signals) > 1 {
				if code <= 0 || strings.Contains(rest, "finished") {
					t.Errorf("%s, interrupted twice: exit code %d, %q", name, code, rest)
				}
				continue
			}
			if got := <-status; got != 200 || rest != "finished\n" || name != "listen" && code != int(codeOf(signals[0])) {
				t.Errorf("%s, %s: answered %d, exit code %d, %q, %s", name, signals[0], got, code, rest, p.stderr.String())
			}
		}
	}
}

// TestListenOutputLost: who can show nothing more ends, and leaves the delivery to the next one, instead of failing for ever.
func TestListenOutputLost(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no full disk here")
	}
	defer full.Close()
	for _, hand := range [][]string{nil, {"--exec", "echo handled"}} {
		address := freeAddress(t)
		program, err := lookIn(os.Getenv("PATH"), "authysh")
		if err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		cmd := exec.Command(program, append([]string{"listen", "--key", listenKey, "--addr", address}, hand...)...)
		cmd.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "GORACE=" + noRaceSleep}
		cmd.Stdout, cmd.Stderr = full, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		watchdog := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
		defer watchdog.Stop()
		waitUp(t, address)
		if got := deliver(t, address, signedFor(t, address, "u")); got != 500 {
			t.Errorf("answered %d", got)
		}
		cmd.Wait()
		if said := stderr.String(); cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said, "\nauthysh: cannot write to standard output: ") {
			t.Errorf("%v: exit code %d, %s", hand, cmd.ProcessState.ExitCode(), said)
		}
	}
}
