package ablychat_test

import (
	"context"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"go.uber.org/goleak"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const name = "basketball-stream"

var channelName = ablychat.ChannelName(name)

// world is an embedded server, with a realtime client and a chat client on it.
type world struct {
	t      *testing.T
	server *ablytest.Server
	client *ably.Realtime
	chat   *ablychat.Client
	rooms  *ablychat.Rooms
}

func newWorld(t *testing.T, options ...ably.ClientOption) *world {
	return newWorldOn(t, ablytest.NewServer(t), options...)
}

func newWorldOn(t *testing.T, server *ablytest.Server, options ...ably.ClientOption) *world {
	t.Helper()
	return newWorldWith(t, server, nil, options...)
}

func newWorldWith(t *testing.T, server *ablytest.Server, chatOptions []ablychat.Option, options ...ably.ClientOption) *world {
	t.Helper()
	// After a client is closed, a goroutine of ably-go remains for up to this time.
	options = append([]ably.ClientOption{ably.WithChannelRetryTimeout(500 * time.Millisecond)}, options...)
	client, err := ablychat.NewRealtime(server.ClientOptions(options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeClient(client) })
	chat, err := ablychat.New(client, chatOptions...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := chat.Dispose(soon(t)); err != nil {
			t.Errorf("dispose: %v", err)
		}
	})
	return &world{t, server, client, chat, chat.Rooms()}
}

// closeClient closes a client, and waits until it is closed and its goroutines are gone. Before
// that it waits for a dial to end, since a close during a dial would have no effect in ably-go.
func closeClient(client *ably.Realtime) {
	dialled := make(chan struct{}, 8)
	offDialled := client.Connection.OnAll(func(ably.ConnectionStateChange) { dialled <- struct{}{} })
	for client.Connection.State() == ably.ConnectionStateConnecting {
		<-dialled
	}
	offDialled()
	done := make(chan struct{}, 8)
	off := client.Connection.OnAll(func(c ably.ConnectionStateChange) {
		if c.Current == ably.ConnectionStateClosed || c.Current == ably.ConnectionStateFailed {
			done <- struct{}{}
		}
	})
	defer off()
	ablychat.StayClosed(client)
	if s := client.Connection.State(); s != ably.ConnectionStateClosed && s != ably.ConnectionStateFailed {
		select {
		case <-done:
		case <-time.After(10 * time.Second):
		}
	}
}

// soon returns a context for calls that should end at once. Its timeout only keeps a failing test
// from hanging.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (w *world) get(options ...lifecycle.RoomOption) *ablychat.Room {
	w.t.Helper()
	room, err := w.rooms.Get(soon(w.t), name, options...)
	if err != nil {
		w.t.Fatal(err)
	}
	return room
}

func (w *world) attached(options ...lifecycle.RoomOption) *ablychat.Room {
	w.t.Helper()
	room := w.get(options...)
	if err := room.Attach(soon(w.t)); err != nil {
		w.t.Fatal(err)
	}
	return room
}

func (w *world) release() {
	w.t.Helper()
	if err := w.rooms.Release(soon(w.t), name); err != nil {
		w.t.Fatal(err)
	}
}

// attachment returns the server's view of the client's attachment to the room's channel.
func (w *world) attachment() (ablytest.AttachmentInfo, bool) {
	for _, a := range w.server.State().Channels[channelName].Attached {
		return a, true
	}
	return ablytest.AttachmentInfo{}, false
}

// connection waits until the realtime client's connection is in a state.
func (w *world) connection(state ably.ConnectionState) {
	w.t.Helper()
	reached := make(chan struct{}, 16)
	off := w.client.Connection.OnAll(func(c ably.ConnectionStateChange) {
		if c.Current == state {
			reached <- struct{}{}
		}
	})
	defer off()
	if w.client.Connection.State() == state {
		return
	}
	select {
	case <-reached:
	case <-soon(w.t).Done():
		w.t.Fatalf("the connection did not become %v: it is %v", state, w.client.Connection.State())
	}
}

// watch records a room's status changes and discontinuities.
type watch struct {
	t        *testing.T
	room     *ablychat.Room
	statuses chan lifecycle.RoomStatusChange
	lost     chan lifecycle.Discontinuity
}

func newWatch(t *testing.T, room *ablychat.Room) *watch {
	w := &watch{t, room, make(chan lifecycle.RoomStatusChange, 10000), make(chan lifecycle.Discontinuity, 10000)}
	room.SubscribeStatus(func(c lifecycle.RoomStatusChange) { w.statuses <- c })
	room.SubscribeDiscontinuities(func(d lifecycle.Discontinuity) { w.lost <- d })
	return w
}

// until waits for a change to a status.
func (w *watch) until(status lifecycle.RoomStatus) lifecycle.RoomStatusChange {
	w.t.Helper()
	for {
		select {
		case c := <-w.statuses:
			if c.Current == status {
				return c
			}
		case <-soon(w.t).Done():
			w.t.Fatalf("the room did not become %v: it is %v", status, w.room.Status())
		}
	}
}

// continuous fails when a discontinuity was reported.
func (w *watch) continuous() {
	w.t.Helper()
	select {
	case e := <-w.lost:
		w.t.Errorf("a discontinuity was reported: %v", e)
	default:
	}
}
