package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// timing are the limits of connections: who is slower is cut off.
type timing struct {
	header, read, idle time.Duration
	open               int // connections; the others wait to be accepted
}

var usualTiming = timing{header: 5 * time.Second, read: 10 * time.Second, idle: 60 * time.Second, open: 1024}

// maxHeader bounds a request but for its body. A GET callback has its fields there, as a rule 2 KiB.
const maxHeader = 32 << 10

// Server serves a [Receiver].
type Server struct {
	r    *Receiver
	http *http.Server
	addr net.Addr
	done chan struct{}
	err  error
}

// Start listens on an address, such as "127.0.0.1:8080", and serves until [Server.Close]. Port 0 is a free one, and a
// port alone, such as "8080", one of this machine only.
//
// An address that cannot be one is an [*OptionError] of "addr". What else keeps it from listening comes from the system,
// such as that the port is in use.
func Start(address string, r *Receiver) (*Server, error) { return start(address, r, usualTiming) }

func start(address string, r *Receiver, t timing) (*Server, error) {
	if address != "" && strings.Trim(address, "0123456789") == "" {
		address = "127.0.0.1:" + address
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, listenError(address, err)
	}
	addr := listener.Addr()
	listener = limit(listener, t.open)
	s := &Server{r: r, addr: addr, done: make(chan struct{}), http: &http.Server{
		Handler:           r,
		ReadHeaderTimeout: t.header,
		ReadTimeout:       t.read,
		WriteTimeout:      t.read + r.o.HandlerTimeout,
		IdleTimeout:       t.idle,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // it would tell of each broken connection
	}}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
		}
	}()
	return s, nil
}

func listenError(address string, err error) error {
	cause := err
	if op, ok := errors.AsType[*net.OpError](err); ok {
		cause = op.Err
	}
	_, malformed := errors.AsType[*net.AddrError](cause)
	if _, unknown := errors.AsType[*net.DNSError](cause); malformed || unknown {
		return &OptionError{"addr", fmt.Sprintf("must be host:port, such as 127.0.0.1:8080, got %q: %v", address, cause), err}
	}
	return fmt.Errorf("receiver: cannot listen on %s: %w", address, cause)
}

// URL is where the receiver is, with its path. Of a receiver that listens everywhere it is the URL on this machine.
func (s *Server) URL() string {
	host, port, _ := net.SplitHostPort(s.addr.String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + s.r.o.Path
}

// Addr is the address that it listens on.
func (s *Server) Addr() string { return s.addr.String() }

// Done is closed when the server no longer takes requests.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is why the server stopped by itself; nil if it did not.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close takes no more requests, lets handlers finish until ctx ends, and closes the receiver.
func (s *Server) Close(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.r.cancel()
		s.http.Close()
	}
	<-s.done
	return errors.Join(err, s.r.Close())
}
