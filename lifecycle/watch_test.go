package lifecycle

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
)

// A loop receives the status changes from its call on to the change to released, whatever the
// loop's body does meanwhile. Then an error says why the loop ended, also in loops that begin
// later.
func TestStatusChangesAreRangedOver(t *testing.T) {
	inBubble(t, func(f *fixture) {
		changes, losses := f.StatusEvents(background), f.DiscontinuityEvents(background)
		f.goAlong()
		var seen statuses
		var last error
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for c, err := range changes {
				if last = err; err != nil {
					continue
				}
				seen.listen(c)
				if c.Current == RoomDetached {
					_ = f.Status() // may call back
				}
			}
		}()
		c := begin(func() (*resource, error) { return nil, f.release(background) })
		f.ch.next(t, "GiveBack").ok()
		c.ended(t)
		<-ended
		if want := append(slices.Clone(plainPath), RoomReleased); !slices.Equal(seen, want) {
			t.Errorf("seen %v, expected %v", seen, want)
		}
		_, subscribed := f.SubscribeStatus(func(RoomStatusChange) {})
		ends := map[string]error{"the loop": last, "a subscription": subscribed,
			"a wait": f.WaitForStatus(background, RoomAttached)}
		for _, err := range f.StatusEvents(background) {
			ends["a later loop"] = err
		}
		for _, err := range losses {
			ends["a loop over discontinuities"] = err
		}
		for what, err := range ends {
			if !errors.Is(err, ErrRoomInInvalidState) {
				t.Errorf("%s ended with %v", what, err)
			}
		}
		if len(ends) != 5 {
			t.Errorf("ended with %v", ends)
		}
		if err := f.WaitForStatus(background, RoomReleased); err != nil {
			t.Errorf("a wait for released: %v", err)
		}
	})
}

// A loop ends with its context and with break, and leaves nothing behind.
func TestWatchingEnds(t *testing.T) {
	inBubble(t, func(f *fixture) {
		ctx, cancel := context.WithCancel(background)
		ended := make(chan struct{})
		changes, losses := f.StatusEvents(ctx), f.DiscontinuityEvents(ctx)
		go func() {
			defer close(ended)
			for _, err := range losses {
				if err != context.Canceled {
					t.Errorf("a discontinuity: %v", err)
				}
			}
			for _, err := range changes {
				if err != context.Canceled {
					t.Errorf("a change after the end: %v", err)
				}
			}
		}()
		cancel()
		<-ended
		left := f.StatusEvents(background)
		f.goAlong()
		for range left {
			break
		}
		synctest.Wait()
		if n := f.statusListeners.Len() + f.discontinuities.Len(); n != 1 { // the fixture's own
			t.Errorf("%d listeners are left", n)
		}
	})
}

// A loop that is left, in any way, leaves nothing behind, even if its context doesn't end.
func TestNothingStaysOfAStatusLoop(t *testing.T) {
	inBubble(t, func(f *fixture) { // inBubble fails if a goroutine is left
		own := f.statusListeners.Len() + f.discontinuities.Len()
		loops := map[string]func(leave func()){
			"StatusEvents": func(leave func()) {
				events := f.StatusEvents(background)
				f.statusListeners.Publish(RoomStatusChange{})
				f.statusListeners.Publish(RoomStatusChange{}) // one that waits
				for range events {
					leave()
					break
				}
			},
			"DiscontinuityEvents": func(leave func()) {
				events := f.DiscontinuityEvents(background)
				f.discontinuities.Publish(Discontinuity{})
				f.discontinuities.Publish(Discontinuity{})
				for range events {
					leave()
					return
				}
			},
		}
		for name, loop := range loops {
			for how, leave := range map[string]func(){
				"break or return": func() {}, "panic": func() { panic("in the body") }, "Goexit": runtime.Goexit,
			} {
				left := make(chan struct{})
				go func() {
					defer close(left)
					defer func() { _ = recover() }()
					loop(leave)
				}()
				<-left
				if n := f.statusListeners.Len() + f.discontinuities.Len(); n != own {
					t.Errorf("%s, left by %s, keeps %d listeners", name, how, n-own)
				}
			}
		}
	})
}

// WaitForStatus returns at once if the room has the status, or when the room reaches it, even for a
// moment. It returns an error when the context ends, and when the room fails, with the room's
// error.
func TestWaitForStatus(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		if err := f.WaitForStatus(background, RoomAttached); err != nil {
			t.Errorf("a status that the room has: %v", err)
		}
		ctx, cancel := context.WithCancelCause(background)
		passes := begin(func() (*resource, error) { return nil, f.WaitForStatus(background, RoomDetaching) })
		gaveUp := begin(func() (*resource, error) { return nil, f.WaitForStatus(ctx, RoomReleased) })
		fails := begin(func() (*resource, error) { return nil, f.WaitForStatus(background, RoomReleased) })
		synctest.Wait()
		detach := f.detach(background)
		f.ch.next(t, "Detach").ok()
		detach.ended(t)
		synctest.Wait()
		passes.ended(t)
		cause := errors.New("gave up")
		cancel(cause)
		synctest.Wait()
		if !gaveUp.done || !errors.Is(gaveUp.err, cause) || !errors.Is(gaveUp.err, context.Canceled) {
			t.Errorf("its context ended: %v", gaveUp.err)
		}
		f.ch.change(ChannelStateChange{Current: ChannelFailed, Reason: errChannel})
		synctest.Wait()
		if !fails.done || !errors.Is(fails.err, ErrRoomInInvalidState) || !errors.Is(fails.err, errChannel) {
			t.Errorf("the room failed: %v", fails.err)
		}
		if n := f.statusListeners.Len(); n != 1 {
			t.Errorf("%d listeners are left", n)
		}
	})
}

func TestAChangePrintsWell(t *testing.T) {
	c := RoomStatusChange{Current: RoomSuspended, Previous: RoomAttached, Error: NewErrorInfo(ErrDisconnected, "unable to keep room a; gone", nil)}
	if got, want := c.String(), "attached -> suspended: unable to keep room a; gone (code 80003, status 400)"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
	c.Error = nil
	if got := c.String(); got != "attached -> suspended" {
		t.Errorf("%q", got)
	}
}
