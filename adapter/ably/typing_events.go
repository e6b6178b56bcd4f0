package ablychat

import (
	"context"
	"iter"
	"sync/atomic"

	"ablyrooms.example/chat"
)

// exactTypers is how many sets of typers are kept for listeners that are behind: as many as changes
// may wait for one.
const exactTypers = maxPendingStates

// typersAt is the set of those who type as it was after a change. All listeners share it.
type typersAt struct {
	members atomic.Pointer[[]chat.TypingMember] // nil when it is too old to be kept
}

// typingNews is a change of the set that waits for listeners. It holds no set of its own, so that
// many can wait, however many type.
type typingNews struct {
	change chat.TypingChange
	after  *typersAt
}

// typers passes changes of the set on. What comes through the channel costs little: the lists are
// made in a goroutine of their own, which lives only while there are changes.
type typers struct {
	changes []chat.TypingChange // not passed on yet
	passing bool                // the goroutine is there

	shown atomic.Pointer[[]chat.TypingMember] // the newest list; never changed
	kept  []*typersAt                         // the newest sets, nil before the first; the goroutine's
	count int                                 // of sets so far; the goroutine's
}

// changed takes a change. The lock is held.
func (t *Typing) changed(change chat.TypingChange) {
	t.typers.changes = append(t.typers.changes, change)
	if !t.typers.passing {
		t.typers.passing = true
		go t.pass()
	}
}

// pass makes the list after each change and passes it on. Of changes that came too fast for that
// only the last has a list, which stands for all of them.
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

// show publishes changes with the set that is after all of them.
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

// current returns the newest list, which must not be changed.
func (t *Typing) current() []chat.TypingMember {
	if p := t.typers.shown.Load(); p != nil {
		return *p
	}
	return []chat.TypingMember{}
}

// event makes an event for a listener whose turn it is.
func (t *Typing) event(news typingNews) chat.TypingEvent {
	e := chat.TypingEvent{Change: news.change}
	if p := news.after.members.Load(); p != nil {
		e.CurrentTypers = *p
	} else {
		e.CurrentTypers = t.current()
	}
	return e
}

// telling makes a listener for news of one for events; nil of nil.
func (t *Typing) telling(listener func(chat.TypingEvent)) func(typingNews) {
	if listener == nil {
		return nil
	}
	return func(news typingNews) { listener(t.event(news)) }
}

// Subscribe registers a listener for changes of the set of those who type (CHA-T6). It attaches
// nothing. For a listener that is behind the newest changes wait, see [MaxPending]. CurrentTypers
// is the set after the event's change, and shared by all listeners; while changes come faster than
// lists are made of them, it is the set after a later change.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState]; [ErrResourceDisposed].
func (t *Typing) Subscribe(listener func(TypingEvent)) (*Subscription, error) {
	return subscribe(t.room, &t.listeners, typingEvents, t.telling(listener))
}

// Events is [Typing.Subscribe] for a loop; all else is as for [Messages.Events].
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
