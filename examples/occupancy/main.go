// Command occupancy counts the connections and presence members of a room. The room receives
// occupancy events only because an option enables them.
package main

import (
	"context"
	"fmt"

	"ablyrooms.example/chat"
	"ablyrooms.example/examples/stage"
	"ablyrooms.example/lifecycle"
)

func main() { stage.Main(run) }

func run(ctx context.Context, s *stage.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the subscription
	ada, err := s.Room(ctx, "ada", "occupancy", lifecycle.WithOccupancyEvents(true))
	if err != nil {
		return err
	}
	changes := make(chan chat.OccupancyData, 16)
	subscription, err := ada.Occupancy().Subscribe(func(o chat.OccupancyData) { changes <- o })
	if err != nil {
		return err
	}
	defer subscription.Unsubscribe()
	if err := ada.Attach(ctx); err != nil {
		return err
	}
	if err := until(ctx, s, changes, chat.OccupancyData{Connections: 1}); err != nil {
		return err
	}
	bob, err := s.Join(ctx, "bob", "occupancy")
	if err != nil {
		return err
	}
	if err := until(ctx, s, changes, chat.OccupancyData{Connections: 2}); err != nil {
		return err
	}
	if err := bob.Presence().Enter(ctx, nil); err != nil {
		return err
	}
	if err := until(ctx, s, changes, chat.OccupancyData{Connections: 2, PresenceMembers: 1}); err != nil {
		return err
	}
	current, _, err := ada.Occupancy().Current()
	if err != nil {
		return err
	}
	s.Printf("last received: %s", describe(current))
	asked, err := bob.Occupancy().Get(ctx) // needs no option
	if err != nil {
		return err
	}
	s.Printf("asked for: %s", describe(asked))
	return nil
}

// until waits for the occupancy want. The service may report others before it.
func until(ctx context.Context, s *stage.Stage, changes <-chan chat.OccupancyData, want chat.OccupancyData) error {
	for {
		select {
		case o := <-changes:
			if o == want {
				s.Printf("event: %s", describe(o))
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func describe(o chat.OccupancyData) string {
	return fmt.Sprintf("connections %d, present %d", o.Connections, o.PresenceMembers)
}
