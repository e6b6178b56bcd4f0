// Package memnet is a network in memory for tests in a bubble of testing/synctest. Its connections
// never block a writer, and they wait only in ways that synctest recognises as idle. Pass a
// listener to an embedded server with ablytest.WithListener; the options that the server returns
// for clients then dial this network.
package memnet

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Net is a network: a set of listeners by address. Several bubbles may share one, each with its own
// addresses.
type Net struct {
	mu        sync.Mutex
	last      int // the number in the newest address
	listeners map[string]*listener
}

// New returns a network without listeners.
func New() *Net { return &Net{listeners: map[string]*listener{}} }

// Listen opens a listener on a loopback address that was never used before in this network.
func (n *Net) Listen() net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	l := &listener{net: n, conns: make(chan net.Conn, 100), closed: make(chan struct{}),
		addr: address(fmt.Sprintf("127.%d.%d.%d:80", n.last>>16&0xff, n.last>>8&0xff, n.last&0xff))}
	n.listeners[l.addr.String()] = l
	return l
}

// DialContext connects to a listener, like [net.Dialer.DialContext]. It never waits.
func (n *Net) DialContext(_ context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.listeners[addr]; l != nil {
		here, there := pipe("127.0.0.1:1", addr)
		select {
		case l.conns <- there:
			return here, nil
		default: // the listener's backlog is full
		}
	}
	return nil, &net.OpError{Op: "dial", Net: network, Addr: address(addr), Err: syscall.ECONNREFUSED}
}

// DialContext dials the listener's network, so that a caller that has only the listener can connect
// to it.
func (l *listener) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return l.net.DialContext(ctx, network, addr)
}

type listener struct {
	net    *Net
	addr   address
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Addr() net.Addr { return l.addr }

func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	case c := <-l.conns:
		return c, nil
	}
}

func (l *listener) Close() error {
	l.net.mu.Lock()
	defer l.net.mu.Unlock()
	delete(l.net.listeners, l.addr.String())
	l.once.Do(func() { close(l.closed) })
	for len(l.conns) > 0 {
		(<-l.conns).Close()
	}
	return nil
}

// pipe returns the two ends of a connection between two addresses.
func pipe(a, b string) (net.Conn, net.Conn) {
	one, two := newStream(), newStream()
	return &conn{address(a), address(b), one, two}, &conn{address(b), address(a), two, one}
}

// address is a host and a port, joined.
type address string

func (address) Network() string  { return "mem" }
func (a address) String() string { return string(a) }

// conn is one end of a connection. It supports a half close, like a TCP connection.
type conn struct {
	local, remote address
	in, out       *stream
}

func (c *conn) Read(b []byte) (int, error)       { return c.in.read(b) }
func (c *conn) Write(b []byte) (int, error)      { return c.out.write(b) }
func (c *conn) LocalAddr() net.Addr              { return c.local }
func (c *conn) RemoteAddr() net.Addr             { return c.remote }
func (c *conn) SetWriteDeadline(time.Time) error { return nil } // writes never wait
func (c *conn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }

// CloseWrite closes the sending direction: the other end reads what was written, and then io.EOF.
func (c *conn) CloseWrite() error {
	c.out.change(func() { c.out.ended = true })
	return nil
}

// Close closes both directions. Data that this end has not read is lost, and the other end can't
// write.
func (c *conn) Close() error {
	c.in.change(func() { c.in.abandoned, c.in.data = true, nil; c.in.stop() })
	return c.CloseWrite()
}

func (c *conn) SetReadDeadline(t time.Time) error {
	in := c.in
	in.change(func() {
		in.stop()
		if in.deadline = t; !t.IsZero() && !in.abandoned {
			in.timer = time.AfterFunc(time.Until(t), func() { in.change(func() {}) })
		}
	})
	return nil
}

// stream is one direction of a connection. Its buffer has no limit.
type stream struct {
	mu        sync.Mutex
	moved     sync.Cond
	data      []byte
	ended     bool // the writer has closed the stream
	abandoned bool // the reader has closed the stream
	deadline  time.Time
	timer     *time.Timer
}

func newStream() *stream {
	s := &stream{}
	s.moved.L = &s.mu
	return s
}

func (s *stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.moved.Broadcast()
}

func (s *stream) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (s *stream) write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return 0, net.ErrClosed
	case s.abandoned:
		return 0, io.ErrClosedPipe
	}
	s.data = append(s.data, b...)
	s.moved.Broadcast()
	return len(b), nil
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.abandoned:
			return 0, net.ErrClosed
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(s.data) > 0 || len(b) == 0:
			n := copy(b, s.data)
			s.data = s.data[n:]
			return n, nil
		case s.ended:
			return 0, io.EOF
		}
		s.moved.Wait()
	}
}
