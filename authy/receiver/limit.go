package receiver

import (
	"net"
	"sync"
)

// limited is a listener of which only so many connections are open at once. The others wait in the system's queue, where
// they cost this program nothing.
type limited struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	close  func() error
}

func limit(l net.Listener, most int) net.Listener {
	closed := make(chan struct{})
	return &limited{l, make(chan struct{}, most), closed, sync.OnceValue(func() error {
		close(closed)
		return l.Close()
	})}
}

// Accept waits for a slot, then for a connection.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &counted{c, sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close lets Accept go, too.
func (l *limited) Close() error { return l.close() }

// counted is a connection that holds a slot until it is closed.
type counted struct {
	net.Conn
	release func()
}

// Close gives the slot back.
func (c *counted) Close() error {
	defer c.release()
	return c.Conn.Close()
}
