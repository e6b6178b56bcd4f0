package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/coder/websocket"

	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/bubble"
)

// settled puts a transport in the state that its client is in, as ably-go's events would.
func settled(tr *Transport, client *ably.Realtime) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.stateChanged = make(chan struct{})
	tr.setState(client.Connection.State())
}

// ably-go gets its first frame when it has noted that it has a socket. While it reads that, the
// goroutine of another dial ends, and nothing else happens.
func TestADialThatIsOneTooMany(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		network := memnet.New()
		var sockets atomic.Int32
		server := &httptest.Server{Listener: network.Listen(), Config: &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := websocket.Accept(w, r, nil)
				if err != nil {
					return
				}
				sockets.Add(1)
				_ = c.Write(r.Context(), websocket.MessageText, []byte(`{"action":4,"connectionId":"c"}`))
				_, _, _ = c.Read(context.Background())
			})}}
		server.Start()
		defer server.Close()
		client, tr, err := NewRealtime(Options{DialContext: network.DialContext},
			ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
		if err != nil {
			t.Fatal(err)
		}
		settled(tr, client)
		address, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		s, err := tr.dial("application/json", address, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if d := took(func() { _, err = s.receive(time.Time{}) }); d != time.Millisecond || err != nil {
			t.Errorf("ably-go has its first frame after %v: %v", d, err)
		}
		settled(tr, client)
		ended, returned := make(chan struct{}), false
		go func() {
			defer close(ended)
			_, _ = tr.dial("application/json", address, time.Second)
			returned = true
		}()
		<-ended
		tr.mu.Lock()
		if returned || sockets.Load() != 1 || s.ended || tr.busy {
			t.Errorf("it returned: %t, %d WebSockets, the first ended: %t", returned, sockets.Load(), s.ended)
		}
		tr.mu.Unlock()
		if err := tr.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// replacing returns a transport with a client that doesn't connect, and a socket on it.
func replacing(t *testing.T) (*ably.Realtime, *Transport, *socket) {
	t.Helper()
	client, tr, err := NewRealtime(Options{}, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	settled(tr, client)
	s := newSocket(tr, nil, wire.JSON, time.Minute)
	s.up, tr.sock = true, s
	return client, tr, s
}

// A dial whose time is over does nothing more, and says that it is over, so that ably-go tries
// another host (RTN17f).
func TestADialWhoseTimeIsOver(t *testing.T) {
	timedOut := func(t *testing.T, err error) {
		t.Helper()
		if network := net.Error(nil); !errors.As(err, &network) || !network.Timeout() {
			t.Errorf("got %v", err)
		}
	}
	bubble.Test(t, limits, func(t *testing.T) { // before the listener has come to ably-go's state
		client, tr, s := replacing(t)
		tr.setState(ably.ConnectionStateFailed)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		timedOut(t, tr.replace(ctx, client))
		if tr.sock != s || s.ended {
			t.Error("the socket before was replaced")
		}
	})
	bubble.Test(t, limits, func(t *testing.T) { // before ably-go is closed
		client, tr, s := replacing(t)
		s.given, s.closing = true, time.AfterFunc(time.Hour, func() {})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		timedOut(t, tr.replace(ctx, client))
		if !s.ended {
			t.Error("the socket that was closing is open")
		}
	})
}

// The acknowledgements that ably-go has not read on a socket come on the next one; what else it has
// not read is void.
func TestWhatAblyGoIsOwed(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		client, tr, s := replacing(t)
		frame := tr.native.heartbeat()
		s.giveAll(received{v: "a frame"}, received{v: "an ACK", answers: []any{frame}}, received{v: "another"})
		if err := tr.replace(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if len(tr.owed) != 1 || tr.owed[0].v != "an ACK" || tr.sock != nil || !s.ended {
			t.Errorf("owed are %v", tr.owed)
		}
	})
}

// A program that takes our listener away costs one wait, for then there is another one.
func TestAListenerThatWasTakenAwayIsMissedOnce(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		client, tr, _ := replacing(t)
		tr.sock = nil
		tr.setState(ably.ConnectionStateFailed)
		for _, want := range []time.Duration{time.Second, 0} {
			if d := took(func() { _ = tr.replace(t.Context(), client) }); d != want {
				t.Errorf("it waited for %v, want %v", d, want)
			}
		}
		if n := tr.Dropped()["a listener that was taken away"]; n != 1 {
			t.Errorf("it was taken away %d times", n)
		}
		if err := tr.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Each change of ably-go's state is heard once, however often we listen.
func TestListeningTwice(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		nowhere := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nowhere") }
		client, tr, err := NewRealtime(Options{DialContext: nowhere},
			ably.WithKey("app.key:secret"), ably.WithAutoConnect(false), ably.WithLogLevel(ably.LogNone))
		if err != nil {
			t.Fatal(err)
		}
		tr.listen(client.Connection)
		heard := map[ably.ConnectionState]int{}
		tr.Bind(func(e Event) {
			if e.Kind == Status {
				heard[e.Change.Current]++
			}
		})
		client.Connect()
		synctest.Wait()
		client.Close()
		time.Sleep(time.Minute)
		for _, s := range []ably.ConnectionState{ably.ConnectionStateConnecting, ably.ConnectionStateDisconnected} {
			if heard[s] != 1 {
				t.Errorf("%v was heard %d times", s, heard[s])
			}
		}
	})
}

// RTN17f: after which statuses of a handshake ably-go may try another host, and what the error says.
func TestErrorsOfTheHandshake(t *testing.T) {
	for _, c := range []struct {
		status int
		server string
		says   string
		again  bool
	}{
		{0, "", "connect to h: broken", false},
		{101, "", "connect to h: broken", false},
		{399, "CloudFront", "connect to h: HTTP status 399", false},
		{400, "CloudFront", "connect to h: HTTP status 400", true},
		{401, "", "connect to h: HTTP status 401", false},
		{499, "", "connect to h: HTTP status 499", false},
		{500, "", "connect to h: HTTP status 500", true},
		{504, "", "connect to h: HTTP status 504", true},
		{505, "", "connect to h: HTTP status 505", false},
	} {
		var response *http.Response
		if c.status != 0 {
			response = &http.Response{StatusCode: c.status, Header: http.Header{"Server": {c.server}}}
		}
		err := dialError("h", response, &url.Error{Op: "Get", URL: "ws://h?key=secret", Err: errors.New("broken")})
		if err.Error() != c.says || fallsBack(err) != c.again {
			t.Errorf("status %d of %q: %q, falls back: %t", c.status, c.server, err, fallsBack(err))
		}
	}
}
