package ablychat

import (
	"context"
	"iter"
	"sync/atomic"

	"ablyrooms.example/chat"
)

// exactTypers is the number of lists of typers that are kept for listeners that are behind: as many
// as events may wait for one listener.
const exactTypers = maxPendingStates

// typersAt is the list of typers after a change. All listeners share it.
type typersAt struct {
	members atomic.Pointer[[]chat.TypingMember] // nil when it has become too old to be kept
}

// typingNews is a change that waits for listeners. It refers to the list of typers, but doesn't
// keep it alive. So many changes can wait, however many clients type.
type typingNews struct {
	change chat.TypingChange
	after  *typersAt
}

// typers passes changes of the set of typers to the listeners. Taking a change from the channel
// costs little: a separate goroutine makes the lists, and exists only while there are changes.
type typers struct {
	changes []chat.TypingChange // changes that are not passed on yet
	passing bool                // whether the goroutine exists

	shown atomic.Pointer[[]chat.TypingMember] // the newest list; a list is never changed
	// the newest lists, nil before the first one; only the goroutine uses kept and count
	kept  []*typersAt
	count int // the number of lists so far
}

// changed queues a change for the listeners. The lock is held.
func (t *Typing) changed(change chat.TypingChange) {
	t.typers.changes = append(t.typers.changes, change)
	if !t.typers.passing {
		t.typers.passing = true
		go t.pass()
	}
}

// pass makes the list after each change, and passes both on. If changes come too fast for that, it
// makes only the list after the last of them, and uses it for all.
func (t *Typing) pass() {
	for {
		t.mu.Lock()
		changes := t.typers.changes
		t.typers.changes = nil
		if len(changes) == 0 || t.over {
			t.typers.passing = false
			t.mu.Unlock()
			return
		}
		t.mu.Unlock()
		if len(changes) > exactTypers || t.listeners.Len() == 0 {
			t.show(changes)
			continue
		}
		for i := range changes {
			t.show(changes[i : i+1])
		}
	}
}

// show publishes changes, with the list of typers after all of them.
func (t *Typing) show(changes []chat.TypingChange) {
	var before []chat.TypingMember
	if p := t.typers.shown.Load(); p != nil {
		before = *p
	}
	after := chat.TypersAfter(before, changes...)
	at := &typersAt{}
	at.members.Store(&after)
	if t.typers.kept == nil {
		t.typers.kept = make([]*typersAt, exactTypers)
	}
	place := &t.typers.kept[t.typers.count%exactTypers]
	if *place != nil {
		(*place).members.Store(nil)
	}
	*place, t.typers.count = at, t.typers.count+1
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.typers.shown.Store(&after)
	for _, change := range changes {
		t.listeners.Publish(typingNews{change, at})
	}
}

// current returns the newest list. The caller must not change it.
func (t *Typing) current() []chat.TypingMember {
	if p := t.typers.shown.Load(); p != nil {
		return *p
	}
	return []chat.TypingMember{}
}

// event makes the event for a listener, at the time when the listener is called.
func (t *Typing) event(news typingNews) chat.TypingEvent {
	e := chat.TypingEvent{Change: news.change}
	if p := news.after.members.Load(); p != nil {
		e.CurrentTypers = *p
	} else {
		e.CurrentTypers = t.current()
	}
	return e
}

// telling adapts a listener for events to typingNews. It returns nil for a nil listener.
func (t *Typing) telling(listener func(chat.TypingEvent)) func(typingNews) {
	if listener == nil {
		return nil
	}
	return func(news typingNews) { listener(t.event(news)) }
}

// Subscribe registers a listener for changes of the set of clients that are typing (CHA-T6). It
// doesn't attach the room. At most 16 events wait for the listener, the newest: see [MaxPending].
// An event's CurrentTypers is the set after the change, or, if changes come very fast, after a
// later one. All listeners share it, so it must not be changed.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState] or [ErrResourceDisposed]
// once the room is released.
func (t *Typing) Subscribe(listener func(TypingEvent)) (*Subscription, error) {
	return subscribe(t.room, &t.listeners, typingEvents, t.telling(listener))
}

// Events is [Typing.Subscribe] for a loop. In all else it works like [Messages.Events].
func (t *Typing) Events(ctx context.Context) iter.Seq2[TypingEvent, error] {
	all := sequence(ctx, t.room, &t.listeners, typingEvents)
	return func(yield func(TypingEvent, error) bool) {
		for news, err := range all {
			e := TypingEvent{}
			if err == nil {
				e = t.event(news)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}
