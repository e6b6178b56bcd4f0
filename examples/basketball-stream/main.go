// Command basketball-stream is the example of Ably's documentation of rooms, in Go. It gets a room
// with some options, attaches it, prints its status changes, detaches it and releases it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client, closeAll, err := connect()
	if err != nil {
		return err
	}
	defer closeAll()
	rooms := client.Rooms()

	room, err := rooms.Get(ctx, "basketball-stream",
		ablychat.WithTypingHeartbeatThrottle(5*time.Second),
		ablychat.WithOccupancyEvents(true))
	if err != nil {
		return err
	}
	changes := room.StatusEvents(ctx)
	if _, err := room.SubscribeDiscontinuities(func(d ablychat.Discontinuity) {
		fmt.Println("messages may have been missed:", d.Reason)
	}); err != nil {
		return err
	}

	if err := room.Attach(ctx); err != nil {
		return err
	}
	if err := room.Detach(ctx); err != nil {
		return err
	}
	if err := rooms.Release(ctx, "basketball-stream"); err != nil {
		return err
	}
	for c, err := range changes {
		if err != nil {
			return err
		}
		fmt.Printf("%s: %v -> %v\n", room.Name(), c.Previous, c.Current)
		if c.Current == ablychat.RoomReleased {
			break
		}
	}
	return client.Dispose(ctx)
}

// connect makes a client of Ably, or, without a key, of an embedded server that it starts.
func connect() (*ablychat.Client, func(), error) {
	if key := os.Getenv("ABLY_API_KEY"); key != "" {
		client, err := ablychat.Connect(ablychat.Ably(ably.WithKey(key), ably.WithClientID("presenter")))
		if err != nil {
			return nil, nil, err
		}
		return client, func() { client.Close() }, nil
	}
	server, err := ablytest.Start()
	if err != nil {
		return nil, nil, err
	}
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID("presenter"))...))
	if err != nil {
		server.Close()
		return nil, nil, err
	}
	return client, func() { client.Close(); server.Close() }, nil
}
