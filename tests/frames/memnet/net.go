package memnet

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// Net is a network of listeners by address. Several bubbles may share one, each with addresses of its own.
type Net struct {
	mu        sync.Mutex
	last      int // the number of the last address
	listeners map[string]*listener
}

// New returns a network on which nobody listens.
func New() *Net { return &Net{listeners: map[string]*listener{}} }

// Listen opens a listener at a loopback address that was never used before.
func (n *Net) Listen() net.Listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	l := &listener{net: n, addr: Addr(fmt.Sprintf("127.%d.%d.%d:80", n.last>>16&0xff, n.last>>8&0xff, n.last&0xff)),
		closed: make(chan struct{}), wake: make(chan struct{}, 1)}
	n.listeners[l.addr.String()] = l
	return l
}

// DialContext connects to a listener, as [net.Dialer.DialContext] does. It never waits.
func (n *Net) DialContext(_ context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.listeners[addr]
	n.mu.Unlock()
	if l == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: Addr(addr), Err: syscall.ECONNREFUSED}
	}
	here, there := Pipe("127.0.0.1:1", l.addr)
	l.mu.Lock()
	l.queue = append(l.queue, there)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return here, nil
}

type listener struct {
	net    *Net
	addr   Addr
	closed chan struct{}
	wake   chan struct{} // holds at most one token

	mu    sync.Mutex
	queue []net.Conn
}

func (l *listener) Addr() net.Addr { return l.addr }

func (l *listener) Accept() (net.Conn, error) {
	for {
		l.mu.Lock()
		if len(l.queue) > 0 {
			c := l.queue[0]
			l.queue = l.queue[1:]
			l.mu.Unlock()
			return c, nil
		}
		l.mu.Unlock()
		select {
		case <-l.wake:
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
}

func (l *listener) Close() error {
	l.net.mu.Lock()
	_, open := l.net.listeners[l.addr.String()]
	delete(l.net.listeners, l.addr.String())
	l.net.mu.Unlock()
	if open {
		close(l.closed)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.queue {
		c.Close()
	}
	l.queue = nil
	return nil
}
