package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"github.com/ably/ably-go/ably"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	// Use Ably if there is a key for it; otherwise use a server in this process.
	options := []ably.ClientOption{ably.WithKey(os.Getenv("ABLY_API_KEY"))}
	if os.Getenv("ABLY_API_KEY") == "" {
		server, err := ablytest.Start()
		if err != nil {
			log.Fatal(err)
		}
		defer server.Close()
		options = server.ClientOptions()
	}
	if err := run(ctx, append(options, ably.WithClientID("ada"))); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, options []ably.ClientOption) error {
	client, err := ablychat.Connect(ablychat.Ably(options...))
	if err != nil {
		return err
	}
	defer client.Close() // releases the room, then closes the connection

	room, err := client.Rooms().Get(ctx, "basketball-stream")
	if err != nil {
		return err
	}
	_, err = room.Messages().Subscribe(func(e ablychat.MessageEvent) {
		fmt.Printf("%q: %q\n", e.Message.ClientID, e.Message.Text)
	})
	if err := errors.Join(err, room.Attach(ctx)); err != nil { // now messages come
		return err
	}
	if _, err := room.Messages().Send(ctx, ablychat.Text("What a dunk!")); err != nil {
		return err
	}
	<-ctx.Done() // until Ctrl-C
	return nil
}
