// Command presence enters a room, updates its presence data, and leaves, while another client
// receives the events.
package main

import (
	"context"

	"ablyrooms.example/chat"
	"ablyrooms.example/examples/stage"
)

func main() { stage.Main(run) }

func run(ctx context.Context, s *stage.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the subscription
	ada, err := s.Join(ctx, "ada", "presence")
	if err != nil {
		return err
	}
	bob, err := s.Join(ctx, "bob", "presence")
	if err != nil {
		return err
	}
	events := bob.Presence().Events(ctx)
	if err := ada.Presence().Enter(ctx, map[string]any{"status": "here"}); err != nil {
		return err
	}
	if err := ada.Presence().Update(ctx, map[string]any{"status": "at lunch"}); err != nil {
		return err
	}
	members, err := ada.Presence().Get(ctx)
	if err != nil {
		return err
	}
	for _, m := range members {
		s.Printf("present: %s %v", m.ClientID, m.Data)
	}
	if err := ada.Presence().Leave(ctx, map[string]any{"status": "home"}); err != nil {
		return err
	}
	for event, err := range events {
		if err != nil {
			return err
		}
		s.Printf("bob sees: %s %s %v", event.Member.ClientID, event.Type, event.Member.Data)
		if event.Type == chat.PresenceLeave {
			break
		}
	}
	present, err := bob.Presence().IsUserPresent(ctx, "ada")
	if err != nil {
		return err
	}
	s.Printf("ada is present: %t", present)
	return nil
}
