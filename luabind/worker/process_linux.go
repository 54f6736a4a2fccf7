package worker

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// isolate makes the child a process group of its own, which is killed as a whole, and has it die with the thread that
// starts it.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// kill ends the child and whatever it has started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// keepThread keeps the goroutine on its thread, whose end would be that of the child.
func keepThread() { runtime.LockOSThread() }

// confine takes from the process what no script needs: files of any size, many open files, dumps of its memory.
func confine() {
	for resource, most := range map[int]uint64{syscall.RLIMIT_FSIZE: 0, syscall.RLIMIT_CORE: 0, syscall.RLIMIT_NOFILE: 32} {
		_ = syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most})
	}
}

// capMemory has the kernel refuse memory far beyond the limit, for what grows faster than the parent looks. Go takes some
// hundred MiB of room beside what it uses.
func capMemory(limit int64) {
	most := 2*uint64(limit) + 256<<20
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: most, Max: most})
}

// resident is how many bytes of memory a process holds; ok is false when that cannot be told.
func resident(pid int) (size int64, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
