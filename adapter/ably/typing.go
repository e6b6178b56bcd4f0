package ablychat

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/internal/listen"
)

// typingGrace is how long a typer may be late with a heartbeat before it no longer counts as typing
// (CHA-T10a).
const typingGrace = 2 * time.Second

// Typing notifies others that this client is typing, and reports who is typing in the room (CHA-T).
// [Room.Typing] returns it. Methods may be called concurrently, and from within listeners.
type Typing struct {
	room      *Room
	wire      typingWire
	interval  time.Duration
	began     time.Time
	listeners listen.List[typingNews]

	turns    turns
	throttle chat.Throttle // used only by the call that has the turn
	until    atomic.Int64  // the end of the throttle's interval, by clock; 0 if no interval runs

	mu     sync.Mutex
	set    chat.Typers
	typers typers
	// fires when the next typer has been silent for too long; nil while no client types
	timer *time.Timer
	over  bool
}

var typingEvents = events{name: "typing events", newest: true}

// typingWire is the part of a room that Typing uses.
type typingWire interface {
	gone(operation string) error       // returns nil until the room is released
	online(operation string) error     // returns nil if there is a connection
	identified(operation string) error // returns nil unless the client is known to have no id
	publish(ctx context.Context, operation, name string, data, headers map[string]any) error
}

// Typing returns the room's [Typing]. It is always the same value.
func (r *Room) Typing() *Typing { return &r.typing }

// clock returns a monotonic time.
func (t *Typing) clock() time.Duration { return time.Since(t.began) }

// Keystroke notifies others that this client is typing (CHA-T4). Call it at every keystroke. It
// sends at most one notification in each interval of the room's heartbeat throttle (10 s by
// default, see [WithTypingHeartbeatThrottle]); a call that sends nothing is cheap. The room need
// not be attached.
//
// Calls run one at a time. If several calls wait for their turn, only the newest of them runs; the
// others return nil without effect (CHA-T14).
//
// Errors: [ErrDisconnected] without a connection (CHA-T4f); [ErrInvalidClientID] if the client has
// no id, since others could not see who is typing; errors of the service (CHA-T4a5);
// [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is released, see [Room]; the
// context's error.
func (t *Typing) Keystroke(ctx context.Context) error {
	return t.do(ctx, "send typing", chat.TypingStarted)
}

// Stop notifies others that this client has stopped typing (CHA-T5). If the last notification has
// expired, or was a stop, it does nothing. It waits like [Typing.Keystroke], and has the same
// errors.
func (t *Typing) Stop(ctx context.Context) error { return t.do(ctx, "stop typing", chat.TypingStopped) }

func (t *Typing) do(ctx context.Context, operation string, what chat.TypingEventType) error {
	if err := t.wire.gone(operation); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctxerr.Of(ctx)
	}
	if what == chat.TypingStarted && !t.turns.busy.Load() && int64(t.clock()) < t.until.Load() {
		// No call is running, and the interval is not over: nothing has to be sent.
		return t.wire.online(operation)
	}
	if mine, err := t.turns.take(ctx); !mine {
		return err
	}
	defer t.turns.give()
	if err := t.wire.online(operation); err != nil { // CHA-T4f, CHA-T5g
		return err
	}
	now := t.clock()
	if what == chat.TypingStopped {
		if !t.throttle.Typing(now) { // CHA-T5a
			return nil
		}
		if err := t.wire.publish(ctx, operation, string(what), nil, nil); err != nil { // CHA-T5d1
			if ctx.Err() != nil { // the message may have been sent
				t.throttle.Untold(now, t.interval)
				t.until.Store(0)
			}
			return err
		}
		t.throttle.Stopped() // CHA-T5e
		t.until.Store(0)
		return nil
	}
	if !t.throttle.Keystroke(now) { // CHA-T4c
		return nil
	}
	if err := t.wire.identified(operation); err != nil {
		return err
	}
	if err := t.wire.publish(ctx, operation, string(what), nil, nil); err != nil { // CHA-T4a5
		if ctx.Err() != nil { // the message may have been sent
			t.throttle.Untold(t.clock(), t.interval)
		}
		return err
	}
	t.until.Store(int64(t.throttle.Told(t.clock(), t.interval))) // CHA-T4a4
	return nil
}

// CurrentTypers returns the clients that are typing, this client included, sorted by client id
// (CHA-T18). It returns nil once the room is released. The list is at least as new as the events
// that a listener has received.
func (t *Typing) CurrentTypers() []TypingMember {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return nil
	}
	return slices.Clone(t.current())
}

func (t *Typing) receive(w chat.WireMessage) {
	change, err := chat.DecodeTyping(w)
	if err != nil {
		t.room.ignored(slog.LevelInfo, err.Error())
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	var told bool
	if change.Type == chat.TypingStarted {
		// CHA-T10a1
		change, told = t.set.Started(change.TypingMember, chat.After(t.clock(), chat.After(t.interval, typingGrace)))
	} else {
		change, told = t.set.Stopped(change.TypingMember)
	}
	if told {
		t.changed(change)
	}
	t.schedule()
}

// schedule sets the timer for the next typer that is silent for too long. The lock is held.
func (t *Typing) schedule() {
	at, any := t.set.Next()
	switch {
	case !any && t.timer != nil:
		t.timer.Stop()
		t.timer = nil
	case any && t.timer == nil:
		t.timer = time.AfterFunc(at-t.clock(), t.expire)
	case any:
		t.timer.Reset(at - t.clock())
	}
}

// expire removes typers that were silent for too long (CHA-T13b3).
func (t *Typing) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for !t.over {
		change, told := t.set.Expire(t.clock())
		if !told {
			t.schedule()
			return
		}
		t.changed(change)
	}
}

// dispose ends the listeners and the timer (CHA-T17).
func (t *Typing) dispose() {
	t.mu.Lock()
	t.over = true
	t.typers.shown.Store(nil)
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	t.mu.Unlock()
	end(t.room, &t.listeners, typingEvents)
}
