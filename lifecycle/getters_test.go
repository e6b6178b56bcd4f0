package lifecycle

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

// seen records what the getters of a room returned inside its listeners, and what the listeners
// received.
type seen struct {
	received, status []RoomStatus
	wrongErrors      int
}

func (s *seen) listen(f *fixture) func(RoomStatusChange) {
	return func(c RoomStatusChange) {
		s.received, s.status = append(s.received, c.Current), append(s.status, f.Status())
		if f.Error() != c.Error {
			s.wrongErrors++
		}
	}
}

func (s *seen) check(t *testing.T, want ...RoomStatus) {
	t.Helper()
	synctest.Wait()
	if !slices.Equal(s.received, want) || !slices.Equal(s.status, want) || s.wrongErrors > 0 {
		t.Errorf("received %v; inside, the status was %v, and %d times the error another one; expected %v",
			s.received, s.status, s.wrongErrors, want)
	}
}

// CHA-RS2, CHA-RS4: inside a listener the room already has the status and the error that the
// listener receives. This holds too in loops over events and in listeners of discontinuities.
func TestGettersAreUpToDateInListeners(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var functions, loops, discontinuities seen
		f.SubscribeStatus(functions.listen(f))
		f.SubscribeDiscontinuities(func(Discontinuity) {
			discontinuities.received = append(discontinuities.received, RoomAttached)
			discontinuities.status = append(discontinuities.status, f.Status())
		})
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		changes := f.StatusEvents(ctx)
		go func() {
			for c, err := range changes {
				if err == nil {
					loops.listen(f)(c)
				}
			}
		}()
		// Each change is made on its own, so that no later change can hide a stale getter.
		c := f.attach(background)
		synctest.Wait()
		f.ch.next(t, "Attach").ok()
		c.ended(t)
		f.ch.change(ChannelStateChange{Current: ChannelSuspended, Reason: errChannel})
		f.ch.change(ChannelStateChange{Current: ChannelAttached})
		f.ch.change(ChannelStateChange{Current: ChannelFailed, Reason: errChannel})
		want := []RoomStatus{RoomAttaching, RoomAttached, RoomSuspended, RoomAttached, RoomFailed}
		functions.check(t, want...)
		loops.check(t, want...)
		discontinuities.check(t, RoomAttached)
	})
}

// An observer that blocks delays neither listeners nor getters.
func TestGettersWaitForNoObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch, gate := newFakeChannel(), make(chan struct{})
		ch.succeed = true
		room, release := NewRoom("my room", documented, ch, RoomConfig{Observe: func(RoomStep) { <-gate }})
		f := &fixture{Room: room}
		var functions seen
		room.SubscribeStatus(functions.listen(f))
		done := make(chan error, 1)
		go func() { done <- room.Attach(background) }() // the observer runs in this goroutine
		synctest.Wait()
		ch.change(ChannelStateChange{Current: ChannelSuspended, Reason: errChannel})
		if n := len(functions.received) - 1; n < 0 || functions.received[n] != RoomSuspended ||
			functions.status[n] != RoomSuspended {
			t.Errorf("received %v; inside, the status was %v", functions.received, functions.status)
		}
		close(gate)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := release(background); err != nil {
			t.Error(err)
		}
	})
}
