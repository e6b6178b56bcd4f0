// Command messages sends, updates and deletes messages. It receives them as events, reads the
// messages from before the subscription, and reads the room's whole history.
package main

import (
	"context"
	"iter"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
	"ablyrooms.example/examples/stage"
)

func main() { stage.Main(run) }

func run(ctx context.Context, s *stage.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the subscription
	ada, err := s.Join(ctx, "ada", "messages")
	if err != nil {
		return err
	}
	for _, text := range []string{"Is anybody here?", "It seems not."} {
		if _, err := ada.Messages().Send(ctx, ablychat.MessageContent{Text: text}); err != nil {
			return err
		}
	}

	// Bob subscribes before he attaches, so that no message falls between his history and his
	// events.
	bob, err := s.Room(ctx, "bob", "messages")
	if err != nil {
		return err
	}
	events := bob.Messages().Events(ctx)
	subscription, err := bob.Messages().Subscribe(func(ablychat.MessageEvent) {})
	if err != nil {
		return err
	}
	if err := bob.Attach(ctx); err != nil {
		return err
	}
	before, err := subscription.HistoryBeforeSubscribe(ctx, ablychat.HistoryQuery{Limit: 10})
	if err != nil {
		return err
	}
	for _, m := range before.Items {
		s.Printf("before bob came: %s: %s", m.ClientID, m.Text)
	}

	sent, err := ada.Messages().Send(ctx, ablychat.MessageContent{
		Text: "Helo, Bob!", Metadata: map[string]any{"mood": "glad"}, Headers: map[string]any{"lang": "en"},
	})
	if err != nil {
		return err
	}
	_, err = ada.Messages().Update(ctx, sent.Serial, ablychat.Text("Hello, Bob!"), ablychat.WithDescription("a typo"))
	if err != nil {
		return err
	}
	if _, err := ada.Messages().Delete(ctx, sent.Serial, ablychat.WithDescription("too loud")); err != nil {
		return err
	}
	if err := follow(s, events); err != nil {
		return err
	}

	page, err := bob.Messages().History(ctx, ablychat.HistoryQuery{Order: ablychat.OldestFirst})
	if err != nil {
		return err
	}
	for m, err := range page.All(ctx) {
		if err != nil {
			return err
		}
		s.Printf("history: %s by %s: %q", m.Action, m.ClientID, m.Text)
	}
	return nil
}

// follow prints events until a deletion, and applies them all to one message.
func follow(s *stage.Stage, events iter.Seq2[chat.MessageEvent, error]) error {
	var message chat.Message
	for event, err := range events {
		if err != nil {
			return err
		}
		// The later events may come in any order: With gives the same result.
		if event.Type == chat.MessageCreated {
			message = event.Message
		} else if message, err = message.With(event); err != nil {
			return err
		}
		s.Printf("%s: %q %s", event.Type, message.Text, message.Version.Description)
		if event.Type == chat.MessageDeleted {
			break
		}
	}
	return nil
}
