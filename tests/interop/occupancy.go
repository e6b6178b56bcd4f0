package main

import (
	"ablyrooms.example/chat"
)

var occupancyChecks = []check{
	{"occupancy", "events of attaching, entering, leaving, detaching; current; get", checkOccupancy},
	{"occupancy", "current before the first event", checkNoOccupancyYet},
	{"occupancy", "events and current, where the room has them off", checkOccupancyOff},
	{"occupancy", "get of a room where nobody is", checkNobody},
	{"occupancy", "connections of one who subscribes to message reactions", checkSecondConnection},
}

const occupied = `{"occupancy":{"enableEvents":true}}`

func checkOccupancy(t *trial, do, see person) {
	d, s := do.room(t, t.room, occupied), see.room(t, t.room, occupied)
	events := s.occupancies()
	told := func(what string, want chat.Occupancy) {
		all := events.until(t, func(o chat.Occupancy) bool { return o == want }) // the same may be told twice
		t.same(what, want, all[len(all)-1])
		current := s.currentOccupancy()
		t.same("current, "+what, &want, current)
		t.same("get by one, "+what, want, d.occupancy())
		t.same("get by the other, "+what, want, s.occupancy())
	}
	s.attach()
	told("one is there", chat.Occupancy{Connections: 1})
	d.attach()
	told("two are there", chat.Occupancy{Connections: 2})
	d.enter(nil)
	told("one has entered", chat.Occupancy{Connections: 2, PresenceMembers: 1})
	d.leave(nil)
	told("one has left", chat.Occupancy{Connections: 2})
	d.detach()
	told("one has detached", chat.Occupancy{Connections: 1})
}

func checkNoOccupancyYet(t *trial, do, _ person) {
	d := do.room(t, t.room, occupied)
	t.same("current", (*chat.Occupancy)(nil), d.currentOccupancy())
}

func checkOccupancyOff(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	t.refused("occupancy events", code{102108, 400}, func() { d.occupancies() }, func() { d.currentOccupancy() })
}

func checkNobody(t *trial, do, see person) {
	d, s := do.room(t, t.room, ""), see.room(t, t.room, "")
	t.same("get by one", chat.Occupancy{}, d.occupancy())
	t.same("get by the other", chat.Occupancy{}, s.occupancy())
}

// checkSecondConnection shows what the README says under "What it is not": ably-go drops annotations, so that this library has a connection
// of its own for them.
func checkSecondConnection(t *trial, do, see person) {
	d, s := do.room(t, t.room, ""), see.room(t, t.room, occupied)
	s.attach()
	d.attach()
	events := s.occupancies()
	t.same("before", 2, s.occupancy().Connections)
	d.summaries()
	extra := 0
	if !do.official() {
		extra = 1
		events.until(t, func(o chat.Occupancy) bool { return o.Connections == 3 })
		t.differ("one of this library who subscribes to message reactions counts as two connections, since ably-go v1.4.1 knows no " +
			"ANNOTATION frames and drops summaries (ably/proto_action.go, Message in ably/proto_message.go), so that this library has a connection of its " +
			"own for them (adapter/ably/annotations.go); the official client counts as one. Seen in the occupancy that the other is told")
	}
	t.same("after", 2+extra, s.occupancy().Connections)
}
