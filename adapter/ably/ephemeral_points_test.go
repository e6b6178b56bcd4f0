package ablychat_test

import (
	"encoding/json"
	"testing"

	"github.com/ably/ably-go/ably"
	"github.com/google/go-cmp/cmp"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// CHA-ER3d, CHA-T4a3, CHA-T5d: the frames on the wire of ephemeral messages, which the history
// doesn't keep.
func TestEphemeralMessagesOnTheWire(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		room := newPerson(t, server, "ann", binary).room("lobby")
		for _, err := range []error{
			room.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "wave"}),
			room.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "wave", Metadata: map[string]any{"m": true}, Headers: map[string]any{"h": "v"}}),
			room.Typing().Keystroke(soon(t)),
			room.Typing().Stop(soon(t)),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		type object = map[string]any
		type sent struct {
			name, encoding string
			data           any
			extras         object
		}
		var got []sent
		for _, f := range sentTo(server) {
			if f.Action != ablytest.ActionMessage {
				continue
			}
			for _, m := range f.Message.Messages {
				s := sent{m.Name, m.Encoding, m.Data, m.Extras}
				if text, ok := m.Data.(string); ok {
					if err := json.Unmarshal([]byte(text), &s.data); err != nil {
						t.Errorf("%s: %v", text, err)
					}
				}
				got = append(got, s)
			}
		}
		want := []sent{
			{"roomReaction", "json", object{"name": "wave", "metadata": object{}}, object{"ephemeral": true, "headers": object{}}},
			{"roomReaction", "json", object{"name": "wave", "metadata": object{"m": true}}, object{"ephemeral": true, "headers": object{"h": "v"}}},
			{"typing.started", "", nil, object{"ephemeral": true}},
			{"typing.stopped", "", nil, object{"ephemeral": true}},
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(sent{})); diff != "" {
			t.Error(diff)
		}
	})
}
