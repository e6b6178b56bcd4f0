package transport_test

import (
	"testing"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
)

func TestRoomsAndChannelsOfAblyGoShareTheConnection(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		w.attach()
		own := w.client.Channels.Get("own")
		got := make(chan *ably.Message, 10)
		if _, err := own.SubscribeAll(soon(t), func(m *ably.Message) { got <- m }); err != nil {
			t.Fatal(err)
		}
		must(t, own.Publish(soon(t), "a", "first"))
		r := w.publish("second")
		must(t, own.Publish(soon(t), "b", "third"))
		w.succeeds(r)
		if m := w.await(transport.Message).Message; m.Messages[0].Data != "second" || m.Messages[0].Serial == "" ||
			m.Messages[0].ConnectionID != w.client.Connection.ID() || m.Messages[0].Version.Serial != m.Messages[0].Serial {
			t.Errorf("the room got %+v", m.Messages[0])
		}
		published, err := own.PublishWithResult(soon(t), "c", "fourth")
		must(t, err)
		if stored := w.server.Messages("own"); published.Serial == nil || *published.Serial != stored[len(stored)-1].Serial {
			t.Errorf("ably-go's publish returned %v", published.Serial)
		}
		for _, want := range []string{"first", "third", "fourth"} {
			if m := <-got; m.Data != want || m.ConnectionID != w.client.Connection.ID() {
				t.Errorf("ably-go got %v, want %q", m, want)
			}
		}
		for _, f := range w.server.Frames() {
			if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionMessage && f.Message.Messages[0].ConnectionID != "" {
				t.Errorf("the frame %v has a connectionId", f)
			}
		}
		if n := w.transport.Pending(); n != 0 {
			t.Errorf("%d of ably-go's frames still await an answer", n)
		}
		if len(w.transport.Dropped()) != 0 {
			t.Errorf("Dropped returns %v", w.transport.Dropped())
		}
	})
}
