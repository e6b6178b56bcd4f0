package chat

import (
	"cmp"
	"slices"
	"time"
)

// TypingEventType tells what a [TypingChange] is about.
type TypingEventType string

// The types, which are also the names of the messages that tell of them.
const (
	TypingStarted TypingEventType = "typing.started"
	TypingStopped TypingEventType = "typing.stopped"
)

// TypingMember is somebody who types (CHA-T18).
type TypingMember struct {
	ClientID  string
	UserClaim string // of the typer's token, by the server's word; empty for none (CHA-T13a1)
}

// TypingChange is what changed the set of those who type.
type TypingChange struct {
	Type TypingEventType
	TypingMember
}

// TypingEvent tells that the set of those who type has changed (CHA-T6).
type TypingEvent struct {
	Change        TypingChange
	CurrentTypers []TypingMember // in the order of their client ids
}

// Typers is the set of those who type (CHA-T13). The zero Typers is empty. It knows no clock: whoever uses it gives the time, of a clock
// that never goes back, and lets go who has been silent for too long by [Typers.Expire].
type Typers struct {
	members []typer // sorted by client id
}

type typer struct {
	TypingMember
	until time.Duration
}

func (t *Typers) find(clientID string) (int, bool) {
	return slices.BinarySearchFunc(t.members, clientID, func(m typer, id string) int { return cmp.Compare(m.ClientID, id) })
}

// Started takes a heartbeat of a member that holds until a time. It returns the event to tell, if there is one: for somebody new
// (CHA-T13b1), or with another claim (CHA-T13a1); not for somebody who goes on (CHA-T13b2).
func (t *Typers) Started(m TypingMember, until time.Duration) (TypingEvent, bool) {
	i, known := t.find(m.ClientID)
	if known {
		changed := t.members[i].UserClaim != m.UserClaim
		t.members[i] = typer{m, until}
		return t.event(TypingStarted, m, changed)
	}
	t.members = slices.Insert(t.members, i, typer{m, until})
	return t.event(TypingStarted, m, true)
}

// Stopped takes the end of a member's typing (CHA-T13b4); of one who doesn't type it is no event (CHA-T13b5).
func (t *Typers) Stopped(m TypingMember) (TypingEvent, bool) {
	i, known := t.find(m.ClientID)
	if known {
		t.members = slices.Delete(t.members, i, i+1)
	}
	return t.event(TypingStopped, m, known)
}

// Expire removes one member whose heartbeat is over at a time, the one whose was over first; call it until it finds none (CHA-T13b3).
func (t *Typers) Expire(now time.Duration) (TypingEvent, bool) {
	first := -1
	for i, m := range t.members {
		if m.until <= now && (first < 0 || m.until < t.members[first].until) {
			first = i
		}
	}
	if first < 0 {
		return TypingEvent{}, false
	}
	m := t.members[first].TypingMember
	t.members = slices.Delete(t.members, first, first+1)
	return t.event(TypingStopped, m, true)
}

// Next returns when the next heartbeat is over; false when nobody types.
func (t *Typers) Next() (at time.Duration, ok bool) {
	for i, m := range t.members {
		if i == 0 || m.until < at {
			at = m.until
		}
	}
	return at, len(t.members) > 0
}

// Current returns those who type, in the order of their client ids (CHA-T18).
func (t *Typers) Current() []TypingMember {
	current := make([]TypingMember, len(t.members))
	for i, m := range t.members {
		current[i] = m.TypingMember
	}
	return current
}

func (t *Typers) event(kind TypingEventType, m TypingMember, told bool) (TypingEvent, bool) {
	if !told {
		return TypingEvent{}, false
	}
	return TypingEvent{Change: TypingChange{kind, m}, CurrentTypers: t.Current()}, true
}
