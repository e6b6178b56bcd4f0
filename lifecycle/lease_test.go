package lifecycle

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"ablyrooms.example/fsm"
)

// tests/conformance compares Acquire and Close with the reference model, in every order of calls.
// The tests here are about what the driver adds: contexts, repeated calls, the fast path of Get,
// observers.

// acquire acquires a room that must be ready at once.
func acquire(t *testing.T, r *Rooms[*resource], name string, options ...RoomOption) *Lease[*resource] {
	t.Helper()
	lease, err := r.Acquire(background, name, options...)
	if err != nil {
		t.Fatal(err)
	}
	return lease
}

// inUse reports whether the name has a room in use.
func inUse(r *Rooms[*resource], name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _, ok := r.core.InUse(name)
	return ok
}

// L3: closing the last lease starts the release without waiting for it; the next call of the name
// waits. Closing again has no effect.
func TestTheLastLeaseReleases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		var first, second *Lease[*resource]
		c := begin(func() (room *resource, err error) { first, err = r.Acquire(background, "a"); return nil, err })
		d := begin(func() (room *resource, err error) { second, err = r.Acquire(background, "a"); return nil, err })
		w := next(t, g.opening)
		w.finish(nil)
		c.ended(t)
		d.ended(t)
		if first.Room() != w.room || second.Room() != w.room {
			t.Errorf("leased %v and %v, opened %v", first.Room(), second.Room(), w.room)
		}
		first.Close()
		first.Close() // once
		if synctest.Wait(); !inUse(r, "a") || len(g.closing) > 0 {
			t.Error("the room is released while it is leased")
		}
		second.Close()
		closing := next(t, g.closing)
		e := beginGet(background, r, "a")
		e.waits(t)
		closing.finish(errBackend) // no call waits for this release
		next(t, g.opening).finish(nil)
		if e.ended(t); e.room == w.room {
			t.Error("the released room was got")
		}
		second.Close()
		if synctest.Wait(); !inUse(r, "a") {
			t.Error("a closed lease released a later room")
		}
		g.drain()
		beginDispose(background, r).ended(t)
	})
}

// L5: a release by name, or a disposal, ends the use of a leased room. Closing its lease afterwards
// has no effect on a later room.
func TestAReleaseByNameWins(t *testing.T) {
	r := NewRooms[*resource](&backend{})
	lease, other := acquire(t, r, "a"), acquire(t, r, "b")
	if err := r.Release(background, "a"); err != nil {
		t.Fatal(err)
	}
	next := acquire(t, r, "a")
	if lease.Close(); !inUse(r, "a") {
		t.Error("a lease that was over released a later room")
	}
	if next.Close(); inUse(r, "a") {
		t.Error("the later room's lease did not")
	}
	if err := r.Dispose(background); err != nil {
		t.Fatal(err)
	}
	other.Close()
	if s := r.leases.State(); len(s.Open)+len(s.Kept)+len(r.calls)+len(r.live) > 0 {
		t.Errorf("left: %+v", s)
	}
}

// L2: a Get keeps the room, whether it comes before, between or after leases, and also if its
// context ended while it waited. The first Get of a leased room that is ready takes a step of the
// core, later ones none.
func TestAGetKeepsTheRoom(t *testing.T) {
	for _, get := range []string{"before", "between", "after", "given up", "rejected"} {
		t.Run(get, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, steps := newGates(), 0
				r := NewRooms[*resource](g, WithObserver(func(RoomsStep) { steps++ }))
				ctx, cancel := context.WithCancel(background)
				defer cancel()
				var early *call
				if get == "before" || get == "given up" {
					early = beginGet(ctx, r, "a")
				}
				var lease *Lease[*resource]
				c := begin(func() (room *resource, err error) { lease, err = r.Acquire(background, "a"); return nil, err })
				if get == "given up" {
					cancel()
					early.ended(t, context.Canceled)
				}
				next(t, g.opening).finish(nil)
				c.ended(t)
				switch get {
				case "between":
					before := steps
					for range 3 {
						if room, err := r.Get(background, "a"); err != nil || room != lease.Room() {
							t.Errorf("got %v, %v", room, err)
						}
					}
					if steps != before+1 {
						t.Errorf("three gets took %d steps of the core", steps-before)
					}
				case "rejected":
					if _, err := r.Get(background, "a", WithPresenceEvents(false)); !errors.Is(err, ErrRoomExistsWithDifferentOptions) {
						t.Error(err)
					}
				case "after":
					lease.Close()
					if len(g.closing) != 0 {
						t.Error("Close waited for the release")
					}
					next(t, g.closing).finish(nil)
					d := beginGet(background, r, "a")
					next(t, g.opening).finish(nil)
					d.ended(t)
				}
				lease.Close()
				if synctest.Wait(); inUse(r, "a") != (get != "rejected") {
					t.Errorf("in use after the last lease: %t", inUse(r, "a"))
				}
				g.drain()
				beginDispose(background, r).ended(t)
			})
		})
	}
}

// L4: an Acquire whose context ends has no lease. If no other caller needs the room, it is
// released, whether it was opening, waited for its predecessor, or became ready just then.
func TestAnAcquireGivesUp(t *testing.T) {
	cause := errors.New("why it ended")
	try := func(name string, play func(t *testing.T, r *Rooms[*resource], g *gates, ctx context.Context, end func())) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGates()
				r := NewRooms[*resource](g)
				ctx, cancel := context.WithCancelCause(background)
				play(t, r, g, ctx, func() { cancel(cause) })
				g.drain()
				synctest.Wait()
				if s := r.leases.State(); len(s.Open)+len(r.calls) > 0 {
					t.Errorf("left: %+v", s)
				}
				beginDispose(background, r).ended(t)
			})
		})
	}
	waiting := func(ctx context.Context, r *Rooms[*resource]) *call {
		return begin(func() (*resource, error) {
			lease, err := r.Acquire(ctx, "a")
			if lease != nil {
				err = errors.Join(err, errors.New("there is a lease"))
			}
			return nil, err
		})
	}
	try("while it opens", func(t *testing.T, r *Rooms[*resource], g *gates, ctx context.Context, end func()) {
		c := waiting(ctx, r)
		w := next(t, g.opening)
		end()
		c.ended(t, cause)
		if inUse(r, "a") || w.ctx.Err() == nil {
			t.Error("the opening is still wanted")
		}
		w.finish(nil)
		next(t, g.closing).finish(nil)
	})
	try("beside another", func(t *testing.T, r *Rooms[*resource], g *gates, ctx context.Context, end func()) {
		var lease *Lease[*resource]
		d := begin(func() (room *resource, err error) { lease, err = r.Acquire(background, "a"); return nil, err })
		c := waiting(ctx, r)
		end()
		c.ended(t, cause)
		next(t, g.opening).finish(nil)
		if d.ended(t); !inUse(r, "a") {
			t.Error("the other's room is released")
		}
		lease.Close()
	})
	try("while it waits for the predecessor", func(t *testing.T, r *Rooms[*resource], g *gates, ctx context.Context, end func()) {
		c := beginGet(background, r, "a")
		next(t, g.opening).finish(nil)
		c.ended(t)
		d := beginRelease(background, r, "a")
		c = waiting(ctx, r)
		end()
		c.ended(t, cause)
		next(t, g.closing).finish(nil)
		if d.ended(t); inUse(r, "a") || len(g.opening) > 0 {
			t.Error("a room is opened for nobody")
		}
	})
	try("ended before", func(t *testing.T, r *Rooms[*resource], g *gates, ctx context.Context, end func()) {
		end()
		waiting(ctx, r).ended(t, cause)
		if inUse(r, "a") {
			t.Error("it had an effect")
		}
	})
}

// hookedContext runs a function once, when its cause is read.
type hookedContext struct {
	context.Context
	once *sync.Once
	hook func()
}

// Value runs the function: [context.Cause] calls Value.
func (c hookedContext) Value(key any) any {
	c.once.Do(c.hook)
	return c.Context.Value(key)
}

// L4: the context of an Acquire ends, and the Acquire is settled with a room before it is given up.
// There is no lease then.
func TestAContextThatEndsAsTheAcquireIsSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		ended, cancel := context.WithCancel(background)
		var lease, other *Lease[*resource]
		c := begin(func() (room *resource, err error) {
			lease, err = r.Acquire(hookedContext{ended, new(sync.Once), func() {
				(<-g.opening).end <- nil
				// returns when both calls are settled
				if other, err = r.Acquire(background, "a"); err != nil {
					t.Error(err)
				}
			}}, "a")
			return nil, err
		})
		cancel()
		synctest.Wait()
		if c.ended(t, context.Canceled); lease != nil {
			t.Error("there is a lease")
		}
		if other.Close(); inUse(r, "a") {
			t.Error("the room is leased by nobody, and in use")
		}
		g.drain()
		beginDispose(background, r).ended(t)
		if s := r.leases.State(); len(s.Open) > 0 {
			t.Errorf("left: %+v", s)
		}
	})
}

// An Acquire with bad arguments, or with a context that has ended, has no effect in any state of
// the name.
func TestABadAcquireHasNoEffect(t *testing.T) {
	inEveryState(t, func(t *testing.T, r *Rooms[*resource]) {
		for ctx, want := range endedContexts() {
			if _, err := r.Acquire(ctx, "a"); !errors.Is(err, want) || !errors.Is(err, ctx.Err()) {
				t.Errorf("got %v, expected %v", err, want)
			}
		}
		for _, try := range []func() (*Lease[*resource], error){
			func() (*Lease[*resource], error) { return r.Acquire(background, "") },
			func() (*Lease[*resource], error) { return r.Acquire(background, "a", WithTypingHeartbeatThrottle(0)) },
		} {
			if lease, err := try(); lease != nil || !errors.Is(err, ErrInvalidArgument) {
				t.Errorf("got %v, %v", lease, err)
			}
		}
	})
}

// The observer receives each step of the core that a Close takes, in order, with the name, and may
// close leases itself.
func TestObserversOfLeases(t *testing.T) {
	var seen []RoomsStep
	synctest.Test(t, func(t *testing.T) {
		var inner atomic.Pointer[Lease[*resource]]
		r := NewRooms[*resource](&backend{}, WithObservedStates(), WithObserver(func(s RoomsStep) {
			if seen = append(seen, s); s.Input.Kind == fsm.CallReleaseIf {
				inner.Load().Close()
			}
		}))
		lease := acquire(t, r, "a")
		inner.Store(acquire(t, r, "b"))
		lease.Close()
		synctest.Wait()
		beginDispose(background, r).ended(t)
	})
	core := fsm.NewRooms[RoomOptions]()
	var conditional []string
	for i, s := range seen {
		outs, err := core.Step(s.Input, nil)
		if err != nil || !slices.EqualFunc(outs, s.Outputs, func(a, b fsm.RoomsOutput) bool { return a.String() == b.String() }) ||
			s.State.NextCall != core.NextCall() || s.Seq != uint64(i+1) {
			t.Errorf("step %d, %v, is observed with %v, the core has %v, %v", i+1, s.Input, s.Outputs, outs, err)
		}
		if s.Input.Kind == fsm.CallReleaseIf {
			if conditional = append(conditional, s.Name); seen[i+1].Input.Kind != fsm.GiveUp || seen[i+1].Input.Call != s.Input.Call {
				t.Errorf("%v is followed by %v", s.Input, seen[i+1].Input)
			}
		}
	}
	if !slices.Equal(conditional, []string{"a", "b"}) {
		t.Errorf("released by leases: %q", conditional)
	}
}

// Many goroutines close one lease, and many leases of one room, at the same time.
func TestCloseConcurrently(t *testing.T) {
	b := &backend{}
	r := NewRooms[*resource](b)
	for range 100 {
		var group sync.WaitGroup
		for range 8 {
			lease := acquire(t, r, "a")
			for range 2 {
				group.Go(lease.Close)
			}
		}
		group.Wait()
		if inUse(r, "a") {
			t.Fatal("the last lease did not release the room")
		}
	}
	if err := r.Dispose(background); err != nil || b.opens.Load() != b.releases.Load() {
		t.Errorf("%v; %d openings, %d releases", err, b.opens.Load(), b.releases.Load())
	}
}
