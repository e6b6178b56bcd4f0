package transport_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// quickly makes ably-go connect again soon.
func quickly() ably.ClientOption { return ably.WithDisconnectedRetryTimeout(10 * time.Millisecond) }

// serialsOn returns channel and msgSerial of each MESSAGE that the server received on a WebSocket,
// in order.
func serialsOn(server *ablytest.Server, socket int) (out []string) {
	for _, f := range server.Frames() {
		if f.Connection == socket && f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionMessage {
			out = append(out, fmt.Sprintf("%s %d", f.Channel, *f.Message.MsgSerial))
		}
	}
	return out
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// interrupted publishes one message on ably-go's channel and two in a room, cuts the connection
// while two of them are on their way, and then checks the results. With lost, the
// connection can't be resumed.
func interrupted(t *testing.T, lost bool, format ably.ClientOption) *world {
	w := connected(t, format, quickly())
	w.attach()
	w.succeeds(w.publish("before"))
	w.await(transport.Message)
	must(t, w.client.Channels.Get("own").Publish(soon(t), "m", "before"))
	gate := w.server.Hold(ablytest.ToServer(ablytest.ActionMessage).OnConnection(1))
	first := w.publish("one")
	must(t, gate.Await(soon(t), 1))
	own := make(chan error, 1)
	if err := w.client.Channels.Get("own").PublishAsync("m", "two", func(err error) { own <- err }); err != nil {
		t.Fatal(err)
	}
	must(t, gate.Await(soon(t), 2))
	if lost {
		w.server.RefuseConnections(nil)
	}
	must(t, w.server.Cut(""))
	w.await(transport.Disconnected)
	later := w.publish("three")
	if lost {
		must(t, w.server.Forget(""))
		w.server.AcceptConnections()
	}
	e := w.await(transport.Connected)
	if e.Connection.Resumed == lost || (e.Reason != nil) != lost {
		t.Errorf("the event Connected has resumed %v and the reason %v", e.Connection.Resumed, e.Reason)
	}
	w.succeeds(first)
	w.succeeds(later)
	must(t, <-own)
	for channel, want := range map[string]int{room: 3, "own": 2} {
		if got := len(w.server.Messages(channel)); got != want {
			t.Errorf("%d messages on %q, want %d", got, channel, want)
		}
	}
	return w
}

func TestAResumeSendsAgainWithTheOldSerials(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := interrupted(t, false, format)
		equal(t, serialsOn(w.server, 1), room+" 0", "own 1", room+" 2", "own 3")
		equal(t, serialsOn(w.server, w.server.State().WebSockets), room+" 2", "own 3", room+" 4")
	})
}

func TestANewConnectionCountsFromZero(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := interrupted(t, true, format)
		equal(t, serialsOn(w.server, w.server.State().WebSockets), room+" 0", "own 1", room+" 2")
		// The transport renumbered ably-go's messages; ably-go's next publish works too.
		must(t, w.client.Channels.Get("own").Publish(soon(t), "m", "four"))
		w.succeeds(w.publish("five"))
	})
}

func TestDoubleCutsWithSenders(t *testing.T) {
	for _, senders := range []int{1, 2, 4, 8} {
		t.Run(fmt.Sprint(senders), func(t *testing.T) {
			eachFormat(t, func(t *testing.T, format ably.ClientOption) { doubleCuts(t, senders, format) })
		})
	}
}

// pace lets the bubble's clock advance: the clock stops while any goroutine runs.
func pace() { time.Sleep(500 * time.Microsecond) }

// doubleCuts cuts the connection, and cuts the next one after its first frames, while senders
// publish on ably-go's channels and in the room.
func doubleCuts(t *testing.T, senders int, format ably.ClientOption) {
	w := connected(t, format, quickly())
	w.attach()
	const rounds = 12
	stop := make(chan struct{})
	var work sync.WaitGroup
	sent := make([]int, 2*senders)
	for i := range senders {
		channel := w.client.Channels.Get(fmt.Sprintf("own%d", i))
		work.Go(func() {
			for !closed(stop) {
				pace()
				err := channel.Publish(soon(t), "m", fmt.Sprint(sent[i]))
				var e *ably.ErrorInfo
				switch {
				case err == nil:
					sent[i]++
				case errors.As(err, &e) && e.Code == 90001:
					// ably-go checks its state twice. The connection ended in between, and nothing
					// was sent.
				default:
					t.Errorf("ably-go's publish %d: %v", sent[i], err)
					return
				}
			}
		})
		work.Go(func() {
			for n := &sent[senders+i]; !closed(stop); *n++ {
				pace()
				if r := <-w.publish(fmt.Sprintf("%d-%d", i, *n)); r.err != nil {
					t.Errorf("the room's publish %d: %v", *n, r.err)
					return
				}
			}
		})
	}
	for round := range rounds {
		before := w.server.State().WebSockets
		again := w.server.Fault(ablytest.ToServer(ablytest.ActionMessage).If(func(f ablytest.Frame) bool {
			return f.Connection > before
		}).Nth(1+round%5), ablytest.CutAfter())
		must(t, w.server.Cut(""))
		w.await(transport.Disconnected)
		must(t, again.Await(soon(t), 1))
		w.await(transport.Connected)
		w.await(transport.Disconnected)
		again.Remove()
		w.await(transport.Connected)
	}
	close(stop)
	work.Wait()
	for i := range senders {
		if got := len(w.server.Messages(fmt.Sprintf("own%d", i))); got != sent[i] {
			t.Errorf("%d messages of ably-go's sender %d, of %d acknowledged", got, i, sent[i])
		}
	}
	total := 0
	for _, n := range sent[senders:] {
		total += n
	}
	if got := len(w.server.Messages(room)); got != total {
		t.Errorf("%d messages in the room, of %d acknowledged", got, total)
	}
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// PRESENCE that was written is sent again; PRESENCE that wasn't fails with ErrNotSent (T10).
func TestPresenceThatWasNotSentIsGivenBack(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t, quickly(), ably.WithClientID("alice"))
		w.attach()
		enter := func() chan result {
			return w.send(&wire.ProtocolMessage{
				Action: wire.ActionPresence, Channel: room, Presence: []*wire.PresenceMessage{{Action: 2}},
			})
		}
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionPresence).OnConnection(1))
		sent := enter()
		must(t, gate.Await(soon(t), 1))
		w.server.RefuseConnections(nil)
		must(t, w.server.Cut(""))
		w.await(transport.Disconnected)
		if r := w.get(enter()); r.err != transport.ErrNotSent {
			t.Errorf("error %v, want ErrNotSent", r.err)
		}
		attach := w.send(&wire.ProtocolMessage{Action: wire.ActionAttach, Channel: room})
		if r := w.get(attach); r.err != transport.ErrNotSent {
			t.Errorf("ATTACH without a connection ended with %v, want ErrNotSent", r.err)
		}
		w.server.AcceptConnections()
		w.await(transport.Connected)
		w.attach()
		if r := w.get(sent); r.err != nil {
			t.Errorf("the PRESENCE that was written ended with %v", r.err)
		}
	})
}

// PRESENCE that waits in the socket's queue when the connection ends also fails with ErrNotSent. A
// MESSAGE waits for the next connection.
func TestPresenceInTheQueueIsGivenBack(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		network := newStallingNet()
		w := newWorldOn(t, newServer(t), transport.Options{DialContext: network.dial}, quickly(),
			ably.WithClientID("alice"))
		w.connect()
		w.attach()
		release := network.stall()
		first := w.publish("being written")
		<-network.held
		presence := w.send(&wire.ProtocolMessage{
			Action: wire.ActionPresence, Channel: room, Presence: []*wire.PresenceMessage{{Action: 2}},
		})
		second := w.publish("queued")
		must(t, w.server.Cut(""))
		if r := w.get(presence); r.err != transport.ErrNotSent {
			t.Errorf("error %v, want ErrNotSent", r.err)
		}
		release()
		w.succeeds(first)
		w.succeeds(second)
		equal(t, serialsOn(w.server, 2), room+" 0", room+" 1")
	})
}
