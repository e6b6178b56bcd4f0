package main

import (
	"fmt"
	"sync"

	"ablyrooms.example/chat"
)

// nameChecks returns checks with names of rooms that are difficult in the path or query of a URL.
func nameChecks() (all []check) {
	for _, odd := range []string{"a room", "a/b", "/", "why?", "a b?c=d&e#f", "100%", "%2F", "späti ☃", "a;b,c:d",
		"a::$chat", "+", `"'\`} {
		name := func(room string) string { return odd + room }
		all = append(all, of("names of rooms", row{fmt.Sprintf("%q", odd), named(name, everythingByName)})...)
	}
	return append(all, of("names of rooms", row{`".."`, checkDots()})...)
}

// everythingByName makes each kind of request that has the name in its path, including one for a
// second page, and uses the room's channel.
var everythingByName = attached(occupied, func(t *trial, d, s *room) {
	events, reactions := s.messages(), s.roomReactions()
	sent := sentAndSeen(t, d, full, events)
	updated := d.update(sent.Serial, content{Text: "new"}, details{})
	t.same("the update", updated, events.next(t).Message)
	d.react(sent.Serial, reaction{Name: "a/b?"})
	one := s.message(sent.Serial)
	t.same("who reacted", map[string]chat.ReactionClients{"a/b?": by(d.id())}, one.Reactions.Distinct)
	two := sentAndSeen(t, d, content{Text: "two"}, events)
	three := sentAndSeen(t, d, content{Text: "three"}, events)
	t.same("the history", []chat.Message{three, two, one}, s.all(query{Limit: 1}))
	d.reactToRoom(roomReaction{Name: "🎉"})
	t.same("the reaction to the room", "🎉", reactions.next(t).Name)
	t.same("the occupancy", d.occupancy(), s.occupancy())
})

// checkDots uses the name "..", which in a URL means the folder above. All trials use the same room
// then, so they run one after another.
func checkDots() runner {
	var turn sync.Mutex
	check := attached("", func(t *trial, d, s *room) {
		if d.official() {
			t.refused("send", code{40400, 404}, func() { d.send(full) })
			t.differ("the official client reaches no messages of a room with the name \"..\": encodeURIComponent " +
				"doesn't escape this name (_roomUrl in @ably/chat's src/core/chat-api.ts), and the URL drops it from " +
				"its path, so the request is for /chat/v4/messages; this library's requests contain the name")
			return
		}
		events := s.messages()
		sent := sentAndSeen(t, d, full, events)
		t.same("get", sent, d.message(sent.Serial))
	})
	return func(t *trial, do, see person) {
		turn.Lock()
		t.atEnd(turn.Unlock)
		named(func(string) string { return ".." }, check)(t, do, see)
	}
}
