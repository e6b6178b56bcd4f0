package bottest_test

import (
	"context"
	"errors"
	"log"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// greet is the program that docs/testing.md tests: a bot that answers "hello".
func greet(ctx context.Context, options ...ablychat.Option) error {
	client, err := ablychat.Connect(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	room, err := client.Rooms().Get(ctx, "lobby")
	if err != nil {
		return err
	}
	events := room.Messages().EventsSince(ctx, "")
	if err := room.Attach(ctx); err != nil {
		return err
	}
	for e, err := range events {
		if err != nil {
			return err
		}
		if who := e.Message.ClientID; who != "bot" && strings.HasPrefix(e.Message.Text, "hello") {
			if err := answer(ctx, room, "hello, "+who); err != nil {
				log.Println("answer:", err)
			}
		}
	}
	return nil
}

// answer types and sends a message. When the rate limit is exceeded, it retries with growing
// pauses.
func answer(ctx context.Context, room *ablychat.Room, text string) error {
	if err := room.Typing().Keystroke(ctx); err != nil {
		log.Println("type:", err)
	}
	for pause := time.Second; ; pause *= 2 {
		_, err := room.Messages().Send(ctx, ablychat.Text(text))
		if !errors.Is(err, ablychat.ErrorCode(42910)) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// startGreeter runs the bot until the end of the test.
func startGreeter(t *testing.T, server *bottest.Server, options ...ably.ClientOption) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- greet(ctx, server.Options("bot", options...)...) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the bot ended with %v", err)
		}
	})
	synctest.Wait() // until the bot is in the room and everything is idle
}
