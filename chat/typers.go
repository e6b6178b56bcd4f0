package chat

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"time"
)

// TypingEventType tells what a [TypingChange] is about.
type TypingEventType string

// The types, which are also the names of the messages that report them.
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

// Typers is the set of those who type (CHA-T13). The zero Typers is empty. A change costs little,
// however many type: see [TypersAfter] for the list. Typers knows no clock: its caller gives
// the time, of a clock that never goes back, and lets go who has been silent for too long by
// [Typers.Expire].
type Typers struct {
	members map[string]*typer
	ends    typersByEnd
}

type typer struct {
	TypingMember
	until time.Duration
	index int // in ends
}

// Started takes a heartbeat of a member that holds until a time. It returns the change to tell, if
// there is one: for somebody new (CHA-T13b1), or with another claim (CHA-T13a1); not for somebody
// who goes on (CHA-T13b2).
func (t *Typers) Started(m TypingMember, until time.Duration) (change TypingChange, told bool) {
	change = TypingChange{TypingStarted, m}
	if known := t.members[m.ClientID]; known != nil {
		told = known.UserClaim != m.UserClaim
		known.TypingMember, known.until = m, until
		heap.Fix(&t.ends, known.index)
		return change, told
	}
	if t.members == nil {
		t.members = map[string]*typer{}
	}
	one := &typer{TypingMember: m, until: until}
	t.members[m.ClientID] = one
	heap.Push(&t.ends, one)
	return change, true
}

// Stopped takes the end of a member's typing (CHA-T13b4); of one who doesn't type it is no change
// (CHA-T13b5).
func (t *Typers) Stopped(m TypingMember) (change TypingChange, told bool) {
	known := t.members[m.ClientID]
	if known != nil {
		heap.Remove(&t.ends, known.index)
		delete(t.members, m.ClientID)
	}
	return TypingChange{TypingStopped, m}, known != nil
}

// Expire removes one member whose heartbeat is over at a time, the one whose was over first; call
// it until it finds none (CHA-T13b3).
func (t *Typers) Expire(now time.Duration) (change TypingChange, told bool) {
	if len(t.ends) == 0 || t.ends[0].until > now {
		return TypingChange{}, false
	}
	return t.Stopped(t.ends[0].TypingMember)
}

// Next returns when the next heartbeat is over; false when no member types.
func (t *Typers) Next() (at time.Duration, ok bool) {
	if len(t.ends) == 0 {
		return 0, false
	}
	return t.ends[0].until, true
}

// TypersAfter returns those who type after changes, in the order of their client ids (CHA-T18): a
// new list, from the one before, which stays as it is.
func TypersAfter(before []TypingMember, changes ...TypingChange) []TypingMember {
	last := make(map[string]TypingChange, len(changes))
	for _, c := range changes {
		last[c.ClientID] = c
	}
	after := make([]TypingMember, 0, len(before)+len(last))
	for _, m := range before {
		if _, changed := last[m.ClientID]; !changed {
			after = append(after, m)
		}
	}
	sorted := len(after)
	for _, c := range last {
		if c.Type == TypingStarted {
			after = append(after, c.TypingMember)
		}
	}
	if len(after) == sorted+1 { // the usual case costs no sorting
		m := after[sorted]
		i, _ := slices.BinarySearchFunc(after[:sorted], m.ClientID, func(m TypingMember, id string) int { return strings.Compare(m.ClientID, id) })
		copy(after[i+1:], after[i:sorted])
		after[i] = m
	} else if len(after) > sorted {
		slices.SortFunc(after, func(a, b TypingMember) int { return strings.Compare(a.ClientID, b.ClientID) })
	}
	return after
}

// typersByEnd is a heap of members: who is over first is on top, by the client id among equals.
type typersByEnd []*typer

func (h typersByEnd) Len() int { return len(h) }
func (h typersByEnd) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].until, h[j].until), strings.Compare(h[i].ClientID, h[j].ClientID)) < 0
}

func (h typersByEnd) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *typersByEnd) Push(one any) {
	m := one.(*typer)
	m.index = len(*h)
	*h = append(*h, m)
}

func (h *typersByEnd) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return m
}
