package transport_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// No event, and no end of a Send, overtakes the handler, whatever event the handler is called with.
func TestTheHandlerIsNotOvertaken(t *testing.T) {
	for _, kind := range []transport.EventKind{transport.Status, transport.Connected, transport.Message, transport.Disconnected} {
		bubbled(t, kind.String(), func(t *testing.T) {
			server := newServer(t)
			w := newWorldOn(t, server, transport.Options{}, quickly())
			w.unbind()
			held, release := make(chan struct{}), make(chan struct{})
			var inside, calls atomic.Int32
			unbind, _ := w.transport.Bind(func(e transport.Event) {
				if inside.Add(1) != 1 {
					t.Errorf("%v overtook another event", e.Kind)
				}
				if e.Kind == kind && calls.Add(1) == 1 {
					close(held)
					<-release
				}
				inside.Add(-1)
			})
			defer unbind()
			w.client.Connect()
			time.Sleep(time.Second)
			w.transport.Send(&wire.ProtocolMessage{Action: wire.ActionAttach, Channel: room}, nil)
			time.Sleep(time.Second)
			if kind == transport.Disconnected {
				must(t, server.Cut(""))
			}
			<-held
			over := make(chan struct{})
			w.transport.SendOn(99, &wire.ProtocolMessage{Action: wire.ActionAttach, Channel: room}, func([]*string, error) {
				if inside.Load() != 0 {
					t.Error("the end of a Send overtook the handler")
				}
				close(over)
			})
			must(t, server.Cut("")) // causes more events
			synctest.Wait()
			if closed(over) {
				t.Error("the end of a Send came while the handler ran")
			}
			close(release)
			<-over
			time.Sleep(time.Second)
			w.state(ably.ConnectionStateConnected)
		})
	}
}

// If the connection ends while CLOSE waits for its answer, the messages that wait fail as on a
// closed connection (RTN7e).
func TestTheConnectionEndsWhileItCloses(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.attach()
		w.server.Hold(ablytest.ToServer(ablytest.ActionMessage))
		r, own := w.publish("lost"), make(chan error, 1)
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { own <- err }))
		w.server.Fault(ablytest.ToServer(ablytest.ActionClose), ablytest.Drop())
		w.client.Close()
		w.await(transport.Closing)
		began := time.Now()
		must(t, w.server.Cut(""))
		res := w.get(r)
		if e, ok := res.err.(*wire.ErrorInfo); !ok || e.Code != 80017 || e.StatusCode != 400 {
			t.Errorf("the publish: %v", res.err)
		}
		if err := <-own; err == nil {
			t.Error("ably-go's publish succeeded")
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// RTN12b: a connection that is closed without an answer fails the messages that wait too.
func TestWhatWaitsWhenCloseIsNotAnswered(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.server.Hold(ablytest.ToServer(ablytest.ActionMessage))
		r := w.publish("lost")
		w.server.Fault(ablytest.ToServer(ablytest.ActionClose), ablytest.Drop())
		w.client.Close()
		res := w.get(r)
		if e, ok := res.err.(*wire.ErrorInfo); !ok || e.Code != 80017 || e.StatusCode != 400 {
			t.Errorf("the publish: %v", res.err)
		}
		w.state(ably.ConnectionStateClosed)
	})
}

// An acknowledgement that skips frames fails the skipped ones, each for its own sender (RTN7a).
func TestFramesThatAreLeftOut(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t)
		w.server.Fault(ablytest.ToServer(ablytest.ActionMessage).First(2), ablytest.Drop())
		first, own := w.publish(1), make(chan error, 1)
		synctest.Wait()
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { own <- err }))
		synctest.Wait()
		w.succeeds(w.publish(3))
		w.fails(first, 50000)
		if err := <-own; err == nil {
			t.Error("ably-go's publish succeeded")
		}
	})
}

// On a new connection ably-go's frames get new serials, from 0 (RTN19a2).
func TestAblyGosFrameIsTheFirstOnANewConnection(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format, quickly())
		must(t, w.client.Channels.Get("own").Publish(soon(t), "m", "before"))
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionMessage).OnConnection(1))
		own := make(chan error, 1)
		must(t, w.client.Channels.Get("own").PublishAsync("m", "two", func(err error) { own <- err }))
		must(t, gate.Await(soon(t), 1))
		w.server.RefuseConnections(nil)
		must(t, w.server.Cut(""))
		w.await(transport.Disconnected)
		must(t, w.server.Forget(""))
		w.server.AcceptConnections()
		w.await(transport.Connected)
		must(t, <-own)
		equal(t, serialsOn(w.server, w.server.State().WebSockets), "own 0")
		if got := len(w.server.Messages("own")); got != 2 {
			t.Errorf("%d messages, want 2", got)
		}
	})
}
