// Command bot is in a room and does three things: it greets who enters, deletes messages that have a forbidden word, with the reason in the
// deletion's description, and counts reactions.
//
// On the embedded server a small crowd comes, says its lines and goes, and the bot ends with it. With ABLY_API_KEY set it is on Ably itself,
// in the room of -room, until it is interrupted; its key must allow it to delete the messages of others.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"

	"ablyrooms.example/examples/internal/stage"
	"ablyrooms.example/lifecycle"
)

func main() {
	room := flag.String("room", "town-square", "the `room` to be in")
	words := flag.String("words", "spam,lottery", "forbidden `words`, with commas between them")
	flag.Parse()
	forbidden := strings.FieldsFunc(*words, func(r rune) bool { return r == ',' })
	if os.Getenv(stage.KeyVariable) == "" {
		stage.Main(func(ctx context.Context, s *stage.Stage) error { return withCrowd(ctx, s, *room, forbidden) })
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := stage.Play(ctx, os.Stdout, func(ctx context.Context, s *stage.Stage) error {
		return untilInterrupted(ctx, s, *room, forbidden)
	})
	if err != nil {
		log.Fatal(err)
	}
}

// untilInterrupted runs the bot alone, in a room that others have.
func untilInterrupted(ctx context.Context, s *stage.Stage, name string, forbidden []string) error {
	client, err := s.Client(botID)
	if err != nil {
		return err
	}
	room, err := client.Rooms().Get(ctx, name) // others know it by this very name
	if err != nil {
		return err
	}
	b, err := start(ctx, room, forbidden, s.Printf)
	if err != nil {
		return err
	}
	s.Printf("in %s; interrupt to end", name)
	<-ctx.Done()
	s.Printf("reactions: %s", b.stop())
	return nil
}

// withCrowd runs the bot with a crowd that says its lines.
func withCrowd(ctx context.Context, s *stage.Stage, name string, forbidden []string) error {
	client, err := s.Client(botID)
	if err != nil {
		return err
	}
	room, err := client.Rooms().Get(ctx, s.RoomName(name))
	if err != nil {
		return err
	}
	b, err := start(ctx, room, forbidden, s.Printf)
	if err != nil {
		return err
	}
	err = play(ctx, s, name, b)
	s.Printf("reactions: %s", b.stop())
	if status := room.Status(); err == nil && status != lifecycle.RoomAttached {
		err = fmt.Errorf("the bot's room is %v", status)
	}
	return err
}
