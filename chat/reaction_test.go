package chat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// CHA-MR3, CHA-MR6, CHA-MR6a, TM7
func TestDecodeSummary(t *testing.T) {
	list := func(ids ...any) map[string]any {
		return map[string]any{"total": float64(len(ids)), "clientIds": ids}
	}
	event, ignored := chat.DecodeSummary(chat.WireMessage{Serial: "01", Action: chat.WireSummary, Summary: map[string]any{
		"reaction:unique.v1":   map[string]any{"like": list("ann")},
		"reaction:distinct.v1": map[string]any{"love": map[string]any{"total": 500.0, "clientIds": []any{"ann", 7.0, "bob"}, "clipped": true}},
		"reaction:multiple.v1": map[string]any{"clap": map[string]any{"total": 5.0, "clientIds": map[string]any{"ann": 3.0, "bob": "x"}, "totalUnidentified": 2.0, "totalClientIds": 1.0}},
		"reaction:odd.v1":      map[string]any{"x": list("ann")},
		"reads:distinct.v1":    map[string]any{},
	}})
	want := chat.ReactionSummaryEvent{MessageSerial: "01", Reactions: chat.ReactionSummary{
		Unique:   map[string]chat.ReactionClients{"like": {Total: 1, ClientIDs: []string{"ann"}}},
		Distinct: map[string]chat.ReactionClients{"love": {Total: 500, ClientIDs: []string{"ann", "bob"}, Clipped: true}},
		Multiple: map[string]chat.ReactionCounts{"clap": {Total: 5, ClientIDs: map[string]int{"ann": 3, "bob": 0}, TotalUnidentified: 2, TotalClientIDs: 1}},
	}}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(ignored, []string{"reaction:odd.v1", "reads:distinct.v1"}) {
		t.Errorf("the ignored types are %v", ignored)
	}
	empty, ignored := chat.DecodeSummary(chat.WireMessage{Serial: "01"}) // CHA-MR6a1, CHA-MR6a3
	if ignored != nil || empty.Reactions.Unique == nil || len(empty.Reactions.Unique) != 0 || empty.Reactions.Multiple == nil {
		t.Errorf("a message without a summary is decoded as %+v, with the ignored types %v", empty, ignored)
	}
	for name, want := range map[string][2]bool{"ann": {true, true}, "eve": {false, false}} {
		has, certain := event.Reactions.Has(lifecycle.MessageReactionTypeDistinct, "love", name)
		if [2]bool{has, certain} != want {
			t.Errorf("Has(%s) returned %t, certain: %t", name, has, certain)
		}
	}
	if has, certain := event.Reactions.Has(lifecycle.MessageReactionTypeMultiple, "clap", "bob"); has || !certain {
		t.Errorf("Has(bob) returned %t, certain: %t", has, certain)
	}
	if has, certain := event.Reactions.Has(lifecycle.MessageReactionTypeUnique, "like", "ann"); !has || !certain {
		t.Errorf("Has(ann) returned %t, certain: %t", has, certain)
	}
}

// CHA-MR7, CHA-MR7b
func TestDecodeRawReaction(t *testing.T) {
	five := 5
	at := time.UnixMilli(7)
	for what, c := range map[string]struct {
		wire chat.WireAnnotation
		want chat.RawReactionEvent
	}{
		"unique": {
			chat.WireAnnotation{Type: "reaction:unique.v1", Name: "like", ClientID: "ann", MessageSerial: "01", Timestamp: 7, Extras: map[string]any{"userClaim": "pro"}},
			chat.RawReactionEvent{Type: chat.RawReactionCreated, Timestamp: at, Reaction: chat.RawReaction{MessageSerial: "01", Type: "unique", Name: "like", ClientID: "ann", UserClaim: "pro"}},
		},
		"multiple without a count": {
			chat.WireAnnotation{Type: "reaction:multiple.v1", Timestamp: 7},
			chat.RawReactionEvent{Type: chat.RawReactionCreated, Timestamp: at, Reaction: chat.RawReaction{Type: "multiple", Count: 1}},
		},
		"multiple with a count": {
			chat.WireAnnotation{Type: "reaction:multiple.v1", Timestamp: 7, Count: &five},
			chat.RawReactionEvent{Type: chat.RawReactionCreated, Timestamp: at, Reaction: chat.RawReaction{Type: "multiple", Count: 5}},
		},
		"deleted": {
			chat.WireAnnotation{Action: 1, Type: "reaction:distinct.v1", Timestamp: 7, Count: &five},
			chat.RawReactionEvent{Type: chat.RawReactionDeleted, Timestamp: at, Reaction: chat.RawReaction{Type: "distinct"}},
		},
	} {
		got, err := chat.DecodeRawReaction(c.wire)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", what, diff)
		}
	}
	for what, bad := range map[string]chat.WireAnnotation{
		"unknown type (CHA-MR7b1)": {Type: "reaction:odd.v1"}, "no reaction": {Type: "reads:unique.v1"}, "unknown action (CHA-MR7b2)": {Action: 2, Type: "reaction:unique.v1"},
	} {
		if _, err := chat.DecodeRawReaction(bad); err == nil {
			t.Errorf("an annotation with %s was decoded without an error", what)
		}
	}
}

// CHA-ER4e
func TestDecodeRoomReaction(t *testing.T) {
	now := time.UnixMilli(42)
	got := chat.DecodeRoomReaction(chat.WireMessage{ClientID: "ann", Data: `{"name":"wave","metadata":{"a":1}}`, Encoding: "json", Timestamp: 7,
		Extras: map[string]any{"headers": map[string]any{"h": "v"}, "ephemeral": true}}, "ann", now)
	want := chat.RoomReaction{Name: "wave", ClientID: "ann", Metadata: map[string]any{"a": 1.0}, Headers: map[string]any{"h": "v"}, CreatedAt: time.UnixMilli(7), IsSelf: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = chat.DecodeRoomReaction(chat.WireMessage{Data: 7, Encoding: "strange"}, "", now)
	want = chat.RoomReaction{Metadata: map[string]any{}, Headers: map[string]any{}, CreatedAt: now}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDecodePresenceAndOccupancy(t *testing.T) {
	event, err := chat.DecodePresence(chat.WirePresence{Action: 4, ClientID: "ann", ConnectionID: "c", Data: `{"mood":"ok"}`, Encoding: "json", Timestamp: 7,
		Extras: map[string]any{"userClaim": "pro"}})
	want := chat.PresenceEvent{Type: chat.PresenceUpdate, Member: chat.PresenceMember{ClientID: "ann", ConnectionID: "c", UserClaim: "pro",
		Data: map[string]any{"mood": "ok"}, Extras: map[string]any{"userClaim": "pro"}, UpdatedAt: time.UnixMilli(7)}}
	if diff := cmp.Diff(want, event); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if plain := chat.DecodeMember(chat.WirePresence{Data: "a word"}); plain.Data != "a word" {
		t.Errorf("data that is text is decoded as %v", plain.Data)
	}
	if _, err := chat.DecodePresence(chat.WirePresence{Action: 0}); err == nil {
		t.Error("the action absent was decoded as an event")
	}
	for data, want := range map[string]chat.OccupancyData{
		`{"metrics":{"connections":5,"presenceMembers":2,"publishers":1}}`: {Connections: 5, PresenceMembers: 2},
		`{"metrics":{"connections":"5","presenceMembers":-1}}`:             {},
		`{"metrics":7}`: {}, `rubbish`: {}, ``: {},
	} {
		// CHA-O4g
		if got := chat.DecodeOccupancy(chat.WireMessage{Data: data, Encoding: "json"}); got != want {
			t.Errorf("the occupancy in %s is decoded as %+v", data, got)
		}
	}
	// CHA-T13a
	if _, err := chat.DecodeTyping(chat.WireMessage{Name: "typing.started"}); err == nil {
		t.Error("a typing message without a client id was decoded without an error")
	}
	if c, err := chat.DecodeTyping(chat.WireMessage{Name: "typing.stopped", ClientID: "ann"}); err != nil || c.Type != chat.TypingStopped || c.ClientID != "ann" {
		t.Errorf("a stop is decoded as %v, %v", c, err)
	}
}
