package ablychat_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// Range over the changes of a room's status, to the last one.
func ExampleRoom() {
	ctx := context.Background()
	// For Ably itself: ablychat.Connect(ablychat.Ably(ably.WithKey(key)), …)
	server, err := ablytest.Start()
	check(err)
	defer server.Close()
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID("ada"))...))
	check(err)
	room, err := client.Rooms().Get(ctx, "basketball-stream")
	check(err)
	changes := room.StatusEvents(ctx)
	check(room.Attach(ctx))
	check(client.Dispose(ctx)) // releases all rooms
	for change, err := range changes {
		if errors.Is(err, ablychat.ErrResourceDisposed) {
			break // the room is released: the change before was the last
		}
		check(err)
		fmt.Println(change)
	}
	// Output:
	// initialized -> attaching
	// attaching -> attached
	// attached -> releasing
	// releasing -> released
}

// A listener that subscribes before the attach receives all messages from the attach on. Those
// before it are in the history.
func ExampleMessages() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server, err := ablytest.Start()
	check(err)
	defer server.Close()
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID("ada"))...))
	check(err)
	room, err := client.Rooms().Get(ctx, "basketball-stream")
	check(err)
	_, err = room.Messages().Send(ctx, ablychat.MessageContent{Text: "before"})
	check(err)
	events := room.Messages().Events(ctx)
	subscription, err := room.Messages().Subscribe(func(ablychat.MessageEvent) {})
	check(err)
	check(room.Attach(ctx))
	sent, err := room.Messages().Send(ctx, ablychat.MessageContent{Text: "dunk!", Metadata: map[string]any{"quarter": 3}})
	check(err)
	_, err = room.Messages().Update(ctx, sent.Serial, ablychat.MessageContent{Text: "DUNK!"}, ablychat.WithDescription("louder"))
	check(err)
	for event, err := range events {
		check(err)
		fmt.Println(event.Type, event.Message.Text)
		if event.Type == ablychat.MessageUpdated {
			break
		}
	}
	before, err := subscription.HistoryBeforeSubscribe(ctx, ablychat.HistoryQuery{})
	check(err)
	for _, message := range before.Items {
		fmt.Println("history", message.Text)
	}
	check(client.Dispose(ctx))
	// Output:
	// message.created dunk!
	// message.updated DUNK!
	// history before
}

// A feature returns an error if the room's options don't enable it.
func ExampleOccupancy() {
	ctx := context.Background()
	server, err := ablytest.Start()
	check(err)
	defer server.Close()
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID("ada"))...))
	check(err)
	quiet, err := client.Rooms().Get(ctx, "quiet")
	check(err)
	_, _, err = quiet.Occupancy().Current()
	fmt.Println(errors.Is(err, ablychat.ErrFeatureNotEnabledInRoom))
	counted, err := client.Rooms().Get(ctx, "counted", ablychat.WithOccupancyEvents(true))
	check(err)
	check(counted.Attach(ctx))
	now, err := counted.Occupancy().Get(ctx)
	check(err)
	fmt.Println(now.Connections, "is here")
	check(client.Dispose(ctx))
	// Output:
	// true
	// 1 is here
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
