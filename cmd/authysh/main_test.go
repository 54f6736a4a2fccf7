package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"authysh": main, "authysh-keyring": mainWithKeyring})
}

// noRaceSleep spares each process the second that the race detector sleeps at its end.
const noRaceSleep = "atexit_sleep_ms=0"

// TestScripts runs testdata/script/*.txtar: the program as its users see it, one process per call.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
			env.Setenv("GORACE", noRaceSleep)
			repo, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			env.Setenv("REPO", repo)
			return os.MkdirAll(filepath.Join(home, ".config", "authysh"), 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"sandbox":     startSandbox,
			"stopsandbox": stopSandbox,
			"newerdata":   newerData,
			"damageddata": damagedData,
			"private":     makePrivate,
			"keep":        keep,
			"answer":      answerPush,
		},
	})
}

// exits CODE PROGRAM ARG... runs a program that must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("cannot run %s: %v", args[1], err)
		}
		got = failed.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// makePrivate FILE keeps a file from being read by others: files of a txtar are readable by everybody.
func makePrivate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: private file")
	}
	ts.Check(os.Chmod(ts.MkAbs(args[0]), 0o600))
}

// startSandbox [ARG...] serves a sandbox in a second process until the script ends; URL and KEY tell where, and
// ACCESS_KEY and SIGNING_KEY what its webhooks ask for.
func startSandbox(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: sandbox [flags]")
	}
	path := ts.Getenv("PATH")
	program, err := lookIn(path, "authysh")
	ts.Check(err)
	p := begin(ts.Fatalf, program, append([]string{"sandbox", "--output", "json"}, args...), []string{"PATH=" + path, "HOME=" + ts.Getenv("HOME"), "GORACE=" + noRaceSleep})
	serving.Store(ts.Getenv("WORK"), p)
	ts.Defer(func() { p.finish(os.Interrupt) })
	line := p.line()
	ts.Setenv("ADMIN_TOKEN", field(line, "admin_token"))
	ts.Setenv("URL", field(line, "url"))
	ts.Setenv("ADDRESS", strings.TrimPrefix(field(line, "url"), "http://"))
	ts.Setenv("KEY", field(line, "key"))
	ts.Setenv("ACCESS_KEY", field(line, "access_key"))
	ts.Setenv("SIGNING_KEY", field(line, "signing_key"))
}

func lookIn(path, name string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("no %s in %s", name, path)
}

// field is a member of a line of JSON whose values hold no quotes.
func field(line, name string) string {
	_, rest, _ := strings.Cut(line, `"`+name+`":"`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
