package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"go.uber.org/goleak"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBot has a guest come and say its lines, and looks at what others see of the bot.
func TestBot(t *testing.T) {
	server := ablytest.NewServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	life, stop := context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- run(life, ablychat.Ably(server.ClientOptions(ably.WithClientID("mod"))...))
	}()
	eve := "eve\x1b[2J"
	client := must(ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID(eve))...)))
	defer client.Close()
	room := must(client.Rooms().Get(ctx, "town"))
	presence, messages := room.Presence().Events(ctx), room.Messages().Events(ctx)
	reactions := room.Messages().Reactions().Events(ctx)
	if err := room.Attach(ctx); err != nil {
		t.Fatal(err)
	}
	await(t, presence, func(e ablychat.PresenceEvent) bool { return e.Member.ClientID == "mod" })
	if err := room.Presence().Enter(ctx, nil); err != nil {
		t.Fatal(err)
	}
	hello := must(room.Messages().Send(ctx, ablychat.Text("hello")))
	must(room.Messages().Send(ctx, ablychat.Text("cheap SPAM")))
	await(t, reactions, func(e ablychat.ReactionSummaryEvent) bool {
		return e.MessageSerial == hello.Serial && e.Reactions.Distinct["👋"].Total == 1
	})
	welcomed, deleted := false, false
	await(t, messages, func(e ablychat.MessageEvent) bool {
		m := e.Message
		welcomed = welcomed || m.ClientID == "mod" && m.Text == "Welcome, eve[2J"
		deleted = deleted || m.DeletedBy() == "mod" && m.Version.Description == "spam"
		return welcomed && deleted
	})
	interrupt := errors.New("interrupt")
	stop(interrupt)
	if err := <-ended; !errors.Is(err, interrupt) || !errors.Is(err, context.Canceled) {
		t.Errorf("the bot ended with %v", err)
	}
	present := must(room.Presence().Get(ctx))
	if len(present) != 1 || present[0].ClientID != eve {
		t.Errorf("present after the shutdown: %+v", present)
	}
}

// await reads events until one is what the test waits for.
func await[E any](t *testing.T, events func(func(E, error) bool), is func(E) bool) {
	t.Helper()
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		if is(e) {
			return
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
