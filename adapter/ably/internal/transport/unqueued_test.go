package transport_test

import (
	"testing"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

func (w *world) enter() chan result {
	return w.send(&wire.ProtocolMessage{Action: wire.ActionPresence, Channel: room,
		Presence: []*wire.PresenceMessage{{Action: 2, ClientID: "ann"}}})
}

// TO3g, RTL6c4: without queueMessages no message waits for a connection.
func TestNothingWaitsWithoutQueueMessages(t *testing.T) {
	w := newWorld(t, ably.WithQueueMessages(false))
	if w.transport.Queues() || !newWorld(t).transport.Queues() {
		t.Error("the option was not read")
	}
	w.fails(w.publish("early"), 80003)
	w.fails(w.enter(), 80003)
	w.connect()
	w.attach()
	w.succeeds(w.publish("in time"))
	if n := len(w.server.Messages(room)); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}

// RTN7d: without queueMessages no message waits for an answer after its connection ended, also not
// ably-go's. A message that the server may have is not sent again. Later messages have later
// serials.
func TestUnansweredMessagesFailWithoutQueueMessages(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format, quickly(), ably.WithQueueMessages(false), ably.WithClientID("ann"))
		w.attach()
		lost := w.server.Fault(ablytest.ToClient(ablytest.ActionAck), ablytest.Drop())
		message, entry := w.publish("unanswered"), w.enter()
		own := make(chan error, 1)
		must(t, w.client.Channels.Get("own").PublishAsync("m", nil, func(err error) { own <- err }))
		must(t, lost.Await(soon(t), 3))
		w.server.ClearFaults()
		must(t, w.server.Cut(""))
		w.fails(message, 80003)
		w.fails(entry, 80003)
		w.await(transport.Connected)
		if err := <-own; err == nil {
			t.Error("ably-go's own message succeeded")
		}
		w.succeeds(w.publish("later"))
		if n := len(w.server.Messages(room)); n != 2 {
			t.Errorf("%d messages, want 2", n)
		}
	})
}
