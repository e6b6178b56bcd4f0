package memnet_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/adapter/ably/ablytest/memnet"
)

// pair returns the two ends of a connection.
func pair(t *testing.T, l net.Listener) (here, there net.Conn) {
	t.Helper()
	dialer := l.(interface {
		DialContext(ctx context.Context, network, addr string) (net.Conn, error)
	})
	here, err := dialer.DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if there, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return here, there
}

func TestConnections(t *testing.T) {
	network := memnet.New()
	l, other := network.Listen(), network.Listen()
	if l.Addr().String() == other.Addr().String() {
		t.Errorf("two listeners have the address %v", l.Addr())
	}
	here, there := pair(t, l)
	if _, err := here.Write([]byte("ping")); err != nil {
		t.Fatal(err)
	}
	if err := here.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(there); string(got) != "ping" || err != nil {
		t.Errorf("read %q: %v", got, err)
	}
	if _, err := there.Write([]byte("pong")); err != nil {
		t.Errorf("after the other end's half close: %v", err)
	}
	here.Close()
	if _, err := there.Write([]byte("pong")); err == nil {
		t.Error("a write to a closed end succeeded")
	}
	l.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after Close: %v", err)
	}
	if _, err := network.DialContext(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial after Close: %v", err)
	}
}

// A read waits in virtual time for data, for its deadline, or for the end.
func TestVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, there := pair(t, memnet.New().Listen())
		began := time.Now()
		go func() {
			time.Sleep(time.Hour)
			here.Write([]byte("late"))
			time.Sleep(2 * time.Hour)
			here.Close()
		}()
		b := make([]byte, 10)
		n, err := there.Read(b)
		if string(b[:n]) != "late" || err != nil || time.Since(began) != time.Hour {
			t.Errorf("read %q after %v: %v", b[:n], time.Since(began), err)
		}
		there.SetReadDeadline(time.Now().Add(time.Hour))
		if _, err := there.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != 2*time.Hour {
			t.Errorf("a read with a deadline ended after %v: %v", time.Since(began), err)
		}
		there.SetReadDeadline(time.Time{})
		if _, err := there.Read(b); err != io.EOF || time.Since(began) != 3*time.Hour {
			t.Errorf("a read with a past deadline ended after %v: %v", time.Since(began), err)
		}
	})
}
