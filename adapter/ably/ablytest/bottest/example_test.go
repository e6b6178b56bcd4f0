package bottest_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// exampleT replaces the *testing.T, which an example doesn't have.
type exampleT struct{ cleanups []func() }

func (*exampleT) Helper()                           {}
func (*exampleT) Logf(string, ...any)               {}
func (*exampleT) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (t *exampleT) Cleanup(f func())                { t.cleanups = append(t.cleanups, f) }

func (t *exampleT) end() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}

// A client of the program talks to another user, and the test reads the room. In a test, t is its
// *testing.T.
func Example() {
	t := &exampleT{}
	defer t.end()
	ctx := context.Background()
	server := bottest.NewServer(t)

	room, err := server.Client("bot").Rooms().Get(ctx, "lobby")
	if err != nil {
		log.Fatal(err)
	}
	eve := server.User("eve")
	serial := eve.Says("lobby", "hello")
	if _, err := room.Messages().Send(ctx, ablychat.Text("hello, eve")); err != nil {
		log.Fatal(err)
	}
	eve.Reacts("lobby", serial, "👋")
	for _, m := range server.Room("lobby").Messages() {
		fmt.Println(m.ClientID, "says", m.Text, m.Reactions.Distinct["👋"].ClientIDs)
	}
	// Output:
	// eve says hello [eve]
	// bot says hello, eve []
}

// Each line makes a user do something.
func ExampleUser() {
	t := &exampleT{}
	defer t.end()
	server := bottest.NewServer(t)
	eve, lobby := server.User("eve"), server.Room("lobby")

	serial := eve.Says("lobby", "helo")
	eve.Edits("lobby", serial, "hello")
	eve.Types("lobby")
	eve.Enters("lobby", map[string]any{"mood": "good"})
	eve.ReactsToRoom("lobby", "🎉")
	fmt.Println(lobby.Texts(), lobby.Typing(), lobby.Members(), lobby.Reactions()[0].Name)
	eve.Deletes("lobby", serial)
	eve.StopsTyping("lobby")
	eve.Leaves("lobby")
	fmt.Println(lobby.Texts(), lobby.Typing(), lobby.Members())
	// Output:
	// [hello] [eve] [eve] 🎉
	// [] [] []
}

// A rule rejects a message.
func ExampleServer_rejected() {
	t := &exampleT{}
	defer t.end()
	ctx := context.Background()
	server := bottest.NewServer(t)
	room, err := server.Client("bot").Rooms().Get(ctx, "lobby")
	if err != nil {
		log.Fatal(err)
	}
	rejecting := server.Reject(func(room, text string) *ablytest.ErrorInfo {
		return ablytest.RejectedByBeforePublishRule(map[string]string{"rule": "silence"})
	})
	_, err = room.Messages().Send(ctx, ablychat.Text("hello"))
	fmt.Println(err)
	rejecting.End()
	_, err = room.Messages().Send(ctx, ablychat.Text("hello"))
	fmt.Println(err, server.Room("lobby").Texts())
	// Output:
	// unable to send message; the message was rejected by a before-publish rule (code 42211, status 422): detail map[rule:silence], see https://help.ably.io/error/42211
	// <nil> [hello]
}

// A test waits for a message that a program sends at a time of its own.
func ExampleRoom_AwaitMessage() {
	t := &exampleT{}
	defer t.end()
	server := bottest.NewServer(t)
	room, err := server.Client("bot").Rooms().Get(context.Background(), "lobby")
	if err != nil {
		log.Fatal(err)
	}
	go room.Messages().Send(context.Background(), ablychat.Text("I am here"))

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	m, err := server.Room("lobby").AwaitMessage(ctx, func(m ablychat.Message) bool { return m.ClientID == "bot" })
	fmt.Println(m.Text, err)
	// Output: I am here <nil>
}
