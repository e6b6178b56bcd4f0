package ablychat_test

import (
	"context"
	"fmt"
	"log"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// A room's status is followed by ranging over its changes, to the last one.
func ExampleRoom() {
	ctx := context.Background()
	server, err := ablytest.Start() // for Ably itself: ablychat.Connect(ably.WithKey(key), …)
	check(err)
	defer server.Close()
	client, err := ablychat.Connect(server.ClientOptions(ably.WithClientID("ada"))...)
	check(err)
	room, err := client.Rooms().Get(ctx, "basketball-stream")
	check(err)
	changes := room.StatusChanges(ctx)
	check(room.Attach(ctx))
	check(client.Dispose(ctx)) // releases all rooms
	for change := range changes {
		fmt.Println(change)
	}
	// Output:
	// initialized -> attaching
	// attaching -> attached
	// attached -> releasing
	// releasing -> released
}

// Whoever subscribes before attaching gets all messages from the attaching on, and those before it from the history.
func ExampleMessages() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	server, err := ablytest.Start()
	check(err)
	defer server.Close()
	client, err := ablychat.Connect(server.ClientOptions(ably.WithClientID("ada"))...)
	check(err)
	room, err := client.Rooms().Get(ctx, "basketball-stream")
	check(err)
	_, err = room.Messages().Send(ctx, ablychat.MessageContent{Text: "before"})
	check(err)
	events, subscription := room.Messages().Events(ctx)
	check(room.Attach(ctx))
	sent, err := room.Messages().Send(ctx, ablychat.MessageContent{Text: "dunk!", Metadata: map[string]any{"quarter": 3}})
	check(err)
	_, err = room.Messages().Update(ctx, sent.Serial, ablychat.MessageContent{Text: "DUNK!"}, ablychat.OperationDetails{Description: "louder"})
	check(err)
	for event, err := range events {
		check(err)
		fmt.Println(event.Type, event.Message.Text)
		if event.Type == chat.MessageUpdated {
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

// What a room's options leave out, its features say.
func ExampleOccupancy() {
	ctx := context.Background()
	server, err := ablytest.Start()
	check(err)
	defer server.Close()
	client, err := ablychat.Connect(server.ClientOptions(ably.WithClientID("ada"))...)
	check(err)
	quiet, err := client.Rooms().Get(ctx, "quiet")
	check(err)
	_, _, err = quiet.Occupancy().Current()
	fmt.Println(lifecycle.AsErrorInfo(err).Code)
	counted, err := client.Rooms().Get(ctx, "counted", lifecycle.WithOccupancyEvents(true))
	check(err)
	check(counted.Attach(ctx))
	now, err := counted.Occupancy().Get(ctx)
	check(err)
	fmt.Println(now.Connections, "is here")
	check(client.Dispose(ctx))
	// Output:
	// FeatureNotEnabledInRoom (102108)
	// 1 is here
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
