package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// A room is watched by ranging: from the call on, to the change to released, whatever the loop does meanwhile.
func TestStatusChangesAreRangedOver(t *testing.T) {
	inBubble(t, func(f *fixture) {
		changes := f.StatusChanges(background)
		f.goAlong()
		var seen statuses
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for c := range changes {
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
	})
}

// Who ends the context, or leaves the loop, is told no more, and leaves nothing behind.
func TestWatchingEnds(t *testing.T) {
	inBubble(t, func(f *fixture) {
		ctx, cancel := context.WithCancel(background)
		ended := make(chan struct{})
		changes, losses := f.StatusChanges(ctx), f.Discontinuities(ctx)
		go func() {
			defer close(ended)
			for range losses {
				t.Error("a discontinuity was told")
			}
			for range changes {
				t.Error("a change was told after the end")
			}
		}()
		cancel()
		<-ended
		left := f.StatusChanges(background)
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

// The level of status changes in the log is one that is set, and may move.
func TestRoomLogLevel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := newFakeChannel()
		ch.succeed = true
		var log bytes.Buffer
		level := &slog.LevelVar{}
		level.Set(slog.LevelDebug)
		room, release := NewRoom("a", theDefaults, ch, RoomConfig{Logger: slog.New(slog.NewTextHandler(&log, nil)), Level: level}) // from info on
		if err := room.Attach(background); err != nil || log.Len() != 0 {
			t.Errorf("%v; logged at debug:\n%s", err, log.String())
		}
		level.Set(slog.LevelWarn)
		if err := errors.Join(room.Detach(background), release(background)); err != nil {
			t.Error(err)
		}
		if n := strings.Count(log.String(), "level=WARN msg=\"room status changed\""); n != 3 {
			t.Errorf("logged %d changes:\n%s", n, log.String())
		}
	})
}
