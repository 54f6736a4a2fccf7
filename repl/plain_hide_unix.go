//go:build unix

package repl

import (
	"os"

	"github.com/pkg/term/termios"
	"golang.org/x/sys/unix"
)

// hideInput keeps the terminal from showing what is typed, until restore is called.
func hideInput(in *os.File) (restore func(), err error) {
	before, err := termios.Tcgetattr(in.Fd())
	if err != nil {
		return nil, err
	}
	mode := *before
	mode.Lflag &^= unix.ECHO | unix.ECHONL
	mode.Lflag |= unix.ICANON | unix.ISIG
	mode.Iflag |= unix.ICRNL
	if err := termios.Tcsetattr(in.Fd(), termios.TCSANOW, &mode); err != nil {
		return nil, err
	}
	return func() { termios.Tcsetattr(in.Fd(), termios.TCSANOW, before) }, nil
}
