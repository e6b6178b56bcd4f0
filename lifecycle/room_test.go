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
)

// Package fsm tests the rules of CHA-RL and CHA-RS on the core. The tests here are about what the
// driver adds: contexts, errors, listeners, logs, time.

// fakeChannel is a channel whose operations block until the test ends them, or succeed at once if
// succeed is set.
type fakeChannel struct {
	emit    func(ChannelStateChange)
	began   chan *channelOp
	succeed bool
	faults  []string
	running int
	given   bool
	mu      sync.Mutex
}

type channelOp struct {
	ch   *fakeChannel
	name string
	do   chan func() error
}

// newFakeChannel must be called inside the bubble that uses it.
func newFakeChannel() *fakeChannel { return &fakeChannel{began: make(chan *channelOp, 10)} }

func (c *fakeChannel) OnStateChange(emit func(ChannelStateChange)) { c.emit = emit }

func (c *fakeChannel) Attach(ctx context.Context) error   { return c.run(ctx, "Attach", ChannelAttached) }
func (c *fakeChannel) Detach(ctx context.Context) error   { return c.run(ctx, "Detach", ChannelDetached) }
func (c *fakeChannel) GiveBack(ctx context.Context) error { return c.run(ctx, "GiveBack", 0) }

// run also checks that the room keeps the rules of Channel: never two operations at a time, nothing
// after GiveBack, contexts that don't end.
func (c *fakeChannel) run(ctx context.Context, name string, state ChannelState) error {
	c.mu.Lock()
	if c.running++; c.running > 1 || c.given {
		c.faults = append(c.faults, fmt.Sprintf("%s: %d operations at a time, given back: %t", name, c.running, c.given))
	}
	if c.given = name == "GiveBack"; ctx.Done() != nil {
		c.faults = append(c.faults, name+": the context can end")
	}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.running--
		c.mu.Unlock()
	}()
	if c.succeed {
		if state != 0 {
			c.emit(ChannelStateChange{Current: state})
		}
		return nil
	}
	op := &channelOp{ch: c, name: name, do: make(chan func() error)}
	c.began <- op
	return (<-op.do)()
}

// next returns the operation that has begun. It fails unless exactly this one has.
func (c *fakeChannel) next(t *testing.T, name string) *channelOp {
	t.Helper()
	synctest.Wait()
	if len(c.began) != 1 {
		t.Fatalf("%d operations of the channel began, expected %s", len(c.began), name)
	}
	op := <-c.began
	if op.name != name {
		t.Fatalf("the channel's %s began, expected %s", op.name, name)
	}
	return op
}

func (c *fakeChannel) nothing(t *testing.T) {
	t.Helper()
	synctest.Wait()
	if len(c.began) > 0 {
		t.Fatalf("the channel's %s began, expected nothing", (<-c.began).name)
	}
}

// change emits an event and waits until all goroutines are blocked.
func (c *fakeChannel) change(s ChannelStateChange) {
	c.emit(s)
	synctest.Wait()
}

// ok lets the operation succeed, with its event.
func (o *channelOp) ok() {
	switch o.name {
	case "Attach":
		o.ch.emit(ChannelStateChange{Current: ChannelAttached})
	case "Detach":
		o.ch.emit(ChannelStateChange{Current: ChannelDetached})
	}
	o.end(func() error { return nil })
}

// fail lets the operation fail.
func (o *channelOp) fail(err error) { o.end(func() error { return err }) }

func (o *channelOp) end(f func() error) {
	o.do <- f
	synctest.Wait()
}

// fixture is a room in a bubble, on a fakeChannel, with the status changes that its listener
// received.
type fixture struct {
	*Room
	t        *testing.T
	ch       *fakeChannel
	release  func(context.Context) error
	log      *bytes.Buffer
	steps    []RoomStep
	statuses []string
}

// inBubble runs a test of a room in a bubble. Then it releases the room, and fails if a goroutine
// or a timer still runs.
func inBubble(t *testing.T, test func(f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{t: t, ch: newFakeChannel(), log: &bytes.Buffer{}}
		log := slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "stack" {
				return slog.Attr{}
			}
			return a
		}}))
		f.Room, f.release = NewRoom("my room", documented, f.ch, RoomConfig{Logger: log, Observe: func(s RoomStep) { f.steps = append(f.steps, s) }})
		f.SubscribeStatus(func(c RoomStatusChange) {
			s := fmt.Sprintf("%v>%v", c.Previous, c.Current)
			if c.Error != nil {
				s += " " + AsErrorInfo(c.Error).Message
			}
			f.statuses = append(f.statuses, s)
		})
		test(f)
		f.ch.succeed = true
		for len(f.ch.began) > 0 {
			(<-f.ch.began).ok()
		}
		if err := f.release(background); err != nil {
			t.Errorf("the release at the end: %v", err)
		}
		synctest.Wait()
		for _, fault := range f.ch.faults {
			t.Error(fault)
		}
		for i, s := range f.steps {
			if s.Seq != uint64(i+1) || s.Room != "my room" {
				t.Errorf("step %d is received as %d, of %s", i+1, s.Seq, s.Room)
			}
		}
	})
}

func (f *fixture) attach(ctx context.Context) *call {
	return begin(func() (*resource, error) { return nil, f.Attach(ctx) })
}
func (f *fixture) detach(ctx context.Context) *call {
	return begin(func() (*resource, error) { return nil, f.Detach(ctx) })
}
func (f *fixture) beginRelease(ctx context.Context) *call {
	return begin(func() (*resource, error) { return nil, f.release(ctx) })
}

// attached attaches the room.
func (f *fixture) attached() {
	f.t.Helper()
	c := f.attach(background)
	f.ch.next(f.t, "Attach").ok()
	c.ended(f.t)
}

// received checks which status changes the listener received since the last call.
func (f *fixture) received(want ...string) {
	f.t.Helper()
	synctest.Wait()
	if !slices.Equal(f.statuses, want) {
		f.t.Errorf("received %q, expected %q", f.statuses, want)
	}
	f.statuses = nil
}

func (f *fixture) is(status RoomStatus, err *ErrorInfo) {
	f.t.Helper()
	synctest.Wait()
	if f.Status() != status || f.Error() != asError(err) {
		f.t.Errorf("the room is %v, %v; expected %v, %v", f.Status(), f.Error(), status, err)
	}
	if len(f.steps) != int(f.seq) {
		f.t.Errorf("received %d steps, expected %d", len(f.steps), f.seq)
	}
}

var errChannel = NewErrorInfo(40160, "not permitted", nil)

// CHA-RS3, CHA-RL1, CHA-RL2, CHA-RL3: attach, detach and release, without a failure.
func TestRoomPlainPath(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.is(RoomInitialized, nil)
		if f.Name() != "my room" || f.Options() != documented {
			t.Errorf("%q, %v", f.Name(), f.Options())
		}
		c := f.attach(background)
		f.is(RoomAttaching, nil) // CHA-RL1e, before the channel is done
		op := f.ch.next(t, "Attach")
		c.waits(t)
		op.ok()
		c.ended(t)
		f.is(RoomAttached, nil)
		f.attach(background).ended(t) // CHA-RL1a
		f.ch.nothing(t)

		c = f.detach(background)
		f.is(RoomDetaching, nil)
		f.ch.next(t, "Detach").ok()
		c.ended(t)
		f.is(RoomDetached, nil)
		f.detach(background).ended(t) // CHA-RL2a
		f.ch.nothing(t)

		f.attached()
		f.received("initialized>attaching", "attaching>attached", "attached>detaching", "detaching>detached", "detached>attaching", "attaching>attached")

		c = f.beginRelease(background)
		f.is(RoomReleasing, nil)
		f.ch.next(t, "Detach").ok()
		f.is(RoomReleased, nil)
		c.waits(t) // CHA-RL3h: not before the channel is given back
		f.ch.next(t, "GiveBack").ok()
		c.ended(t)
		f.received("attached>releasing", "releasing>released")
		f.beginRelease(background).ended(t) // CHA-RL3a
		f.ch.change(ChannelStateChange{Current: ChannelAttached})
		f.received()
		f.is(RoomReleased, nil)
	})
}

// CHA-RL1k2, CHA-RL1k3, CHA-RL2k2, CHA-RL2k3: the call returns the channel's error unchanged, and
// the status has it too.
func TestRoomOperationFails(t *testing.T) {
	inBubble(t, func(f *fixture) {
		c := f.attach(background)
		op := f.ch.next(t, "Attach")
		f.ch.emit(ChannelStateChange{Current: ChannelSuspended, Reason: errChannel})
		op.fail(fmt.Errorf("wrapped: %w", errChannel))
		if c.ended(t, errChannel); c.err != errChannel {
			t.Errorf("got %v", c.err)
		}
		f.is(RoomSuspended, errChannel)

		f.attached() // CHA-RS2b2
		f.is(RoomAttached, nil)

		plain := errors.New("of another kind")
		c = f.detach(background)
		f.ch.next(t, "Detach").fail(plain)
		info := (*ErrorInfo)(nil)
		if c.ended(t, ErrChannelOperationFailed, plain); !errors.As(c.err, &info) || !strings.HasPrefix(info.Message, "unable to ") {
			t.Errorf("got %v", c.err)
		}
		f.is(RoomAttached, info)

		c = f.detach(background)
		op = f.ch.next(t, "Detach")
		f.ch.emit(ChannelStateChange{Current: ChannelFailed, Reason: errChannel})
		op.fail(errChannel)
		c.ended(t, errChannel)
		f.is(RoomFailed, errChannel)
		c = f.detach(background) // CHA-RL2m
		c.ended(t, ErrRoomInInvalidState)
		saysAll(t, c.err, "unable to detach room", `"my room"`, "failed", "status 400")
		f.received("initialized>attaching", "attaching>suspended not permitted", "suspended>attaching", "attaching>attached",
			"attached>detaching", "detaching>attached "+info.Message, "attached>detaching", "detaching>failed not permitted")
	})
}

// If the caller of an attach gives up, the attach goes on, and a later attach joins it (CHA-RL1d,
// CHA-RL1a).
func TestRoomContextEndsWhileAttaching(t *testing.T) {
	inBubble(t, func(f *fixture) {
		cause := errors.New("why it ended")
		ctx, cancel := context.WithCancelCause(background)
		c := f.attach(ctx)
		op := f.ch.next(t, "Attach")
		cancel(cause)
		if c.ended(t, cause); !errors.Is(c.err, context.Canceled) {
			t.Errorf("got %v", c.err)
		}
		f.is(RoomAttaching, nil)
		d := f.attach(background)
		f.ch.nothing(t)
		d.waits(t)
		op.ok()
		d.ended(t)
		f.ch.nothing(t)
		f.is(RoomAttached, nil)
	})
}

// A call whose context ends while it waits for its turn never begins, and one whose context has
// already ended has no effect.
func TestRoomContextEndsBeforeTheTurn(t *testing.T) {
	inBubble(t, func(f *fixture) {
		cause := errors.New("why it ended")
		ctx, cancel := context.WithCancelCause(background)
		c := f.attach(background)
		op := f.ch.next(t, "Attach")
		d := f.detach(ctx)
		d.waits(t)
		cancel(cause)
		d.ended(t, cause)
		op.ok()
		c.ended(t)
		f.ch.nothing(t)
		before := len(f.steps)
		for _, c := range []*call{f.detach(ctx), f.attach(ctx), f.beginRelease(ctx)} {
			if c.ended(t, cause); !errors.Is(c.err, context.Canceled) {
				t.Errorf("got %v", c.err)
			}
		}
		if len(f.steps) != before {
			t.Errorf("the core took %d steps, expected none", len(f.steps)-before)
		}
		f.is(RoomAttached, nil)
	})
}

// If a call's operation and its context end at the same moment, the call ends in one of the two
// ways, and the room is usable.
func TestRoomSettledAsItIsGivenUp(t *testing.T) {
	for range 50 {
		inBubble(t, func(f *fixture) {
			ctx, cancel := context.WithCancel(background)
			c := f.attach(ctx)
			op := f.ch.next(t, "Attach")
			f.ch.emit(ChannelStateChange{Current: ChannelAttached})
			f.mu.Lock() // both ends now wait for the lock, mostly in this order
			op.do <- func() error { return nil }
			for range 10 {
				runtime.Gosched()
			}
			cancel()
			for range 10 {
				runtime.Gosched()
			}
			f.mu.Unlock()
			synctest.Wait()
			if !c.done || c.err != nil && c.err != context.Canceled {
				t.Errorf("whether the call has ended: %t; its error: %v", c.done, c.err)
			}
			f.is(RoomAttached, nil)
			if len(f.calls) > 0 {
				t.Errorf("%d calls still wait", len(f.calls))
			}
		})
	}
}

// CHA-RL7a2, CHA-RL1l, CHA-RL2l: a release goes before operations that wait; these then find the
// room released.
func TestRoomReleaseDuringAttach(t *testing.T) {
	inBubble(t, func(f *fixture) {
		a := f.attach(background)
		op := f.ch.next(t, "Attach")
		b, c := f.detach(background), f.attach(background)
		d := f.beginRelease(background)
		f.ch.nothing(t) // the release doesn't interrupt the attach
		op.ok()
		a.ended(t)
		f.is(RoomReleasing, nil)
		e := f.attach(background)
		f.ch.next(t, "Detach").ok()
		b.waits(t)
		f.ch.next(t, "GiveBack").ok()
		d.ended(t)
		for operation, calls := range map[string][]*call{"detach": {b}, "attach": {c, e, f.attach(background)}} {
			for _, c := range calls {
				c.ended(t, ErrRoomInInvalidState)
				saysAll(t, c.err, "unable to "+operation+" room", `"my room"`, "is released", "status 400")
			}
		}
		f.detach(background).ended(t, ErrRoomInInvalidState)
	})
}

// CHA-RL3n4: a detach that fails is tried again after 250 ms, without limit.
func TestRoomReleaseRetries(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		c := f.beginRelease(background)
		begun := time.Now()
		for i := range 100 {
			op := f.ch.next(t, "Detach")
			if passed := time.Since(begun); passed != time.Duration(i)*250*time.Millisecond {
				t.Fatalf("attempt %d began %v after the first", i+1, passed)
			}
			if i == 50 {
				f.is(RoomReleasing, nil)
			}
			op.fail(errChannel)
			time.Sleep(RetryPause - time.Nanosecond) // in the bubble's virtual time
			f.ch.nothing(t)
			time.Sleep(time.Nanosecond)
		}
		f.ch.next(t, "Detach").ok()
		f.ch.next(t, "GiveBack").ok()
		c.ended(t)
	})
}

// CHA-RL3n3: if the channel fails while a release detaches it, the release doesn't try again.
func TestRoomReleaseOfFailedChannel(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		c := f.beginRelease(background)
		op := f.ch.next(t, "Detach")
		f.ch.emit(ChannelStateChange{Current: ChannelFailed, Reason: errChannel})
		op.fail(errChannel)
		f.ch.next(t, "GiveBack").ok()
		c.ended(t)
		f.is(RoomReleased, nil)
	})
}

// A release goes on after its caller gave up, and a second call joins it. The release returns the
// error of giving the channel back.
func TestRoomReleaseGivenUp(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		ctx, cancel := context.WithCancel(background)
		c := f.beginRelease(ctx)
		op := f.ch.next(t, "Detach")
		cancel()
		c.ended(t, context.Canceled)
		d := f.beginRelease(background)
		op.ok()
		f.ch.next(t, "GiveBack").ok()
		d.ended(t)
	})
	inBubble(t, func(f *fixture) {
		c := f.beginRelease(background)
		f.ch.next(t, "GiveBack").fail(errChannel)
		if c.ended(t, errChannel); c.err != errChannel {
			t.Errorf("got %v", c.err)
		}
		f.is(RoomReleased, nil)
	})
}

// CHA-RL11: the room's status follows its channel's state.
func TestRoomFollowsItsChannel(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		f.received("initialized>attaching", "attaching>attached")
		f.ch.change(ChannelStateChange{Current: ChannelSuspended, Reason: errChannel})
		f.is(RoomSuspended, errChannel)
		// The same state and error again cause no change.
		f.ch.change(ChannelStateChange{Current: ChannelSuspended, Reason: errChannel})
		f.ch.change(ChannelStateChange{Current: ChannelAttaching})
		f.ch.change(ChannelStateChange{Current: ChannelAttached, Resumed: true})
		f.is(RoomAttached, nil)
		f.ch.change(ChannelStateChange{Current: ChannelAttached, Resumed: true, Update: true, Reason: errChannel})
		f.is(RoomAttached, nil)
		f.received("attached>suspended not permitted", "suspended>attaching", "attaching>attached")
	})
}

// CHA-RL12, CHA-RL15: a discontinuity has the code 102100 and the status 500, names the room, and
// has the event's error as its cause.
func TestRoomDiscontinuity(t *testing.T) {
	inBubble(t, func(f *fixture) {
		var first, second []Discontinuity
		offFirst := unsubscribe(f.SubscribeDiscontinuities(func(e Discontinuity) { first = append(first, e) }))
		f.SubscribeDiscontinuities(func(e Discontinuity) { second = append(second, e) })
		f.attached()
		synctest.Wait()
		if len(first) > 0 {
			t.Error("the first attach caused a discontinuity")
		}
		f.ch.change(ChannelStateChange{Current: ChannelAttached, Update: true, Reason: errChannel})
		offFirst()
		offFirst() // CHA-RL15c
		f.ch.change(ChannelStateChange{Current: ChannelAttached, Update: true})
		if len(first) != 1 || len(second) != 2 || first[0] != second[0] {
			t.Fatalf("the two listeners received %v and %v", first, second)
		}
		for i, d := range second {
			e := AsErrorInfo(d.Reason)
			if e.Code != ErrRoomDiscontinuity || e.StatusCode != 500 {
				t.Errorf("the discontinuity has the error %v", e)
			}
			saysAll(t, e, `"my room"`)
			if want := []error{errChannel, nil}[i]; e.Cause != want {
				t.Errorf("the cause is %v, expected %v", e.Cause, want)
			}
		}
	})
}

// The log has status changes at info, discontinuities at warn, and panics of listeners at error,
// each with the room's name.
func TestRoomLog(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		f.ch.change(ChannelStateChange{Current: ChannelSuspended, Reason: errChannel})
		off := unsubscribe(f.SubscribeDiscontinuities(func(Discontinuity) { panic("argh") }))
		f.ch.change(ChannelStateChange{Current: ChannelAttached, Reason: errChannel})
		off()
		const want = `level=INFO msg="room status changed" room="my room" previous=initialized current=attaching
level=INFO msg="room status changed" room="my room" previous=attaching current=attached
level=INFO msg="room status changed" room="my room" previous=attached current=suspended error="not permitted (code 40160, status 401)"
level=INFO msg="room status changed" room="my room" previous=suspended current=attached error="not permitted (code 40160, status 401)"
level=WARN msg="room lost continuity" room="my room" error="not permitted (code 40160, status 401)"
`
		got := f.log.String()
		const panicked = "level=ERROR msg=\"listener panicked\" room=\"my room\" panic=argh\n"
		if strings.Replace(got, panicked, "", 1) != want || !strings.Contains(got, panicked) {
			t.Errorf("the log has\n%s\nexpected\n%s%s", got, want, panicked)
		}
	})
}

// A room without an observer logs too.
func TestRoomLogWithoutAnObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := newFakeChannel()
		ch.succeed = true
		var log bytes.Buffer
		room, release := NewRoom("a", theDefaults, ch, RoomConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err := errors.Join(room.Attach(background), release(background)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if n := strings.Count(log.String(), `level=INFO msg="room status changed" room=a`); n != 4 {
			t.Errorf("the log has %d lines, expected 4:\n%s", n, &log)
		}
	})
}

// The observer receives each step with its input, its outputs and the status afterwards.
func TestRoomObserver(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		f.ch.change(ChannelStateChange{Current: ChannelFailed, Reason: errChannel})
		var got []string
		for _, s := range f.steps {
			outs := make([]string, len(s.Outputs))
			for i, o := range s.Outputs {
				outs[i] = o.String()
			}
			got = append(got, fmt.Sprintf("%v: %s: %v %v", s.Input, strings.Join(outs, "; "), s.Status, s.StatusOf != nil))
		}
		want := []string{
			"Attach(1): status(initialized -> attaching); attachChannel: attaching false",
			"ChannelEvent(attached): : attaching false",
			"AttachEnded(ok): status(attaching -> attached); settle(1, done): attached false",
			"ChannelEvent(failed, not permitted (code 40160, status 401)): status(attached -> failed, not permitted (code 40160, status 401)): failed true",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the observer received\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// If the channel panics or ends its goroutine, the operation fails and the room stays usable.
func TestRoomChannelMisbehaves(t *testing.T) {
	for name, misbehave := range map[string]func() error{
		"panics":             func() error { panic("argh") },
		"ends its goroutine": func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			check := func(c *call, operation string) {
				t.Helper()
				p := (*PanicError)(nil)
				if c.ended(t, ErrChannelOperationFailed); !errors.As(c.err, &p) || p.Operation != operation {
					t.Errorf("got %v, expected a PanicError of %s", c.err, operation)
				}
			}
			inBubble(t, func(f *fixture) {
				c := f.attach(background)
				f.ch.next(t, "Attach").end(misbehave)
				check(c, "Channel.Attach")
				if f.Status() != RoomInitialized || f.Error() != c.err {
					t.Errorf("the room is %v with the error %v, expected initialized", f.Status(), f.Error())
				}
				f.attached()
				c = f.detach(background)
				f.ch.next(t, "Detach").end(misbehave)
				check(c, "Channel.Detach")
				c = f.beginRelease(background)
				f.ch.next(t, "Detach").end(misbehave)
				time.Sleep(RetryPause) // in the bubble's virtual time
				f.ch.next(t, "Detach").ok()
				f.ch.next(t, "GiveBack").end(misbehave)
				check(c, "Channel.GiveBack")
				f.is(RoomReleased, nil)
			})
		})
	}
}

// The function that receives the channel's events waits for neither the log nor the observer. So
// these may wait for the channel: here an observer that receives an event attaches the room again,
// which needs the channel's next event.
func TestRoomObserverMayWaitForTheChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := newFakeChannel()
		var room *Room
		var attached error
		received := 0
		room, release := NewRoom("a", theDefaults, ch, RoomConfig{Observe: func(s RoomStep) {
			if received++; s.Status == RoomSuspended {
				attached = room.Attach(background)
			}
		}})
		c := begin(func() (*resource, error) { return nil, room.Attach(background) })
		ch.next(t, "Attach").ok()
		c.ended(t)
		// One goroutine emits the channel's events, in order, as Channel requires.
		events := make(chan ChannelStateChange)
		go func() {
			for e := range events {
				ch.emit(e)
			}
		}()
		events <- ChannelStateChange{Current: ChannelSuspended}
		op := ch.next(t, "Attach")
		events <- ChannelStateChange{Current: ChannelAttached}
		synctest.Wait()
		op.end(func() error { return nil })
		if attached != nil || room.Status() != RoomAttached {
			t.Errorf("Attach in the observer returned %v, and the room is %v", attached, room.Status())
		}
		close(events)
		ch.succeed = true
		if err := release(background); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if want := int(room.seq); received != want {
			t.Errorf("received %d steps, expected %d", received, want)
		}
	})
}

// If a channel reports a state that doesn't exist, its call panics, and the room stays usable.
func TestRoomUnknownChannelState(t *testing.T) {
	inBubble(t, func(f *fixture) {
		f.attached()
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "a channel has no such state") {
					t.Errorf("the call panicked with %v", p)
				}
			}()
			f.ch.emit(ChannelStateChange{Current: 42})
		}()
		f.is(RoomAttached, nil)
		c := f.detach(background)
		f.ch.next(t, "Detach").ok()
		c.ended(t)
	})
}

// A room works without a logger and an observer.
func TestRoomWithTheZeroConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := newFakeChannel()
		ch.succeed = true
		room, release := NewRoom("a", theDefaults, ch, RoomConfig{})
		for _, do := range []func(context.Context) error{room.Attach, room.Detach, room.Attach, release, release} {
			if err := do(background); err != nil {
				t.Error(err)
			}
		}
		if room.Status() != RoomReleased {
			t.Errorf("the room is %v", room.Status())
		}
	})
}

// TestRoomParallel has many goroutines attach, detach, register and remove listeners, read and
// release, under the race detector.
func TestRoomParallel(t *testing.T) {
	ch := newFakeChannel()
	ch.succeed = true
	var received atomic.Int64
	room, release := NewRoom("a", theDefaults, ch, RoomConfig{Observe: func(RoomStep) { received.Add(1) }})
	cause := errors.New("gave up")
	var wg sync.WaitGroup
	var last atomic.Pointer[RoomStatusChange]
	room.SubscribeStatus(func(c RoomStatusChange) {
		if p := last.Swap(&c); p != nil && p.Current != c.Previous {
			t.Errorf("the listener received %v after %v", c, *p)
		}
	})
	for w := range 8 {
		wg.Go(func() {
			for i := range 300 {
				ctx, cancel := context.WithCancelCause(background)
				if (i+w)%3 == 0 {
					go cancel(cause)
				}
				s, err := room.SubscribeStatus(func(RoomStatusChange) { _ = room.Status() })
				if err != nil && !errors.Is(err, ErrRoomInInvalidState) {
					t.Error(err)
				}
				for _, do := range []func(context.Context) error{room.Attach, room.Detach} {
					if err := do(ctx); err != nil && !errors.Is(err, cause) && !errors.Is(err, ErrRoomInInvalidState) {
						t.Error(err)
					}
				}
				if s != nil {
					s.Unsubscribe()
				}
				_, _ = room.Status(), room.Error()
				if w == 0 && i == 200 {
					if err := release(background); err != nil {
						t.Error(err)
					}
				}
				cancel(nil)
			}
		})
	}
	wg.Wait()
	if err := release(background); err != nil || room.Status() != RoomReleased {
		t.Errorf("%v, %v", room.Status(), err)
	}
	if err := room.Attach(background); !errors.Is(err, ErrRoomInInvalidState) {
		t.Error(err)
	}
	for _, fault := range ch.faults {
		t.Error(fault)
	}
	if len(room.calls) > 0 {
		t.Errorf("%d calls still wait", len(room.calls))
	}
}
