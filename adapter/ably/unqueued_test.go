package ablychat_test

import (
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// TO3g: without queueMessages, calls of presence fail at once when there is no connection, also in
// a room that waits for a connection to attach.
func TestPresenceFailsAtOnceWithoutQueueMessages(t *testing.T) {
	w := newWorld(t, ably.WithClientID("ann"), ably.WithQueueMessages(false),
		ably.WithDisconnectedRetryTimeout(20*time.Millisecond))
	w.connection(ably.ConnectionStateConnected)
	room := w.attached()
	if err := room.Presence().Enter(soon(t), nil); err != nil {
		t.Fatal(err)
	}
	fails := func() {
		t.Helper()
		for what, err := range map[string]error{
			"enter":  room.Presence().Enter(soon(t), nil),
			"update": room.Presence().Update(soon(t), nil),
			"leave":  room.Presence().Leave(soon(t), nil),
		} {
			if lifecycle.AsErrorInfo(err).Code != lifecycle.ErrDisconnected {
				t.Errorf("%s without a connection: %v", what, err)
			}
		}
	}
	w.server.RefuseConnections(nil)
	if err := w.server.Cut(""); err != nil {
		t.Fatal(err)
	}
	w.connection(ably.ConnectionStateDisconnected)
	fails()
	w.release()
	room = w.get()
	attached := make(chan error, 1)
	seen := newWatch(t, room)
	go func() { attached <- room.Attach(soon(t)) }()
	seen.until(lifecycle.RoomAttaching)
	fails()
	w.server.AcceptConnections()
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	if err := room.Presence().Enter(soon(t), nil); err != nil {
		t.Error(err)
	}
}
