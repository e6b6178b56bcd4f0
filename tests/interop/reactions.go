package main

import (
	"slices"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

var reactionChecks = []check{
	{"message reactions", "unique: one replaces the other, delete", checkUnique},
	{"message reactions", "distinct: several, of both, delete one", checkDistinct},
	{"message reactions", "multiple: counts add up, delete", checkMultiple},
	{"message reactions", "the room's default type", checkDefaultType},
	{"message reactions", "odd names", checkOddReactions},
	{"message reactions", "summaries on messages: get, history, update", checkSummariesOnMessages},
	{"message reactions", "a client's own, where the summary is clipped", checkClientReactions},
	{"message reactions", "raw: unique", checkRaw("unique")},
	{"message reactions", "raw: distinct", checkRaw("distinct")},
	{"message reactions", "raw: multiple", checkRaw("multiple")},
	{"message reactions", "raw, where the room has it off", checkRawOff},
	{"message reactions", "an empty name", checkNamelessReaction},
	{"message reactions", "a count of a distinct reaction", checkCountOfDistinct},
	{"message reactions", "an unknown type", checkUnknownType},
}

// summary makes a summary event, from what is not empty.
func summary(serial string, r chat.Reactions) chat.ReactionSummaryEvent {
	return chat.ReactionSummaryEvent{MessageSerial: serial, Reactions: r.Clone()}
}

// by is what a summary says of those who reacted with a name. The embedded server lists them in the order of their ids.
func by(ids ...string) chat.ClientList {
	slices.Sort(ids)
	return chat.ClientList{Total: len(ids), ClientIDs: ids}
}

// watchers are both persons' subscriptions to summaries. A step is waited for by both before the next, so that none is summed up with it.
type watchers []*inbox[chat.ReactionSummaryEvent]

func (w watchers) see(t *trial, what, serial string, want chat.Reactions) {
	for _, summaries := range w {
		t.same(what, summary(serial, want), summaries.next(t))
	}
}

func checkUnique(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	w := watchers{d.summaries(), s.summaries()}
	m := s.send(full).Serial
	d.react(m, reaction{Name: "👍", Type: "unique"})
	w.see(t, "the first", m, chat.Reactions{Unique: map[string]chat.ClientList{"👍": by(do.clientID())}})
	d.react(m, reaction{Name: "❤️", Type: "unique"})
	w.see(t, "another in its place", m, chat.Reactions{Unique: map[string]chat.ClientList{"❤️": by(do.clientID())}})
	d.unreact(m, reaction{Type: "unique"})
	w.see(t, "none", m, chat.Reactions{})
}

func checkDistinct(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	w := watchers{d.summaries(), s.summaries()}
	m := s.send(full).Serial
	d.react(m, reaction{Name: "👍", Type: "distinct"})
	w.see(t, "one", m, chat.Reactions{Distinct: map[string]chat.ClientList{"👍": by(do.clientID())}})
	d.react(m, reaction{Name: "🎉", Type: "distinct"})
	w.see(t, "two", m, chat.Reactions{Distinct: map[string]chat.ClientList{"👍": by(do.clientID()), "🎉": by(do.clientID())}})
	s.react(m, reaction{Name: "👍", Type: "distinct"})
	w.see(t, "of both", m, chat.Reactions{Distinct: map[string]chat.ClientList{"👍": by(do.clientID(), see.clientID()), "🎉": by(do.clientID())}})
	d.unreact(m, reaction{Name: "👍", Type: "distinct"})
	w.see(t, "one taken away", m, chat.Reactions{Distinct: map[string]chat.ClientList{"👍": by(see.clientID()), "🎉": by(do.clientID())}})
}

func checkMultiple(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	w := watchers{d.summaries(), s.summaries()}
	m := s.send(full).Serial
	of := func(who map[string]int) chat.Reactions {
		c := chat.ClientCounts{ClientIDs: who, TotalClientIDs: len(who)}
		for _, n := range who {
			c.Total += n
		}
		return chat.Reactions{Multiple: map[string]chat.ClientCounts{"👏": c}}
	}
	d.react(m, reaction{Name: "👏", Type: "multiple"})
	w.see(t, "without a count", m, of(map[string]int{do.clientID(): 1}))
	d.react(m, reaction{Name: "👏", Type: "multiple", Count: 4})
	w.see(t, "four more", m, of(map[string]int{do.clientID(): 5}))
	s.react(m, reaction{Name: "👏", Type: "multiple", Count: 2})
	w.see(t, "of both", m, of(map[string]int{do.clientID(): 5, see.clientID(): 2}))
	d.unreact(m, reaction{Name: "👏", Type: "multiple"})
	w.see(t, "one's taken away", m, of(map[string]int{see.clientID(): 2}))
}

func checkDefaultType(t *trial, do, see person) {
	d, s := t.pair(do, see, `{"messages":{"defaultMessageReactionType":"unique"}}`)
	w := watchers{d.summaries(), s.summaries()}
	m := s.send(full).Serial
	d.react(m, reaction{Name: "👍"})
	w.see(t, "unique, since the room says so", m, chat.Reactions{Unique: map[string]chat.ClientList{"👍": by(do.clientID())}})
	d.unreact(m, reaction{})
	w.see(t, "none", m, chat.Reactions{})
}

func checkOddReactions(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	w := watchers{d.summaries(), s.summaries()}
	m := s.send(full).Serial
	for _, name := range []string{"a/b", "a b?c=d&e#f", "100%", "ä+☃", `"`, ":like:"} {
		d.react(m, reaction{Name: name})
		w.see(t, "reaction "+name, m, chat.Reactions{Distinct: map[string]chat.ClientList{name: by(do.clientID())}})
		d.unreact(m, reaction{Name: name})
		w.see(t, "the end of reaction "+name, m, chat.Reactions{})
	}
}

func checkSummariesOnMessages(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	w := watchers{d.summaries(), s.summaries()}
	m := s.send(full).Serial
	d.react(m, reaction{Name: "👍", Type: "unique"})
	d.react(m, reaction{Name: "🎉", Type: "distinct"})
	d.react(m, reaction{Name: "👏", Type: "multiple", Count: 3})
	var last chat.ReactionSummaryEvent
	for _, summaries := range w {
		seen := summaries.until(t, func(e chat.ReactionSummaryEvent) bool { return len(e.Reactions.Multiple) > 0 })
		last = seen[len(seen)-1]
	}
	got := s.message(m)
	t.same("get by the other, and the summary told", last.Reactions, got.Reactions)
	t.same("get by both", d.message(m), got)
	t.same("history", [][]chat.Message{{got}}, s.history(query{}))
	updated := s.update(m, content{Text: "new"}, details{})
	t.same("the reactions of what update returns", got.Reactions, updated.Reactions)
}

// checkClientReactions has more react than the server lists.
func checkClientReactions(t *trial, do, see person) {
	d, s := t.pair(do, see, "")
	m := s.send(full).Serial
	d.react(m, reaction{Name: "👍", Type: "unique"})
	d.react(m, reaction{Name: "🎉", Type: "distinct"})
	d.react(m, reaction{Name: "👏", Type: "multiple", Count: 3})
	s.react(m, reaction{Name: "👏", Type: "multiple", Count: 2})
	others(t, m, reaction{Name: "👏", Type: "multiple", Count: 1})
	t.same("that the summary is clipped", true, s.message(m).Reactions.Multiple["👏"].Clipped)
	t.same("the message of both", d.message(m), s.message(m))
	own := d.clientReactions(m, "")
	t.same("one's own, without naming oneself, and by the other", own, s.clientReactions(m, do.clientID()))
	t.same("how often", 3, own.Multiple["👏"].ClientIDs[do.clientID()])
	t.same("unique and distinct", []bool{true, true}, []bool{len(own.Unique) == 1, len(own.Distinct) == 1})
	t.same("of the other", s.clientReactions(m, ""), d.clientReactions(m, see.clientID()))
	t.same("of nobody", d.clientReactions(m, "nobody"), s.clientReactions(m, "nobody"))
}

func checkRaw(kind string) func(t *trial, do, see person) {
	return func(t *trial, do, see person) {
		d, s := t.pair(do, see, `{"messages":{"rawMessageReactions":true}}`)
		own, raws := d.raws(), s.raws()
		m := s.send(full).Serial
		r := reaction{Name: "👍", Type: kind}
		want := chat.RawReaction{MessageSerial: m, Type: lifecycle.MessageReactionType(kind), Name: "👍", ClientID: do.clientID()}
		if kind == "multiple" {
			r.Count, want.Count = 3, 3
		}
		d.react(m, r)
		created := raws.next(t)
		t.same("the reaction", chat.RawReactionEvent{Type: chat.ReactionCreated, Timestamp: created.Timestamp, Reaction: want}, created)
		t.same("that it has a time", true, created.Timestamp.UnixMilli() > 0)
		t.same("one's own event", created, own.next(t))
		if kind == "multiple" {
			want.Count = 1
			r.Count = 0
			d.react(m, r)
			t.same("without a count", want, raws.next(t).Reaction)
			own.next(t)
			want.Count = 0
		}
		if kind == "unique" {
			r.Name, want.Name = "", ""
		}
		d.unreact(m, r)
		deleted := raws.next(t)
		t.same("its end", chat.RawReactionEvent{Type: chat.ReactionDeleted, Timestamp: deleted.Timestamp, Reaction: want}, deleted)
		t.same("one's own event of the end", deleted, own.next(t))
	}
}

func checkRawOff(t *trial, do, _ person) {
	d := do.room(t, t.room, "")
	t.refused("raw reactions", code{102108, 400}, func() { d.raws() })
}

// others has two more clients react.
func others(t *trial, serial string, r reaction) {
	for _, id := range []string{"third", "fourth"} {
		p, err := newGoPerson(t.ctx, t.server, id, false)
		t.check("connect", err)
		p.room(t, t.room, "").react(serial, r)
		t.check("dispose", p.client.Dispose(t.ctx))
	}
}
