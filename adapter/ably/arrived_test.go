package ablychat_test

import (
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// A channel that the server detaches as soon as it has attached it is attaching, attached and attaching again before anybody looks: the attach
// returns after its own ATTACHED all the same, which is then no discontinuity.
func TestAnAttachThatIsDetachedAtOnce(t *testing.T) {
	w := newWorld(t)
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	for i := range rounds {
		room := w.get()
		seen := newWatch(t, room)
		fault := w.server.Fault(ablytest.ToClient(ablytest.ActionAttached).OnChannel(channelName).Once(), ablytest.Call(func(ablytest.Frame) {
			w.server.DetachChannel(channelName, ablytest.NewError(90198, 400, "moved"))
		}))
		again := w.server.Fault(ablytest.ToClient(ablytest.ActionAttached).OnChannel(channelName)) // counts
		if err := room.Attach(soon(t)); err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
		for got := []lifecycle.Status{}; len(got) < 2; {
			c := <-seen.statuses
			got = append(got, c.Current)
			if want := []lifecycle.Status{lifecycle.StatusAttaching, lifecycle.StatusAttached}[len(got)-1]; c.Current != want {
				t.Fatalf("round %d: the statuses are %v", i, got)
			}
		}
		if err := again.Await(soon(t), 2); err != nil {
			t.Fatal(err)
		}
		fault.Remove()
		again.Remove()
		w.release()
		seen.until(lifecycle.StatusReleased)
		seen.continuous()
	}
}
