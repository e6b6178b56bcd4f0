package main

import (
	"ablyrooms.example/chat"
)

var typingChecks = []check{
	{"typing", "keystroke and stop: change and set", checkTyping},
	{"typing", "of both: the set", checkBothType},
	{"typing", "keystrokes within the throttle, stop without typing: nothing is sent", checkThrottle},
	{"typing", "the end without stop, two seconds after the throttle", checkTypingEnds},
	{"typing", "without attaching", checkUnattachedTyping},
}

// typingEvent is the event of a change, with those who type then.
func typingEvent(kind chat.TypingEventType, who person, now ...person) chat.TypingEvent {
	e := chat.TypingEvent{Change: chat.TypingChange{Type: kind, TypingMember: chat.TypingMember{ClientID: who.clientID()}}, CurrentTypers: []chat.TypingMember{}}
	for _, p := range now {
		e.CurrentTypers = append(e.CurrentTypers, chat.TypingMember{ClientID: p.clientID()})
	}
	inOrder(e.CurrentTypers)
	return e
}

func checkTyping(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	own, events := d.typing(), s.typing()
	t.same("nobody types", []chat.TypingMember{}, s.typers())
	d.keystroke()
	want := typingEvent(chat.TypingStarted, do, do)
	t.same("the start", want, events.next(t))
	t.same("one's own start", want, own.next(t))
	t.same("who types", want.CurrentTypers, s.typers())
	t.same("who types, by oneself", want.CurrentTypers, d.typers())
	d.stop()
	want = typingEvent(chat.TypingStopped, do)
	t.same("the end", want, events.next(t))
	t.same("one's own end", want, own.next(t))
	t.same("nobody types any more", []chat.TypingMember{}, s.typers())
}

func checkBothType(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	events := s.typing()
	d.keystroke()
	t.same("one", typingEvent(chat.TypingStarted, do, do), events.next(t))
	s.keystroke()
	t.same("both", typingEvent(chat.TypingStarted, see, do, see), events.next(t))
	t.same("who types", typingEvent(chat.TypingStarted, see, do, see).CurrentTypers, s.typers())
	d.stop()
	t.same("the other goes on", typingEvent(chat.TypingStopped, do, see), events.next(t))
}

// checkThrottle counts what crosses the wire: messages that change nothing are told by neither library.
func checkThrottle(t *trial, do, see person) {
	d, s := t.pair(do, see, `{"typing":{"heartbeatThrottleMs":600000}}`)
	events, reactions := s.typing(), s.roomReactions()
	d.stop()
	d.keystroke()
	d.keystroke()
	d.keystroke()
	d.stop()
	d.stop()
	d.keystroke() // at once, since stop ends the throttle
	d.reactToRoom(roomReaction{Name: "done"})
	reactions.next(t)
	t.same("the events", []chat.TypingEvent{typingEvent(chat.TypingStarted, do, do), typingEvent(chat.TypingStopped, do),
		typingEvent(chat.TypingStarted, do, do)}, events.take(t, 3))
	t.same("what was sent", []string{"typing.started", "typing.stopped", "typing.started", "roomReaction"}, t.published())
}

func checkTypingEnds(t *trial, do, see person) {
	d, s := t.pair(do, see, `{"typing":{"heartbeatThrottleMs":50}}`)
	events := s.typing()
	d.keystroke()
	t.same("the start, and the end", []chat.TypingEvent{typingEvent(chat.TypingStarted, do, do), typingEvent(chat.TypingStopped, do)}, events.take(t, 2))
}

func checkUnattachedTyping(t *trial, do, see person) {
	d, s := do.room(t, t.room, ""), see.room(t, t.room, "")
	s.attach()
	events := s.typing()
	d.keystroke()
	t.same("the start", typingEvent(chat.TypingStarted, do, do), events.next(t))
	t.same("the typer's status", "initialized", d.status())
}
