package chat_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

func versions() *rapid.Generator[chat.Message] {
	return rapid.Custom(func(t *rapid.T) chat.Message {
		return chat.Message{
			Serial:   rapid.SampledFrom([]string{"01", "02"}).Draw(t, "serial"),
			Text:     rapid.String().Draw(t, "text"),
			Version:  chat.MessageVersion{Serial: rapid.SampledFrom([]string{"1", "10", "2", "3"}).Draw(t, "version")},
			Metadata: map[string]any{"list": []any{map[string]any{"n": rapid.Int().Draw(t, "n")}}},
			Reactions: chat.ReactionSummary{
				Unique: map[string]chat.ReactionClients{"like": {Total: 1, ClientIDs: []string{rapid.String().Draw(t, "client")}}},
			},
		}
	})
}

// CHA-M2e, CHA-M2f, CHA-M2g, CHA-M10e: the serials of messages, and those of versions, are ordered
// as strings, and exactly one of before, same and after holds.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := versions().Draw(t, "a"), versions().Draw(t, "b")
		if n := count(a.Before(b), a.After(b), a.Same(b)); n != 1 || a.Before(b) != b.After(a) || a.Same(b) != b.Same(a) {
			t.Fatalf("%d of Before, After and Same are true, expected one", n)
		}
		if n := count(a.OlderThan(b), a.NewerThan(b), a.SameVersion(b)); a.Same(b) != (n == 1) || !a.Same(b) && n != 0 {
			t.Fatalf("%d of OlderThan, NewerThan and SameVersion are true; the same message: %t", n, a.Same(b))
		}
		if a.Before(b) != (strings.Compare(a.Serial, b.Serial) < 0) {
			t.Fatal("messages are not in the order of their serials as strings")
		}
	})
}

func count(all ...bool) (n int) {
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}

// CHA-M11: events of one message come in any order, and more than once. The result is always the
// newest version, with the reactions of the last summary.
func TestEventsConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		message := versions().Draw(t, "message")
		message.Version.Serial = "0"
		var events []chat.MessageEvent
		newest := message
		for _, v := range rapid.SliceOfN(versions(), 1, 8).Draw(t, "versions") {
			v.Serial = message.Serial
			events = append(events, chat.MessageEvent{Type: chat.MessageUpdated, Message: v})
			if v.Version.Serial > newest.Version.Serial {
				newest = v
			}
		}
		reactions := message.Reactions.Clone()
		before := message.Clone()
		for _, e := range events {
			next, err := message.With(e)
			if err != nil {
				t.Fatal(err)
			}
			if e.Message.Version.Serial <= message.Version.Serial && !cmp.Equal(next, message) {
				t.Fatal("an old version has changed the message (CHA-M11c)")
			}
			message = next
		}
		if message.Version.Serial != newest.Version.Serial || message.Text != newest.Text {
			t.Fatalf("version %q, expected %q", message.Version.Serial, newest.Version.Serial)
		}
		if !cmp.Equal(message.Reactions, reactions) && message.Version.Serial != "0" {
			t.Fatal("the reactions were not kept (CHA-M11d)")
		}
		if before.Version.Serial != "0" {
			t.Fatal("the original has changed")
		}
	})
}

// CHA-M11h, CHA-M11i, CHA-M11j
func TestEventsThatDontFitAreRefused(t *testing.T) {
	m := chat.Message{Serial: "1", Text: "hello"}
	for what, err := range map[string]error{
		"created":       second(m.With(chat.MessageEvent{Type: chat.MessageCreated, Message: m})),
		"other message": second(m.With(chat.MessageEvent{Type: chat.MessageUpdated, Message: chat.Message{Serial: "2"}})),
		"other summary": second(m.With(chat.ReactionSummaryEvent{MessageSerial: "2"})),
		"nil":           second(m.With(nil)),
		"message":       second(m.With(chat.Message{Serial: "2"})),
	} {
		if !errors.Is(err, lifecycle.ErrInvalidArgument) || !strings.HasPrefix(err.Error(), "unable to apply change to message; ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestWithTakesAMessage checks that With applies a message, which a call returns, like an event,
// and that DeletedBy returns the client that deleted it.
func TestWithTakesAMessage(t *testing.T) {
	m := chat.Message{Serial: "1", Text: "hello", Version: chat.MessageVersion{Serial: "1"},
		Reactions: chat.ReactionSummary{Unique: map[string]chat.ReactionClients{"like": {Total: 1}}}}
	deleted := chat.Message{Serial: "1", Action: chat.MessageActionDelete,
		Version: chat.MessageVersion{Serial: "2", ClientID: "mod"}}
	got, err := m.With(deleted)
	if err != nil || !got.IsDeleted() || got.DeletedBy() != "mod" || got.Reactions.Unique["like"].Total != 1 {
		t.Errorf("With a deletion returned %+v, %v", got, err)
	}
	if old, err := got.With(m); err != nil || !old.IsDeleted() {
		t.Errorf("With an old version returned %+v, %v", old, err)
	}
	m.Version.ClientID = "ann"
	if m.IsDeleted() || m.DeletedBy() != "" {
		t.Errorf("a message that is not deleted was deleted by %q", m.DeletedBy())
	}
}

func second(_ chat.Message, err error) error { return err }

// CHA-M11d, CHA-M11f, CHA-M11g: the result of With shares nothing with the message and the change.
func TestNothingIsShared(t *testing.T) {
	original := chat.Message{Serial: "1", Version: chat.MessageVersion{Serial: "1"}, Reactions: chat.ReactionSummary{}.Clone()}
	event := chat.ReactionSummaryEvent{MessageSerial: "1", Reactions: chat.ReactionSummary{
		Distinct: map[string]chat.ReactionClients{"like": {Total: 1, ClientIDs: []string{"ann"}}},
		Multiple: map[string]chat.ReactionCounts{"clap": {Total: 3, ClientIDs: map[string]int{"bob": 3}}},
	}}
	with, err := original.With(event)
	if err != nil {
		t.Fatal(err)
	}
	event.Reactions.Distinct["like"].ClientIDs[0] = "eve"
	event.Reactions.Multiple["clap"].ClientIDs["bob"] = 9
	update := chat.MessageEvent{Type: chat.MessageUpdated, Message: chat.Message{Serial: "1", Version: chat.MessageVersion{Serial: "2"}, Headers: map[string]any{"k": "v"}}}
	updated, err := with.With(update)
	if err != nil {
		t.Fatal(err)
	}
	update.Message.Headers["k"] = "other"
	with.Reactions.Distinct["like"].ClientIDs[0] = "mallory"
	if updated.Headers["k"] != "v" || !slices.Equal(updated.Reactions.Distinct["like"].ClientIDs, []string{"ann"}) ||
		updated.Reactions.Multiple["clap"].ClientIDs["bob"] != 3 || len(original.Reactions.Distinct) != 0 {
		t.Errorf("the updated message is %+v", updated)
	}
}

func TestDecodeMessage(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	for what, c := range map[string]struct {
		wire chat.WireMessage
		want chat.MessageEvent
	}{
		"a complete message": {
			chat.WireMessage{Name: chat.NameMessage, Serial: "01", ClientID: "ann", Data: `{"text":"hi","metadata":{"a":{"b":1}}}`, Encoding: "json",
				Extras: map[string]any{"headers": map[string]any{"h": true}, "userClaim": "pro"}, Timestamp: at.UnixMilli(), Action: chat.WireUpdate,
				Version: chat.WireVersion{Serial: "02", Timestamp: at.UnixMilli() + 5, ClientID: "bob", Description: "typo", Metadata: map[string]string{"why": "x"}}},
			chat.MessageEvent{Type: chat.MessageUpdated, Message: chat.Message{Serial: "01", ClientID: "ann", UserClaim: "pro", Text: "hi",
				Metadata: map[string]any{"a": map[string]any{"b": 1.0}}, Headers: map[string]any{"h": true}, Action: chat.MessageActionUpdate, Timestamp: at,
				Version: chat.MessageVersion{Serial: "02", Timestamp: at.Add(5 * time.Millisecond), ClientID: "bob", Description: "typo", Metadata: map[string]string{"why": "x"}}}},
		},
		"an object that is decoded already": {
			chat.WireMessage{Serial: "01", Data: map[string]any{"text": "hi"}, Timestamp: at.UnixMilli(), Action: chat.WireCreate},
			chat.MessageEvent{Type: chat.MessageCreated, Message: chat.Message{Serial: "01", Text: "hi", Action: chat.MessageActionCreate, Timestamp: at,
				Version: chat.MessageVersion{Serial: "01", Timestamp: at}}},
		},
		"base64 over utf-8 over json": {
			chat.WireMessage{Serial: "01", Data: "eyJ0ZXh0IjoiaGkifQ==", Encoding: "json/utf-8/base64", Timestamp: at.UnixMilli(), Action: chat.WireDelete},
			chat.MessageEvent{Type: chat.MessageDeleted, Message: chat.Message{Serial: "01", Text: "hi", Action: chat.MessageActionDelete, Timestamp: at,
				Version: chat.MessageVersion{Serial: "01", Timestamp: at}}},
		},
		"an empty message (CHA-M4k)": {
			chat.WireMessage{},
			chat.MessageEvent{Type: chat.MessageCreated, Message: chat.Message{Action: chat.MessageActionCreate, Timestamp: time.UnixMilli(0),
				Version: chat.MessageVersion{Timestamp: time.UnixMilli(0)}}},
		},
		"malformed fields": {
			chat.WireMessage{Serial: "01", Data: `{"text":7,"metadata":"no"`, Encoding: "json", Extras: map[string]any{"headers": 1, "userClaim": 2}, Timestamp: at.UnixMilli()},
			chat.MessageEvent{Type: chat.MessageCreated, Message: chat.Message{Serial: "01", Action: chat.MessageActionCreate, Timestamp: at,
				Version: chat.MessageVersion{Serial: "01", Timestamp: at}}},
		},
	} {
		got, err := chat.DecodeMessage(c.wire)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if c.want.Message.Metadata == nil {
			c.want.Message.Metadata = map[string]any{}
		}
		if c.want.Message.Headers == nil {
			c.want.Message.Headers = map[string]any{}
		}
		c.want.Message.Reactions = chat.ReactionSummary{}.Clone()
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	if _, err := chat.DecodeMessage(chat.WireMessage{Action: chat.WireMeta}); err == nil {
		t.Error("an action that is no event was decoded without an error (CHA-M4m5)")
	}
}

func TestDecodeRESTMessage(t *testing.T) {
	got := chat.DecodeRESTMessage(map[string]any{
		"serial": "01", "clientId": "ann", "text": "hi", "metadata": map[string]any{"a": 1.0}, "headers": map[string]any{}, "action": "message.delete",
		"timestamp": 1700000000000.0, "userClaim": "pro",
		"version":   map[string]any{"serial": "02", "timestamp": 1700000000005.0, "clientId": "bob", "metadata": map[string]any{"why": "x", "odd": 1.0}},
		"reactions": map[string]any{"unique": map[string]any{"like": map[string]any{"total": 1.0, "clientIds": []any{"ann"}}}},
	})
	at := time.UnixMilli(1700000000000)
	want := chat.Message{Serial: "01", ClientID: "ann", UserClaim: "pro", Text: "hi", Metadata: map[string]any{"a": 1.0}, Headers: map[string]any{},
		Action: chat.MessageActionDelete, Timestamp: at, Version: chat.MessageVersion{Serial: "02", Timestamp: at.Add(5 * time.Millisecond), ClientID: "bob", Metadata: map[string]string{"why": "x"}},
		Reactions: chat.ReactionSummary{Unique: map[string]chat.ReactionClients{"like": {Total: 1, ClientIDs: []string{"ann"}}},
			Distinct: map[string]chat.ReactionClients{}, Multiple: map[string]chat.ReactionCounts{}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	empty := chat.DecodeRESTMessage(nil)
	if empty.Action != chat.MessageActionCreate || empty.Metadata == nil || empty.Headers == nil || empty.Reactions.Multiple == nil {
		t.Errorf("an empty body is decoded as %+v", empty)
	}
}
