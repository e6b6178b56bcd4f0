package transport

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
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

// ably-go gets its first frame a moment after the dial, when it has stored the socket. While
// ably-go reads that socket, another dial ends its goroutine, and has no other effect.
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
			t.Errorf("ably-go got its first frame after %v: %v", d, err)
		}
		settled(tr, client)
		spare := func() {
			t.Helper()
			ended, returned := make(chan struct{}), false
			go func() {
				defer close(ended)
				_, _ = tr.dial("application/json", address, time.Second)
				returned = true
			}()
			<-ended
			if returned || sockets.Load() != 1 || s.ended {
				t.Errorf("the second dial returned: %t; %d WebSockets were opened; the first socket ended: %t",
					returned, sockets.Load(), s.ended)
			}
		}
		spare()
		if tr.busy || len(tr.spare) != 0 {
			t.Error("the second dial is recorded as running, or left a signal")
		}
		tr.busy = true // another dial runs, so that letLoopEnd may wait for this signal
		spare()
		if len(tr.spare) != 1 {
			t.Error("there is no signal of the loop that ended")
		}
		ends(t, tr)
	})
}

// replacing returns a transport with a client that doesn't connect, and a socket on it.
func replacing(t *testing.T) (*ably.Realtime, *Transport, *socket) {
	t.Helper()
	client, tr, err := NewRealtime(Options{},
		ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	settled(tr, client)
	s := newSocket(tr, nil, wire.JSON, time.Minute)
	s.up, tr.sock = true, s
	return client, tr, s
}

// When the time limit of a dial is over, the dial fails with a timeout, so that ably-go tries
// another host (RTN17f).
func TestADialWhoseTimeIsOver(t *testing.T) {
	timedOut := func(t *testing.T, err error) {
		t.Helper()
		if network := net.Error(nil); !errors.As(err, &network) || !network.Timeout() {
			t.Errorf("got the error %v, want a timeout", err)
		}
	}
	bubble.Test(t, limits, func(t *testing.T) { // the dial waits for the listener
		client, tr, s := replacing(t)
		tr.setState(ably.ConnectionStateFailed)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		timedOut(t, tr.replace(ctx, client))
		if tr.sock != s || s.ended {
			t.Error("the previous socket was replaced")
		}
	})
	bubble.Test(t, limits, func(t *testing.T) { // the dial waits until ably-go is closed
		client, tr, s := replacing(t)
		s.given, s.closing = true, time.AfterFunc(time.Hour, func() {})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		timedOut(t, tr.replace(ctx, client))
		if !s.ended {
			t.Error("the socket that was closing has not ended")
		}
	})
}

// failing is a network on which every dial fails.
func failing(err error) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return nil, err }
}

// After a failed dial, the transport forgets ably-go's state and waits for the next one. It keeps
// the state if ably-go tries another host, which doesn't change the state (RTN17f).
func TestTheStateAfterADialThatFailed(t *testing.T) {
	late := timeoutError{errors.New("late")}
	for err, known := range map[error]bool{errors.New("refused"): false, late: true} {
		bubble.Test(t, limits, func(t *testing.T) {
			client, tr, err := NewRealtime(Options{DialContext: failing(err)},
				ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
			if err != nil {
				t.Fatal(err)
			}
			settled(tr, client)
			s, failure := tr.dial("application/json", &url.URL{Scheme: "http", Host: "h"}, time.Second)
			if now := tr.state != (ably.ConnectionState{}); s != nil || failure == nil || now != known {
				t.Errorf("after the error %v, the state is %v", failure, tr.state)
			}
		})
	}
}

// The WebSockets are opened by a copy of the caller's http.Transport, which is not changed.
func TestTheTransportForHTTPIsCopied(t *testing.T) {
	given := &http.Transport{Proxy: http.ProxyFromEnvironment}
	tr := newTransport(Options{})
	tr.openBy(given)
	used := tr.options.HTTPClient.Transport.(*http.Transport)
	if given.DisableKeepAlives || given.DialContext != nil || used == given ||
		!used.DisableKeepAlives || used.Proxy == nil {
		t.Errorf("the caller's transport is %+v, the one that is used %+v", given, used)
	}
}

// ably-go's Close ends the socket, and may be called twice.
func TestAblyGoClosesASocket(t *testing.T) {
	s := newSocket(newTransport(Options{}), nil, wire.JSON, time.Second)
	for range 2 {
		if err := (face[any]{s}).Close(); err != nil || !s.ended || s.err != errClosedByClient {
			t.Errorf("the socket ended: %t, with the reason %v; Close returned %v", s.ended, s.err, err)
		}
		<-s.letGo
	}
}

// ably-go logs to the handler in its options, or to the standard log if there is none.
func TestTheLogOfAblyGo(t *testing.T) {
	var standard strings.Builder
	log.SetOutput(&standard)
	defer log.SetOutput(os.Stderr)
	var own lines
	for _, options := range [][]ably.ClientOption{nil, {ably.WithLogHandler(&own)}} {
		bubble.Test(t, limits, func(t *testing.T) {
			standard.Reset()
			client, _, err := NewRealtime(Options{DialContext: failing(errors.New("nowhere"))},
				append(options, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))...)
			if err != nil {
				t.Fatal(err)
			}
			client.Connect()
			synctest.Wait()
			client.Close()
			time.Sleep(time.Minute)
			synctest.Wait()
		})
		if got := strings.Contains(standard.String(), "[ERROR]"); got != (options == nil) {
			t.Errorf("the standard log has %q", standard.String())
		}
	}
	if len(own) == 0 {
		t.Error("the handler in the options received nothing")
	}
}

// If ably-go has not read all frames of a socket when the next one replaces it, the
// acknowledgements among them are passed to ably-go on the next socket. The other frames are
// dropped.
func TestWhatAblyGoIsOwed(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		client, tr, s := replacing(t)
		frame := tr.native.heartbeat()
		s.giveAll(received{v: "a frame"}, received{v: "an ACK", answers: []any{frame}},
			received{v: "another"})
		if err := tr.replace(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		if len(tr.owed) != 1 || tr.owed[0].v != "an ACK" || tr.sock != nil || !s.ended {
			t.Errorf("the frames kept for ably-go are %v, want the ACK", tr.owed)
		}
		for _, want := range []int{2, 1} { // the ACK comes once, before CONNECTED
			next := newSocket(tr, nil, wire.JSON, time.Second)
			next.take(wire.JSON, []byte(`{"action":4,"connectionId":"c"}`))
			if len(next.inbox) != want || want == 2 && next.inbox[0].v != "an ACK" {
				t.Errorf("the frames for ably-go are %v", next.inbox)
			}
		}
		ends(t, tr)
	})
}

// If the program has removed the transport's listener, the next dial waits for a second, and then
// registers a new listener. Later dials don't wait.
func TestAListenerThatWasTakenAwayIsMissedOnce(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		client, tr, _ := replacing(t)
		tr.sock = nil
		tr.setState(ably.ConnectionStateFailed)
		for _, want := range []time.Duration{time.Second, 0} {
			if d := took(func() { _ = tr.replace(t.Context(), client) }); d != want {
				t.Errorf("the dial waited for %v, want %v", d, want)
			}
		}
		if n := tr.Dropped()["a listener that OffAll removed"]; n != 1 {
			t.Errorf("%d removed listeners were counted, want 1", n)
		}
		ends(t, tr)
	})
}

// Each change of ably-go's state is reported once, also if listen is called twice.
func TestListeningTwice(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		client, tr, err := NewRealtime(Options{DialContext: failing(errors.New("nowhere"))},
			ably.WithKey("app.key:secret"), ably.WithAutoConnect(false),
			ably.WithLogLevel(ably.LogNone))
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
		synctest.Wait()
		if heard[ably.ConnectionStateConnecting] != 1 || heard[ably.ConnectionStateDisconnected] != 1 {
			t.Errorf("the numbers of reports by state are %v", heard)
		}
	})
}

// RTN17f: the HTTP status of a failed handshake decides whether ably-go may try another host. The
// error has no address, which may contain secrets.
func TestErrorsOfTheHandshake(t *testing.T) {
	for _, c := range []struct {
		status int
		server string
		says   string
		again  bool
	}{
		{0, "", "connect to h: broken", false},
		{101, "", "connect to h: broken", false},
		{399, "CloudFront", "connect to h: HTTP status 399, expected 101", false},
		{400, "CloudFront", "connect to h: HTTP status 400, expected 101", true},
		{401, "", "connect to h: HTTP status 401, expected 101", false},
		{499, "", "connect to h: HTTP status 499, expected 101", false},
		{500, "", "connect to h: HTTP status 500, expected 101", true},
		{504, "", "connect to h: HTTP status 504, expected 101", true},
		{505, "", "connect to h: HTTP status 505, expected 101", false},
	} {
		var response *http.Response
		if c.status != 0 {
			response = &http.Response{StatusCode: c.status, Header: http.Header{"Server": {c.server}}}
		}
		err := dialError("h", response,
			&url.Error{Op: "Get", URL: "ws://h?key=secret", Err: errors.New("broken")})
		if err.Error() != c.says || fallsBack(err) != c.again {
			t.Errorf("status %d of the server %q: the error is %q, and allows another host: %t", c.status, c.server, err, fallsBack(err))
		}
	}
}
