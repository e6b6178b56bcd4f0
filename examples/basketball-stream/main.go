// Command basketball-stream is the example of Ably's documentation of rooms, in Go: a room with options of its own is got, attached,
// watched, detached and released.
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
	"ablyrooms.example/lifecycle"
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
	chat, err := ablychat.New(client)
	if err != nil {
		return err
	}
	rooms := chat.Rooms()

	room, err := rooms.Get(ctx, "basketball-stream",
		lifecycle.WithTypingHeartbeatThrottle(5*time.Second),
		lifecycle.WithOccupancyEvents(true))
	if err != nil {
		return err
	}
	changes := make(chan lifecycle.RoomStatusChange, 8)
	off := room.OnStatusChange(func(c lifecycle.RoomStatusChange) { changes <- c })
	defer off()
	room.OnDiscontinuity(func(reason *lifecycle.ErrorInfo) { fmt.Println("messages may have been missed:", reason) })

	if err := room.Attach(ctx); err != nil {
		return err
	}
	if err := room.Detach(ctx); err != nil {
		return err
	}
	if err := rooms.Release(ctx, "basketball-stream"); err != nil {
		return err
	}
	for c := range changes {
		fmt.Printf("%s: %v -> %v\n", room.Name(), c.Previous, c.Current)
		if c.Current == lifecycle.RoomReleased {
			break
		}
	}
	return chat.Dispose(ctx)
}

// connect makes a client of Ably, or of an embedded server when no key is given.
func connect() (*ably.Realtime, func(), error) {
	if key := os.Getenv("ABLY_API_KEY"); key != "" {
		client, err := ablychat.NewRealtime(ably.WithKey(key), ably.WithClientID("presenter"))
		if err != nil {
			return nil, nil, err
		}
		return client, client.Close, nil
	}
	server, err := ablytest.Start()
	if err != nil {
		return nil, nil, err
	}
	client, err := ablychat.NewRealtime(server.ClientOptions(ably.WithClientID("presenter"))...)
	if err != nil {
		server.Close()
		return nil, nil, err
	}
	return client, func() { client.Close(); server.Close() }, nil
}
