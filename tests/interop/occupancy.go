package main

import (
	"ablyrooms.example/chat"
)

var occupancyChecks = of("occupancy", []row{
	{"events of attaching, entering, leaving, detaching; current; get", apart(occupied, func(t *trial, d, s *room) {
		events := s.occupancies()
		told := func(what string, want chat.OccupancyData) {
			// the same occupancy may be reported twice
			all := events.until(t, func(o chat.OccupancyData) bool { return o == want })
			t.same(what, want, all[len(all)-1])
			current := s.currentOccupancy()
			t.same("current, "+what, &want, current)
			t.same("get by one, "+what, want, d.occupancy())
			t.same("get by the other, "+what, want, s.occupancy())
		}
		s.attach()
		told("one is there", chat.OccupancyData{Connections: 1})
		d.attach()
		told("two are there", chat.OccupancyData{Connections: 2})
		d.enter(nil)
		told("one has entered", chat.OccupancyData{Connections: 2, PresenceMembers: 1})
		d.leave(nil)
		told("one has left", chat.OccupancyData{Connections: 2})
		d.detach()
		told("one has detached", chat.OccupancyData{Connections: 1})
	})},
	{"current before the first event", apart(occupied, func(t *trial, d, _ *room) {
		t.same("current", (*chat.OccupancyData)(nil), d.currentOccupancy())
	})},
	{"events and current, where the room has them off", apart("", func(t *trial, d, _ *room) {
		t.refused("occupancy events", code{102108, 400}, func() { d.occupancies() }, func() { d.currentOccupancy() })
	})},
	{"get of a room where nobody is", apart("", func(t *trial, d, s *room) {
		t.same("get by one", chat.OccupancyData{}, d.occupancy())
		t.same("get by the other", chat.OccupancyData{}, s.occupancy())
	})},
	{"connections of one who subscribes to message reactions", func(t *trial, do, see person) {
		d, s := do.room(t, t.room, ""), see.room(t, t.room, occupied)
		s.attach()
		d.attach()
		t.same("before", 2, s.occupancy().Connections)
		d.summaries()
		t.same("after", 2, s.occupancy().Connections)
	}},
}...)

const occupied = `{"occupancy":{"enableEvents":true}}`
