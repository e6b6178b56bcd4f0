package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// stallingNet is a network whose writes can be made to wait. Reads don't wait.
type stallingNet struct {
	mu   sync.Mutex
	gate chan struct{} // closed when writes need not wait
	held chan struct{} // receives a value for each write that waits
}

func newStallingNet() *stallingNet {
	n := &stallingNet{gate: make(chan struct{}), held: make(chan struct{}, 100)}
	close(n.gate)
	return n
}

func (n *stallingNet) stall() (release func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	gate := make(chan struct{})
	n.gate = gate
	return func() { close(gate) }
}

func (n *stallingNet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := dialer(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &stallingConn{Conn: c, net: n, closed: make(chan struct{})}, nil
}

type stallingConn struct {
	net.Conn
	net    *stallingNet
	once   sync.Once
	closed chan struct{}
}

func (c *stallingConn) Write(b []byte) (int, error) {
	c.net.mu.Lock()
	gate := c.net.gate
	c.net.mu.Unlock()
	select {
	case <-gate:
	default:
		c.net.held <- struct{}{}
		select {
		case <-gate:
		case <-c.closed:
			return 0, net.ErrClosed
		}
	}
	return c.Conn.Write(b)
}

func (c *stallingConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// If no frames can be written to a socket, it is closed when its queue is full. No frame is lost,
// and no call of ably-go's waits for the socket.
func TestTheBoundOfTheQueueClosesTheSocket(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		const limit = 8
		network := newStallingNet()
		server := newServer(t)
		w := newWorldOn(t, server, transport.Options{QueueLimit: limit, DialContext: network.dial}, quickly())
		w.connect()
		w.attach()
		release := network.stall()
		results := []chan result{w.publish("held")}
		<-network.held
		own := make(chan error, limit)
		for i := range limit {
			if i%2 == 0 {
				results = append(results, w.publish(i))
				own <- nil
			} else {
				must(t, w.client.Channels.Get("own").PublishAsync("m", fmt.Sprint(i), func(err error) { own <- err }))
			}
		}
		if n := w.transport.Dropped(); len(n) != 0 {
			t.Fatalf("Dropped returns %v before the limit was reached", n)
		}
		results = append(results, w.publish("one too many"))
		if e := w.await(transport.Disconnected); !strings.Contains(e.Reason.Message, "too many frames wait") {
			t.Errorf("the event Disconnected has the reason %v", e.Reason)
		}
		release()
		w.await(transport.Connected)
		for _, r := range results {
			w.succeeds(r)
		}
		for range limit {
			must(t, <-own)
		}
		if got := len(server.Messages(room)); got != len(results) {
			t.Errorf("%d messages, want %d", got, len(results))
		}
	})
}

// Without a connection the room's messages wait, up to the limit.
func TestTheBoundWithoutAConnection(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorldOn(t, newServer(t), transport.Options{QueueLimit: 2})
		first, second := w.publish(1), w.publish(2)
		w.fails(w.publish(3), 40000)
		w.connect()
		w.succeeds(first)
		w.succeeds(second)
	})
}

// A message that can't be encoded fails, and other messages are sent. This includes a message of
// ably-go's, which plain ably-go would send again and again on new connections.
func TestAMessageThatCannotBeEncoded(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		w.attach()
		bad := unencodable{}
		r := w.publish("good")
		w.fails(w.publish(bad), 40000)
		w.succeeds(r)
		own := w.client.Channels.Get("own")
		first := make(chan error, 1)
		must(t, own.PublishAsync("m", "good", func(err error) { first <- err }))
		err := own.PublishMultiple(soon(t), []*ably.Message{{Name: "m", Extras: map[string]any{"a": bad}}})
		if err == nil {
			t.Error("ably-go's publish succeeded")
		}
		must(t, <-first)
		w.succeeds(w.publish("after"))
		equal(t, serialsOn(w.server, 1), room+" 0", "own 1", room+" 2")
		if n := w.server.State().WebSockets; n != 1 {
			t.Errorf("%d WebSockets, want 1", n)
		}
	})
}

type unencodable struct{}

func (unencodable) MarshalJSON() ([]byte, error)   { return nil, errors.New("no") }
func (unencodable) CodecEncodeSelf(*codec.Encoder) { panic("no") }
func (unencodable) CodecDecodeSelf(*codec.Decoder) {}

func TestAMessageThatIsTooLarge(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorldOn(t, newServer(t, ablytest.WithMaxMessageSize(100)), transport.Options{})
		w.connect()
		w.attach()
		w.fails(w.publish(strings.Repeat("x", 100)), 40009) // 100 bytes, and the name
		w.succeeds(w.publish(strings.Repeat("x", 99)))
		equal(t, serialsOn(w.server, 1), room+" 0")
	})
}

func TestCancelStopsTheCallbackAndNotTheMessage(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t)
		w.attach()
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionMessage))
		called := make(chan struct{})
		cancel := w.transport.Send(&wire.ProtocolMessage{
			Action: wire.ActionMessage, Channel: room, Messages: []*wire.Message{{Name: "m"}},
		}, func([]*string, error) { close(called) })
		cancel()
		gate.Open()
		w.succeeds(w.publish("next"))
		if got := len(w.server.Messages(room)); got != 2 {
			t.Errorf("%d messages, want 2", got)
		}
		if closed(called) {
			t.Error("the callback was called")
		}
	})
}

// A NACK of the server reaches the sender of the frame, with its error.
func TestNacks(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		w.attach()
		w.server.Fault(ablytest.ToServer(ablytest.ActionMessage).First(2), ablytest.Refuse(ablytest.NewError(40160, 401, "no")))
		w.fails(w.publish(1), 40160)
		err := w.client.Channels.Get("own").Publish(soon(t), "m", nil)
		if e, ok := err.(*ably.ErrorInfo); !ok || e.Code != 40160 {
			t.Errorf("ably-go's publish returned %v", err)
		}
		w.succeeds(w.publish(2))
	})
}

// The events of a connection come after its Connected and before its Disconnected, in the order of
// the frames on the wire.
func TestTheOrderOfEvents(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t, quickly())
		for range 10 {
			w.attach()
			for i := range 20 {
				if _, err := w.server.Publish(room, ablytest.Message{Name: fmt.Sprint(i)}); err != nil {
					t.Fatal(err)
				}
			}
			for i := 0; i < 20; i++ {
				if m := w.message(wire.ActionMessage); m.Messages[0].Name != fmt.Sprint(i) {
					t.Fatalf("got %s, want %d", m.Messages[0].Name, i)
				}
			}
			must(t, w.server.Cut(""))
			w.await(transport.Connected)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		up := false
		for i, e := range w.events {
			switch e.Kind {
			case transport.Connected:
				if up {
					t.Errorf("event %d is a second Connected without a Disconnected", i)
				}
				up = true
			case transport.Disconnected:
				up = false
			case transport.Message:
				if !up {
					t.Errorf("event %d is a frame that came before Connected", i)
				}
			}
		}
	})
}

func TestBind(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t)
		if _, ok := w.transport.Bind(func(transport.Event) {}); ok {
			t.Error("a second handler was accepted")
		}
		other := newWorldOn(t, w.server, transport.Options{})
		other.connect()
		unbind := other.rebind()
		if e := other.next(); e.Kind != transport.Connected || e.Connection.ID != other.client.Connection.ID() {
			t.Errorf("the first event is %v of the connection %q", e.Kind, e.Connection.ID)
		}
		unbind()
		unbind()
		must(t, other.server.Cut(other.client.Connection.ID()))
		other.client.Close()
		other.state(ably.ConnectionStateClosed)
		unbind = other.rebind()
		for e := other.next(); e.Kind != transport.Closed; e = other.next() {
			if e.Kind == transport.Disconnected || e.Kind == transport.Connected {
				t.Errorf("the new handler received the old event %v", e.Kind)
			}
		}
		unbind()
	})
}

// rebind replaces the handler, and drops the earlier events.
func (w *world) rebind() (unbind func()) {
	w.unbind()
	w.mu.Lock()
	w.events, w.seen = nil, 0
	w.mu.Unlock()
	unbind, ok := w.transport.Bind(w.handle)
	if !ok {
		w.t.Fatal("the handler was refused")
	}
	return unbind
}

// Of returns the transport of a client, each time that it is called.
func TestTheTransportOfAClient(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorld(t)
		for range 2 {
			if found, ok := transport.Of(w.client); !ok || found != w.transport {
				t.Error("Of does not return the transport")
			}
		}
		bare, err := ably.NewRealtime(w.server.ClientOptions(ably.WithAutoConnect(false))...)
		must(t, err)
		if _, ok := transport.Of(bare); ok {
			t.Error("Of returned a transport for a client that was not made on one")
		}
		if _, ok := transport.Of(nil); ok {
			t.Error("Of(nil) returned a transport")
		}
	})
}

// The registry keeps neither a client nor its transport alive.
func TestTheRegistryKeepsNothingAlive(t *testing.T) {
	server := newServer(t)
	client, made, err := transport.NewRealtime(transport.Options{}, server.ClientOptions(ably.WithAutoConnect(false))...)
	must(t, err)
	before := transport.Known() // includes this client, and possibly clients of other tests
	collected := make(chan struct{}, 2)
	runtime.AddCleanup(client, func(int) { collected <- struct{}{} }, 0)
	runtime.AddCleanup(made, func(int) { collected <- struct{}{} }, 0)
	client, made = nil, nil
	deadline := time.After(10 * time.Second)
	for got := 0; got < 2 || transport.Known() >= before; {
		runtime.GC()
		select {
		case <-collected:
			got++
		case <-deadline:
			t.Fatalf("%d of client and transport were collected; the registry has %d entries, expected fewer than %d", got, transport.Known(), before)
		default:
			runtime.Gosched()
		}
	}
}
