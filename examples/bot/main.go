// Command bot is in a room of Ably's until it is interrupted. It greets who enters, deletes
// messages with a forbidden word, also those that came while it had no connection, and waves to who
// says hello. ABLY_API_KEY is its key, which must allow it to delete the messages of others.
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"
	"strings"
	"unicode"

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
	defer client.Close() // releases the room, which ends its presence
	room, err := client.Rooms().Get(ctx, "town")
	if err != nil {
		return err
	}
	_, err = room.Presence().Subscribe(func(e ablychat.PresenceEvent) {
		if who := e.Member.ClientID; e.Type == ablychat.PresenceEnter && who != "mod" {
			typing := room.Typing().Keystroke(ctx)
			_, err := room.Messages().Send(ctx, ablychat.Text("Welcome, "+clean(who)))
			log.Println("greeted:", errors.Join(typing, err, room.Typing().Stop(ctx)))
		}
	})
	events := room.Messages().EventsSince(ctx, "") // before Attach, so that none is missed
	if err := errors.Join(err, room.Attach(ctx), room.Presence().Enter(ctx, nil)); err != nil {
		return err
	}
	for e, err := range events { // after a reconnect, first what was missed meanwhile
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

// clean leaves out of a name of others what a terminal obeys: control characters and those that
// change the direction of writing. A program that prints what the bot repeats must not obey it.
func clean(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t' || unicode.In(c, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c):
			return -1
		}
		return c
	}, text)
}
