package server

import (
	"net"
	"sync"
	"sync/atomic"

	"ablyrooms.example/tests/conformance"
)

// contacts counts what reaches the server. Its numbers show whether a client connects to a wrong
// address, or a subject never answers.
type contacts struct{ sockets, tls, connected atomic.Int64 }

func (c *contacts) get() conformance.Contacts {
	return conformance.Contacts{Sockets: int(c.sockets.Load()), TLS: int(c.tls.Load()), Connected: int(c.connected.Load())}
}

// watchedListener counts the sockets that it accepts.
type watchedListener struct {
	net.Listener
	contacts *contacts
}

func (l watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.contacts.sockets.Add(1)
	return &watchedConn{Conn: conn, contacts: l.contacts}, nil
}

// watchedConn looks at the first byte that a client sends.
type watchedConn struct {
	net.Conn
	contacts *contacts
	first    sync.Once
}

// handshake is the first byte of a TLS connection (RFC 8446, section 5.1).
const handshake = 22

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.first.Do(func() {
			if p[0] == handshake {
				c.contacts.tls.Add(1)
			}
		})
	}
	return n, err
}
