package worker

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// programs are what else the tests start, by the argument.
var programs = map[string]func(){}

// TestMain is also the program of children, and of those that do not behave.
func TestMain(m *testing.M) {
	if Is() {
		Main()
	}
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "hostile:") {
		hostile(strings.TrimPrefix(os.Args[1], "hostile:"))
		os.Exit(0)
	}
	if len(os.Args) > 1 && programs[os.Args[1]] != nil {
		programs[os.Args[1]]()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// hostile is a child that a script has taken over.
func hostile(manner string) {
	out := &writer{w: os.Stdout}
	if manner == "mute" {
		forever()
	}
	if manner == "dies" {
		fmt.Fprintln(os.Stderr, "panic: on purpose")
		os.Exit(3)
	}
	_ = out.send(message{Type: "ready"})
	if manner == "early" {
		_ = out.send(message{Type: "done"})
		forever()
	}
	m, _ := readMessage(os.Stdin, mostFromParent)
	done := message{Type: "done", Of: m.Run.Number}
	request := &request{ID: 1, Method: "GET", Path: "/protected/json/app/details"}
	switch manner {
	case "garbage":
		fmt.Print("\x00\x00\x00\x04what")
	case "long":
		_, _ = os.Stdout.Write(binary.BigEndian.AppendUint32(nil, 1<<32-1))
	case "twice":
		_ = out.send(done)
		_ = out.send(done)
	case "ready":
		_ = out.send(message{Type: "ready"})
	case "value":
		fmt.Print("\x00\x00\x00\x40" + fmt.Sprintf("%-64s", `{"type":"done","failure":{"script":{"Value":{"x":1}}}}`))
	case "flood":
		for {
			_ = out.send(message{Type: "stdout", Output: make([]byte, 100<<10)})
		}
	case "elsewhere":
		request.Path = m.Run.Source
		_ = out.send(message{Type: "request", Request: request})
	case "deaf", "many": // asks and asks, and takes no answer
		for {
			_ = out.send(message{Type: "request", Request: request})
		}
	case "memory":
		var held [][]byte
		for {
			piece := make([]byte, 8<<20)
			for i := range piece {
				piece[i] = 1
			}
			held = append(held, piece)
			runtime.KeepAlive(held)
		}
	case "family":
		cmd := exec.Command("/bin/sleep", "1000")
		cmd.Stdout = os.Stdout // holds the pipe
		_ = cmd.Start()
		_ = out.send(message{Type: "stdout", Output: fmt.Append(nil, cmd.Process.Pid)})
	case "look":
		dir, _ := os.Getwd()
		entries, _ := os.ReadDir(dir)
		_ = out.send(message{Type: "stdout", Output: fmt.Appendf(nil, "%q %d %s", os.Environ(), len(entries), dir)})
		_ = out.send(done)
	}
	forever()
}

// forever computes: no end of a pipe ends it.
func forever() {
	for n := 0; ; n++ {
		runtime.KeepAlive(n)
	}
}
