package ablytest_test

import (
	"net"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"
)

// A server on a listener of the caller has the listener's address, and closes the listener. A
// listener that is not on loopback is refused.
func TestListenerOfTheCallers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := ablytest.NewServer(t, ablytest.WithListener(ln))
	if s.Addr() != ln.Addr().String() {
		t.Errorf("the server is at %s, its listener at %s", s.Addr(), ln.Addr())
	}
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	s.Close()
	if _, err := ln.Accept(); err == nil {
		t.Error("the listener is still open")
	}
	if s, err := ablytest.Start(ablytest.WithListener(elsewhere{ln})); err == nil {
		s.Close()
		t.Error("a listener that is not on loopback was taken")
	}
}

type elsewhere struct{ net.Listener }

func (elsewhere) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }
