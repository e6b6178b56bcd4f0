package main

import (
	"fmt"

	"ablyrooms.example/chat"
)

var typingChecks = of("typing", []row{
	{"keystroke and stop: change and set", attached("", func(t *trial, d, s *room) {
		own, events := d.typing(), s.typing()
		t.same("nobody types", []chat.TypingMember{}, s.typers())
		d.keystroke()
		want := typingEvent(chat.TypingStarted, d, d)
		t.same("the start", want, events.next(t))
		t.same("one's own start", want, own.next(t))
		t.same("who types", want.CurrentTypers, s.typers())
		t.same("who types, by oneself", want.CurrentTypers, d.typers())
		d.stop()
		want = typingEvent(chat.TypingStopped, d)
		t.same("the end", want, events.next(t))
		t.same("one's own end", want, own.next(t))
		t.same("nobody types any more", []chat.TypingMember{}, s.typers())
	})},
	{"of both: the set", attached("", func(t *trial, d, s *room) {
		events := s.typing()
		d.keystroke()
		t.same("one", typingEvent(chat.TypingStarted, d, d), events.next(t))
		s.keystroke()
		t.same("both", typingEvent(chat.TypingStarted, s, d, s), events.next(t))
		t.same("who types", typingEvent(chat.TypingStarted, s, d, s).CurrentTypers, s.typers())
		d.stop()
		t.same("the other goes on", typingEvent(chat.TypingStopped, d, s), events.next(t))
	})},
	// Messages that change nothing are reported by neither library, so the frames on the wire are
	// counted.
	{"keystrokes within the throttle, stop without typing: nothing is sent", attached(throttle(600_000), func(t *trial, d, s *room) {
		events, reactions := s.typing(), s.roomReactions()
		d.stop()
		d.keystroke()
		d.keystroke()
		d.keystroke()
		d.stop()
		d.stop()
		d.keystroke() // sent at once, since stop ends the throttle
		d.reactToRoom(roomReaction{Name: "done"})
		reactions.next(t)
		t.same("the events", []chat.TypingEvent{typingEvent(chat.TypingStarted, d, d), typingEvent(chat.TypingStopped, d),
			typingEvent(chat.TypingStarted, d, d)}, events.take(t, 3))
		t.same("what was sent", []string{"typing.started", "typing.stopped", "typing.started", "roomReaction"}, t.published())
	})},
	{"the end without stop, two seconds after the throttle", attached(throttle(50), func(t *trial, d, s *room) {
		events := s.typing()
		d.keystroke()
		t.same("the start", typingEvent(chat.TypingStarted, d, d), events.next(t))
		t.same("the end", typingEvent(chat.TypingStopped, d), events.next(t))
	})},
	{"without attaching", apart("", func(t *trial, d, s *room) {
		s.attach()
		events := s.typing()
		d.keystroke()
		t.same("the start", typingEvent(chat.TypingStarted, d, d), events.next(t))
		t.same("the typer's status", "initialized", d.status())
	})},
}...)

// typingEvent returns the event of a change. now are the persons who type after it.
func typingEvent(kind chat.TypingEventType, who person, now ...person) chat.TypingEvent {
	member := chat.TypingMember{ClientID: who.id()}
	e := chat.TypingEvent{Change: chat.TypingChange{Type: kind, TypingMember: member}, CurrentTypers: []chat.TypingMember{}}
	for _, p := range now {
		e.CurrentTypers = append(e.CurrentTypers, chat.TypingMember{ClientID: p.id()})
	}
	inOrder(e.CurrentTypers)
	return e
}

// throttle returns the options of a room with an interval between keystrokes, in milliseconds.
func throttle(ms int) string { return fmt.Sprintf(`{"typing":{"heartbeatThrottleMs":%d}}`, ms) }
