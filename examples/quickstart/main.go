package main

import (
	"context"
	"fmt"
	"log"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"github.com/ably/ably-go/ably"
)

func main() {
	ctx := context.Background()
	server, err := ablytest.Start() // for Ably itself, leave it out and use ably.WithKey below
	check(err)
	defer server.Close()
	client, err := ablychat.NewRealtime(server.ClientOptions(ably.WithClientID("ada"))...)
	check(err)
	defer client.Close()
	chat, err := ablychat.New(client)
	check(err)
	room, err := chat.Rooms().Get(ctx, "basketball-stream")
	check(err)
	check(room.Attach(ctx))
	fmt.Println(room.Name(), "is", room.Status())
	check(chat.Rooms().Release(ctx, "basketball-stream"))
	fmt.Println(room.Name(), "is", room.Status())
	check(chat.Dispose(ctx))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
