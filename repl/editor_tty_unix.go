//go:build unix

package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/pkg/term/termios"
	"golang.org/x/sys/unix"
)

// ttyDevice is the terminal as a device: its mode, its size, its bytes.
type ttyDevice struct {
	fd     int
	out    *os.File
	cooked unix.Termios // a value: go-prompt keeps a pointer, edits it, and so never restores anything
	buf    [4096]byte

	mu     sync.Mutex // guards what release closes against size and wake
	closed bool
	wakeR  int
	wakeW  int
}

// openTTY remembers the mode that the terminal has now.
func openTTY(in, out *os.File) (*ttyDevice, error) {
	// A descriptor of our own survives a script that closes stdin. It is not /dev/tty, because poll(2) of
	// macOS does not take that one.
	fd, err := unix.FcntlInt(in.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("duplicate %s: %w", in.Name(), err)
	}
	mode, err := termios.Tcgetattr(uintptr(fd))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s is no terminal: %w", in.Name(), err), unix.Close(fd))
	}
	var pipe [2]int
	if err := unix.Pipe(pipe[:]); err != nil {
		return nil, errors.Join(fmt.Errorf("wake-up pipe: %w", err), unix.Close(fd))
	}
	for _, p := range pipe {
		unix.CloseOnExec(p)
		_ = unix.SetNonblock(p, true)
	}
	return &ttyDevice{fd: fd, out: out, cooked: *mode, wakeR: pipe[0], wakeW: pipe[1]}, nil
}

// output is where frames go.
func (t *ttyDevice) output() io.Writer { return t.out }

// makeRaw lets every key through at once and unchanged.
func (t *ttyDevice) makeRaw() error {
	raw := t.cooked
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.IEXTEN | unix.ISIG
	raw.Cflag = raw.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	// OPOST stays on, unlike in term.MakeRaw: go-prompt writes bare "\n".
	return t.setMode(&raw)
}

// restore gives the terminal the mode it had.
func (t *ttyDevice) restore() error {
	mode := t.cooked
	return t.setMode(&mode)
}

func (t *ttyDevice) setMode(mode *unix.Termios) error {
	for {
		err := termios.Tcsetattr(uintptr(t.fd), termios.TCSANOW, mode)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// size is what the terminal says, 0 where it does not know.
func (t *ttyDevice) size() (columns, rows int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return 0, 0
	}
	ws, err := unix.IoctlGetWinsize(t.fd, unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return int(ws.Col), int(ws.Row)
}

// wait returns the bytes that come within a time, 0 meaning no limit and noWait no time at all. It returns nothing when
// the time is over or after wake, and an error when the terminal is gone. The bytes are valid until the next call.
func (t *ttyDevice) wait(limit time.Duration) ([]byte, error) {
	timeout := -1
	switch {
	case limit == noWait:
		timeout = 0
	case limit > 0:
		timeout = int((limit + time.Millisecond - 1) / time.Millisecond)
	}
	// O_NONBLOCK is not used: it would hold for the parent shell too, which shares the open file.
	fds := []unix.PollFd{{Fd: int32(t.fd), Events: unix.POLLIN}, {Fd: int32(t.wakeR), Events: unix.POLLIN}}
	if _, err := unix.Poll(fds, timeout); err != nil {
		if errors.Is(err, unix.EINTR) {
			return nil, nil
		}
		return nil, err
	}
	if fds[1].Revents != 0 {
		_, _ = unix.Read(t.wakeR, t.buf[:])
	}
	if fds[0].Revents == 0 {
		return nil, nil
	}
	n, err := unix.Read(t.fd, t.buf[:])
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN):
		return nil, nil
	case err != nil:
		return nil, err
	case n == 0:
		return nil, io.EOF
	}
	return t.buf[:n], nil
}

// wake ends a wait.
func (t *ttyDevice) wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		_, _ = unix.Write(t.wakeW, []byte{0})
	}
}

// release closes the descriptors. Nobody may wait any more.
func (t *ttyDevice) release() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil
	}
	t.closed = true
	return errors.Join(unix.Close(t.fd), unix.Close(t.wakeR), unix.Close(t.wakeW))
}

// closeOnExecTTY keeps the descriptor of /dev/tty that go-prompt opens, and never uses here, out of the
// programs that scripts start.
func closeOnExecTTY() {
	var tty, st unix.Stat_t
	if unix.Stat("/dev/tty", &tty) != nil {
		return
	}
	const enough = 256 // descriptors are given out from the lowest free one
	for fd := 3; fd < enough; fd++ {
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR && st.Rdev == tty.Rdev {
			unix.CloseOnExec(fd)
		}
	}
}
