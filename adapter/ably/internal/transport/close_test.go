package transport_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// Close makes all waiting messages fail, including ably-go's (RTN7e).
func TestCloseFailsWhatWaits(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		w.attach()
		w.server.Hold(ablytest.ToServer(ablytest.ActionMessage).OnConnection(1))
		own, r := make(chan error, 1), w.publish("lost")
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { own <- err }))
		w.client.Close()
		w.fails(r, 80017)
		if err := <-own; err == nil {
			t.Error("ably-go's publish succeeded")
		}
		w.await(transport.Closed)
		w.fails(w.publish("too late"), 80017)
		w.connect()
		w.attach()
		w.succeeds(w.publish("again"))
		equal(t, serialsOn(w.server, 2), room+" 0")
	})
}

// If CLOSE is not answered, the connection is CLOSED after the request timeout (RTN12b).
func TestCloseWithoutAnAnswer(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.server.Fault(ablytest.ToServer(ablytest.ActionClose), ablytest.Drop())
		start := time.Now()
		w.client.Close()
		w.await(transport.Closed)
		if d := time.Since(start); d != 10*time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

// Connect while CLOSE is unanswered makes plain ably-go deadlock; on the transport it connects.
func TestConnectWhileClosing(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.server.Fault(ablytest.ToServer(ablytest.ActionClose).Once(), ablytest.Drop())
		w.client.Close()
		w.await(transport.Closing)
		w.client.Connect()
		w.await(transport.Closed)
		w.await(transport.Connected)
		w.state(ably.ConnectionStateConnected)
		w.attach()
		w.succeeds(w.publish("after"))
	})
}

// Close while a dial waits for the network or for CONNECTED closes the connection at once (RTN12f).
func TestCloseWhileDialling(t *testing.T) {
	bubbled(t, "a dial that waits for CONNECTED", func(t *testing.T) {
		w := newWorld(t)
		gate := w.server.Hold(ablytest.ToClient(ablytest.ActionConnected))
		w.client.Connect()
		must(t, gate.Await(soon(t), 1))
		closes(t, w)
	})
	bubbled(t, "a dial that waits for the network", func(t *testing.T) {
		dialled := make(chan struct{}, 1)
		w := newWorldOn(t, newServer(t), transport.Options{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				dialled <- struct{}{}
				<-ctx.Done()
				return nil, ctx.Err()
			},
		})
		w.client.Connect()
		<-dialled
		closes(t, w)
	})
}

// closes closes the client, and checks that this takes at most one second.
func closes(t *testing.T, w *world) {
	t.Helper()
	began := time.Now()
	w.client.Close()
	w.state(ably.ConnectionStateClosed)
	if d := time.Since(began); d > time.Second {
		t.Errorf("closed after %v", d)
	}
}

// OffAll on ably-go's connection also removes the transport's listener. The transport adds it
// again.
func TestOffAll(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		synctest.Wait()
		w.client.Connection.OffAll()
		must(t, w.server.Cut(""))
		w.await(transport.Connected)
		w.attach()
		w.succeeds(w.publish("after"))
		w.client.Close()
		w.await(transport.Closed)
		// OffAll on a closed connection: after Connect, the transport adds its listener again.
		w.client.Connection.OffAll()
		w.client.Connect()
		w.await(transport.Connected)
		w.attach()
		w.succeeds(w.publish("again"))
	})
}

// When the connection is SUSPENDED, the messages that wait fail. The event comes before the next
// Connected, which is for a new connection.
func TestSuspended(t *testing.T) {
	options := []ablytest.Option{ablytest.WithConnectionStateTTL(time.Minute)}
	inBubble(t, options, func(t *testing.T, w *world) {
		w.attach()
		w.server.Hold(ablytest.ToServer(ablytest.ActionMessage).OnConnection(1))
		own, r := make(chan error, 1), w.publish("lost")
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { own <- err }))
		synctest.Wait()
		w.server.RefuseConnections(nil)
		must(t, w.server.Cut(""))
		w.await(transport.Disconnected)
		w.await(transport.Suspended)
		if res := w.get(r); res.err == nil {
			t.Error("the room's publish succeeded")
		}
		if res := w.get(w.publish("too late")); res.err == nil {
			t.Error("a publish while suspended succeeded")
		}
		w.server.AcceptConnections()
		if e := w.await(transport.Connected); e.Connection.Resumed {
			t.Error("the connection was resumed")
		}
		if err := <-own; err == nil {
			t.Error("ably-go's publish succeeded")
		}
		w.attach()
		w.succeeds(w.publish("after"))
		if n := len(w.server.Messages("own")); n != 0 {
			t.Errorf("%d messages of ably-go's stored", n)
		}
	})
}

// Frames of rooms alone keep ably-go's connection alive, and ably-go can resume it later.
func TestFramesOfRoomsCountAsActivity(t *testing.T) {
	options := []ablytest.Option{ablytest.WithMaxIdleInterval(15 * time.Second)}
	inBubble(t, options, func(t *testing.T, w *world) {
		// a busy connection gets no HEARTBEAT
		w.server.Fault(ablytest.ToClient(ablytest.ActionHeartbeat), ablytest.Drop())
		w.attach()
		for range 40 {
			time.Sleep(10 * time.Second)
			if _, err := w.server.Publish(room, ablytest.Message{Name: "m"}); err != nil {
				t.Fatal(err)
			}
			w.message(wire.ActionMessage)
		}
		must(t, w.server.Cut(""))
		if e := w.await(transport.Connected); !e.Connection.Resumed {
			t.Error("the connection was not resumed")
		}
		// Without any frame the connection ends, and ably-go connects again.
		if e := w.await(transport.Disconnected); e.Reason == nil {
			t.Error("the event has no reason")
		}
	})
}

// inBubble runs a test in a bubble, with a connected client and its server.
func inBubble(t *testing.T, options []ablytest.Option, f func(*testing.T, *world)) {
	t.Helper()
	bubbled(t, "", func(t *testing.T) {
		w := newWorldOn(t, newServer(t, options...), transport.Options{})
		w.connect()
		f(t, w)
	})
}

// Close followed at once by Connect, while ably-go waits to dial again, makes ably-go run two dial
// loops. In the end there is one connection.
func TestCloseAndConnectWhileDisconnected(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		for round := range 50 {
			w.server.RefuseConnections(nil)
			must(t, w.server.Cut(""))
			w.await(transport.Disconnected)
			synctest.Wait() // ably-go's next dial is 15 s away
			before := w.server.State().WebSockets
			w.server.AcceptConnections()
			w.client.Close()
			w.client.Connect()
			w.await(transport.Connected)
			w.state(ably.ConnectionStateConnected)
			w.attach()
			w.succeeds(w.publish(round))
			if n := w.server.State().WebSockets - before; n != 1 {
				t.Fatalf("round %d: %d WebSockets, want 1", round, n)
			}
		}
	})
}
