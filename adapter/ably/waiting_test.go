package ablychat_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// RTL4i: an attach waits for the connection, and is then sent once.
func TestAnAttachWaitsForTheConnection(t *testing.T) {
	server := ablytest.NewServer(t)
	server.RefuseConnections(nil)
	var attaches atomic.Int32
	server.OnFrame(func(f ablytest.Frame) {
		if f.Action == ablytest.ActionAttach {
			attaches.Add(1)
		}
	})
	w := newWorldOn(t, server, ably.WithDisconnectedRetryTimeout(20*time.Millisecond))
	room := w.get()
	seen := newWatch(t, room)
	attached := make(chan error, 1)
	go func() { attached <- room.Attach(soon(t)) }()
	seen.until(lifecycle.RoomAttaching)
	server.AcceptConnections()
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	w.release()
	if n := attaches.Load(); n != 1 {
		t.Errorf("%d attaches were sent, expected one", n)
	}
	seen.continuous()
}

// RTL4f: an attach waits for a connection for the timeout of a request. Then the room is suspended.
// It attaches when there is a connection.
func TestAnAttachWithoutAConnectionIsSuspended(t *testing.T) {
	server := ablytest.NewServer(t)
	server.RefuseConnections(nil)
	w := newWorldOn(t, server, ably.WithRealtimeRequestTimeout(300*time.Millisecond), ably.WithDisconnectedRetryTimeout(20*time.Millisecond))
	room := w.get()
	seen := newWatch(t, room)
	if err := room.Attach(soon(t)); lifecycle.AsErrorInfo(err).Code != 90007 {
		t.Errorf("attach: %v", err)
	}
	if seen.until(lifecycle.RoomSuspended).Error == nil {
		t.Error("suspended without a reason")
	}
	server.AcceptConnections()
	seen.until(lifecycle.RoomAttached)
	seen.continuous()
}

// TestReleaseOfARoomThatWaitsForTheConnection: a release runs after the attach that waits for the
// connection (CHA-RL7), which ends after the timeout of a request. The same is true for Dispose.
func TestReleaseOfARoomThatWaitsForTheConnection(t *testing.T) {
	for what, end := range map[string]func(w *world) error{
		"release": func(w *world) error { return w.rooms.Release(soon(t), name) },
		"dispose": func(w *world) error { return w.chat.Dispose(soon(t)) },
	} {
		t.Run(what, func(t *testing.T) {
			server := ablytest.NewServer(t)
			server.RefuseConnections(nil)
			w := newWorldOn(t, server, ably.WithRealtimeRequestTimeout(300*time.Millisecond), ably.WithDisconnectedRetryTimeout(20*time.Millisecond))
			room := w.get()
			seen := newWatch(t, room)
			attached := make(chan error, 1)
			go func() { attached <- room.Attach(soon(t)) }()
			seen.until(lifecycle.RoomAttaching)
			if err := end(w); err != nil {
				t.Errorf("%s while the attach waits: %v", what, err)
			}
			if err := <-attached; lifecycle.AsErrorInfo(err).Code != 90007 {
				t.Errorf("attach: %v", err)
			}
			server.AcceptConnections()
		})
	}
}
