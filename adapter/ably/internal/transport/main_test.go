package transport_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"go.uber.org/goleak"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/bubble"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const room = "lounge::$chat"

// eachFormat runs a test in both formats, each in a bubble.
func eachFormat(t *testing.T, f func(t *testing.T, format ably.ClientOption)) {
	bubbled(t, "json", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(false)) })
	bubbled(t, "msgpack", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(true)) })
}

// limits are the limits of a test, which takes some milliseconds of real time.
var limits = bubble.Limits{Look: 300 * time.Millisecond, Patience: 15 * time.Second,
	Virtual: 15 * time.Minute}

// bubbled runs a test, or a subtest if name isn't "", in a bubble. A test that hangs fails.
func bubbled(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	if name == "" {
		bubble.Test(t, limits, f)
		return
	}
	t.Run(name, func(t *testing.T) { bubble.Test(t, limits, f) })
}

// virtual reports whether the caller is in a bubble, whose clock begins in 2000.
func virtual() bool { return time.Now().Year() == 2000 }

// network is the network in memory that all bubbles share.
var network = memnet.New()

// listen returns a listener on the network in memory if the caller is in a bubble, else on TCP.
func listen(t testing.TB) net.Listener {
	t.Helper()
	if virtual() {
		return network.Listen()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	return l
}

// dialer dials on the network in memory if the caller is in a bubble, else by TCP.
func dialer(ctx context.Context, kind, address string) (net.Conn, error) {
	if virtual() {
		return network.DialContext(ctx, kind, address)
	}
	return (&net.Dialer{}).DialContext(ctx, kind, address)
}

// client keeps no idle connection, so that none outlives a bubble.
var client = &http.Client{Transport: &http.Transport{DialContext: dialer, DisableKeepAlives: true}}

func newServer(t testing.TB, options ...ablytest.Option) *ablytest.Server {
	t.Helper()
	return ablytest.NewServer(t, append(options, ablytest.WithListener(listen(t)))...)
}

// world is a realtime client on a transport, its embedded server, and the events that its handler
// got.
type world struct {
	t         testing.TB
	server    *ablytest.Server
	client    *ably.Realtime
	transport *transport.Transport
	unbind    func()

	mu     sync.Mutex
	events []transport.Event
	seen   int
	change chan struct{}
}

func newWorld(t testing.TB, options ...ably.ClientOption) *world {
	return newWorldOn(t, newServer(t), transport.Options{}, options...)
}

func newWorldOn(t testing.TB, server *ablytest.Server, o transport.Options, options ...ably.ClientOption) *world {
	t.Helper()
	if o.DialContext == nil {
		o.DialContext = dialer
	}
	return newWorldWith(t, server, o, options...)
}

// newWorldWith is newWorldOn for options that don't say how WebSockets are opened.
func newWorldWith(t testing.TB, server *ablytest.Server, o transport.Options, options ...ably.ClientOption) *world {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &world{t: t, server: server, change: make(chan struct{}, 1)}
	options = append([]ably.ClientOption{
		ably.WithLogLevel(ably.LogNone), ably.WithAutoConnect(false), ably.WithHTTPClient(client),
		ably.WithChannelRetryTimeout(100 * time.Millisecond),
	}, options...)
	var err error
	if w.client, w.transport, err = transport.NewRealtime(o, server.ClientOptions(options...)...); err != nil {
		t.Fatal(err)
	}
	var ok bool
	if w.unbind, ok = w.transport.Bind(w.handle); !ok {
		t.Fatal("the new transport has a handler")
	}
	t.Cleanup(w.close)
	return w
}

func connected(t testing.TB, options ...ably.ClientOption) *world {
	t.Helper()
	w := newWorld(t, options...)
	w.connect()
	return w
}

func (w *world) connect() {
	w.t.Helper()
	w.client.Connect()
	w.await(transport.Connected)
	w.state(ably.ConnectionStateConnected)
}

// close closes the client and waits until its goroutines have ended.
func (w *world) close() {
	changed := make(chan struct{}, 1)
	defer w.client.Connection.OnAll(func(ably.ConnectionStateChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	w.client.Close()
	for s := w.client.Connection.State(); s != ably.ConnectionStateInitialized &&
		s != ably.ConnectionStateClosed && s != ably.ConnectionStateFailed; s = w.client.Connection.State() {
		select {
		case <-changed:
		case <-soon(w.t).Done():
			w.t.Errorf("ably-go is %v and does not close", s)
			return
		}
		if w.client.Connection.State() == ably.ConnectionStateConnected {
			w.client.Close() // ably-go loses a Close that comes when it begins to dial
		}
	}
	if err := w.transport.Close(soon(w.t)); err != nil {
		w.t.Errorf("close: %v", err)
	}
	if virtual() {
		time.Sleep(time.Second) // a dial of ably-go's that is one too many ends soon
	}
}

func (w *world) handle(e transport.Event) {
	w.mu.Lock()
	w.events = append(w.events, e)
	w.mu.Unlock()
	select {
	case w.change <- struct{}{}:
	default:
	}
}

// next returns the next event.
func (w *world) next() transport.Event {
	w.t.Helper()
	for {
		w.mu.Lock()
		if w.seen < len(w.events) {
			e := w.events[w.seen]
			w.seen++
			w.mu.Unlock()
			return e
		}
		w.mu.Unlock()
		select {
		case <-w.change:
		case <-soon(w.t).Done():
			w.t.Fatal("no event came")
		}
	}
}

// await returns the next event of a kind.
func (w *world) await(kind transport.EventKind) transport.Event {
	w.t.Helper()
	for {
		if e := w.next(); e.Kind == kind {
			return e
		}
	}
}

// message returns the next frame of an action.
func (w *world) message(action wire.Action) *wire.ProtocolMessage {
	w.t.Helper()
	for {
		if m := w.await(transport.Message).Message; m.Action == action {
			return m
		}
	}
}

// state waits until ably-go is in one of the states.
func (w *world) state(states ...ably.ConnectionState) {
	w.t.Helper()
	changed := make(chan struct{}, 1)
	defer w.client.Connection.OnAll(func(ably.ConnectionStateChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	for {
		now := w.client.Connection.State()
		for _, s := range states {
			if s == now {
				return
			}
		}
		select {
		case <-changed:
		case <-soon(w.t).Done():
			w.t.Fatalf("ably-go is %v, not %v: %v", now, states, w.client.Connection.ErrorReason())
		}
	}
}

// attach attaches the room's channel, and returns its ATTACHED.
func (w *world) attach() *wire.ProtocolMessage {
	w.t.Helper()
	w.transport.Send(&wire.ProtocolMessage{Action: wire.ActionAttach, Channel: room}, nil)
	return w.message(wire.ActionAttached)
}

// result has the arguments of the function that is passed to Send.
type result struct {
	serials []*string
	err     error
}

// publish sends a message to the room, and returns a channel that gets the result.
func (w *world) publish(data any) chan result {
	return w.send(&wire.ProtocolMessage{
		Action: wire.ActionMessage, Channel: room, Messages: []*wire.Message{{Name: "m", Data: data}},
	})
}

func (w *world) send(m *wire.ProtocolMessage) chan result {
	c := make(chan result, 1)
	w.transport.Send(m, func(serials []*string, err error) { c <- result{serials, err} })
	return c
}

func (w *world) get(c chan result) result {
	w.t.Helper()
	select {
	case r := <-c:
		return r
	case <-soon(w.t).Done():
		w.t.Fatal("no result came")
		return result{}
	}
}

func (w *world) succeeds(c chan result) {
	w.t.Helper()
	if r := w.get(c); r.err != nil || len(r.serials) != 1 || r.serials[0] == nil {
		w.t.Fatalf("result %+v, want one serial", r)
	}
}

func (w *world) fails(c chan result, code int) {
	w.t.Helper()
	var e *wire.ErrorInfo
	if r := w.get(c); !errors.As(r.err, &e) || e.Code != code {
		w.t.Fatalf("error %v, want code %d", r.err, code)
	}
}

// soon returns a context with a timeout, for operations that should end at once. It only keeps a
// failing test from hanging. In a bubble waiting costs no real time.
func soon(t testing.TB) context.Context {
	patience := 20 * time.Second
	if virtual() {
		patience = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
