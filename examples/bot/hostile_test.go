package main

import (
	"context"
	"strings"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
	"ablyrooms.example/examples/internal/stage"
	"ablyrooms.example/examples/internal/stage/stagetest"
)

// A client id that would clear the screen is neither printed nor repeated as it is.
func TestAHostileClientID(t *testing.T) {
	const id = "\x1b[2J\x1b[31meve\u202e\nroot"
	run := func(ctx context.Context, s *stage.Stage) error {
		bob, err := s.Join(ctx, "bob", "town")
		if err != nil {
			return err
		}
		heard := make(chan string, 1)
		bob.Messages().Subscribe(func(e chat.MessageEvent) {
			if strings.HasPrefix(e.Message.Text, "Welcome") {
				heard <- e.Message.Text
			}
		})
		client, err := s.Client(botID)
		if err != nil {
			return err
		}
		room, err := client.Rooms().Get(ctx, s.RoomName("town"))
		if err != nil {
			return err
		}
		b, err := start(ctx, room, nil, s.Printf)
		if err != nil {
			return err
		}
		defer b.stop()
		var eve *ablychat.Room
		if eve, err = s.Join(ctx, id, "town"); err == nil {
			err = eve.Presence().Enter(ctx, nil)
		}
		if err != nil {
			return err
		}
		select {
		case text := <-heard:
			s.Printf("%s", text)
			if strings.ContainsAny(text, "\x1b\u202e\n") {
				t.Errorf("the bot says %q", text)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		return nil
	}
	stagetest.Run(t, run, "the bot greets [2J[31meve root", "Welcome, [2J[31meve root!")
}
