package ablychat_test

import (
	"errors"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/google/go-cmp/cmp"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// moodData is presence data with its own MarshalJSON.
type moodData struct {
	Mood  string    `json:"mood"`
	Since time.Time `json:"since"`
	Raw   []byte    `json:"raw,omitempty"`
}

// CHA-PR3a: presence data arrives as encoding/json writes it, in JSON and in MessagePack. A value
// without a JSON form is refused, and the connection stays open.
func TestPresenceDataIsJSON(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		from, to := ann.room("lobby"), bob.room("lobby")
		got := newInbox[chat.PresenceEvent](t)
		if _, err := to.Presence().Subscribe(got.put); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ data, want any }{
			{moodData{Mood: "ok", Since: time.Unix(1, 0).UTC(), Raw: []byte("x")}, map[string]any{"mood": "ok", "since": "1970-01-01T00:00:01Z", "raw": "eA=="}},
			{time.Unix(1, 0).UTC(), "1970-01-01T00:00:01Z"},
			{map[string]int{"n": 1}, map[string]any{"n": 1.0}},
			{[]byte("x"), "eA=="},
			{7, 7.0},
			{(*moodData)(nil), nil},
		} {
			if err := from.Presence().Update(soon(t), c.data); err != nil {
				t.Fatal(err)
			}
			if e := got.next(); !cmp.Equal(c.want, e.Member.Data) {
				t.Errorf("the data %#v was received as %#v", c.data, e.Member.Data)
			}
		}
		if err := from.Presence().Update(soon(t), func() {}); !errors.Is(err, lifecycle.ErrInvalidArgument) {
			t.Errorf("update with a function as data: %v", err)
		}
		if err := from.Presence().Leave(soon(t), nil); err != nil {
			t.Errorf("leave after a refused update: %v", err)
		}
	})
}

// CHA-ER3d: the same is true for the headers of a reaction and of a message.
func TestHeadersAreJSON(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		from, to := ann.room("lobby"), bob.room("lobby")
		reactions, messages := newInbox[chat.RoomReaction](t), newInbox[chat.MessageEvent](t)
		to.Reactions().Subscribe(reactions.put)
		to.Messages().Subscribe(messages.put)
		wrong := map[string]any{"f": func() {}}
		if err := from.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "x", Headers: wrong}); !errors.Is(err, lifecycle.ErrInvalidArgument) {
			t.Errorf("a reaction with a function: %v", err)
		}
		if _, err := from.Messages().Send(soon(t), ablychat.MessageContent{Text: "x", Metadata: wrong}); !errors.Is(err, lifecycle.ErrInvalidArgument) {
			t.Errorf("a message with a function: %v", err)
		}
		given := map[string]any{"n": 7, "at": time.Unix(1, 0).UTC(), "raw": []byte("x"), "none": nil}
		want := map[string]any{"n": 7.0, "at": "1970-01-01T00:00:01Z", "raw": "eA==", "none": nil}
		if err := from.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "x", Headers: given, Metadata: given}); err != nil {
			t.Fatal(err)
		}
		if r := reactions.next(); !cmp.Equal(want, r.Headers) || !cmp.Equal(want, r.Metadata) {
			t.Errorf("%#v was received as the headers %#v and the metadata %#v", given, r.Headers, r.Metadata)
		}
		sent, err := from.Messages().Send(soon(t), ablychat.MessageContent{Text: "x", Headers: given, Metadata: given})
		if err != nil {
			t.Fatal(err)
		}
		if m := messages.next().Message; !cmp.Equal(want, m.Headers) || !cmp.Equal(want, m.Metadata) || !cmp.Equal(sent, m) {
			t.Errorf("%#v was received as the headers %#v and the metadata %#v", given, m.Headers, m.Metadata)
		}
	})
}
