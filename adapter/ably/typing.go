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

// typingGrace is how long after a heartbeat was due somebody who was silent still counts as typing
// (CHA-T10a).
const typingGrace = 2 * time.Second

// Typing tells others that this client types, and who else does (CHA-T). Methods may be called
// concurrently, and from within listeners.
type Typing struct {
	room      *Room
	wire      typingWire
	interval  time.Duration
	began     time.Time
	listeners listen.List[typingNews]

	turns    turns
	throttle chat.Throttle // only who has the turn uses it
	until    atomic.Int64  // when the interval of the throttle is over, by clock; 0 for none

	mu     sync.Mutex
	set    chat.Typers
	typers typers
	timer  *time.Timer // for the next who is silent for too long; nil while no member types
	over   bool
}

var typingEvents = events{name: "typing events", newest: true}

// typingWire is what typing needs of its room.
type typingWire interface {
	gone(operation string) error       // nil while the room can be used
	online(operation string) error     // nil with a connection
	identified(operation string) error // nil with a client id
	publish(ctx context.Context, operation, name string, data, headers map[string]any) error
}

// Typing returns the room's typing indicators.
func (r *Room) Typing() *Typing { return &r.typing }

// clock is a time that never goes back.
func (t *Typing) clock() time.Duration { return time.Since(t.began) }

// Keystroke tells others that this client types (CHA-T4). Call it at every keystroke: within the
// room's heartbeat throttle (10 s by default, see [WithTypingHeartbeatThrottle]) after one that was
// sent, it does nothing, at next to no cost. The room need not be attached.
//
// Calls run one at a time; of those that wait, the newest goes on, and the others return nil
// without effect (CHA-T14).
//
// Errors: [ErrDisconnected] without a connection (CHA-T4f); [ErrInvalidClientID] for a client
// without an id, which others could not see; the service's (CHA-T4a5); [ErrRoomInInvalidState] and
// [ErrResourceDisposed], see [Room]; the context's.
func (t *Typing) Keystroke(ctx context.Context) error {
	return t.do(ctx, "send typing", chat.TypingStarted)
}

// Stop tells others that this client types no more (CHA-T5). It does nothing when they don't
// believe so. Waits and errors are those of [Typing.Keystroke].
func (t *Typing) Stop(ctx context.Context) error { return t.do(ctx, "stop typing", chat.TypingStopped) }

func (t *Typing) do(ctx context.Context, operation string, what chat.TypingEventType) error {
	if err := t.wire.gone(operation); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctxerr.Of(ctx)
	}
	if what == chat.TypingStarted && !t.turns.busy.Load() && int64(t.clock()) < t.until.Load() {
		// no call is about to change that it receives, so there is nothing to wait for
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
			if ctx.Err() != nil { // it may have been sent all the same
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
		if ctx.Err() != nil { // it may have been sent all the same
			t.throttle.Untold(t.clock(), t.interval)
		}
		return err
	}
	t.until.Store(int64(t.throttle.Told(t.clock(), t.interval))) // CHA-T4a4
	return nil
}

// CurrentTypers returns those who type, this client included, in the order of their client ids
// (CHA-T18); nil once the room is released. It is never older than the events that a listener has
// received.
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

// schedule sets the timer for the next who is silent for too long. The lock is held.
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

// expire removes those who were silent for too long (CHA-T13b3).
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

// dispose ends listeners and timers (CHA-T17).
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
