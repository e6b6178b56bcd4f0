package ablychat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// CHA-RC3c, CHA-RC3d, CHA-RC3d1, CHA-O6a, CHA-IN1e: the channel's name, modes and params.
func TestARoomIsOnItsChannel(t *testing.T) {
	w := newWorld(t)
	room := w.attached()
	a, ok := w.attachment()
	if want := ablytest.ModePublish | ablytest.ModeSubscribe | ablytest.ModePresence | ablytest.ModePresenceSubscribe | ablytest.ModeAnnotationPublish; !ok || a.Modes != want {
		t.Errorf("attached with the modes %v, expected %v", a.Modes, want)
	}
	if room.Status() != lifecycle.RoomAttached || room.Error() != nil || room.Name() != name || room.Options() != lifecycle.DefaultRoomOptions() {
		t.Errorf("the room has the status %v, the error %v, the name %v and the options %v", room.Status(), room.Error(), room.Name(), room.Options())
	}
	if err := room.Detach(soon(t)); err != nil || room.Status() != lifecycle.RoomDetached {
		t.Errorf("detach: %v, %v", err, room.Status())
	}
	if _, ok := w.attachment(); ok {
		t.Error("the server still has the channel attached")
	}
	w.release()
	if room.Status() != lifecycle.RoomReleased {
		t.Errorf("the room is %v after its release", room.Status())
	}
	if err := room.Attach(soon(t)); !errors.Is(err, lifecycle.ErrRoomInInvalidState) || !strings.Contains(err.Error(), "released") {
		t.Errorf("attach after release: %v", err)
	}
}

func TestBadInput(t *testing.T) {
	if _, err := ablychat.New(nil); !errors.Is(err, lifecycle.ErrInvalidArgument) {
		t.Errorf("a nil client: %v", err)
	}
	bare, err := ably.NewRealtime(ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ablychat.New(bare); !errors.Is(err, lifecycle.ErrInvalidArgument) || !strings.Contains(err.Error(), "ablychat.NewRealtime") {
		t.Errorf("New on a client that ably.NewRealtime made: %v", err)
	}
	w := newWorld(t)
	if _, err := ablychat.New(w.client); !errors.Is(err, lifecycle.ErrInvalidArgument) {
		t.Errorf("a second chat client on one realtime client: %v", err)
	}
	if _, err := w.rooms.Get(soon(t), ""); !errors.Is(err, lifecycle.ErrInvalidArgument) {
		t.Errorf("an empty name: %v", err)
	}
	for _, o := range []lifecycle.RoomOption{lifecycle.WithTypingHeartbeatThrottle(-1), lifecycle.WithDefaultMessageReactionType("like")} {
		if _, err := w.rooms.Get(soon(t), name, o); !errors.Is(err, lifecycle.ErrInvalidArgument) {
			t.Errorf("bad options: %v", err)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.rooms.Get(ended, name); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	w.attached() // the name can be used again
	if err := w.chat.Dispose(soon(t)); err != nil {
		t.Fatal(err)
	}
	second, err := ablychat.New(w.client)
	if err != nil {
		t.Fatalf("after Dispose, New refuses the realtime client: %v", err)
	}
	if err := second.Dispose(soon(t)); err != nil {
		t.Error(err)
	}
}

// TestErrorsKeepSecrets: no error contains a key, not even the error of a key that is refused.
func TestErrorsKeepSecrets(t *testing.T) {
	server := ablytest.NewServer(t)
	w := newWorldOn(t, server, ably.WithKey("app.key:wrong-secret"))
	w.connection(ably.ConnectionStateFailed)
	err := w.get().Attach(soon(t))
	if err == nil || strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("attach with a wrong key: %v", err)
	}
	if info := (*lifecycle.ErrorInfo)(nil); !errors.As(err, &info) || info.StatusCode < 400 {
		t.Errorf("attach with a wrong key: %#v", err)
	}
}

// CHA-CL1, CHA-RD1: after a disposal, nothing remains of fifty rooms in all statuses, which several
// goroutines got.
func TestNothingIsLeftAfterDispose(t *testing.T) {
	w := newWorld(t)
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			room, err := w.rooms.Get(soon(t), fmt.Sprint("room ", i))
			if err != nil {
				t.Error(err)
				return
			}
			if i%3 > 0 {
				if err := room.Attach(soon(t)); err != nil {
					t.Error(err)
				}
			}
			if i%3 > 1 {
				if err := room.Detach(soon(t)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if err := w.chat.Dispose(soon(t)); err != nil {
		t.Fatal(err)
	}
	if left := w.server.State().AttachedChannels(); len(left) > 0 {
		t.Errorf("after Dispose, the server has these channels attached: %v", left)
	}
	if _, err := w.rooms.Get(soon(t), name); !errors.Is(err, lifecycle.ErrResourceDisposed) {
		t.Errorf("get after dispose: %v", err)
	}
}

// TestDisposeWithAContextThatHasEnded: a program that ends because its context was cancelled can
// dispose of the client with that context. The disposal begins before the call returns.
func TestDisposeWithAContextThatHasEnded(t *testing.T) {
	w := newWorld(t)
	w.attached()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	// Dispose returns nil if the disposal has already ended.
	if err := w.chat.Dispose(ended); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Dispose returned %v", err)
	}
	if _, err := w.rooms.Get(soon(t), name); !errors.Is(err, lifecycle.ErrResourceDisposed) {
		t.Errorf("a get after Dispose: %v", err)
	}
	if err := w.chat.Dispose(soon(t)); err != nil || w.server.State().Attached(channelName) {
		t.Errorf("the second Dispose returned %v; the channel is still attached: %t", err, w.server.State().Attached(channelName))
	}
}

// TestTwoClients: two clients, each with its own connection, each have a room of the same name.
func TestTwoClients(t *testing.T) {
	server := ablytest.NewServer(t)
	ada, grace := newWorldOn(t, server), newWorldOn(t, server)
	one, two := ada.attached(), grace.attached()
	if one == two {
		t.Error("two clients share a room")
	}
	ada.release()
	if two.Status() != lifecycle.RoomAttached || !server.State().Attached(channelName) {
		t.Error("the release of one client's room affected the other client's room")
	}
}

// TestNamesOfAllKinds uses room names that must be escaped on the wire.
func TestNamesOfAllKinds(t *testing.T) {
	w := newWorld(t)
	for _, n := range []string{"a/b", "a b?c=%41", "čaj ☕", "100 %", strings.Repeat("x", 200)} {
		room, err := w.rooms.Get(soon(t), n)
		if err == nil {
			err = room.Attach(soon(t))
		}
		if err != nil || !slices.Contains(w.server.State().AttachedChannels(), n+"::$chat") {
			t.Errorf("the room %q is not attached: %v", n, err)
		}
	}
}
