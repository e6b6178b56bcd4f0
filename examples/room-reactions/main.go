// Command room-reactions sends reactions to a room as a whole. The service doesn't keep them.
package main

import (
	"context"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/examples/stage"
)

func main() { stage.Main(run) }

func run(ctx context.Context, s *stage.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the subscription
	ada, err := s.Join(ctx, "ada", "room-reactions")
	if err != nil {
		return err
	}
	bob, err := s.Join(ctx, "bob", "room-reactions")
	if err != nil {
		return err
	}
	events := bob.Reactions().Events(ctx)
	if err := ada.Reactions().Send(ctx, ablychat.ReactionContent{Name: "🎉", Metadata: map[string]any{"size": "large"}}); err != nil {
		return err
	}
	if err := bob.Reactions().Send(ctx, ablychat.ReactionContent{Name: "👏"}); err != nil {
		return err
	}
	for r, err := range events {
		if err != nil {
			return err
		}
		s.Printf("bob sees %s of %s, own: %t, metadata: %v", r.Name, r.ClientID, r.IsSelf, r.Metadata)
		if r.IsSelf {
			break
		}
	}
	return nil
}
