// Command typing prints who is typing. Of many keystrokes, only the first in each interval of the
// room's throttle is sent.
package main

import (
	"context"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/examples/stage"
	"ablyrooms.example/lifecycle"
)

func main() { stage.Main(run) }

func run(ctx context.Context, s *stage.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the subscription
	ada, err := s.Join(ctx, "ada", "typing", lifecycle.WithTypingHeartbeatThrottle(10*time.Second))
	if err != nil {
		return err
	}
	bob, err := s.Join(ctx, "bob", "typing")
	if err != nil {
		return err
	}
	events := bob.Typing().Events(ctx)
	for range "Hello, Bob" { // call it at every keystroke: most calls send nothing
		if err := ada.Typing().Keystroke(ctx); err != nil {
			return err
		}
	}
	if err := ada.Typing().Stop(ctx); err != nil {
		return err
	}
	for event, err := range events {
		if err != nil {
			return err
		}
		s.Printf("%s by %s; now typing: %d", event.Change.Type, event.Change.ClientID, len(event.CurrentTypers))
		if event.Change.Type == chat.TypingStopped {
			break
		}
	}
	return nil
}
