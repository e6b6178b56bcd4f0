package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// When ably-go doesn't read, the reader waits at a limit, and so does the server; no frame is lost.
func TestAblyGoThatDoesNotRead(t *testing.T) {
	_, native, err := NewRealtime(Options{}, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	bubble.Test(t, limits, func(t *testing.T) {
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
		if err := tr.Close(t.Context()); err != nil {
			t.Error(err)
		}
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
		if err := tr.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n == 0 {
			t.Error("nothing came")
		}
	})
}
