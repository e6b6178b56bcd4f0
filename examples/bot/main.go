// Command bot greets clients that enter a room, waves back, and deletes spam, also after an outage.
// The key in ABLY_API_KEY must allow it to delete the messages of others.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"

	ablychat "ablyrooms.example/adapter/ably"
	"github.com/ably/ably-go/ably"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	account := ablychat.Ably(ably.WithKey(os.Getenv("ABLY_API_KEY")), ably.WithClientID("mod"))
	if err := run(ctx, account); !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context, options ...ablychat.Option) error {
	client, err := ablychat.Connect(options...)
	if err != nil {
		return err
	}
	defer client.Close() // releases the room, which also ends the bot's presence
	room, err := client.Rooms().Get(ctx, "town")
	if err != nil {
		return err
	}
	_, err = room.Presence().Subscribe(func(e ablychat.PresenceEvent) {
		if who := e.Member.ClientID; e.Type == ablychat.PresenceEnter && who != "mod" {
			typing := room.Typing().Keystroke(ctx)
			// The name is quoted, since it may contain control characters for a terminal.
			_, err := room.Messages().Send(ctx, ablychat.Text("Welcome, "+strconv.Quote(who)))
			log.Println("greeted:", errors.Join(typing, err, room.Typing().Stop(ctx)))
		}
	})
	events := room.Messages().EventsSince(ctx, "") // before Attach, so that no message is missed
	if err := errors.Join(err, room.Attach(ctx), room.Presence().Enter(ctx, nil)); err != nil {
		return err
	}
	for e, err := range events { // after a reconnect, missed messages come first
		switch m := e.Message; {
		case err != nil:
			return err
		case m.IsDeleted() || m.ClientID == "mod":
		case strings.Contains(strings.ToLower(m.Text), "spam"):
			_, err = room.Messages().Delete(ctx, m.Serial, ablychat.WithDescription("spam"))
		case strings.HasPrefix(m.Text, "hello"):
			err = room.Messages().Reactions().Send(ctx, m.Serial, ablychat.MessageReaction{Name: "👋"})
		}
		if err != nil {
			log.Println("moderate:", err)
		}
	}
	return nil
}
