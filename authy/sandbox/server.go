package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"
)

// DefaultAddr is where [Start] listens when given no address: a free port that only this machine reaches.
const DefaultAddr = "127.0.0.1:0"

// The server's bounds against slow and oversized requests.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	shutdownTimeout   = 5 * time.Second // when the context given to Start ends
)

// Server is a running sandbox that listens on a port.
type Server struct {
	*Service

	http     *http.Server
	listener net.Listener
	stop     func() bool
	end      func() // of connections that faults have taken from the server
	done     chan struct{}

	mu  sync.Mutex
	err error
}

// Start makes a sandbox and serves it on addr, "host:port"; port 0 takes a free one, and an empty addr is
// [DefaultAddr].
//
// It refuses addresses that other machines can reach unless [WithRemoteAccess] is given. When ctx ends the
// server closes by itself, with a few seconds for requests under way.
func Start(ctx context.Context, addr string, opts ...Option) (*Server, error) {
	service, err := newService(opts)
	if err != nil {
		return nil, err
	}
	host, listener, err := listen(ctx, addr, service.config.remote)
	if err != nil {
		service.Close(ctx)
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" { // called by a name
		service.config.hosts = append(service.config.hosts, strings.ToLower(host))
	}
	s := &Server{
		Service:  service,
		listener: listener,
		done:     make(chan struct{}),
		http: &http.Server{
			Handler:           service,
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    maxHeaderBytes,
			ErrorLog:          slog.NewLogLogger(service.config.logger.Handler(), slog.LevelWarn),
		},
	}
	base, end := context.WithCancel(context.Background())
	s.http.BaseContext = func(net.Listener) context.Context { return base }
	s.end = end
	s.http.RegisterOnShutdown(service.hub.close) // watchers would keep it open
	go s.serve()
	s.stop = context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		s.shutdown(grace)
	})
	return s, nil
}

// listen takes an address, and gives its host as it was written.
func listen(ctx context.Context, addr string, remote bool) (host string, l net.Listener, err error) {
	if addr == "" {
		addr = DefaultAddr
	}
	if host, err = checkAddr(addr, remote); err != nil {
		return "", nil, err
	}
	var lc net.ListenConfig
	if l, err = lc.Listen(ctx, "tcp", addr); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return "", nil, fmt.Errorf("sandbox: address %s: the port is in use: choose another, or 0 for any free one", addr)
		}
		return "", nil, fmt.Errorf("sandbox: address %s: %w", addr, err)
	}
	return host, l, nil
}

func (s *Server) serve() {
	defer close(s.done)
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		s.mu.Lock()
		s.err = fmt.Errorf("sandbox: serve: %w", err)
		s.mu.Unlock()
	}
}

// checkAddr gives the host of an address that Start may listen on.
func checkAddr(addr string, remote bool) (string, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("sandbox: address %q must be host:port, such as %s", addr, DefaultAddr)
	}
	if remote || loopback(host) {
		return host, nil
	}
	return "", fmt.Errorf("sandbox: address %q can be reached from other machines: use a loopback host such as 127.0.0.1, or allow remote access explicitly", addr)
}

// loopback reports whether a host name or address can only mean this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// URL is where clients on this machine find the sandbox, without a trailing slash, which most clients
// would double.
func (s *Server) URL() string {
	addr := s.listener.Addr().(*net.TCPAddr)
	if addr.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
	}
	return "http://" + addr.String()
}

// Addr is the address that the sandbox listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Done is closed when the server no longer accepts requests.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is why the server stopped by itself; nil while it runs and after Close.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close stops listening, waits for requests and deliveries under way until ctx ends, and then cuts them off.
//
// It may be called more than once. It returns ctx's error if requests had to be cut off.
func (s *Server) Close(ctx context.Context) error {
	s.stop()
	return s.shutdown(ctx)
}

func (s *Server) shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		s.http.Close()
	}
	s.end()
	<-s.done
	return errors.Join(err, s.Service.Close(ctx))
}
