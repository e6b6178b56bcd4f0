package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/listen"
)

// tests/graphs compares Get, Release and Dispose with the reference model under every interleaving.
// The tests here are about what the driver adds: contexts, errors, observers, panics, calls from
// within the backend.

// resource is the type of the rooms that the backends of these tests open.
type resource struct {
	name    string
	options RoomOptions
}

// backend opens and releases at once, unless a function is set.
type backend struct {
	opens, releases atomic.Int64
	open            func(ctx context.Context, name string, options RoomOptions) (*resource, error)
	release         func(ctx context.Context, name string, r *resource) error
}

func (b *backend) Open(ctx context.Context, name string, options RoomOptions) (*resource, error) {
	b.opens.Add(1)
	if b.open != nil {
		return b.open(ctx, name, options)
	}
	return &resource{name, options}, nil
}

func (b *backend) Release(ctx context.Context, name string, r *resource) error {
	b.releases.Add(1)
	if b.release != nil {
		return b.release(ctx, name, r)
	}
	return nil
}

// gates is a backend whose calls block until the test ends them.
type gates struct {
	backend
	opening, closing chan *work

	mu    sync.Mutex
	begun []*work
	over  bool // calls return at once
}

type work struct {
	ctx  context.Context
	name string
	room *resource
	end  chan error
}

// finish ends the work and waits until all goroutines are blocked.
func (w *work) finish(err error) {
	w.end <- err
	synctest.Wait()
}

// wait sends a work that began to the channel, and waits for its end.
func (g *gates) wait(began chan *work, w *work) error {
	g.mu.Lock()
	if g.over {
		g.mu.Unlock()
		return nil
	}
	g.begun = append(g.begun, w)
	g.mu.Unlock()
	began <- w
	return <-w.end
}

// drain lets all works succeed, those under way and later ones. No work may be finished afterwards.
func (g *gates) drain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	for _, w := range g.begun {
		close(w.end)
	}
}

// newGates must be called inside the bubble that uses it.
func newGates() *gates {
	g := &gates{opening: make(chan *work, 100), closing: make(chan *work, 100)}
	g.open = func(ctx context.Context, name string, options RoomOptions) (*resource, error) {
		w := &work{ctx: ctx, name: name, room: &resource{name, options}, end: make(chan error)}
		return w.room, g.wait(g.opening, w)
	}
	g.release = func(ctx context.Context, name string, r *resource) error {
		w := &work{ctx: ctx, name: name, room: r, end: make(chan error)}
		return g.wait(g.closing, w)
	}
	return g
}

// next returns the work that has begun. It fails unless exactly one has.
func next(t *testing.T, works chan *work) *work {
	t.Helper()
	synctest.Wait()
	if len(works) != 1 {
		t.Fatalf("%d works began, expected one", len(works))
	}
	return <-works
}

// call is a call that runs in a goroutine of its own.
type call struct {
	done bool
	room *resource
	err  error
}

// begin begins a call and waits until all goroutines are blocked.
func begin(do func() (*resource, error)) *call {
	c := &call{}
	go func() {
		c.room, c.err = do()
		c.done = true
	}()
	synctest.Wait()
	return c
}

func beginGet(ctx context.Context, r *Rooms[*resource], name string, options ...RoomOption) *call {
	return begin(func() (*resource, error) { return r.Get(ctx, name, options...) })
}

func beginRelease(ctx context.Context, r *Rooms[*resource], name string) *call {
	return begin(func() (*resource, error) { return nil, r.Release(ctx, name) })
}

func beginDispose(ctx context.Context, r *Rooms[*resource]) *call {
	return begin(func() (*resource, error) { return nil, r.Dispose(ctx) })
}

// ended checks that the call has ended: without an error, or with an error that is each of those
// given.
func (c *call) ended(t *testing.T, want ...error) {
	t.Helper()
	synctest.Wait()
	switch {
	case !c.done:
		t.Errorf("the call still waits, expected it to end with %v", want)
	case len(want) == 0 && c.err != nil:
		t.Errorf("got the error %v, expected none", c.err)
	}
	for _, w := range want {
		if !errors.Is(c.err, w) {
			t.Errorf("got the error %v, expected %v", c.err, w)
		}
	}
}

func (c *call) waits(t *testing.T) {
	t.Helper()
	synctest.Wait()
	if c.done {
		t.Errorf("the call has returned %v, %v; expected it to wait", c.room, c.err)
	}
}

// saysAll checks that an error's message contains all given parts.
func saysAll(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error %v lacks %q", err, part)
		}
	}
}

var background = context.Background()

var errBackend = errors.New("the backend failed")

// nameStates has the states in which a call can find a name. Each has a function that brings "a"
// into the state. then ends the works under way.
var nameStates = map[string]func(t *testing.T, r *Rooms[*resource], g *gates) (then func()){
	"free": func(*testing.T, *Rooms[*resource], *gates) func() { return func() {} },
	"opening": func(t *testing.T, r *Rooms[*resource], g *gates) func() {
		c := beginGet(background, r, "a")
		w := next(t, g.opening)
		return func() { w.finish(nil); c.ended(t) }
	},
	"ready": func(t *testing.T, r *Rooms[*resource], g *gates) func() {
		c := beginGet(background, r, "a")
		next(t, g.opening).finish(nil)
		c.ended(t)
		return func() {}
	},
	"abandoned": func(t *testing.T, r *Rooms[*resource], g *gates) func() {
		c := beginGet(background, r, "a")
		w := next(t, g.opening)
		d := beginRelease(background, r, "a")
		c.ended(t, ErrRoomReleasedBeforeOperationCompleted)
		return func() { w.finish(errBackend); d.ended(t) }
	},
	"releasing": func(t *testing.T, r *Rooms[*resource], g *gates) func() {
		c := beginGet(background, r, "a")
		next(t, g.opening).finish(nil)
		c.ended(t)
		d := beginRelease(background, r, "a")
		w := next(t, g.closing)
		return func() { w.finish(nil); d.ended(t) }
	},
	"releasing, a get waits": func(t *testing.T, r *Rooms[*resource], g *gates) func() {
		c := beginGet(background, r, "a")
		next(t, g.opening).finish(nil)
		c.ended(t)
		d := beginRelease(background, r, "a")
		w := next(t, g.closing)
		e := beginGet(background, r, "a")
		return func() { w.finish(nil); d.ended(t); next(t, g.opening).finish(nil); e.ended(t) }
	},
	"disposed": func(t *testing.T, r *Rooms[*resource], _ *gates) func() {
		beginDispose(background, r).ended(t)
		return func() {}
	},
}

// inEveryState brings a name into each of its states and tries calls that must have no effect: the
// core takes no step for them, and the works under way and later calls go on as without them.
func inEveryState(t *testing.T, try func(t *testing.T, r *Rooms[*resource])) {
	for name, bring := range nameStates {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, steps := newGates(), 0
				r := NewRooms[*resource](g, WithObserver(func(RoomsStep) { steps++ }))
				then := bring(t, r, g)
				synctest.Wait()
				before := steps
				try(t, r)
				synctest.Wait()
				if steps != before || len(g.opening)+len(g.closing) > 0 {
					t.Errorf("the core took %d steps, with %d openings and %d releases; expected none", steps-before, len(g.opening), len(g.closing))
				}
				then()
				// A later valid call works.
				c := beginGet(background, r, "a")
				if name == "disposed" {
					c.ended(t, ErrResourceDisposed)
					return
				}
				if len(g.opening) > 0 {
					next(t, g.opening).finish(nil)
				}
				if c.ended(t); c.room == nil || c.room.name != "a" || c.room.options != theDefaults {
					t.Errorf("got %v", c.room)
				}
				d := beginRelease(background, r, "a")
				next(t, g.closing).finish(nil)
				d.ended(t)
			})
		})
	}
}

// CHA-RC2a and the decision on invalid options (docs/rooms.md): in every state of the name the call
// is refused at once, and has no other effect.
func TestBadInputHasNoEffect(t *testing.T) {
	inEveryState(t, func(t *testing.T, r *Rooms[*resource]) {
		for _, c := range []struct {
			call *call
			says []string
		}{
			{beginGet(background, r, "a", WithTypingHeartbeatThrottle(0)), []string{"unable to create room", "typing.heartbeatThrottleMs is 0s"}},
			{beginGet(background, r, "a", WithPresenceEvents(false), WithTypingHeartbeatThrottle(-time.Second)), []string{"is -1s"}},
			{beginGet(background, r, "a", WithDefaultMessageReactionType("like")), []string{`is "like"`}},
			{beginGet(background, r, "a", WithRoomOptions(RoomOptions{})), []string{"typing.heartbeatThrottleMs is 0s"}},
			{beginGet(background, r, ""), []string{"unable to get room", `the name is ""`, "at least one character"}},
			{beginRelease(background, r, ""), []string{"unable to release room", `the name is ""`, "at least one character"}},
		} {
			c.call.ended(t, ErrInvalidArgument)
			saysAll(t, c.call.err, c.says...)
			if c.call.room != nil {
				t.Errorf("the call returned a room and the error %v", c.call.err)
			}
		}
	})
}

// endedContexts returns contexts that have ended, each with its cause. It must be called inside a
// bubble.
func endedContexts() map[context.Context]error {
	cause := errors.New("why it ended")
	ctx, cancel := context.WithCancelCause(background)
	cancel(cause)
	plain, cancelPlain := context.WithCancel(background)
	cancelPlain()
	late, cancelLate := context.WithDeadline(background, time.Now())
	cancelLate()
	return map[context.Context]error{ctx: cause, plain: context.Canceled, late: context.DeadlineExceeded}
}

// A Get whose context has ended returns the cause, and has no other effect.
func TestEndedContextHasNoEffect(t *testing.T) {
	inEveryState(t, func(t *testing.T, r *Rooms[*resource]) {
		for ctx, want := range endedContexts() {
			for _, c := range []*call{beginGet(ctx, r, "a"), beginGet(ctx, r, "b", WithPresenceEvents(false)), beginGet(ctx, r, "")} {
				if c.ended(t, want); !errors.Is(c.err, want) || !errors.Is(c.err, ctx.Err()) {
					t.Errorf("got %v, expected %v, which is also %v", c.err, want, ctx.Err())
				}
			}
		}
	})
}

// A Release or a Dispose whose context has ended takes effect: the core receives the call and, as
// its next input, its GiveUp, unless the call's own step settles it (R7, R13, R14). The call never
// waits. A bad argument is reported first.
func TestEndedContextTakesEffect(t *testing.T) {
	for name, bring := range nameStates {
		for kind, call := range map[fsm.RoomsInputKind]func(context.Context, *Rooms[*resource]) *call{
			fsm.CallRelease: func(ctx context.Context, r *Rooms[*resource]) *call { return beginRelease(ctx, r, "a") },
			fsm.CallDispose: beginDispose,
		} {
			t.Run(fmt.Sprint(name, ", ", kind), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g, steps := newGates(), []RoomsStep(nil)
					r := NewRooms[*resource](g, WithObserver(func(s RoomsStep) { steps = append(steps, s) }))
					bring(t, r, g)
					synctest.Wait()
					for ctx, cause := range endedContexts() {
						beginRelease(ctx, r, "").ended(t, ErrInvalidArgument)
						before := len(steps)
						c := call(ctx, r)
						took := steps[before:]
						if len(took) == 0 || took[0].Input.Kind != kind {
							t.Errorf("the core took the steps %v", took)
							continue
						}
						settled := slices.ContainsFunc(took[0].Outputs, func(o fsm.RoomsOutput) bool {
							return o.Kind == fsm.Settle && o.Call == took[0].Input.Call
						})
						if settled {
							if c.ended(t); len(took) != 1 {
								t.Errorf("the core took the steps %v", took)
							}
							continue
						}
						if c.ended(t, cause); !errors.Is(c.err, ctx.Err()) {
							t.Errorf("got %v, which errors.Is must find to be %v", c.err, ctx.Err())
						}
						if len(took) != 2 || took[1].Input.Kind != fsm.GiveUp || took[1].Input.Call != took[0].Input.Call {
							t.Errorf("the core took the steps %v", took)
						}
					}
					if _, _, used := r.core.InUse("a"); used || kind == fsm.CallDispose && r.core.Disposal() == fsm.NotDisposed {
						t.Error("a call whose context had ended before it had no effect")
					}
					g.drain()
					beginDispose(background, r).ended(t)
				})
			})
		}
	}
}

// The context of a call has ended before the call, and the observer blocks the caller while the
// release ends. The call is given up nevertheless: its GiveUp is the next step.
func TestNoStepIsBetweenACallAndItsGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		var r *Rooms[*resource]
		r = NewRooms[*resource](g, WithObserver(func(s RoomsStep) {
			if s.Input.Kind == fsm.CallRelease && s.Input.Call == 2 {
				(<-g.closing).end <- nil
				// returns when the release has ended
				if err := r.Release(background, "a"); err != nil {
					t.Error(err)
				}
			}
		}))
		c := beginGet(background, r, "a")
		next(t, g.opening).finish(nil)
		c.ended(t)
		ctx, cancel := context.WithCancel(background)
		cancel()
		beginRelease(ctx, r, "a").ended(t, context.Canceled)
	})
}

// A call whose context ends while it waits returns the cause. The work that it waited for goes on,
// and a later call joins it.
func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("why it ended")
		g := newGates()
		r := NewRooms[*resource](g)

		ctx, cancel := context.WithCancelCause(background)
		c := beginGet(ctx, r, "a")
		w := next(t, g.opening)
		cancel(cause)
		c.ended(t, cause)
		if w.ctx.Err() != nil {
			t.Error("the opening was cancelled with its caller")
		}
		c = beginGet(background, r, "a") // R4
		w.finish(nil)
		if c.ended(t); c.room != w.room {
			t.Error("a later call did not join the opening")
		}

		ctx, cancel = context.WithCancelCause(background)
		c = beginRelease(ctx, r, "a")
		w = next(t, g.closing)
		cancel(cause)
		c.ended(t, cause)
		if w.ctx.Err() != nil || w.ctx.Done() != nil {
			t.Error("the release has a context that ends")
		}
		c = beginRelease(background, r, "a") // R8

		ctx, cancel = context.WithCancelCause(background)
		d := beginDispose(ctx, r)
		cancel(cause)
		d.ended(t, cause)
		d = beginDispose(background, r) // R14
		c.waits(t)
		d.waits(t)
		w.finish(nil)
		c.ended(t)
		d.ended(t)
	})
}

// A deadline ends a context, as cancelling does.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		ctx, cancel := context.WithTimeout(background, 3*time.Second)
		defer cancel()
		begun := time.Now()
		if _, err := r.Get(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 3*time.Second {
			t.Errorf("Get returned %v after %v", err, time.Since(begun))
		}
		next(t, g.opening).finish(nil)
	})
}

// If a call is settled at the moment when its context ends, it returns its outcome.
func TestSettledBeforeGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		ctx, cancel := context.WithCancel(background)
		c := beginGet(ctx, r, "a")
		r.mu.Lock()
		cancel() // wakes the call, which can't have the lock yet
		release := r.core.NextCall()
		r.calls[release] = &roomsCall[*resource]{}
		r.step(&fsm.RoomsInput[RoomOptions]{Kind: fsm.CallRelease, Call: release, Name: "a"}, nil)
		r.mu.Unlock()
		c.ended(t, ErrRoomReleasedBeforeOperationCompleted)
		next(t, g.opening).finish(errBackend)
	})
}

// CHA-RC1f1: the error of different options names the room and both values, whether the room is
// ready, opening, or waits for its predecessor.
func TestOptionsInConflict(t *testing.T) {
	for _, state := range []string{"opening", "ready", "releasing, a get waits"} {
		t.Run(state, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGates()
				r := NewRooms[*resource](g)
				then := nameStates[state](t, r, g)
				c := beginGet(background, r, "a", WithOccupancyEvents(true), WithTypingHeartbeatThrottle(1500*time.Microsecond))
				c.ended(t, ErrRoomExistsWithDifferentOptions)
				saysAll(t, c.err, "unable to get room; room already exists with different options", `"a"`, "status 400",
					"has "+theDefaults.String(), "typing.heartbeatThrottleMs: 1.5, occupancy.enableEvents: true")
				then()
				// the same options, given one by one
				d := beginGet(background, r, "a", WithRoomOptions(DefaultRoomOptions()), WithPresenceEvents(true))
				d.ended(t)
				e := beginRelease(background, r, "a")
				next(t, g.closing).finish(nil)
				e.ended(t)
			})
		})
	}
}

// The messages of the other errors name the room too (CHA-GP6).
func TestMessagesNameTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		c := beginGet(background, r, "my room")
		d := beginRelease(background, r, "my room")
		c.ended(t, ErrRoomReleasedBeforeOperationCompleted)
		saysAll(t, c.err, "unable to get room; room released before operation could complete", `"my room"`)
		w := next(t, g.opening)
		if cause := context.Cause(w.ctx); !errors.Is(cause, ErrRoomReleasedBeforeOperationCompleted) {
			t.Errorf("the context of the opening has the cause %v", cause)
		} else {
			saysAll(t, cause, "unable to open room", `"my room"`)
		}
		w.finish(nil) // it is opened even so, and released at once
		next(t, g.closing).finish(nil)
		d.ended(t)
		beginDispose(background, r).ended(t)
		c = beginGet(background, r, "my room")
		c.ended(t, ErrResourceDisposed)
		saysAll(t, c.err, "unable to get room; rooms instance has been disposed", `"my room"`)
	})
}

// CHA-RC1f2: Get of a ready room allocates nothing, with options and without.
func TestReadyGetAllocatesNothing(t *testing.T) {
	r := NewRooms[*resource](&backend{})
	plain, err := r.Get(background, "plain")
	if err != nil {
		t.Fatal(err)
	}
	other, err := r.Get(background, "other", WithOccupancyEvents(true))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	for name, get := range map[string]func() bool{
		"no options":   func() bool { got, _ := r.Get(ctx, "plain"); return got == plain },
		"the defaults": func() bool { got, _ := r.Get(ctx, "plain", WithPresenceEvents(true)); return got == plain },
		"an option":    func() bool { got, _ := r.Get(ctx, "other", WithOccupancyEvents(true)); return got == other },
		"several options": func() bool {
			got, _ := r.Get(ctx, "other", WithOccupancyEvents(true), WithPresenceEvents(true), WithTypingHeartbeatThrottle(10*time.Second))
			return got == other
		},
		"all at once": func() bool { got, _ := r.Get(ctx, "other", WithRoomOptions(other.options)); return got == other },
	} {
		right := true
		if n := testing.AllocsPerRun(100, func() { right = right && get() }); n != 0 || !right {
			t.Errorf("%s: Get caused %v allocations, and returned the right room: %t", name, n, right)
		}
	}
	if err := r.Dispose(background); err != nil {
		t.Fatal(err)
	}
}

// Get returns a ready room while another call holds the lock of the Rooms: it takes no lock that
// other names share.
func TestReadyGetTakesNoLock(t *testing.T) {
	r := NewRooms[*resource](&backend{})
	want, _ := r.Get(background, "a")
	r.mu.Lock()
	got := make(chan *resource)
	go func() { room, _ := r.Get(background, "a"); got <- room }()
	if room := <-got; room != want {
		t.Error("Get returned another room")
	}
	r.mu.Unlock()
}

// CHA-RC1g3, R21: all releases that wait return the same error, and the name is free.
func TestReleaseFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		nameStates["ready"](t, r, g)
		c := beginRelease(background, r, "a") // this call does the work itself
		ctx, cancel := context.WithCancel(background)
		defer cancel()
		d := beginRelease(ctx, r, "a")
		e := beginGet(background, r, "a")
		next(t, g.closing).finish(errBackend)
		c.ended(t, errBackend)
		d.ended(t, errBackend)
		e.waits(t)
		next(t, g.opening).finish(errBackend) // R19
		if e.ended(t, errBackend); e.room != nil {
			t.Error("Get returned a room that could not be opened")
		}
		beginRelease(background, r, "a").ended(t) // CHA-RC1g2
		if len(r.failed) > 0 {
			t.Errorf("%d errors are kept, though no call can return them", len(r.failed))
		}
		beginDispose(background, r).ended(t) // those releases failed before the disposal began
	})
}

// CHA-RD1c, CHA-RD1d, R15: Dispose releases all rooms at once, waits for all releases, and joins
// all their errors. A second Dispose returns the same.
func TestDisposeJoinsErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errs := map[string]error{"a": errors.New("a failed"), "b": nil, "c": errors.New("c failed"), "d": errors.New("d failed")}
		g := newGates()
		r := NewRooms[*resource](g)
		for _, name := range []string{"a", "b", "c", "d"} {
			c := beginGet(background, r, name)
			next(t, g.opening).finish(nil)
			c.ended(t)
		}
		before := beginRelease(background, r, "d") // under way before
		d := next(t, g.closing)
		first := beginDispose(background, r)
		second := beginDispose(background, r)
		if len(g.closing) != 3 {
			t.Fatalf("%d releases at once, expected 3", len(g.closing))
		}
		for range 3 {
			w := <-g.closing
			first.waits(t)
			w.finish(errs[w.name])
		}
		first.waits(t)
		d.finish(errs["d"])
		before.ended(t, errs["d"])
		for _, c := range []*call{first, second, beginDispose(background, r)} {
			c.ended(t, errs["a"], errs["c"], errs["d"])
			joined, ok := c.err.(interface{ Unwrap() []error })
			if !ok || !slices.Equal(joined.Unwrap(), []error{errs["a"], errs["c"], errs["d"]}) {
				t.Errorf("got %v", c.err)
			}
		}
		beginGet(background, r, "a").ended(t, ErrResourceDisposed)
		beginRelease(background, r, "a").ended(t)
	})
}

// CHA-RD1b: Dispose cancels an opening under way, waits for it, and releases the room that it
// opened.
func TestDisposeWhileOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		c := beginGet(background, r, "a")
		w := next(t, g.opening)
		d := beginDispose(background, r)
		c.ended(t, ErrRoomReleasedBeforeOperationCompleted)
		if w.ctx.Err() == nil {
			t.Error("the opening is not cancelled")
		}
		d.waits(t)
		w.finish(nil)
		d.waits(t)
		w2 := next(t, g.closing)
		if w2.room != w.room {
			t.Error("Dispose released another room than the opened one")
		}
		w2.finish(nil)
		d.ended(t)
	})
	if err := NewRooms[*resource](&backend{}).Dispose(background); err != nil {
		t.Error(err)
	}
}

// The context of an opening ends when Open has returned, without a cause of this package.
func TestOpeningsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		c := beginGet(background, r, "a")
		w := next(t, g.opening)
		if _, has := w.ctx.Deadline(); has || w.ctx.Err() != nil {
			t.Error("the context of an opening has a deadline or has ended")
		}
		w.finish(nil)
		c.ended(t)
		if w.ctx.Err() == nil || errors.Is(context.Cause(w.ctx), ErrRoomReleasedBeforeOperationCompleted) {
			t.Errorf("after Open returned, its context has the cause %v", context.Cause(w.ctx))
		}
		d := beginRelease(background, r, "a")
		next(t, g.closing).finish(nil)
		d.ended(t)
	})
}

// If the backend panics or ends its goroutine, the callers get an error that says so, and the name
// is free.
func TestBackendMisbehaves(t *testing.T) {
	cause := errors.New("the cause")
	for name, c := range map[string]struct {
		misbehave func()
		says      string
		is        error
	}{
		"panics":               {func() { panic("argh") }, "panicked: argh", nil},
		"panics with an error": {func() { panic(cause) }, "panicked: the cause", cause},
		"panics with nil":      {func() { panic(nil) }, "panicked", nil},
		"ends its goroutine":   {runtime.Goexit, "ended its goroutine", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(background)
				defer cancel()
				g := newGates()
				r := NewRooms[*resource](g)
				check := func(err error, operation string) {
					t.Helper()
					p := (*PanicError)(nil)
					if !errors.As(err, &p) || p.Operation != operation || c.is != nil && !errors.Is(err, c.is) {
						t.Errorf("got %v", err)
						return
					}
					saysAll(t, err, operation, c.says)
					if p.Value != nil && !strings.Contains(p.Stack, "misbehave") && !strings.Contains(p.Stack, "rooms_test.go") {
						t.Errorf("the stack does not show the panic:\n%s", p.Stack)
					}
				}

				open := g.open
				g.open = func(context.Context, string, RoomOptions) (*resource, error) { c.misbehave(); return nil, nil }
				got := beginGet(background, r, "a")
				check(got.err, "Backend.Open")

				// An abandoned opening that misbehaves ends the release too (R20).
				blocked := make(chan struct{})
				g.open = func(ctx context.Context, _ string, _ RoomOptions) (*resource, error) {
					<-ctx.Done()
					<-blocked
					c.misbehave()
					return nil, nil
				}
				got = beginGet(background, r, "a")
				released := beginRelease(ctx, r, "a")
				close(blocked)
				got.ended(t, ErrRoomReleasedBeforeOperationCompleted)
				released.ended(t)

				g.open = open
				nameStates["ready"](t, r, g)
				end := make(chan struct{})
				g.release = func(context.Context, string, *resource) error { <-end; c.misbehave(); return nil }
				released = beginRelease(ctx, r, "a")
				direct := beginRelease(background, r, "a")
				close(end)
				synctest.Wait()
				check(released.err, "Backend.Release")
				check(direct.err, "Backend.Release")
				nameStates["ready"](t, r, g)
				d := beginDispose(ctx, r)
				check(d.err, "Backend.Release")
			})
		})
	}
}

// A release runs in the goroutine of its caller. If the backend panics there, the release returns
// an error like any other. If it ends that goroutine, the name is free even so, and the calls that
// joined the release return an error.
func TestDirectReleaseMisbehaves(t *testing.T) {
	for name, misbehave := range map[string]func(){"panics": func() { panic("argh") }, "ends its goroutine": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end := make(chan struct{})
				b := &backend{release: func(context.Context, string, *resource) error { <-end; misbehave(); return nil }}
				r := NewRooms[*resource](b)
				beginGet(background, r, "a").ended(t)
				direct := beginRelease(background, r, "a")
				joined := beginRelease(background, r, "a")
				waiting := beginGet(background, r, "a")
				close(end)
				synctest.Wait()
				if !errors.As(joined.err, new(*PanicError)) {
					t.Errorf("the release that joined returned %v, expected a PanicError", joined.err)
				}
				if panicked := name == "panics"; direct.done != panicked || panicked && direct.err != joined.err {
					t.Errorf("the release that did the work: returned %t, with %v; the joined release returned %v", direct.done, direct.err, joined.err)
				}
				waiting.ended(t)
				d := beginDispose(background, r)
				if !d.done || !errors.As(d.err, new(*PanicError)) {
					t.Errorf("Dispose: returned %t, with %v; expected a PanicError", d.done, d.err)
				}
			})
		})
	}
}

// An abandoned opening returns a room together with an error: the room is dropped, as for an
// opening that was not abandoned.
func TestRoomBesideAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGates()
		r := NewRooms[*resource](g)
		c := beginGet(background, r, "a")
		next(t, g.opening).finish(errBackend) // the backend returns a room with the error
		if c.ended(t, errBackend); c.room != nil {
			t.Error("Get returned the room of an opening that failed")
		}
		c = beginGet(background, r, "a")
		d := beginRelease(background, r, "a")
		next(t, g.opening).finish(errBackend)
		c.ended(t, ErrRoomReleasedBeforeOperationCompleted)
		d.ended(t)
		if len(g.closing) > 0 {
			t.Error("a room whose opening failed is released")
		}
	})
}

// The backend may call the Rooms for other names. It may also call them for the name that it works
// on, unless it waits for a call that needs the end of this work.
func TestCallsFromTheBackend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r *Rooms[*resource]
		b := &backend{}
		b.open = func(ctx context.Context, name string, options RoomOptions) (*resource, error) {
			if name == "a" {
				if _, err := r.Get(ctx, "a", WithPresenceEvents(false)); !errors.Is(err, ErrRoomExistsWithDifferentOptions) {
					t.Errorf("Get of its own name: %v", err)
				}
				if _, err := r.Get(ctx, "b"); err != nil {
					t.Errorf("Get: %v", err)
				}
				if err := r.Release(background, "b"); err != nil {
					t.Errorf("Release: %v", err)
				}
				soon, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				if _, err := r.Get(soon, "a"); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Get of its own name, with the same options: %v", err)
				}
			}
			return &resource{name, options}, nil
		}
		b.release = func(_ context.Context, name string, _ *resource) error {
			if name == "a" {
				if _, err := r.Get(background, "c"); err != nil && !errors.Is(err, ErrResourceDisposed) {
					t.Errorf("Get: %v", err)
				}
				soon, cancel := context.WithTimeout(background, time.Second)
				defer cancel()
				for _, err := range []error{r.Release(soon, "a"), r.Dispose(soon)} {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("a call that waits for its own end returned %v, expected DeadlineExceeded", err)
					}
				}
			}
			return nil
		}
		r = NewRooms[*resource](b)
		if _, err := r.Get(background, "a"); err != nil {
			t.Fatal(err)
		}
		if err := r.Release(background, "a"); err != nil {
			t.Fatal(err)
		}
		if err := r.Dispose(background); err != nil {
			t.Fatal(err)
		}
		if o, c := b.opens.Load(), b.releases.Load(); o != 3 || c != 3 {
			t.Errorf("the backend has made %d openings and %d releases", o, c)
		}
	})
}

// The observer receives every step once, in order, with the state after the step.
func TestObserverIsToldEveryStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var steps []RoomsStep
		g := newGates()
		r := NewRooms[*resource](g, WithObserver(func(s RoomsStep) { steps = append(steps, s) }), WithObservedStates())
		ctx, cancel := context.WithCancel(background)
		c := beginGet(ctx, r, "a")
		cancel()
		c.ended(t, context.Canceled)
		next(t, g.opening).finish(nil)
		beginRelease(background, r, "a")
		beginGet(background, r, "a")
		next(t, g.closing).finish(errBackend)
		next(t, g.opening).finish(errBackend)
		beginDispose(background, r).ended(t)
		var got []string
		for i, s := range steps {
			if s.Seq != uint64(i+1) {
				t.Errorf("step %d has the number %d", i+1, s.Seq)
			}
			lives := ""
			for _, inc := range s.State.Incarnations {
				lives += fmt.Sprintf(" #%d:%s+%s", inc.Incarnation, inc.Life, inc.Work)
			}
			outs := ""
			for _, o := range s.Outputs {
				outs += " " + o.String()
			}
			got = append(got, fmt.Sprintf("%v %q%s err=%v:%s", s.Input.Kind, s.Name, outs, s.Err, lives))
		}
		want := []string{
			`Get "a" open(#1) err=<nil>: #1:initializing+opening`,
			`GiveUp "" settle(1, gaveUp) err=<nil>: #1:initializing+opening`,
			`Opened "a" err=<nil>: #1:ready+none`,
			`Release "a" release(#1) err=<nil>: #1:releasing+closing`,
			`Get "a" err=<nil>: #1:releasing+closing #2:initializing+none`,
			`ReleaseFailed "a" settle(2, releaseFailed #1) open(#2) err=the backend failed: #2:initializing+opening`,
			`OpenFailed "a" settle(3, openFailed #2) err=the backend failed:`,
			`Dispose "" settle(4, done) err=<nil>:`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("the observer received\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
	var steps []RoomsStep
	r := NewRooms[*resource](&backend{}, WithObserver(func(s RoomsStep) { steps = append(steps, s) }))
	r.Release(background, "a")
	if len(steps) != 1 || steps[0].State != nil {
		t.Errorf("without WithObservedStates, the steps are %+v", steps)
	}
}

// An observer may call the Rooms, and wait for the work that the received step began. This holds
// also for a release whose caller can't give up.
func TestCallsFromAnObserver(t *testing.T) {
	for name, react := range map[string]func(r *Rooms[*resource]) error{
		"Get":     func(r *Rooms[*resource]) error { _, err := r.Get(background, "a"); return err },
		"Get b":   func(r *Rooms[*resource]) error { _, err := r.Get(background, "b"); return err },
		"Release": func(r *Rooms[*resource]) error { return r.Release(background, "a") },
		"Dispose": func(r *Rooms[*resource]) error { return r.Dispose(background) },
		"Acquire": func(r *Rooms[*resource]) error {
			lease, err := r.Acquire(background, "a")
			if err == nil {
				lease.Close()
			}
			return err
		},
	} {
		for kind := fsm.CallGet; kind <= fsm.ReleaseDone; kind++ {
			t.Run(name+" at "+kind.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var r *Rooms[*resource]
					reacted := false
					var seqs []uint64
					inside := false
					// virtual time
					b := &backend{release: func(context.Context, string, *resource) error { time.Sleep(time.Second); return nil }}
					r = NewRooms[*resource](b, WithObserver(func(s RoomsStep) {
						if inside {
							t.Error("the observer is called while it runs")
						}
						inside = true
						defer func() { inside = false }()
						seqs = append(seqs, s.Seq)
						if s.Input.Kind == kind && !reacted {
							reacted = true
							if err := react(r); err != nil && !errors.Is(err, ErrResourceDisposed) && !errors.Is(err, ErrRoomReleasedBeforeOperationCompleted) {
								t.Error(err)
							}
						}
					}))
					if lease, err := r.Acquire(background, "a"); err == nil {
						lease.Close()
					}
					r.Get(background, "a")
					r.Release(background, "a")
					r.Get(background, "a")
					soon, cancel := context.WithCancel(background)
					beginRelease(soon, r, "a")
					cancel()
					synctest.Wait()
					if err := r.Dispose(background); err != nil {
						t.Error(err)
					}
					synctest.Wait()
					time.Sleep(time.Minute) // virtual time: all calls and works end meanwhile
					if o, c := b.opens.Load(), b.releases.Load(); o != c {
						t.Errorf("the backend has made %d openings and %d releases", o, c)
					}
					for i, seq := range seqs {
						if seq != uint64(i+1) {
							t.Fatalf("the observer received the steps %v", seqs)
						}
					}
					if kind != fsm.OpenFailed && !reacted {
						t.Error("the observer received no step that it reacts to")
					}
				})
			})
		}
	}
}

// If an observer panics, that is logged with its stack, and has no other effect. If it ends its
// goroutine, only the call in that goroutine is affected.
func TestObserverMisbehaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var received []uint64
		r := NewRooms[*resource](&backend{}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))), WithObserver(func(s RoomsStep) {
			received = append(received, s.Seq)
			panic("argh")
		}))
		if _, err := r.Get(background, "a"); err != nil {
			t.Fatal(err)
		}
		if err := r.Dispose(background); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !slices.Equal(received, []uint64{1, 2, 3, 4}) {
			t.Errorf("received %v", received)
		}
		if n := strings.Count(log.String(), `level=ERROR msg="observer panicked" panic=argh stack=`); n != 4 {
			t.Errorf("%d lines, expected 4:\n%s", n, &log)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var received []uint64
		entered, proceed := make(chan struct{}), make(chan struct{})
		r := NewRooms[*resource](&backend{}, WithObserver(func(s RoomsStep) {
			received = append(received, s.Seq)
			if s.Seq == 1 {
				close(entered)
				<-proceed
				runtime.Goexit()
			}
		}))
		c := beginRelease(background, r, "a")
		<-entered
		// these steps wait for the observer, which runs in another goroutine
		for _, name := range []string{"b", "c"} {
			if err := r.Release(background, name); err != nil {
				t.Fatal(err)
			}
		}
		close(proceed)
		synctest.Wait()
		if c.done {
			t.Error("the goroutine did not end")
		}
		if !slices.Equal(received, []uint64{1, 2, 3}) {
			t.Errorf("the observer received %v, without the steps that waited for it", received)
		}
	})
}

func TestNewRooms(t *testing.T) {
	func() {
		defer func() {
			if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "nil backend") {
				t.Errorf("got %v", p)
			}
		}()
		NewRooms[*resource](nil)
	}()
	// WithLogger(nil) and WithObserver(nil) are allowed.
	r := NewRooms[*resource](&backend{}, WithLogger(nil), WithObserver(nil), WithObservedStates())
	if _, err := r.Get(background, "a"); err != nil {
		t.Error(err)
	}
	if err := r.Dispose(background); err != nil {
		t.Error(err)
	}
}

// Without a logger, errors are logged to slog's default logger, and nothing else is.
func TestDefaultLogger(t *testing.T) {
	var text bytes.Buffer
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))
	log := listen.ErrorsToDefault()
	log.With("with", 1).WithGroup("group").Error("shown", "key", 2)
	log.Warn("hidden")
	log.With("with", 1).Info("hidden")
	log.WithGroup("group").Debug("hidden")
	if got := text.String(); strings.Contains(got, "hidden") || !strings.Contains(got, "msg=shown with=1 group.key=2") {
		t.Errorf("the log has:\n%s", got)
	}
	text.Reset()
	r := NewRooms[*resource](&backend{}, WithLogger(nil), WithObserver(func(RoomsStep) { panic("argh") }))
	if err := r.Release(background, "a"); err != nil {
		t.Error(err)
	}
	if got := text.String(); !strings.Contains(got, `level=ERROR msg="observer panicked" panic=argh`) {
		t.Errorf("the log has:\n%s", got)
	}
}

// TestDisposeUnderGets starts a hundred gets at the moment of a disposal. Each returns a room or
// one of the two errors, and every room that was opened is released.
func TestDisposeUnderGets(t *testing.T) {
	for range 20 {
		b := &backend{}
		r := NewRooms[*resource](b)
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range 100 {
			wg.Go(func() {
				<-start
				name := fmt.Sprint("room ", i%10)
				room, err := r.Get(background, name)
				switch {
				case err == nil && room.name != name:
					t.Errorf("got %v", room)
				case err != nil && !errors.Is(err, ErrResourceDisposed) && !errors.Is(err, ErrRoomReleasedBeforeOperationCompleted):
					t.Error(err)
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				<-start
				if err := r.Dispose(background); err != nil {
					t.Error(err)
				}
				// nothing is being opened or released now
				if o, c := b.opens.Load(), b.releases.Load(); o != c {
					t.Errorf("the backend has made %d openings and %d releases", o, c)
				}
			})
		}
		close(start)
		wg.Wait()
		if o, c := b.opens.Load(), b.releases.Load(); o != c {
			t.Errorf("%d openings, but %d releases", o, c)
		}
		if len(r.live) > 0 || len(r.calls) > 0 {
			t.Errorf("at the end, there are still %d rooms and %d calls", len(r.live), len(r.calls))
		}
	}
}

// TestParallel is a stress test for the race detector: many callers, four names, contexts that end
// at random moments. At most one resource of a name is open at a time, a Get returns a resource of
// its name and options, and at the end nothing is open.
func TestParallel(t *testing.T) {
	const workers, operations = 8, 2500
	var open [4]atomic.Int32
	b := &backend{}
	index := func(name string) int { return int(name[0] - 'a') }
	b.open = func(ctx context.Context, name string, options RoomOptions) (*resource, error) {
		if n := open[index(name)].Add(1); n != 1 {
			t.Errorf("%d resources of %s are open at a time", n, name)
		}
		if b.opens.Load()%7 == 0 {
			runtime.Gosched()
		}
		if b.opens.Load()%13 == 0 {
			open[index(name)].Add(-1)
			return nil, errBackend
		}
		return &resource{name, options}, nil
	}
	b.release = func(_ context.Context, name string, r *resource) error {
		if r.name != name {
			t.Errorf("the resource of %s is released under the name %s", r.name, name)
		}
		if b.releases.Load()%5 == 0 {
			runtime.Gosched()
		}
		open[index(name)].Add(-1)
		if b.releases.Load()%11 == 0 {
			return errBackend
		}
		return nil
	}
	r := NewRooms[*resource](b)
	cause := errors.New("gave up")
	var wg sync.WaitGroup
	var rooms, leases, conflicts, rejected, gaveUp atomic.Int64
	for w := range workers {
		wg.Go(func() {
			seed := uint32(w + 1)
			random := func(n uint32) uint32 { // xorshift: the same sequence in each run
				seed ^= seed << 13
				seed ^= seed >> 17
				seed ^= seed << 5
				return seed % n
			}
			for range operations {
				name := string(rune('a' + random(4)))
				ctx, cancel := background, context.CancelCauseFunc(func(error) {})
				if random(3) == 0 {
					ctx, cancel = context.WithCancelCause(background)
					if random(2) == 0 {
						go cancel(cause)
					}
				}
				if random(5) == 0 {
					presence := random(8) != 0
					lease, err := r.Acquire(ctx, name, WithPresenceEvents(presence))
					switch {
					case err == nil && (lease.Room().name != name || lease.Room().options.Presence.EnableEvents != presence):
						t.Errorf("Acquire(%s, presence %t) leased %v", name, presence, lease.Room())
					case err == nil:
						leases.Add(1)
						wg.Go(lease.Close)
						lease.Close()
					case !errors.Is(err, ErrRoomExistsWithDifferentOptions) && !errors.Is(err, ErrRoomReleasedBeforeOperationCompleted) &&
						!errors.Is(err, cause) && !errors.Is(err, errBackend):
						t.Error(err)
					}
				} else if random(3) == 0 {
					if err := r.Release(ctx, name); err != nil && !errors.Is(err, errBackend) && !errors.Is(err, cause) {
						t.Error(err)
					}
				} else {
					presence := random(8) != 0
					room, err := r.Get(ctx, name, WithPresenceEvents(presence))
					switch {
					case err == nil && (room.name != name || room.options.Presence.EnableEvents != presence):
						t.Errorf("Get(%s, presence %t) returned %v", name, presence, room)
					case err == nil:
						rooms.Add(1)
					case errors.Is(err, ErrRoomExistsWithDifferentOptions):
						conflicts.Add(1)
					case errors.Is(err, ErrRoomReleasedBeforeOperationCompleted):
						rejected.Add(1)
					case errors.Is(err, cause):
						gaveUp.Add(1)
					case !errors.Is(err, errBackend):
						t.Error(err)
					}
				}
				cancel(nil)
			}
		})
	}
	wg.Wait()
	if err := r.Dispose(background); err != nil && !errors.Is(err, errBackend) {
		t.Error(err)
	}
	for i := range open {
		if n := open[i].Load(); n != 0 {
			t.Errorf("at the end, %d resources of %c are open", n, 'a'+i)
		}
	}
	if s := r.leases.State(); len(r.live)+len(r.calls)+len(s.Open)+len(s.Kept)+len(s.Rooms.Incarnations) > 0 || r.core.Disposal() != fsm.Disposed {
		t.Errorf("at the end, there are still %d rooms and %d calls: %+v", len(r.live), len(r.calls), s)
	}
	t.Logf("%d rooms, %d conflicts, %d rejected by a release, %d gave up; %d openings, %d releases", rooms.Load(), conflicts.Load(),
		rejected.Load(), gaveUp.Load(), b.opens.Load(), b.releases.Load())
	if rooms.Load() == 0 || leases.Load() == 0 || conflicts.Load() == 0 {
		t.Error("no room, no lease or no conflict of options occurred")
	}
}
