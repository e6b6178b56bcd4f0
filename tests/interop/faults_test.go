package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
)

// liar is a person whose rooms do or report something wrong.
type liar struct {
	person
	wrong func(*room)
}

func (l liar) room(t *trial, name, options string) *room {
	r := l.person.room(t, name, options)
	l.wrong(r)
	return r
}

// reported changes each event of a subscription to messages.
func reported(change func(*chat.MessageEvent)) func(*room) {
	return func(r *room) {
		messages := r.messages
		r.messages = func() subscription {
			s := messages()
			s.inbox.change = func(e chat.MessageEvent) chat.MessageEvent { change(&e); return e }
			return s
		}
	}
}

// before changes the pages of the history before a subscription.
func before(change func(pages [][]chat.Message) [][]chat.Message) func(*room) {
	return func(r *room) {
		messages := r.messages
		r.messages = func() subscription {
			s := messages()
			before := s.before
			s.before = func(limit int) [][]chat.Message { return change(before(limit)) }
			return s
		}
	}
}

// changed changes each event of a subscription.
func changed[T any](subscribe *func() *inbox[T], change func(*T)) {
	old := *subscribe
	*subscribe = func() *inbox[T] {
		in := old()
		in.change = func(e T) T { change(&e); return e }
		return in
	}
}

// passed changes the argument of a call, and returned changes its result.
func passed[A any](call *func(A), change func(*A)) {
	old := *call
	*call = func(a A) { change(&a); old(a) }
}

func returned[R any](call *func() R, change func(*R)) {
	old := *call
	*call = func() R { r := old(); change(&r); return r }
}

// Changes that make a gap, and a duplicate, in the history before a subscription.
var (
	gap = before(func(pages [][]chat.Message) [][]chat.Message { pages[0] = pages[0][1:]; return pages })
	dup = before(func(pages [][]chat.Message) [][]chat.Message { return append(pages[:1:1], pages...) })
)

// plant is a fault in the client that acts or in the one that sees, and the check that must fail.
type plant struct {
	name, failed string
	who          part
	wrong        func(*room)
}

type part uint8

const (
	doer part = iota
	seer      // the fault is in the client that sees
	// the fault is in the client that acts: it makes no event come, so the check times out
	silent
)

var plants = []plant{
	{"send drops metadata", "send: text, metadata, headers, unicode", doer, func(r *room) {
		send := r.send
		r.send = func(c content) chat.Message { c.Metadata = nil; return send(c) }
	}},
	{"update drops headers", "update one's own, with details", doer, func(r *room) {
		update := r.update
		r.update = func(serial string, c content, d details) chat.Message {
			c.Headers = nil
			return update(serial, c, d)
		}
	}},
	{"update drops its details", "update one's own, with details", doer, func(r *room) {
		update := r.update
		r.update = func(serial string, c content, _ details) chat.Message { return update(serial, c, details{}) }
	}},
	{"delete is an update", "delete one's own, with details", doer, func(r *room) {
		r.remove = func(serial string, d details) chat.Message { return r.update(serial, content{}, d) }
	}},
	{"events are a millisecond late", "send: text alone", seer, reported(func(e *chat.MessageEvent) {
		e.Message.Timestamp = e.Message.Timestamp.Add(time.Millisecond)
	})},
	{"events have no headers, where they should be empty", "send: text alone", seer,
		reported(func(e *chat.MessageEvent) { e.Message.Headers = nil })},
	{"updates are told as new messages", "update one's own, with details", seer,
		reported(func(e *chat.MessageEvent) { e.Type = chat.MessageCreated })},
	{"history ends after a page", "pages, newest first", seer, func(r *room) {
		history := r.history
		r.history = func(q query) [][]chat.Message { return history(q)[:1] }
	}},
	{"history is in one order", "pages, newest first", seer, func(r *room) {
		history := r.history
		r.history = func(q query) [][]chat.Message { q.Order = oldestFirst; return history(q) }
	}},
	{"a gap before the subscription", "subscribed before attaching, while messages come", seer, gap},
	{"a duplicate before the subscription", "subscribed while attached", seer, dup},
	{"a gap after a loss", "after a loss of continuity", seer, gap},
	{"reactions are all distinct", "unique: one replaces the other, delete", doer, func(r *room) {
		react := r.react
		r.react = func(serial string, a reaction) { react(serial, reaction{Name: a.Name, Type: "distinct"}) }
	}},
	{"counts are ignored", "multiple: counts add up, delete", doer, func(r *room) {
		react := r.react
		r.react = func(serial string, a reaction) { a.Count = 0; react(serial, a) }
	}},
	{"a total is one too high", "unique: one replaces the other, delete", seer, func(r *room) {
		changed(&r.summaries, func(e *chat.ReactionSummaryEvent) {
			for name, s := range e.Reactions.Unique {
				s.Total++
				e.Reactions.Unique[name] = s
			}
		})
	}},
	{"raw reactions have no count", "raw: multiple", seer, func(r *room) {
		changed(&r.raws, func(e *chat.RawReactionEvent) { e.Reaction.Count = 0 })
	}},
	{"reactions of the wrong client", "a client's own, where the summary is clipped", seer, func(r *room) {
		own := r.clientReactions
		r.clientReactions = func(serial, _ string) chat.ReactionSummary { return own(serial, "") }
	}},
	{"one's own reaction is another's", "name alone", doer, func(r *room) {
		changed(&r.roomReactions, func(e *chat.RoomReaction) { e.IsSelf = false })
	}},
	{"a room reaction drops its headers", "name, metadata, headers, unicode", doer, func(r *room) {
		passed(&r.reactToRoom, func(a *roomReaction) { a.Headers = nil })
	}},
	{"nobody types", "keystroke and stop: change and set", seer, func(r *room) {
		returned(&r.typers, func(all *[]chat.TypingMember) { *all = []chat.TypingMember{} })
	}},
	{"typing doesn't stop", "of both: the set", silent, func(r *room) { r.stop = r.keystroke }},
	{"no keystroke is throttled", "keystrokes within the throttle, stop without typing: nothing is sent", doer,
		func(r *room) {
			keystroke := r.keystroke
			r.keystroke = func() { keystroke(); r.stop(); keystroke() }
		}},
	{"presence data becomes text", "enter, update, leave, get: data is an object", doer, func(r *room) {
		passed(&r.enter, func(data *any) { *data = fmt.Sprint(*data) })
	}},
	{"all members have one's data", "both are present, is user present", seer, func(r *room) {
		returned(&r.members, func(all *[]chat.PresenceMember) {
			for i := range *all {
				(*all)[i].Data = (*all)[0].Data
			}
		})
	}},
	{"everybody is present", "both are present, is user present", seer, func(r *room) {
		r.isUserPresent = func(string) bool { return true }
	}},
	{"one connection too many", "get of a room where nobody is", seer, func(r *room) {
		returned(&r.occupancy, func(o *chat.OccupancyData) { o.Connections++ })
	}},
	{"no current occupancy", "events of attaching, entering, leaving, detaching; current; get", seer,
		func(r *room) { r.currentOccupancy = func() *chat.OccupancyData { return nil } }},
	{"detach does nothing", "statuses of attach, detach, attach, release", silent,
		func(r *room) { r.detach = func() {} }},
}

// two returns two clients of this library on a server.
func two(t *testing.T) (*ablytest.Server, *goPerson, *goPerson) {
	server := ablytest.NewServer(t, serverOptions()...)
	var persons [2]*goPerson
	for i, id := range []string{"ann", "bob"} {
		p, err := newGoPerson(server, id, i == 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			// the context of the test has ended
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := p.client.Dispose(ctx); err != nil {
				t.Error(err)
			}
		})
		persons[i] = p
	}
	return server, persons[0], persons[1]
}

// TestChecksSeeFaults plants each fault in one of two clients. Its check must fail, and must pass
// without the fault.
func TestChecksSeeFaults(t *testing.T) {
	server, ann, bob := two(t)
	// soon is how long a check waits for an event that never comes.
	const soon = 2 * time.Second
	for i, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			var do, see person = ann, bob
			if p.who == seer {
				see = liar{bob, p.wrong}
			} else {
				do = liar{ann, p.wrong}
			}
			found := 0
			for _, c := range checks() {
				if c.what != p.failed {
					continue
				}
				found++
				wait := patience
				if p.who == silent {
					wait = soon
				}
				o := try(t.Context(), wait, server, fmt.Sprintf("wrong-%d", i), c, do, see)
				if o.err == nil || errors.Is(o.err, errLate) != (p.who == silent) {
					t.Errorf("%s: the check must fail by the planted fault, but ended with %v", c.what, o.err)
				}
				if o := try(t.Context(), patience, server, fmt.Sprintf("right-%d", i), c, ann, bob); o.err != nil {
					t.Errorf("%s fails without the fault, too: %v", c.what, o.err)
				}
			}
			if found != 1 {
				t.Errorf("%d checks have the name %q, expected one", found, p.failed)
			}
		})
	}
}

// TestChecksOfOneLibrary runs this library on both sides, without Node. No check may fail.
func TestChecksOfOneLibrary(t *testing.T) {
	server, ann, bob := two(t)
	for i, c := range checks() {
		t.Run(c.feature+", "+c.what, func(t *testing.T) {
			if o := try(t.Context(), patience, server, fmt.Sprintf("both-%d", i), c, ann, bob); o.err != nil {
				t.Error(o.err)
			}
		})
	}
}
