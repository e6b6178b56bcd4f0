package ablychat_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// A channel that was left detaching, without an answer, is got rid of before the room's own is attached: ably-go sends an ATTACH at the
// moment at which it gives it up, and what the service and ably-go make of that is over by then.
func TestALeftOverThatDetaches(t *testing.T) {
	server := ablytest.NewServer(t)
	client, err := ably.NewRealtime(server.ClientOptions(ably.WithRealtimeRequestTimeout(500*time.Millisecond),
		ably.WithChannelRetryTimeout(500*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeClient(client) })
	(&world{t: t, server: server, client: client}).connection(ably.ConnectionStateConnected)
	left := client.Channels.Get(channelName)
	if err := left.Attach(soon(t)); err != nil {
		t.Fatal(err)
	}
	lost := server.Fault(ablytest.ToServer(ablytest.ActionDetach), ablytest.Drop())
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	_ = left.Detach(ended)
	if err := lost.Await(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	lost.Remove()
	if state := left.State(); state != ably.ChannelStateDetaching {
		t.Fatalf("ably-go leaves the channel %v, so nothing is shown", state)
	}

	// So late an answer would come when the room's own ATTACH has been sent, or is about to be.
	server.Fault(ablytest.ToClient(ablytest.ActionAttached), ablytest.Delay(20*time.Millisecond))
	var mu sync.Mutex
	var frames []ablytest.Action
	server.OnFrame(func(f ablytest.Frame) {
		if f.Channel == channelName {
			mu.Lock()
			frames = append(frames, f.Action)
			mu.Unlock()
		}
	})
	chat, err := ablychat.New(client, ablychat.WithRequestTimeout(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chat.Dispose(soon(t)); err != nil {
			t.Error(err)
		}
	})
	room, err := chat.Rooms().Get(soon(t), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := room.Attach(soon(t)); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if want := []ablytest.Action{
		ablytest.ActionAttach, ablytest.ActionAttached, ablytest.ActionDetach, ablytest.ActionDetached, // the left-over's
		ablytest.ActionAttach, ablytest.ActionAttached,
	}; !slices.Equal(frames, want) {
		t.Errorf("the frames are %v, expected %v", frames, want)
	}
}
