package ablychat_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// CHA-MR3, CHA-MR4, CHA-MR6, CHA-MR7, CHA-MR11, CHA-MR13
func TestMessageReactions(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		for _, name := range []string{"lobby", "a/b ☃?"} {
			from := ann.room(name)
			to := bob.unattached(name, lifecycle.WithRawMessageReactions(true))
			sums, raws := newInbox[chat.ReactionSummaryEvent](t), newInbox[chat.RawReactionEvent](t)
			off, err := to.Messages().Reactions().Subscribe(sums.put)
			if err != nil {
				t.Fatal(err)
			}
			offRaw, err := to.Messages().Reactions().SubscribeRaw(raws.put)
			if err != nil {
				t.Fatal(err)
			}
			if err := to.Attach(soon(t)); err != nil {
				t.Fatal(err)
			}
			m, err := from.Messages().Send(soon(t), ablychat.MessageContent{Text: "hi"})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []struct {
				send ablychat.MessageReaction
				has  lifecycle.MessageReactionType
			}{
				// the default type of the room
				{ablychat.MessageReaction{Name: "👍"}, lifecycle.MessageReactionTypeDistinct},
				{ablychat.MessageReaction{Name: "like", Type: lifecycle.MessageReactionTypeUnique}, lifecycle.MessageReactionTypeUnique},
				{ablychat.MessageReaction{Name: "clap", Type: lifecycle.MessageReactionTypeMultiple, Count: 3}, lifecycle.MessageReactionTypeMultiple},
			} {
				if err := from.Messages().Reactions().Send(soon(t), m.Serial, r.send); err != nil {
					t.Fatal(err)
				}
				s, raw := sums.next(), raws.next()
				if has, certain := s.Reactions.Has(r.has, r.send.Name, "ann"); s.MessageSerial != m.Serial || !has || !certain {
					t.Errorf("the summary after %+v: %+v", r.send, s)
				}
				if raw.Type != chat.RawReactionCreated || raw.Reaction.MessageSerial != m.Serial || raw.Reaction.Name != r.send.Name || raw.Reaction.Type != r.has ||
					raw.Reaction.ClientID != "ann" || raw.Reaction.Count != r.send.Count {
					t.Errorf("the single reaction for %+v: %+v", r.send, raw)
				}
				if now, err := m.With(s); err != nil || now.Text != "hi" {
					t.Errorf("the message with the summary is %v, %v", now, err)
				}
				one, err := to.Messages().Get(soon(t), m.Serial)
				if has, _ := one.Reactions.Has(r.has, r.send.Name, "ann"); err != nil || !has {
					t.Errorf("get: %+v, %v", one, err)
				}
			}
			// A unique reaction is replaced by the next one, and then deleted.
			unique := lifecycle.MessageReactionTypeUnique
			if err := from.Messages().Reactions().Send(soon(t), m.Serial, ablychat.MessageReaction{Name: "love", Type: unique}); err != nil {
				t.Fatal(err)
			}
			s := sums.next()
			if has, _ := s.Reactions.Has(unique, "like", "ann"); has {
				t.Errorf("the summary still has the replaced reaction: %+v", s)
			}
			raws.next()
			if err := from.Messages().Reactions().Delete(soon(t), m.Serial, ablychat.MessageReaction{Type: unique}); err != nil {
				t.Fatal(err)
			}
			if s, raw := sums.next(), raws.next(); len(s.Reactions.Unique) != 0 || raw.Type != chat.RawReactionDeleted {
				t.Errorf("after the deletion, the summary is %+v and the single reaction %+v", s, raw)
			}
			for _, who := range []string{"", "ann"} { // CHA-MR13
				of := map[string]*ablychat.Room{"": from, "ann": to}[who]
				r, err := of.Messages().Reactions().ClientReactions(soon(t), m.Serial, who)
				if err != nil || r.Multiple["clap"].ClientIDs["ann"] != 3 || r.Distinct["👍"].Total != 1 {
					t.Errorf("the reactions of the client %q: %+v, %v", who, r, err)
				}
			}
			off.Unsubscribe()
			offRaw.Unsubscribe()
			if err := from.Messages().Reactions().Send(soon(t), m.Serial, ablychat.MessageReaction{Name: "late"}); err != nil {
				t.Fatal(err)
			}
			sums.empty()
			raws.empty()
		}
	})
}

// CHA-MR4a2, CHA-MR4b3, CHA-MR11a2, CHA-MR11b1a, CHA-MR7c, CHA-MR13c
func TestMessageReactionErrors(t *testing.T) {
	server := ablytest.NewServer(t)
	room := newPerson(t, server, "ann").unattached("lobby")
	r := room.Messages().Reactions()
	for what, err := range map[string]error{
		"send without a serial":   r.Send(soon(t), "", ablychat.MessageReaction{Name: "x"}),
		"send without a name":     r.Send(soon(t), "s", ablychat.MessageReaction{}),
		"send of an unknown type": r.Send(soon(t), "s", ablychat.MessageReaction{Name: "x", Type: "odd"}),
		"a negative count":        r.Send(soon(t), "s", ablychat.MessageReaction{Name: "x", Type: lifecycle.MessageReactionTypeMultiple, Count: -1}),
		"a count for distinct":    r.Send(soon(t), "s", ablychat.MessageReaction{Name: "x", Count: 2}),
		"delete without a serial": r.Delete(soon(t), "", ablychat.MessageReaction{Name: "x"}),
		"delete without a name":   r.Delete(soon(t), "s", ablychat.MessageReaction{}),
		"fetch without a serial":  second(r.ClientReactions(soon(t), "", "")),
	} {
		if !errors.Is(err, lifecycle.ErrInvalidArgument) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := r.SubscribeRaw(func(chat.RawReactionEvent) {}); !errors.Is(err, lifecycle.ErrFeatureNotEnabledInRoom) {
		t.Errorf("raw: %v", err)
	}
	if _, err := r.ClientReactions(soon(t), "none", ""); lifecycle.AsErrorInfo(err) == nil || lifecycle.AsErrorInfo(err).Code != 40400 {
		t.Errorf("reactions to a message that doesn't exist: %v", err)
	}
}

// TestReactionsOverALoss: after a connection that is resumed, no reaction was missed. If one may
// have been missed, the room reports a discontinuity.
func TestReactionsOverALoss(t *testing.T) {
	server := ablytest.NewServer(t)
	ann, bob := newPerson(t, server, "ann"), newPerson(t, server, "bob", ably.WithDisconnectedRetryTimeout(10*time.Millisecond))
	from, to := ann.room("lobby"), bob.room("lobby")
	sums, lost := newInbox[chat.ReactionSummaryEvent](t), newInbox[lifecycle.Discontinuity](t)
	to.SubscribeDiscontinuities(lost.put)
	if _, err := to.Messages().Reactions().Subscribe(sums.put); err != nil {
		t.Fatal(err)
	}
	m, err := from.Messages().Send(soon(t), ablychat.MessageContent{Text: "hi"})
	if err != nil {
		t.Fatal(err)
	}
	react := func(name string) {
		t.Helper()
		if err := from.Messages().Reactions().Send(soon(t), m.Serial, ablychat.MessageReaction{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	react("one")
	sums.next()
	connections := server.State().Connections
	his := connections[slices.IndexFunc(connections, func(c ablytest.ConnectionInfo) bool { return c.ClientID == "bob" })].ID
	away := func(meanwhile func()) {
		t.Helper()
		server.RefuseConnections(nil)
		if err := server.Cut(his); err != nil {
			t.Fatal(err)
		}
		if err := server.Await(soon(t), func(s ablytest.State) bool {
			return slices.ContainsFunc(s.Connections, func(c ablytest.ConnectionInfo) bool { return c.ID == his && c.WebSocket == 0 })
		}); err != nil {
			t.Fatal(err)
		}
		meanwhile()
		server.AcceptConnections()
	}
	away(func() { react("two") })
	if s := sums.next(); len(s.Reactions.Distinct) != 2 {
		t.Errorf("the summary after the resume is %+v, expected two names", s)
	}
	lost.empty()
	away(func() {
		server.LoseContinuity(ablychat.ChannelName("lobby"))
		if err := server.Forget(his); err != nil {
			t.Fatal(err)
		}
	})
	if e := lost.next(); !errors.Is(e.Reason, lifecycle.ErrRoomDiscontinuity) {
		t.Errorf("the discontinuity is %v", e)
	}
	react("three")
	if s := sums.next(); len(s.Reactions.Distinct) != 3 {
		t.Errorf("the summary after the discontinuity is %+v, expected three names", s)
	}
}
