// Command connection prints the changes of the connection's status. On the embedded server it also
// cuts the connection once, to show how the connection and the room recover.
package main

import (
	"context"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/examples/stage"
	"ablyrooms.example/lifecycle"
)

func main() { stage.Main(run) }

func run(ctx context.Context, s *stage.Stage) error {
	// Without AutoConnect, the first change is seen, too.
	client, err := s.Client("ada", ably.WithAutoConnect(false))
	if err != nil {
		return err
	}
	s.Printf("%s at first", client.Connection().Status())
	changes := make(chan ablychat.ConnectionStatusChange, 16)
	subscription, err := client.Connection().Subscribe(func(c ablychat.ConnectionStatusChange) { changes <- c })
	if err != nil {
		return err
	}
	defer subscription.Unsubscribe()
	client.Realtime().Connect()
	if err := connected(ctx, s, changes); err != nil {
		return err
	}
	room, err := client.Rooms().Get(ctx, s.RoomName("connection"))
	if err != nil {
		return err
	}
	if err := room.Attach(ctx); err != nil {
		return err
	}
	if s.Server != nil {
		statuses := room.StatusEvents(ctx)
		if err := s.Server.Cut(s.Server.State().Connections[0].ID); err != nil {
			return err
		}
		if err := connected(ctx, s, changes); err != nil {
			return err
		}
		for change, err := range statuses { // the room attaches again by itself
			if err != nil {
				return err
			}
			s.Printf("the room: %s", change)
			if change.Current == lifecycle.RoomAttached {
				break
			}
		}
	}
	s.Printf("%s is %s, the room %s", client.ClientID(), client.Connection().Status(), room.Status())
	return nil
}

// connected prints changes until there is a connection.
func connected(ctx context.Context, s *stage.Stage, changes <-chan ablychat.ConnectionStatusChange) error {
	for {
		select {
		case c := <-changes:
			s.Printf("%s -> %s", c.Previous, c.Current)
			if c.Current == ablychat.ConnectionConnected {
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
