package transport_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// Frames that are dropped are counted, and logged once for each kind of drop.
func TestDropsAreLoggedOnce(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		var text bytes.Buffer
		options := transport.Options{Logger: slog.New(slog.NewTextHandler(&text, nil))}
		w := newWorldOn(t, newServer(t), options)
		w.connect()
		serial := int64(7)
		for range 3 {
			w.inject(&ablytest.ProtocolMessage{Action: ablytest.ActionAck, MsgSerial: &serial, Count: 1},
				&ablytest.ProtocolMessage{Action: 99})
		}
		w.attach()
		synctest.Wait()
		got := w.transport.Dropped()
		if got["an acknowledgement without a waiting frame"] != 3 || got["a frame of an unknown kind"] != 3 || len(got) != 2 {
			t.Errorf("dropped %v", got)
		}
		got["x"] = 1 // Dropped returns a copy
		if lines := strings.Count(text.String(), "level=WARN"); lines != 2 || len(w.transport.Dropped()) != 2 {
			t.Errorf("logged:\n%s", text.String())
		}
	})
}

// By default the transport reads frames of up to 2 MiB, as ably-go does.
func TestTheDefaultReadLimit(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorldOn(t, newServer(t, ablytest.WithMaxMessageSize(16<<20)), transport.Options{}, quickly())
		w.connect()
		w.attach()
		for size, fits := range map[int]bool{1_900_000: true, 2_200_000: false} {
			_, err := w.server.Publish(room, ablytest.Message{Data: strings.Repeat("x", size)})
			must(t, err)
			if fits {
				w.message(wire.ActionMessage)
				continue
			}
			w.await(transport.Disconnected)
			w.await(transport.Connected)
			w.attach()
		}
	})
}

// A QueueLimit of 1 lets one frame wait.
func TestAQueueOfOne(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorldOn(t, newServer(t), transport.Options{QueueLimit: 1})
		first := w.publish(1)
		w.fails(w.publish(2), 40000)
		w.connect()
		w.succeeds(first)
	})
}

// A frame for one WebSocket is not sent on another (T20). Messages are sent on any.
func TestSendOnAWebSocket(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t, quickly(), ably.WithClientID("ann"))
		send := func(socket uint64, m *wire.ProtocolMessage) chan result {
			c := make(chan result, 1)
			w.transport.SendOn(socket, m, func(serials []*string, err error) { c <- result{serials, err} })
			return c
		}
		attach := &wire.ProtocolMessage{Action: wire.ActionAttach, Channel: room}
		enter := &wire.ProtocolMessage{Action: wire.ActionPresence, Channel: room, Presence: []*wire.PresenceMessage{{Action: 2}}}
		message := &wire.ProtocolMessage{Action: wire.ActionMessage, Channel: room, Messages: []*wire.Message{{Name: "m"}}}
		for socket := uint64(1); socket <= 2; socket++ {
			if r := w.get(send(3-socket, attach)); r.err != transport.ErrNotSent {
				t.Errorf("ATTACH on another WebSocket: %v", r.err)
			}
			send(socket, attach)
			w.message(wire.ActionAttached)
			if r := w.get(send(socket, enter)); r.err != nil {
				t.Errorf("PRESENCE: %v", r.err)
			}
			if r := w.get(send(3-socket, enter)); r.err != transport.ErrNotSent {
				t.Errorf("PRESENCE on another WebSocket: %v", r.err)
			}
			w.succeeds(send(3-socket, message))
			must(t, w.server.Cut(""))
			w.await(transport.Connected)
		}
	})
}

// A frame that needs no acknowledgement has no end of its own, not even when it can't be encoded.
func TestAFrameThatCanNotBeEncoded(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := connected(t)
		bad := []*wire.Message{{Name: "m", Data: func() {}}}
		send := func(a wire.Action) chan result {
			return w.send(&wire.ProtocolMessage{Action: a, Channel: room, Messages: bad})
		}
		r := send(wire.ActionAttach)
		if e, ok := w.get(send(wire.ActionMessage)).err.(*wire.ErrorInfo); !ok || e.Code != 40000 || e.StatusCode != 400 {
			t.Errorf("the MESSAGE: %v", e)
		}
		synctest.Wait()
		if len(r) != 0 {
			t.Errorf("the ATTACH ended: %v", (<-r).err)
		}
		if n := w.transport.Dropped()["a frame to be sent that can't be encoded"]; n != 2 {
			t.Errorf("dropped %v", w.transport.Dropped())
		}
	})
}

// Before ably-go says anything its state is what it begins with.
func TestTheFirstStatus(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorld(t)
		status := func(current, previous ably.ConnectionState) {
			t.Helper()
			s := w.transport.Status()
			if s.Kind != transport.Status || s.Change == nil ||
				s.Change.Current != current || s.Change.Previous != previous {
				t.Fatalf("the status is %+v", s)
			}
		}
		status(ably.ConnectionStateInitialized, ably.ConnectionStateInitialized)
		w.connect()
		w.await(transport.Status) // of CONNECTED
		status(ably.ConnectionStateConnected, ably.ConnectionStateConnecting)
		// RTN24: a further CONNECTED is none.
		w.inject(&ablytest.ProtocolMessage{Action: ablytest.ActionConnected, ConnectionID: "c",
			ConnectionDetails: &ablytest.ConnectionDetails{ConnectionKey: "k"}})
		w.await(transport.Updated)
		synctest.Wait()
		status(ably.ConnectionStateConnected, ably.ConnectionStateConnecting)
		if w.seen != len(w.events) {
			t.Errorf("after it came %v", w.events[w.seen:])
		}
	})
}

// After a close, ably-go counts its frames from 0 again. Its acknowledgements still find their
// frames.
func TestAblyGoCountsAnew(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		own := w.client.Channels.Get("own")
		for range 3 {
			must(t, own.Publish(soon(t), "m", nil))
			must(t, own.Publish(soon(t), "m", nil))
			w.client.Close()
			w.state(ably.ConnectionStateClosed)
			w.connect()
		}
		if got := len(w.server.Messages("own")); got != 6 {
			t.Errorf("%d messages, want 6", got)
		}
	})
}
