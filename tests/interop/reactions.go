package main

import (
	"fmt"
	"slices"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// step is the sending or the deletion of a reaction, and the summary after it.
type step struct {
	call func(serial string, r reaction)
	r    reaction
	want chat.ReactionSummary
}

// reacting takes the steps on a message. Both persons must see each step before the next one
// begins, so that no summary covers two steps.
func reacting(t *trial, d, s *room, steps ...step) {
	summaries := []*inbox[chat.ReactionSummaryEvent]{d.summaries(), s.summaries()}
	m := s.send(full).Serial
	for i, step := range steps {
		step.call(m, step.r)
		want := chat.ReactionSummaryEvent{MessageSerial: m, Reactions: step.want.Clone()}
		told(t, fmt.Sprintf("step %d, %+v", i+1, step.r), want, summaries...)
	}
}

// by returns the part of a summary about one name: the clients that reacted with it. The embedded
// server sorts them by id.
func by(ids ...string) chat.ReactionClients {
	slices.Sort(ids)
	return chat.ReactionClients{Total: len(ids), ClientIDs: ids}
}

// Summaries with one name, by kind.
func unique(name string, ids ...string) chat.ReactionSummary {
	return chat.ReactionSummary{Unique: map[string]chat.ReactionClients{name: by(ids...)}}
}

func distinct(name string, ids ...string) chat.ReactionSummary {
	return chat.ReactionSummary{Distinct: map[string]chat.ReactionClients{name: by(ids...)}}
}

func multiple(name string, of map[string]int) chat.ReactionSummary {
	c := chat.ReactionCounts{ClientIDs: of, TotalClientIDs: len(of)}
	for _, n := range of {
		c.Total += n
	}
	return chat.ReactionSummary{Multiple: map[string]chat.ReactionCounts{name: c}}
}

// and adds a distinct reaction with a name to a summary.
func and(r chat.ReactionSummary, name string, ids ...string) chat.ReactionSummary {
	r.Distinct[name] = by(ids...)
	return r
}

var none chat.ReactionSummary

var reactionChecks = of("message reactions", []row{
	{"unique: one replaces the other, delete", attached("", func(t *trial, d, s *room) {
		reacting(t, d, s,
			step{d.react, reaction{Name: "👍", Type: "unique"}, unique("👍", d.id())},
			step{d.react, reaction{Name: "❤️", Type: "unique"}, unique("❤️", d.id())},
			step{d.unreact, reaction{Type: "unique"}, none})
	})},
	{"distinct: several, of both, delete one", attached("", func(t *trial, d, s *room) {
		one, other := d.id(), s.id()
		like, party := reaction{Name: "👍", Type: "distinct"}, reaction{Name: "🎉", Type: "distinct"}
		reacting(t, d, s,
			step{d.react, like, distinct("👍", one)},
			step{d.react, party, and(distinct("👍", one), "🎉", one)},
			step{s.react, like, and(distinct("👍", one, other), "🎉", one)},
			step{d.unreact, like, and(distinct("👍", other), "🎉", one)})
	})},
	{"multiple: counts add up, delete", attached("", func(t *trial, d, s *room) {
		one, other := d.id(), s.id()
		clap := func(n int) reaction { return reaction{Name: "👏", Type: "multiple", Count: n} }
		reacting(t, d, s,
			step{d.react, clap(0), multiple("👏", map[string]int{one: 1})},
			step{d.react, clap(4), multiple("👏", map[string]int{one: 5})},
			step{s.react, clap(2), multiple("👏", map[string]int{one: 5, other: 2})},
			step{d.unreact, clap(0), multiple("👏", map[string]int{other: 2})})
	})},
	{"the room's default type", attached(`{"messages":{"defaultMessageReactionType":"unique"}}`,
		func(t *trial, d, s *room) {
			reacting(t, d, s,
				step{d.react, reaction{Name: "👍"}, unique("👍", d.id())},
				step{d.unreact, reaction{}, none})
		})},
	{"odd names", attached("", func(t *trial, d, s *room) {
		var steps []step
		for _, name := range []string{"a/b", "a b?c=d&e#f", "100%", "ä+☃", `"`, ":like:"} {
			r := reaction{Name: name}
			steps = append(steps, step{d.react, r, distinct(name, d.id())}, step{d.unreact, r, none})
		}
		reacting(t, d, s, steps...)
	})},
	{"summaries on messages: get, history, update", attached("", func(t *trial, d, s *room) {
		w := []*inbox[chat.ReactionSummaryEvent]{d.summaries(), s.summaries()}
		m := ofEachKind(d, s)
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
	})},
	// More clients react than the server lists in a summary.
	{"a client's own, where the summary is clipped", attached("", func(t *trial, d, s *room) {
		m := ofEachKind(d, s)
		s.react(m, reaction{Name: "👏", Type: "multiple", Count: 2})
		others(t, m, reaction{Name: "👏", Type: "multiple", Count: 1})
		t.same("that the summary is clipped", true, s.message(m).Reactions.Multiple["👏"].Clipped)
		t.same("the message of both", d.message(m), s.message(m))
		own := d.clientReactions(m, "")
		t.same("one's own, without naming oneself, and by the other", own, s.clientReactions(m, d.id()))
		t.same("how often", 3, own.Multiple["👏"].ClientIDs[d.id()])
		t.same("unique and distinct", true, len(own.Unique) == 1 && len(own.Distinct) == 1)
		t.same("of the other", s.clientReactions(m, ""), d.clientReactions(m, s.id()))
		t.same("of nobody", d.clientReactions(m, "nobody"), s.clientReactions(m, "nobody"))
	})},
	{"raw: unique", checkRaw("unique")},
	{"raw: distinct", checkRaw("distinct")},
	{"raw: multiple", checkRaw("multiple")},
	{"raw, where the room has it off", apart("", func(t *trial, d, _ *room) {
		t.refused("raw reactions", code{102108, 400}, func() { d.raws() })
	})},
	{"an empty name", apart("", refusedReactions(reaction{}, reaction{Type: "distinct"}))},
	{"a count of a distinct reaction", apart("", func(t *trial, d, _ *room) {
		m := d.send(full).Serial
		r := reaction{Name: "x", Type: "distinct", Count: 2}
		t.refused("a count of a distinct reaction", code{40003, 400}, func() { d.react(m, r) })
	})},
	{"an unknown type", apart("", refusedReactions(reaction{Name: "x", Type: "odd"}))},
}...)

// ofEachKind makes d react to a message of s, once with each kind of reaction.
func ofEachKind(d, s *room) (serial string) {
	m := s.send(full).Serial
	d.react(m, reaction{Name: "👍", Type: "unique"})
	d.react(m, reaction{Name: "🎉", Type: "distinct"})
	d.react(m, reaction{Name: "👏", Type: "multiple", Count: 3})
	return m
}

// refusedReactions checks reactions that can be neither sent nor deleted.
func refusedReactions(of ...reaction) func(t *trial, d, _ *room) {
	return func(t *trial, d, _ *room) {
		m := d.send(full).Serial
		for _, r := range of {
			t.refused("the reaction", code{40003, 400}, func() { d.react(m, r) }, func() { d.unreact(m, r) })
		}
	}
}

// raw returns an event with the time of another event.
func raw(kind chat.RawReactionEventType, at chat.RawReactionEvent, r chat.RawReaction) chat.RawReactionEvent {
	return chat.RawReactionEvent{Type: kind, Timestamp: at.Timestamp, Reaction: r}
}

func checkRaw(kind lifecycle.MessageReactionType) runner {
	return attached(`{"messages":{"rawMessageReactions":true}}`, func(t *trial, d, s *room) {
		own, raws := d.raws(), s.raws()
		m := s.send(full).Serial
		r := reaction{Name: "👍", Type: kind}
		want := chat.RawReaction{MessageSerial: m, Type: kind, Name: "👍", ClientID: d.id()}
		if kind == "multiple" {
			r.Count, want.Count = 3, 3
		}
		d.react(m, r)
		created := raws.next(t)
		t.same("the reaction", raw(chat.RawReactionCreated, created, want), created)
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
		t.same("its end", raw(chat.RawReactionDeleted, deleted, want), deleted)
		t.same("one's own event of the end", deleted, own.next(t))
	})
}

// others makes two more clients react.
func others(t *trial, serial string, r reaction) {
	for _, id := range []string{"third", "fourth"} {
		p := value(newGoPerson(t.server, id, false))
		p.room(t, t.room, "").react(serial, r)
		ok(p.client.Dispose(t.ctx))
	}
}
