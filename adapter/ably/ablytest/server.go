package ablytest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// TB has the methods that the server needs of a test. *testing.T, *testing.B and *testing.F
// implement it.
type TB interface {
	Helper()
	Cleanup(func())
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Server is an embedded double of Ably on loopback. Its methods may be called by any goroutine,
// also from [Server.OnFrame] hooks.
type Server struct {
	opts   options
	ln     net.Listener
	http   *http.Server
	ctx    context.Context // ends when the server closes
	cancel context.CancelFunc
	owners owners
	frames frames
	faults faults

	closing sync.Once
	closed  chan struct{}

	mu       sync.Mutex
	changed  chan struct{}                  // closed and replaced at each change of the state
	accepted int                            // WebSockets so far
	made     int                            // connections so far
	refusal  *refusal                       // how new connections are refused, or nil
	conns    map[string]*connection         // by connection id
	apps     map[string]map[string]*channel // all channels, by application and name
	channels map[string]*channel            // the channels of the first key's application, by name
	tokens   map[string]*token              // by token string
	nonces   map[string]time.Time
	timers   map[*timer]struct{}
	site     string                    // random; part of every serial of this server
	held     int64                     // size of the histories, in bytes
	kept     int                       // how many entries the histories ever got
	sweep    int                       // the number of channels above which it looks for idle ones
	virtual  map[string]*VirtualClient // by client id
	disruptions
}

// NewServer starts a server that is closed when the test ends. If the server can't start, the test
// fails at once. Close waits for all goroutines of the server, so close the clients first.
func NewServer(tb TB, opts ...Option) *Server {
	tb.Helper()
	s, err := Start(append([]Option{WithLogf(tb.Logf)}, opts...)...)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server without a test; the caller closes it. It fails if the options can't work or
// if it can't listen on the address.
func Start(opts ...Option) (*Server, error) {
	o := defaultOptions()
	for _, opt := range opts {
		opt(&o)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	ln := o.listener
	if ln == nil {
		var err error
		if ln, err = net.Listen("tcp", o.addr); err != nil {
			return nil, fmt.Errorf("ablytest: %w", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{
		opts: o, ln: ln, ctx: ctx, cancel: cancel,
		closed:  make(chan struct{}),
		changed: make(chan struct{}),
		conns:   map[string]*connection{},
		apps:    map[string]map[string]*channel{},
		tokens:  map[string]*token{},
		nonces:  map[string]time.Time{},
		timers:  map[*timer]struct{}{},
		site:    randomText(5),
		sweep:   maxChannels,
	}
	s.channels = s.channelsOf(s.app())
	s.frames.limit = o.frameLog
	s.http = &http.Server{
		Handler:     http.HandlerFunc(s.serve),
		ErrorLog:    log.New(io.Discard, "", 0),
		ConnContext: withNetConn,
		ConnState:   s.trackConn,
	}
	s.owners.run("listener", func() {
		if err := s.http.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			o.logf("ablytest: %v", err)
		}
	})
	return s, nil
}

// Close ends the server: it closes the listener and all connections, and waits until all goroutines
// of the server have ended. Every 5 s it logs what it still waits for. Only code of the test can
// block it, such as a hook that doesn't return. Further calls wait for the end of the first.
func (s *Server) Close() {
	s.closing.Do(func() {
		s.cancel()
		s.http.Close()
		s.stopTimers()
		s.owners.wait(5*time.Second, func(what []string) {
			s.opts.logf("ablytest: Close waits for %s", strings.Join(what, ", "))
		})
		s.notify()
		close(s.closed)
	})
	<-s.closed
}

// Addr returns the address that the server listens on, as "host:port".
func (s *Server) Addr() string { return s.ln.Addr().String() }

// Host returns the host that the server listens on.
func (s *Server) Host() string {
	host, _, _ := net.SplitHostPort(s.Addr())
	return host
}

// Port returns the port that the server listens on.
func (s *Server) Port() int {
	_, port, _ := net.SplitHostPort(s.Addr())
	n, _ := strconv.Atoi(port)
	return n
}

// URL returns the base URL of the REST endpoints, such as "http://127.0.0.1:41234".
func (s *Server) URL() string { return "http://" + s.Addr() }

// Key returns the first of the server's keys, in the form that clients need.
func (s *Server) Key() string { return s.opts.keys[0].Text() }

func (s *Server) now() time.Time { return s.opts.clock.Now() }

func (s *Server) nowMillis() int64 { return s.now().UnixMilli() }

// notify wakes all goroutines that wait for a change of the state.
func (s *Server) notify() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notifyLocked()
}

func (s *Server) notifyLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// randomText returns n random letters and digits.
func randomText(n int) string {
	text := strings.ToLower(rand.Text() + rand.Text())
	return text[:n]
}

type netConnKey struct{}

func withNetConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, netConnKey{}, c)
}

// trackConn counts the goroutines that net/http runs for its connections. A connection that became
// a WebSocket is counted where it is served.
func (s *Server) trackConn(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.owners.start("HTTP connection")
	case http.StateClosed, http.StateHijacked:
		s.owners.stop("HTTP connection")
	}
}
