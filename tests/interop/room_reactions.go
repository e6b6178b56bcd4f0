package main

import (
	"ablyrooms.example/chat"
)

var roomReactionChecks = of("room reactions", []row{
	{"name, metadata, headers, unicode", checkRoomReaction(roomReaction{"🎉 ☃", full.Metadata,
		map[string]any{"h": "v", "número": -2.5, "b": true, "zero": 0.0}})},
	{"a header that is null", attached("", func(t *trial, d, s *room) {
		reactions := s.roomReactions()
		d.reactToRoom(roomReaction{Name: "like", Headers: map[string]any{"none": nil, "h": "v"}})
		got := reactions.next(t).Headers
		want := map[string]any{"none": nil, "h": "v"}
		if d.official() && d.binary() {
			delete(want, "none")
			t.differ("in MessagePack the official client doesn't send a header that is null, since ably-js leaves nulls out of " +
				"protocol messages (MsgPack.encode(body, true) in its src/common/lib/util/utils.ts, encodeableKeys in @ably/msgpack-js's msgpack.js); " +
				"in JSON it sends such a header; this library sends it in both formats")
		}
		t.same("the headers", want, got)
	})},
	{"name alone", checkRoomReaction(roomReaction{Name: "like"})},
	{"without attaching", apart("", func(t *trial, d, s *room) {
		s.attach()
		reactions := s.roomReactions()
		d.reactToRoom(roomReaction{Name: "like"})
		seen(t, d, roomReaction{Name: "like"}, reactions.next(t))
		t.same("the sender's status", "initialized", d.status())
	})},
	{"an empty name", apart("", func(t *trial, d, _ *room) {
		t.refused("an empty name", code{40003, 400}, func() { d.reactToRoom(roomReaction{}) })
	})},
}...)

func checkRoomReaction(r roomReaction) runner {
	return attached("", func(t *trial, d, s *room) {
		own, reactions := d.roomReactions(), s.roomReactions()
		d.reactToRoom(r)
		got := reactions.next(t)
		seen(t, d, r, got)
		mine := own.next(t)
		t.same("that one's own is one's own", true, mine.IsSelf)
		mine.IsSelf = false
		t.same("one's own event", got, mine)
	})
}

func seen(t *trial, do person, r roomReaction, got chat.RoomReaction) {
	want := chat.RoomReaction{Name: r.Name, ClientID: do.id(), Metadata: r.Metadata, Headers: r.Headers,
		CreatedAt: got.CreatedAt}
	if want.Metadata == nil {
		want.Metadata = map[string]any{}
	}
	if want.Headers == nil {
		want.Headers = map[string]any{}
	}
	t.same("the reaction", want, got)
	t.same("that it has a time", true, got.CreatedAt.UnixMilli() > 0)
}
