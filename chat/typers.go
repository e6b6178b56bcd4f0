package chat

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"
	"time"
)

// TypingEventType says whether a [TypingChange] is a start or a stop.
type TypingEventType string

// The types. They are also the names of the messages that report the changes.
const (
	TypingStarted TypingEventType = "typing.started"
	TypingStopped TypingEventType = "typing.stopped"
)

// TypingMember is a client that is typing (CHA-T18).
type TypingMember struct {
	ClientID string
	// the claim in the client's token, added by the server; empty if there is none (CHA-T13a1)
	UserClaim string
}

// TypingChange says which client started or stopped typing.
type TypingChange struct {
	Type TypingEventType
	TypingMember
}

// TypingEvent reports that a client started or stopped typing (CHA-T6).
type TypingEvent struct {
	Change        TypingChange
	CurrentTypers []TypingMember // all clients that are typing, sorted by client id
}

// Typers is the set of clients that are typing (CHA-T13). The zero Typers is empty. A change costs
// little, however many clients are typing; [TypersAfter] makes the list. Typers has no clock: the
// caller passes the time, from a monotonic clock, and removes clients that were silent for too long
// with [Typers.Expire].
type Typers struct {
	members map[string]*typer
	ends    typersByEnd
}

type typer struct {
	TypingMember
	until time.Duration
	index int // the index in Typers.ends
}

// Started handles a heartbeat of the client m, which is valid until the time until. told reports
// whether there is a change to report: the client was not typing before (CHA-T13b1), or it has
// another claim than before (CHA-T13a1). If it was typing with the same claim, there is no change
// (CHA-T13b2).
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

// Stopped handles the end of a client's typing (CHA-T13b4). If the client is not typing, there is
// no change (CHA-T13b5).
func (t *Typers) Stopped(m TypingMember) (change TypingChange, told bool) {
	known := t.members[m.ClientID]
	if known != nil {
		heap.Remove(&t.ends, known.index)
		delete(t.members, m.ClientID)
	}
	return TypingChange{TypingStopped, m}, known != nil
}

// Expire removes one client whose heartbeat is no longer valid at the time now: the one whose
// heartbeat ended first. Call it until it returns false (CHA-T13b3).
func (t *Typers) Expire(now time.Duration) (change TypingChange, told bool) {
	if len(t.ends) == 0 || t.ends[0].until > now {
		return TypingChange{}, false
	}
	return t.Stopped(t.ends[0].TypingMember)
}

// Next returns the time when the next heartbeat ends. It returns false if no client is typing.
func (t *Typers) Next() (at time.Duration, ok bool) {
	if len(t.ends) == 0 {
		return 0, false
	}
	return t.ends[0].until, true
}

// TypersAfter returns the clients that are typing after some changes, sorted by client id
// (CHA-T18). It returns a new list, and doesn't change before, the list before the changes.
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
	if len(after) == sorted+1 { // one new client, the usual case, needs no sort
		m := after[sorted]
		i, _ := slices.BinarySearchFunc(after[:sorted], m.ClientID, func(m TypingMember, id string) int { return strings.Compare(m.ClientID, id) })
		copy(after[i+1:], after[i:sorted])
		after[i] = m
	} else if len(after) > sorted {
		slices.SortFunc(after, func(a, b TypingMember) int { return strings.Compare(a.ClientID, b.ClientID) })
	}
	return after
}

// typersByEnd is a heap of clients, in the order of the ends of their heartbeats, then of client
// ids.
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
