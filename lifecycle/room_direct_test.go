package lifecycle

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

// goroutine returns the number of the calling goroutine.
func goroutine() string {
	text := make([]byte, 64)
	number, _, _ := strings.Cut(strings.TrimPrefix(string(text[:runtime.Stack(text, false)]), "goroutine "), " ")
	return number
}

// homeChannel records in which goroutine each of its operations runs. Its first detaches fail;
// fails is their number.
type homeChannel struct {
	emit     func(ChannelStateChange)
	fails    int
	detaches int
	ran      map[string]bool
}

func (c *homeChannel) OnStateChange(emit func(ChannelStateChange)) { c.emit = emit }

func (c *homeChannel) run(s ChannelState) error {
	c.ran[goroutine()] = true
	if s == ChannelDetached {
		if c.detaches++; c.detaches <= c.fails {
			return errChannel
		}
	}
	c.emit(ChannelStateChange{Current: s})
	return nil
}

func (c *homeChannel) Attach(context.Context) error   { return c.run(ChannelAttached) }
func (c *homeChannel) Detach(context.Context) error   { return c.run(ChannelDetached) }
func (c *homeChannel) GiveBack(context.Context) error { c.ran[goroutine()] = true; return nil }

// In a room without an observer, a call whose context can't end runs its operation itself.
// Operations of other calls run in goroutines of their own.
func TestRoomRunsOperationsOfItsCallers(t *testing.T) {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	for _, c := range []struct {
		name   string
		canEnd bool // the context
		config RoomConfig
		own    bool
	}{
		{"nobody is told", false, RoomConfig{}, true},
		{"the context can end", true, RoomConfig{}, false},
		{"an observer", false, RoomConfig{Observe: func(RoomStep) {}}, false},
		{"a logger", false, RoomConfig{Logger: quiet}, false},
		{"both", false, RoomConfig{Logger: quiet, Observe: func(RoomStep) {}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := background, func() {}
				if c.canEnd {
					ctx, cancel = context.WithCancel(background)
				}
				defer cancel()
				ch := &homeChannel{ran: map[string]bool{}}
				room, release := NewRoom("a", theDefaults, ch, c.config)
				for _, do := range []func(context.Context) error{room.Attach, room.Detach, room.Attach, release} {
					if err := do(ctx); err != nil {
						t.Error(err)
					}
				}
				if len(ch.ran) == 0 || ch.ran[goroutine()] != c.own || c.own && len(ch.ran) != 1 {
					t.Errorf("run in the goroutines %v, the caller's is %s; expected there: %t", ch.ran, goroutine(), c.own)
				}
			})
		})
	}
}

// Operations that begin after a pause or for another call don't run in the goroutine of a caller
// that waits: a blocked caller can't run them.
func TestRoomReleaseRetriesWhileItsCallerWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := &homeChannel{fails: 2, ran: map[string]bool{}}
		room, release := NewRoom("a", theDefaults, ch, RoomConfig{})
		if err := room.Attach(background); err != nil {
			t.Fatal(err)
		}
		if err := release(background); err != nil {
			t.Error(err)
		}
		if room.Status() != RoomReleased || ch.detaches != 3 {
			t.Errorf("the room is %v after %d detaches", room.Status(), ch.detaches)
		}
	})
}

// Whether the room has an observer or a log, a caller can give up while the channel works.
func TestRoomGivesUpWhoeverIsTold(t *testing.T) {
	cause := errors.New("enough")
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	for name, config := range map[string]RoomConfig{
		"nobody": {}, "an observer": {Observe: func(RoomStep) {}}, "a logger": {Logger: quiet}, "both": {Logger: quiet, Observe: func(RoomStep) {}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch := newFakeChannel()
				room, release := NewRoom("a", theDefaults, ch, config)
				ctx, cancel := context.WithCancelCause(background)
				c := begin(func() (*resource, error) { return nil, room.Attach(ctx) })
				op := ch.next(t, "Attach")
				cancel(cause)
				c.ended(t, cause)
				op.ok()
				ch.succeed = true
				if err := release(background); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// An observer may wait until the operation of the step that it receives has begun. The caller that
// waits for the observer doesn't run that operation itself, with a logger or without.
func TestRoomObserverMayWaitForTheOperation(t *testing.T) {
	for name, logger := range map[string]*slog.Logger{"alone": nil, "beside a logger": slog.New(slog.NewTextHandler(io.Discard, nil))} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ch := newFakeChannel()
				room, release := NewRoom("a", theDefaults, ch, RoomConfig{Logger: logger, Observe: func(s RoomStep) {
					if s.Status == RoomAttaching {
						(<-ch.began).do <- func() error { return nil }
					}
				}})
				if err := room.Attach(background); err != nil {
					t.Error(err)
				}
				ch.succeed = true
				if err := release(background); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// CHA-RC1f1: a get without options asks for the defaults. It is refused if the room has other
// options, and gets a room that has the defaults.
func TestAGetWithoutOptionsAsksForTheDefaults(t *testing.T) {
	r := NewRooms[*resource](&backend{})
	if _, err := r.Get(background, "a", WithPresenceEvents(false)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Get(background, "a"); !errors.Is(err, ErrRoomExistsWithDifferentOptions) {
		t.Errorf("got %v, expected RoomExistsWithDifferentOptions", err)
	}
	for range 2 {
		if _, err := r.Get(background, "b"); err != nil {
			t.Error(err)
		}
	}
	if err := r.Dispose(background); err != nil {
		t.Error(err)
	}
}

// When a call that gave up returns, the observer has received that step.
func TestGivingUpIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, received := newGates(), 0
		r := NewRooms[*resource](g, WithObserver(func(RoomsStep) { received++ }))
		ctx, cancel := context.WithCancel(background)
		seen := 0
		c := begin(func() (*resource, error) {
			_, err := r.Get(ctx, "a")
			seen = received
			return nil, err
		})
		w := next(t, g.opening)
		cancel()
		c.ended(t, context.Canceled)
		if seen != 2 {
			t.Errorf("received %d steps when the call returned, expected the get and its end", seen)
		}
		w.finish(nil)
		d := beginRelease(background, r, "a")
		next(t, g.closing).finish(nil)
		d.ended(t)
	})
}
