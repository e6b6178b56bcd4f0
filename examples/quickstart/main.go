package main

import (
	"context"
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

	// Ably, if there is a key for it; else a server in this process.
	options := []ably.ClientOption{ably.WithKey(os.Getenv("ABLY_API_KEY"))}
	if os.Getenv("ABLY_API_KEY") == "" {
		server, err := ablytest.Start()
		check(err)
		defer server.Close()
		options = server.ClientOptions()
	}
	client, err := ablychat.Connect(ablychat.Ably(append(options, ably.WithClientID("ada"))...))
	check(err)
	defer client.Close() // releases the room, then closes the connection

	room, err := client.Rooms().Get(ctx, "basketball-stream")
	check(err)
	_, err = room.Messages().Subscribe(func(e ablychat.MessageEvent) {
		fmt.Printf("%q: %q\n", e.Message.ClientID, e.Message.Text)
	})
	check(err)
	check(room.Attach(ctx)) // events begin here
	_, err = room.Messages().Send(ctx, ablychat.Text("What a dunk!"))
	check(err)

	<-ctx.Done() // until Ctrl-C
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
