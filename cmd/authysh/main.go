package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	_ "github.com/authysh/authysh/cmd/authysh/internal/firstgc"
	"github.com/authysh/authysh/cmd/authysh/internal/initpages"
)

func main() {
	initpages.Release()
	// net/http logs the bytes of an answer that goes on after its announced end; they may hold a secret.
	log.SetOutput(io.Discard)
	os.Exit(run(context.Background(), os.Args[1:], process()))
}

// process is the world as the operating system gives it. Nothing else in this program asks for it.
func process() stdio {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	return stdio{
		program:        os.Args[0],
		stdin:          os.Stdin,
		stdout:         os.Stdout,
		stderr:         os.Stderr,
		stdinTerminal:  isTerminal(os.Stdin),
		stdoutTerminal: isTerminal(os.Stdout),
		stderrTerminal: isTerminal(os.Stderr),
		userID:         os.Geteuid(),
		lookupEnv:      os.LookupEnv,
		environ:        os.Environ,
		signals:        notify(),
		exit:           os.Exit,
		keyring:        systemKeyring{},
	}
}

// notify delivers the signals that end a program, but for those that its parent has set to be ignored, as nohup does.
func notify() <-chan os.Signal {
	signals := make(chan os.Signal, 4)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	return signals
}
