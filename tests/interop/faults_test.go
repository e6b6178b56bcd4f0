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

// liar is a person with rooms that do or tell something wrong.
type liar struct {
	person
	wrong func(room) room
}

func (l liar) room(t *trial, name, options string) room {
	return l.wrong(l.person.room(t, name, options))
}

// The rooms below are each wrong in one thing.
type (
	dropsMetadata    struct{ room }
	dropsHeaders     struct{ room }
	forgetsDetails   struct{ room }
	deletesNot       struct{ room }
	seesLate         struct{ room }
	seesNoHeaders    struct{ room }
	seesNoUpdates    struct{ room }
	shortPages       struct{ room }
	wrongOrder       struct{ room }
	gapBefore        struct{ room }
	twiceBefore      struct{ room }
	alwaysDistinct   struct{ room }
	ignoresCount     struct{ room }
	summaryOff       struct{ room }
	rawWithoutCount  struct{ room }
	othersReactions  struct{ room }
	notSelf          struct{ room }
	noReactionHeader struct{ room }
	nobodyTypes      struct{ room }
	stopsNot         struct{ room }
	everyKeystroke   struct{ room }
	textData         struct{ room }
	othersData       struct{ room }
	alwaysPresent    struct{ room }
	oneTooMany       struct{ room }
	noCurrent        struct{ room }
	staysAttached    struct{ room }
)

func (r dropsMetadata) send(c content) chat.Message { c.Metadata = nil; return r.room.send(c) }
func (r dropsHeaders) update(serial string, c content, d details) chat.Message {
	c.Headers = nil
	return r.room.update(serial, c, d)
}
func (r forgetsDetails) update(serial string, c content, _ details) chat.Message {
	return r.room.update(serial, c, details{})
}
func (r deletesNot) remove(serial string, d details) chat.Message {
	return r.room.update(serial, content{}, d)
}

// told changes each event of a subscription to messages.
func told(s subscription, change func(chat.MessageEvent) chat.MessageEvent) subscription {
	s.inbox.change = change
	return s
}

func (r seesLate) messages() subscription {
	return told(r.room.messages(), func(e chat.MessageEvent) chat.MessageEvent {
		e.Message.Timestamp = e.Message.Timestamp.Add(time.Millisecond)
		return e
	})
}
func (r seesNoHeaders) messages() subscription {
	return told(r.room.messages(), func(e chat.MessageEvent) chat.MessageEvent { e.Message.Headers = nil; return e })
}
func (r seesNoUpdates) messages() subscription {
	return told(r.room.messages(), func(e chat.MessageEvent) chat.MessageEvent { e.Type = chat.MessageCreated; return e })
}
func (r shortPages) history(q query) [][]chat.Message { return r.room.history(q)[:1] }
func (r wrongOrder) history(q query) [][]chat.Message {
	q.Order = oldestFirst
	return r.room.history(q)
}
func (r gapBefore) messages() subscription {
	s := r.room.messages()
	before := s.before
	s.before = func(limit int) [][]chat.Message { pages := before(limit); pages[0] = pages[0][1:]; return pages }
	return s
}
func (r twiceBefore) messages() subscription {
	s := r.room.messages()
	before := s.before
	s.before = func(limit int) [][]chat.Message { pages := before(limit); return append(pages[:1:1], pages...) }
	return s
}
func (r alwaysDistinct) react(serial string, a reaction) {
	a.Type, a.Count = "distinct", 0
	r.room.react(serial, a)
}
func (r ignoresCount) react(serial string, a reaction) { a.Count = 0; r.room.react(serial, a) }
func (r summaryOff) summaries() *inbox[chat.ReactionSummaryEvent] {
	in := r.room.summaries()
	in.change = func(e chat.ReactionSummaryEvent) chat.ReactionSummaryEvent {
		for name, s := range e.Reactions.Unique {
			s.Total++
			e.Reactions.Unique[name] = s
		}
		return e
	}
	return in
}
func (r rawWithoutCount) raws() *inbox[chat.RawReactionEvent] {
	in := r.room.raws()
	in.change = func(e chat.RawReactionEvent) chat.RawReactionEvent { e.Reaction.Count = 0; return e }
	return in
}
func (r othersReactions) clientReactions(serial, _ string) chat.Reactions {
	return r.room.clientReactions(serial, "")
}
func (r notSelf) roomReactions() *inbox[chat.RoomReaction] {
	in := r.room.roomReactions()
	in.change = func(e chat.RoomReaction) chat.RoomReaction { e.IsSelf = false; return e }
	return in
}
func (r noReactionHeader) reactToRoom(a roomReaction) { a.Headers = nil; r.room.reactToRoom(a) }
func (r nobodyTypes) typers() []chat.TypingMember     { return []chat.TypingMember{} }
func (r stopsNot) stop()                              { r.room.keystroke() }
func (r everyKeystroke) keystroke()                   { r.room.keystroke(); r.room.stop(); r.room.keystroke() }
func (r textData) enter(data any)                     { r.room.enter(fmt.Sprint(data)) }
func (r alwaysPresent) isUserPresent(string) bool     { return true }
func (r noCurrent) currentOccupancy() *chat.Occupancy { return nil }
func (r staysAttached) detach()                       {}
func (r oneTooMany) occupancy() chat.Occupancy {
	o := r.room.occupancy()
	o.Connections++
	return o
}
func (r othersData) members() []chat.PresenceMember {
	all := r.room.members()
	for i := range all {
		all[i].Data = all[0].Data
	}
	return all
}

// plant is a fault, in who does something or in who sees it, and a check that must fail by it.
type plant struct {
	name   string
	wrong  func(room) room
	seer   bool
	failed string
	silent bool // the fault shows in that nothing comes
}

var plants = []plant{
	{"send drops metadata", func(r room) room { return dropsMetadata{r} }, false, "send: text, metadata, headers, unicode", false},
	{"update drops headers", func(r room) room { return dropsHeaders{r} }, false, "update one's own, with details", false},
	{"update drops its details", func(r room) room { return forgetsDetails{r} }, false, "update one's own, with details", false},
	{"delete is an update", func(r room) room { return deletesNot{r} }, false, "delete one's own, with details", false},
	{"events are a millisecond late", func(r room) room { return seesLate{r} }, true, "send: text alone", false},
	{"events have no headers, where they should be empty", func(r room) room { return seesNoHeaders{r} }, true, "send: text alone", false},
	{"updates are told as new messages", func(r room) room { return seesNoUpdates{r} }, true, "update one's own, with details", false},
	{"history ends after a page", func(r room) room { return shortPages{r} }, true, "pages, newest first", false},
	{"history is in one order", func(r room) room { return wrongOrder{r} }, true, "pages, newest first", false},
	{"a gap before the subscription", func(r room) room { return gapBefore{r} }, true, "subscribed before attaching, while messages come", false},
	{"a duplicate before the subscription", func(r room) room { return twiceBefore{r} }, true, "subscribed while attached", false},
	{"a gap after a loss", func(r room) room { return gapBefore{r} }, true, "after a loss of continuity", false},
	{"reactions are all distinct", func(r room) room { return alwaysDistinct{r} }, false, "unique: one replaces the other, delete", false},
	{"counts are ignored", func(r room) room { return ignoresCount{r} }, false, "multiple: counts add up, delete", false},
	{"a total is one too high", func(r room) room { return summaryOff{r} }, true, "unique: one replaces the other, delete", false},
	{"raw reactions have no count", func(r room) room { return rawWithoutCount{r} }, true, "raw: multiple", false},
	{"reactions of the wrong client", func(r room) room { return othersReactions{r} }, true, "a client's own, where the summary is clipped", false},
	{"one's own reaction is another's", func(r room) room { return notSelf{r} }, false, "name alone", false},
	{"a room reaction drops its headers", func(r room) room { return noReactionHeader{r} }, false, "name, metadata, headers, unicode", false},
	{"nobody types", func(r room) room { return nobodyTypes{r} }, true, "keystroke and stop: change and set", false},
	{"typing doesn't stop", func(r room) room { return stopsNot{r} }, false, "of both: the set", true},
	{"no keystroke is throttled", func(r room) room { return everyKeystroke{r} }, false, "keystrokes within the throttle, stop without typing: nothing is sent", false},
	{"presence data becomes text", func(r room) room { return textData{r} }, false, "enter, update, leave, get: data is an object", false},
	{"all members have one's data", func(r room) room { return othersData{r} }, true, "both are present, is user present", false},
	{"everybody is present", func(r room) room { return alwaysPresent{r} }, true, "both are present, is user present", false},
	{"one connection too many", func(r room) room { return oneTooMany{r} }, true, "get of a room where nobody is", false},
	{"no current occupancy", func(r room) room { return noCurrent{r} }, true, "events of attaching, entering, leaving, detaching; current; get", false},
	{"detach does nothing", func(r room) room { return staysAttached{r} }, false, "statuses of attach, detach, attach, release", true},
}

// two returns two clients of this library on a server.
func two(t *testing.T) (*ablytest.Server, *goPerson, *goPerson) {
	server := ablytest.NewServer(t, serverOptions()...)
	var persons [2]*goPerson
	for i, id := range []string{"ann", "bob"} {
		p, err := newGoPerson(t.Context(), server, id, i == 1)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience) // the test's has ended
			defer cancel()
			if err := p.client.Dispose(ctx); err != nil {
				t.Error(err)
			}
		})
		persons[i] = p
	}
	return server, persons[0], persons[1]
}

// TestChecksSeeFaults plants each fault in one of two clients, and wants its check to fail; and to pass without it.
func TestChecksSeeFaults(t *testing.T) {
	server, ann, bob := two(t)
	// How long a check waits for what never comes.
	const soon = 2 * time.Second
	for i, p := range plants {
		t.Run(p.name, func(t *testing.T) {
			var do, see person = ann, bob
			if p.seer {
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
				if p.silent {
					wait = soon
				}
				o := tryFor(t.Context(), wait, server, fmt.Sprintf("wrong-%d", i), c, do, see)
				if o.err == nil || errors.Is(o.err, errLate) != p.silent {
					t.Errorf("%s: the fault is not seen, but this: %v", c.what, o.err)
				}
				if o := try(t.Context(), server, fmt.Sprintf("right-%d", i), c, ann, bob); o.err != nil {
					t.Errorf("%s fails without the fault too: %v", c.what, o.err)
				}
			}
			if found != 1 {
				t.Errorf("%d checks have the name %q", found, p.failed)
			}
		})
	}
}

// TestChecksOfOneLibrary has this library on both sides, without Node: no check may fail.
func TestChecksOfOneLibrary(t *testing.T) {
	server, ann, bob := two(t)
	for i, c := range checks() {
		t.Run(c.feature+", "+c.what, func(t *testing.T) {
			if o := try(t.Context(), server, fmt.Sprintf("both-%d", i), c, ann, bob); o.err != nil {
				t.Error(o.err)
			}
		})
	}
}
