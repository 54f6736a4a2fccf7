package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// The limits of connections: who is slower than that is cut off.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 16 << 10
)

// Server serves a [Receiver].
type Server struct {
	r    *Receiver
	http *http.Server
	addr net.Addr
	done chan struct{}
	err  error
}

// Start listens on an address, such as "127.0.0.1:8080", and serves until [Server.Close]. Port 0 is a free one.
func Start(address string, r *Receiver) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("receiver: cannot listen on %s: %w", address, err)
	}
	s := &Server{r: r, addr: listener.Addr(), done: make(chan struct{}), http: &http.Server{
		Handler:           r,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      readTimeout + r.o.HandlerTimeout,
		IdleTimeout:       idleTimeout,
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

// URL is where the receiver is, with its path.
func (s *Server) URL() string { return "http://" + s.addr.String() + s.r.o.Path }

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
