// Package memnet is a network in memory: connections that never block a writer and wait by channels alone, so that what runs on them can live
// in a bubble of testing/synctest, whose time is virtual.
package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Addr is an address of the network, host and port joined.
type Addr string

// Network implements [net.Addr].
func (Addr) Network() string { return "mem" }

// String implements [net.Addr].
func (a Addr) String() string { return string(a) }

// Pipe returns the two ends of a connection.
func Pipe(a, b Addr) (net.Conn, net.Conn) {
	one, two := newStream(), newStream()
	return &conn{local: a, remote: b, in: one, out: two}, &conn{local: b, remote: a, in: two, out: one}
}

// conn is one end. It has a half close, as a TCP connection has.
type conn struct {
	local, remote Addr
	in, out       *stream
}

func (c *conn) Read(b []byte) (int, error)         { return c.in.read(b) }
func (c *conn) Write(b []byte) (int, error)        { return c.out.write(b) }
func (c *conn) LocalAddr() net.Addr                { return c.local }
func (c *conn) RemoteAddr() net.Addr               { return c.remote }
func (c *conn) SetWriteDeadline(t time.Time) error { return nil } // a write never waits
func (c *conn) SetDeadline(t time.Time) error      { return c.SetReadDeadline(t) }

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(t)
	return nil
}

// CloseWrite ends what goes out: the other end reads what was written, and then the end of the stream.
func (c *conn) CloseWrite() error {
	c.out.end()
	return nil
}

// Close ends the connection both ways: what this end has not read is lost, and the other end can't write any more.
func (c *conn) Close() error {
	c.out.end()
	c.in.abandon()
	return nil
}

// stream is one direction of a connection, without a bound on what it holds.
type stream struct {
	mu        sync.Mutex
	data      []byte
	ended     bool // by the writer
	abandoned bool // by the reader
	deadline  time.Time
	timer     *time.Timer
	moved     chan struct{} // closed and replaced when something above has changed
}

func newStream() *stream { return &stream{moved: make(chan struct{})} }

func (s *stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.moved)
	s.moved = make(chan struct{})
}

func (s *stream) end()     { s.change(func() { s.ended = true }) }
func (s *stream) abandon() { s.change(func() { s.abandoned, s.data = true, nil; s.stop() }) }

func (s *stream) stop() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}

func (s *stream) setDeadline(t time.Time) {
	s.change(func() {
		s.stop()
		s.deadline = t
		if !t.IsZero() && !s.abandoned {
			s.timer = time.AfterFunc(time.Until(t), func() { s.change(func() {}) })
		}
	})
}

func (s *stream) write(b []byte) (n int, err error) {
	s.change(func() {
		switch {
		case s.ended:
			err = net.ErrClosed
		case s.abandoned:
			err = io.ErrClosedPipe
		default:
			s.data = append(s.data, b...)
			n = len(b)
		}
	})
	return n, err
}

func (s *stream) read(b []byte) (int, error) {
	for {
		s.mu.Lock()
		moved := s.moved
		switch {
		case s.abandoned:
			s.mu.Unlock()
			return 0, net.ErrClosed
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			s.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case len(s.data) > 0 || len(b) == 0:
			n := copy(b, s.data)
			s.data = s.data[n:]
			s.mu.Unlock()
			return n, nil
		case s.ended:
			s.mu.Unlock()
			return 0, io.EOF
		}
		s.mu.Unlock()
		<-moved
	}
}
