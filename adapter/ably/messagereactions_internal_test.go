package ablychat

import (
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// Who subscribed before the attach misses nothing that came after it, however late the subscriber begins (CHA-MR6).
func TestReactionsSinceTheAttach(t *testing.T) {
	server := ablytest.NewServer(t)
	client, err := Connect(server.ClientOptions(ably.WithClientID("ann"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Dispose(t.Context())
	room, err := client.Rooms().Get(t.Context(), "lobby", lifecycle.WithRawMessageReactions(true))
	if err != nil {
		t.Fatal(err)
	}
	reactions := room.Messages().Reactions()
	summaries, raws := make(chan chat.ReactionSummaryEvent, 10), make(chan chat.RawReactionEvent, 10)
	if _, err := reactions.Subscribe(func(e chat.ReactionSummaryEvent) { summaries <- e }); err != nil {
		t.Fatal(err)
	}
	if _, err := reactions.SubscribeRaw(func(e chat.RawReactionEvent) { raws <- e }); err != nil {
		t.Fatal(err)
	}
	reactions.mu.Lock() // what follows the room waits
	if err := room.Attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	message, err := room.Messages().Send(t.Context(), MessageContent{Text: "hi"})
	if err == nil {
		err = reactions.Send(t.Context(), message.Serial, MessageReaction{Name: "👍"})
	}
	reactions.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	limit := time.After(20 * time.Second)
	for range 2 {
		select {
		case s := <-summaries:
			if s.MessageSerial != message.Serial {
				t.Errorf("%+v", s)
			}
		case r := <-raws:
			if r.Reaction.Name != "👍" {
				t.Errorf("%+v", r)
			}
		case <-limit:
			t.Fatal("a reaction was missed that came after the attach")
		}
	}
}
