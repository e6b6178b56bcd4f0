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
	server, err := ablytest.Start() // for Ably itself: ably.WithKey(key) in place of its options
	check(err)
	defer server.Close()
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID("ada"))...))
	check(err)
	defer client.Close()
	room, err := client.Rooms().Get(ctx, "basketball-stream")
	check(err)
	events := room.Messages().Events(ctx) // before Attach, so that none is missed
	check(room.Attach(ctx))
	_, err = room.Messages().Send(ctx, ablychat.Text("What a dunk!"))
	check(err)
	for e, err := range events {
		if errors.Is(err, context.Canceled) { // Ctrl-C
			break
		}
		check(err)
		fmt.Printf("%q: %q\n", e.Message.ClientID, e.Message.Text)
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
