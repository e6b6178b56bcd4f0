package ablychat_test

import (
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// CHA-RS1g: if the channel of a room fails while it attaches again, the room stays failed: only the
// user attaches it.
func TestAChannelThatFailsWhileReattachingStaysFailed(t *testing.T) {
	w := newWorld(t)
	const rounds = 20
	broken := ablytest.NewError(90001, 400, "broken")
	probe := w.client.Channels.Get("probe")
	for i := range rounds {
		room, err := w.rooms.Get(soon(t), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := room.Attach(soon(t)); err != nil {
			t.Fatal(err)
		}
		seen := newWatch(t, room)
		fault := w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel(channelName), ablytest.FailChannel(broken))
		w.server.DetachChannel(channelName, ablytest.NewError(90198, 400, "moved"))
		seen.until(lifecycle.RoomFailed)
		// If a frame were sent now by mistake, it would be on the wire before the probe's own
		// frames.
		if err := probe.Attach(soon(t)); err != nil {
			t.Fatal(err)
		}
		if err := probe.Detach(soon(t)); err != nil {
			t.Fatal(err)
		}
		if room.Status() != lifecycle.RoomFailed || fault.Hits() != 1 {
			t.Fatalf("round %d: the room is %v after %d attaches", i, room.Status(), fault.Hits())
		}
		fault.Remove()
		if err := w.rooms.Release(soon(t), name); err != nil {
			t.Fatal(err)
		}
	}
}

// RTL4f: an attach that no call requested also ends if the service doesn't answer. The room is
// suspended, and attaches again after a pause.
func TestAReattachWithoutAnswerIsSuspended(t *testing.T) {
	server := ablytest.NewServer(t)
	w := newWorldOn(t, server, ably.WithRealtimeRequestTimeout(300*time.Millisecond), ably.WithChannelRetryTimeout(50*time.Millisecond))
	room := w.attached()
	seen := newWatch(t, room)
	fault := w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel(channelName), ablytest.Drop())
	w.server.DetachChannel(channelName, ablytest.NewError(90198, 400, "moved"))
	if c := seen.until(lifecycle.RoomSuspended); c.Error == nil || lifecycle.AsErrorInfo(c.Error).Code != 90007 {
		t.Errorf("suspended with the error %v, expected the code 90007", c.Error)
	}
	fault.Remove()
	seen.until(lifecycle.RoomAttached)
}
