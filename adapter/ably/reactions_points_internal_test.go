package ablychat

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
)

// CHA-MR6a4, CHA-MR7b4: ignored reactions are logged at info, and events after them are still
// reported.
func TestReactionsThatAreLeftOutAreLogged(t *testing.T) {
	client, err := Connect(Ably(ably.WithKey("app.key:secret"), ably.WithAutoConnect(false)))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	client.log = slog.New(slog.NewTextHandler(&log, nil)) // logs info and higher levels
	room, err := client.Rooms().Get(t.Context(), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	r := room.Messages().Reactions()
	told := make(chan chat.RawReactionEvent, 2)
	r.raws.Add(func(e chat.RawReactionEvent) { told <- e }, listen.Config{})
	d := dispatch{room}
	d.Messages([]chat.WireMessage{{Action: chat.WireSummary, Serial: "1",
		Summary: map[string]any{"reaction:odd.v1": map[string]any{}}}}, "")
	d.Annotations([]chat.WireAnnotation{{Type: "reaction:even.v1"}, {Action: 7, Type: "reaction:unique.v1"},
		{Type: "reaction:unique.v1"}}, "")
	if e := <-told; e.Reaction.Type != "unique" {
		t.Errorf("received %+v, expected a reaction of the type unique", e)
	}
	if err := client.Dispose(context.Background()); err != nil {
		t.Error(err)
	}
	for _, what := range []string{"reaction:odd.v1", "reaction:even.v1", "has the unknown action 7"} {
		found := false
		for line := range strings.Lines(log.String()) {
			found = found || strings.Contains(line, what) && strings.Contains(line, "level=INFO") && strings.Contains(line, "room=lobby")
		}
		if !found {
			t.Errorf("the log has no line about %q:\n%s", what, log.String())
		}
	}
	if len(told) != 0 {
		t.Error("an ignored reaction was reported")
	}
}
