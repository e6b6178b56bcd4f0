package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
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

// flooded returns a socket that reads from a server. The server sends that many frames, for the
// channels of these names in turn.
func flooded(t *testing.T, tr *Transport, frames int, channel string) *socket {
	t.Helper()
	network := memnet.New()
	server := &httptest.Server{Listener: network.Listen(), Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			for i := range frames {
				_ = c.Write(r.Context(), websocket.MessageText,
					fmt.Appendf(nil, `{"action":15,"channel":%q,"messages":[{"name":"%d"}]}`, channel, i))
			}
			_, _, _ = c.Read(context.Background())
		})}}
	server.Start()
	t.Cleanup(server.Close)
	ws, _, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{HTTPClient: &http.Client{
		Transport: &http.Transport{DialContext: network.DialContext, DisableKeepAlives: true}}})
	if err != nil {
		t.Fatal(err)
	}
	s := newSocket(tr, ws, wire.JSON, time.Second)
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.sock, s.up = s, true
	s.start()
	return s
}

// odd is a connection whose writes are another function's, from a time on.
type odd struct {
	net.Conn
	write atomic.Pointer[writer]
	over  context.Context // until it is closed
	close context.CancelFunc
}

type writer func(over context.Context) error

func (c *odd) Write(b []byte) (int, error) {
	if write := c.write.Load(); write != nil {
		return 0, (*write)(c.over)
	}
	return c.Conn.Write(b)
}

func (c *odd) Close() error {
	c.close()
	return c.Conn.Close()
}

var errFailing = errors.New("it can't be written to")

// A write that fails, or does not end in time, ends the socket, though frames may still come.
func TestAWriteThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		write writer
		after time.Duration
		want  error
	}{
		"fails": {func(context.Context) error { return errFailing }, 0, errFailing},
		"hangs": {func(over context.Context) error {
			<-over.Done()
			return errFailing
		}, 5 * time.Second, errSlow},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Test(t, limits, func(t *testing.T) { writing(t, c.write, c.after, c.want) })
		})
	}
}

// writing has a socket's writes done by a function, and compares when and why it ends.
func writing(t *testing.T, write writer, after time.Duration, want error) {
	network, conn := memnet.New(), &odd{}
	conn.over, conn.close = context.WithCancel(context.Background())
	server := &httptest.Server{Listener: network.Listen(), Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := websocket.Accept(w, r, nil); err == nil {
				_, _, _ = c.Read(context.Background())
			}
		})}}
	server.Start()
	defer server.Close()
	dial := func(ctx context.Context, kind, address string) (_ net.Conn, err error) {
		conn.Conn, err = network.DialContext(ctx, kind, address)
		return conn, err
	}
	ws, _, err := websocket.Dial(t.Context(), server.URL, &websocket.DialOptions{HTTPClient: &http.Client{
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}})
	if err != nil {
		t.Fatal(err)
	}
	tr := newTransport(Options{})
	s := newSocket(tr, ws, wire.JSON, 5*time.Second)
	tr.mu.Lock()
	tr.sock, s.up = s, true
	s.start()
	tr.mu.Unlock()
	conn.write.Store(&write)
	tr.Send(&wire.ProtocolMessage{Action: wire.ActionAttach, Channel: "a::$chat"}, nil)
	if d := took(func() { <-s.ctx.Done() }); d != after || !errors.Is(s.err, want) {
		t.Errorf("the socket ended after %v, for %v", d, s.err)
	}
	ends(t, tr)
}

// When ably-go doesn't read, the reader waits at a limit, and so does the server; no frame is lost.
func TestAblyGoThatDoesNotRead(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		_, native, err := NewRealtime(Options{},
			ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
		if err != nil {
			t.Fatal(err)
		}
		tr := newTransport(Options{})
		tr.native = native.native
		const frames = 3 * inboxLimit
		s := flooded(t, tr, frames, "own")
		for n := range frames {
			if n%1000 == 0 {
				synctest.Wait()
				tr.mu.Lock()
				if got := len(s.inbox); got > inboxLimit+1 || got < min(inboxLimit, frames-n) {
					t.Errorf("%d frames wait for ably-go", got)
				}
				tr.mu.Unlock()
			}
			v, err := s.receive(time.Now().Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			if name := tr.native.name(v); name != fmt.Sprint(n) {
				t.Fatalf("frame %d is %s", n, name)
			}
		}
		ends(t, tr)
	})
}

// name returns the name of the first message in a frame of ably-go's.
func (n *native) name(v any) string {
	return n.field(v, n.lists[0]).Index(0).Elem().FieldByName("Name").String()
}

// When the handler is busy, the reader waits at a limit. The handler gets all events in order, one
// at a time.
func TestAHandlerThatIsBehind(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		tr := newTransport(Options{})
		const frames = 3 * streamLimit
		release, n := make(chan struct{}), 0
		handler := func(e Event) {
			if e.Kind != Message {
				return
			}
			if n == 0 {
				<-release
			}
			if name := e.Message.Messages[0].Name; name != fmt.Sprint(n) {
				t.Errorf("frame %d is %s", n, name)
			}
			n++
		}
		s := flooded(t, tr, frames, "a::$chat")
		tr.Bind(handler)
		synctest.Wait()
		// A call that is queued among the events runs after them.
		over := make(chan struct{})
		tr.mu.Lock()
		if got := len(tr.stream.queue); got > 2*streamLimit {
			t.Errorf("%d events wait for the handler", got)
		}
		tr.mu.Unlock()
		tr.Send(&wire.ProtocolMessage{Action: wire.ActionPresence, Channel: "a::$chat"}, func([]*string, error) { close(over) })
		s.end(errClosedByClient)
		synctest.Wait()
		select {
		case <-over:
			t.Error("a call overtook the handler")
		default:
		}
		close(release)
		<-over
		ends(t, tr)
		if n == 0 {
			t.Error("nothing came")
		}
	})
}
