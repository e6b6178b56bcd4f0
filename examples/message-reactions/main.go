// Command message-reactions sends reactions of all three types to a message, and receives the
// summaries and the single reactions.
//
// On Ably itself, message annotations must be enabled for the rooms' namespace, as for all message
// reactions.
package main

import (
	"context"
	"iter"
	"maps"
	"slices"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
	"ablyrooms.example/examples/stage"
	"ablyrooms.example/lifecycle"
)

func main() { stage.Main(run) }

func run(ctx context.Context, s *stage.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the subscriptions
	ada, err := s.Join(ctx, "ada", "message-reactions", lifecycle.WithRawMessageReactions(true))
	if err != nil {
		return err
	}
	bob, err := s.Join(ctx, "bob", "message-reactions")
	if err != nil {
		return err
	}
	summaries := ada.Messages().Reactions().Events(ctx)
	raw := make(chan chat.RawReactionEvent, 16)
	subscription, err := ada.Messages().Reactions().SubscribeRaw(func(e chat.RawReactionEvent) { raw <- e })
	if err != nil {
		return err
	}
	defer subscription.Unsubscribe()

	message, err := ada.Messages().Send(ctx, ablychat.MessageContent{Text: "Cake in the kitchen!"})
	if err != nil {
		return err
	}
	reactions := []ablychat.MessageReaction{
		{Name: "cake"}, // of the room's default type, distinct: a client has each name once
		{Name: "yes", Type: lifecycle.MessageReactionTypeUnique},
		{Name: "no", Type: lifecycle.MessageReactionTypeUnique}, // replaces yes
		{Name: "clap", Type: lifecycle.MessageReactionTypeMultiple, Count: 3},
	}
	for _, r := range reactions {
		if err := bob.Messages().Reactions().Send(ctx, message.Serial, r); err != nil {
			return err
		}
	}
	if err := bob.Messages().Reactions().Delete(ctx, message.Serial, reactions[0]); err != nil {
		return err
	}

	for {
		select {
		case e := <-raw:
			s.Printf("%s: %s %s by %s", e.Type, e.Reaction.Type, e.Reaction.Name, e.Reaction.ClientID)
			if e.Type == chat.RawReactionDeleted {
				return lastSummary(ctx, s, bob, message, summaries)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// lastSummary prints the summary that counts all reactions. Ably may leave out some of the
// summaries before it.
func lastSummary(ctx context.Context, s *stage.Stage, bob *ablychat.Room, message chat.Message, summaries iter.Seq2[chat.ReactionSummaryEvent, error]) error {
	for event, err := range summaries {
		if err != nil {
			return err
		}
		if message, err = message.With(event); err != nil {
			return err
		}
		r := message.Reactions
		if r.Multiple["clap"].Total == 3 && r.Distinct["cake"].Total == 0 {
			s.Printf("in all: unique %v, distinct %v, multiple %v with %d claps",
				names(r.Unique), names(r.Distinct), names(r.Multiple), r.Multiple["clap"].ClientIDs["bob"])
			break
		}
	}
	own, err := bob.Messages().Reactions().ClientReactions(ctx, message.Serial, "")
	if err != nil {
		return err
	}
	s.Printf("bob's own: unique %v, multiple %v", names(own.Unique), names(own.Multiple))
	return nil
}

func names[T any](by map[string]T) []string { return slices.Sorted(maps.Keys(by)) }
