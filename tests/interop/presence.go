package main

import (
	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
)

// presenceData has values of every kind that JSON has, and no value. The order of kinds is fixed.
var presenceData = []struct {
	kind  string
	value any
}{
	{"an object", map[string]any{"mood": "ok ☃", "n": 1.5, "none": nil,
		"deep": map[string]any{"list": []any{"x", nil, true}}}},
	{"an empty object", map[string]any{}},
	{"a list", []any{"x", 1.0, map[string]any{"y": nil}}},
	{"a string", "a word ☃"},
	{"an empty string", ""},
	{"a string that is JSON", `{"a":1}`},
	{"a number", 42.5},
	{"a bool", true},
	{"null", null{}},
	{"none", nil},
}

func presenceDataChecks() (all []check) {
	for _, c := range presenceData {
		all = append(all, of("presence", row{"enter, update, leave, get: data is " + c.kind, checkPresence(c.value)})...)
	}
	return all
}

var presenceChecks = of("presence", []row{
	{"data on the wire", attached("", func(t *trial, d, s *room) {
		events := s.presence()
		data := map[string]any{"a": 1.0}
		d.enter(data)
		t.same("the event", any(data), events.next(t).Member.Data)
		// the frame has been sent, since its event has come
		sent := t.frames(ablytest.ActionPresence)[0].Presence[0]
		got := []any{sent["data"], sent["encoding"]}
		t.same("data and encoding", []any{`{"a":1}`, "json"}, got) // RSL4d3
	})},
	{"who was there before one attached", apart("", func(t *trial, d, s *room) {
		d.attach()
		d.enter(map[string]any{"mood": "ok"})
		was := d.members()
		t.same("how many", 1, len(was))
		events := s.presence()
		s.attach()
		t.same("the event", chat.PresenceEvent{Type: chat.PresencePresent, Member: was[0]}, events.next(t))
		t.same("get", was, s.members())
	})},
	{"both are present, is user present", attached("", func(t *trial, d, s *room) {
		events, own := s.presence(), d.presence()
		present := func(what string, one, other bool) {
			t.same(what, []bool{one, other}, []bool{s.isUserPresent(d.id()), d.isUserPresent(s.id())})
		}
		present("nobody", false, false)
		d.enter("one")
		events.next(t)
		s.enter("two")
		events.next(t)
		own.take(t, 2)
		t.same("members of both", d.members(), s.members())
		t.same("how many", 2, len(s.members()))
		present("both", true, true)
		d.leave(nil)
		events.next(t)
		present("one has left", false, true)
	})},
	{"update of one who has not entered", attached("", func(t *trial, d, s *room) {
		events := s.presence()
		d.updatePresence(map[string]any{"a": 1.0})
		sees(t, events, chat.PresenceEnter, d.id(), map[string]any{"a": 1.0})
	})},
	{"detach and release leave", attached("", func(t *trial, d, s *room) {
		events := s.presence()
		for _, end := range []func(){d.detach, d.release} {
			d.attach()
			d.enter("here")
			t.same("enter", chat.PresenceEnter, events.next(t).Type)
			end()
			sees(t, events, chat.PresenceLeave, d.id(), "here")
		}
	})},
	// The server detaches both clients and forgets which members are present. Each client must
	// enter again by itself (RTP17).
	{"present again after a loss of continuity", attached("", func(t *trial, d, s *room) {
		lost, events := d.discontinuities(), s.presence()
		data := map[string]any{"mood": "ok", "list": []any{1.0}}
		d.enter(data)
		t.same("enter", chat.PresenceEnter, events.next(t).Type)
		channel := ablychat.ChannelName(t.room)
		t.server.LoseContinuity(channel)
		t.server.DetachChannel(channel, ablytest.NewError(90198, 400, "moved"))
		lost.next(t)
		events.until(t, func(e chat.PresenceEvent) bool {
			return e.Type == chat.PresenceEnter || e.Type == chat.PresencePresent
		})
		var present []any
		for _, m := range s.members() {
			present = append(present, m.ClientID, m.Data)
		}
		t.same("who is present, and with what", []any{d.id(), data}, present)
	})},
	{"events, where the room has them off", func(t *trial, do, see person) {
		d, s := do.room(t, t.room, `{"presence":{"enableEvents":false}}`), see.room(t, t.room, "")
		t.refused("subscribe", code{102108, 400}, func() { d.presence() })
		s.attach()
		d.attach()
		events := s.presence()
		d.enter("here all the same")
		t.same("the other's event", any("here all the same"), events.next(t).Member.Data)
	}},
	{"of a room that is not attached", apart("", func(t *trial, d, _ *room) {
		t.refused("a room that is not attached", code{102112, 400}, func() { d.enter("x") },
			func() { d.updatePresence("x") }, func() { d.leave("x") }, func() { d.members() },
			func() { d.isUserPresent("x") })
	})},
}...)

// sees takes the next event, and compares its type, and the clientId and the data of its member.
func sees(t *trial, events *inbox[chat.PresenceEvent], kind chat.PresenceEventType, who string, data any) {
	e := events.next(t)
	t.same("the event", []any{kind, who, data}, []any{e.Type, e.Member.ClientID, e.Member.Data})
}

func checkPresence(data any) runner {
	return attached("", func(t *trial, d, s *room) {
		_, number := data.(float64)
		if _, yes := data.(bool); d.official() && (number || yes) {
			t.refused("enter", code{40013, 400}, func() { d.enter(data) }, func() { d.updatePresence(data) },
				func() { d.leave(data) })
			t.differ("the official client refuses a number or a bool as presence data with 40013 (ably-js, " +
				"encodeData in src/common/lib/types/basemessage.ts; the declared type is JsonObject, @ably/chat " +
				"src/core/presence.ts); this library sends any JSON value")
			return
		}
		own, events := d.presence(), s.presence()
		step := func(kind chat.PresenceEventType) {
			e := events.next(t)
			want := chat.PresenceMember{ClientID: d.id(), ConnectionID: e.Member.ConnectionID,
				Data: given(data), Extras: e.Member.Extras, UpdatedAt: e.Member.UpdatedAt}
			t.same(string(kind), chat.PresenceEvent{Type: kind, Member: want}, e)
			t.same("a connection, a time and no extras", []bool{true, true, true}, []bool{
				want.ConnectionID != "", want.UpdatedAt.UnixMilli() > 0, len(want.Extras) == 0})
			t.same("one's own event", e, own.next(t))
			if kind != chat.PresenceLeave {
				t.same("get by the other", []chat.PresenceMember{want}, s.members())
				t.same("get by oneself", []chat.PresenceMember{want}, d.members())
			}
		}
		d.enter(data)
		step(chat.PresenceEnter)
		d.updatePresence(data)
		step(chat.PresenceUpdate)
		d.leave(data)
		step(chat.PresenceLeave)
		t.same("who is present then", 0, len(s.members()))
	})
}
