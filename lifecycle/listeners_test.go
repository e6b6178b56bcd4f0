package lifecycle

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// statuses collects the statuses that a listener receives.
type statuses []RoomStatus

func (s *statuses) listen(c RoomStatusChange) { *s = append(*s, c.Current) }

var plainPath = []RoomStatus{RoomAttaching, RoomAttached, RoomDetaching, RoomDetached}

// goAlong attaches the room and detaches it, as in plainPath.
func (f *fixture) goAlong() {
	f.t.Helper()
	f.attached()
	c := f.detach(background)
	f.ch.next(f.t, "Detach").ok()
	c.ended(f.t)
}

// Each listener receives every event in order, however long another listener or one of its own
// calls takes. The operation waits for no listener.
func TestSlowListener(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var quick, slow statuses
		gate := make(chan struct{})
		f.SubscribeStatus(func(c RoomStatusChange) { <-gate; slow.listen(c) })
		f.SubscribeStatus(quick.listen)
		f.goAlong()
		if !slices.Equal(quick, plainPath) || len(slow) != 0 {
			t.Errorf("the quick one received %v, the slow one %v", quick, slow)
		}
		for i := range plainPath {
			gate <- struct{}{}
			synctest.Wait()
			if !slices.Equal(slow, plainPath[:i+1]) {
				t.Errorf("the slow one received %v", slow)
			}
		}
		close(gate)
	})
}

// If a listener panics, the panic is logged, and this listener, the others and the room go on. The
// same holds for a listener that ends its goroutine.
func TestListenerMisbehaves(t *testing.T) {
	for name, misbehave := range map[string]func(){"panics": func() { panic("argh") }, "ends its goroutine": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(f *fixture) {
				var bad, good statuses
				f.SubscribeStatus(func(c RoomStatusChange) { bad.listen(c); misbehave() })
				f.SubscribeStatus(good.listen)
				f.goAlong()
				if !slices.Equal(bad, plainPath) || !slices.Equal(good, plainPath) {
					t.Errorf("received %v and %v", bad, good)
				}
				want := 0
				if name == "panics" {
					want = len(plainPath)
				}
				if n := strings.Count(f.log.String(), "listener panicked"); n != want {
					t.Errorf("%d panics in the log, expected %d", n, want)
				}
			})
		})
	}
}

// CHA-RS4f: off removes one registration, once. The same function registered twice is two
// registrations.
func TestSameListenerTwice(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var received statuses
		var mu sync.Mutex // two registrations, two goroutines
		listen := func(c RoomStatusChange) {
			mu.Lock()
			defer mu.Unlock()
			received.listen(c)
		}
		off := unsubscribe(f.SubscribeStatus(listen))
		again := unsubscribe(f.SubscribeStatus(listen))
		f.ch.change(ChannelStateChange{Current: ChannelAttaching})
		off()
		off()
		f.ch.change(ChannelStateChange{Current: ChannelAttached})
		again()
		f.ch.change(ChannelStateChange{Current: ChannelDetaching})
		if want := []RoomStatus{RoomAttaching, RoomAttaching, RoomAttached}; !slices.Equal(received, want) {
			t.Errorf("received %v, expected %v", received, want)
		}
	})
}

// A listener may remove itself. Then it receives no more events, not even those in its queue.
func TestOffInsideTheListener(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var received statuses
		gate := make(chan struct{})
		var off func()
		off = unsubscribe(f.SubscribeStatus(func(c RoomStatusChange) {
			received.listen(c)
			<-gate
			off()
			off()
		}))
		f.goAlong() // the other events wait in the queue behind the first
		close(gate)
		synctest.Wait()
		if !slices.Equal(received, plainPath[:1]) {
			t.Errorf("received %v", received)
		}
		if f.statusListeners.Len() != 1 { // the fixture's own
			t.Errorf("%d listeners are left", f.statusListeners.Len())
		}
	})
}

// A listener that is removed while it runs receives no more events, neither from its queue nor
// later ones.
func TestOffWhileTheListenerIsAtWork(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var received statuses
		gate := make(chan struct{})
		off := unsubscribe(f.SubscribeStatus(func(c RoomStatusChange) { received.listen(c); <-gate }))
		f.attached()
		off()
		close(gate)
		synctest.Wait()
		f.ch.change(ChannelStateChange{Current: ChannelSuspended})
		if !slices.Equal(received, plainPath[:1]) {
			t.Errorf("received %v", received)
		}
	})
}

// A listener that another listener registers receives the events from then on.
func TestListenerRegistersAnother(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var received statuses
		registered := false
		f.SubscribeStatus(func(c RoomStatusChange) {
			if !registered {
				registered = true
				f.SubscribeStatus(received.listen)
			}
		})
		f.ch.change(ChannelStateChange{Current: ChannelAttaching})
		f.ch.change(ChannelStateChange{Current: ChannelAttached})
		if want := []RoomStatus{RoomAttached}; !slices.Equal(received, want) {
			t.Errorf("received %v, expected %v", received, want)
		}
	})
}

// A listener may call any operation and wait for it: it delays only itself.
func TestListenerCallsBack(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var errs []error
		f.ch.succeed = true
		f.SubscribeStatus(func(c RoomStatusChange) {
			switch c.Current {
			case RoomAttached:
				errs = append(errs, f.Detach(background))
			case RoomDetached:
				errs = append(errs, f.release(background), f.Attach(background))
			}
		})
		if err := f.Attach(background); err != nil {
			t.Error(err)
		}
		f.received("initialized>attaching", "attaching>attached", "attached>detaching", "detaching>detached", "detached>released")
		if len(errs) != 3 || errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], ErrRoomInInvalidState) {
			t.Errorf("got %v", errs)
		}
	})
}

func TestListenerOfDiscontinuitiesCallsBack(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		f.ch.succeed = true
		f.SubscribeDiscontinuities(func(Discontinuity) {
			if err := f.Detach(background); err != nil {
				t.Error(err)
			}
		})
		f.ch.change(ChannelStateChange{Current: ChannelAttached, Update: true})
		f.is(RoomDetached, nil)
	})
}

func TestNilListener(t *testing.T) {
	inBubble(t, func(f *fixture) {
		_, status := f.SubscribeStatus(nil)
		_, discontinuities := f.SubscribeDiscontinuities(nil)
		for _, err := range []error{status, discontinuities} {
			if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "listener is nil") {
				t.Errorf("got %v", err)
			}
		}
	})
}

// unsubscribe returns the Unsubscribe of a subscription. err must be nil.
func unsubscribe(s *Subscription, err error) func() {
	if err != nil {
		panic(err)
	}
	return s.Unsubscribe
}

// roomBackend opens rooms on channels that succeed at once.
type roomBackend struct {
	releases map[*Room]func(context.Context) error
}

func (b *roomBackend) Open(_ context.Context, name string, options RoomOptions) (*Room, error) {
	ch := newFakeChannel()
	ch.succeed = true
	room, release := NewRoom(name, options, ch, RoomConfig{})
	b.releases[room] = release
	return room, nil
}

func (b *roomBackend) Release(ctx context.Context, _ string, room *Room) error {
	return b.releases[room](ctx)
}

// A listener may release its own room, get it again and dispose of all rooms, and wait for each.
// The last change that it receives is to released.
func TestListenerCallsRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rooms := NewRooms[*Room](&roomBackend{releases: map[*Room]func(context.Context) error{}})
		room, err := rooms.Get(background, "a")
		if err != nil {
			t.Fatal(err)
		}
		var received statuses
		var again *Room
		room.SubscribeStatus(func(c RoomStatusChange) {
			received.listen(c)
			if c.Current != RoomAttached {
				return
			}
			if err := rooms.Release(background, "a"); err != nil {
				t.Error(err)
			}
			if again, err = rooms.Get(background, "a"); err != nil {
				t.Error(err)
			}
			again.SubscribeStatus(func(c RoomStatusChange) {
				if c.Current == RoomAttached {
					if err := rooms.Dispose(background); err != nil {
						t.Error(err)
					}
				}
			})
			if err := again.Attach(background); err != nil {
				t.Error(err)
			}
		})
		if err := room.Attach(background); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if again == room || again.Status() != RoomReleased || room.Status() != RoomReleased {
			t.Errorf("%v and %v", room.Status(), again.Status())
		}
		if want := []RoomStatus{RoomAttaching, RoomAttached, RoomReleasing, RoomReleased}; !slices.Equal(received, want) {
			t.Errorf("received %v, expected %v", received, want)
		}
		if _, err := rooms.Get(background, "a"); !errors.Is(err, ErrResourceDisposed) {
			t.Errorf("got %v", err)
		}
	})
}
