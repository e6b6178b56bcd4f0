package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"go.uber.org/goleak"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestBot lets a guest enter and send messages, and checks what others see of the bot.
func TestBot(t *testing.T) {
	server := ablytest.NewServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	options := func(id string) ablychat.Option {
		return ablychat.Ably(server.ClientOptions(ably.WithClientID(id),
			ably.WithDisconnectedRetryTimeout(20*time.Millisecond))...)
	}
	life, stop := context.WithCancelCause(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- run(life, options("mod"))
	}()
	eve := "eve\x1b[2J\u202e\nroot" // clears the screen of a terminal and begins a new line
	client := must(ablychat.Connect(options(eve)))
	defer client.Close()
	room := must(client.Rooms().Get(ctx, "town"))
	presence, end := iter.Pull2(room.Presence().Events(ctx))
	defer end()
	messages, end := iter.Pull2(room.Messages().EventsSince(ctx, ""))
	defer end()
	reactions, end := iter.Pull2(room.Messages().Reactions().Events(ctx))
	defer end()
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
		welcomed = welcomed || m.ClientID == "mod" && m.Text == `Welcome, "eve\x1b[2J\u202e\nroot"`
		deleted = deleted || m.DeletedBy() == "mod" && m.Version.Description == "spam"
		return welcomed && deleted
	})
	// Messages that come during an outage are moderated after it.
	server.RefuseConnections(nil)
	if err := server.Cut(""); err != nil {
		t.Fatal(err)
	}
	if err := server.Await(ctx, func(s ablytest.State) bool { return s.Connected() == 0 }); err != nil {
		t.Fatal(err)
	}
	for _, c := range server.State().Connections {
		if c.ClientID == "mod" {
			if err := server.Forget(c.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	server.LoseContinuity(ablychat.ChannelName("town"))
	late := must(room.Messages().Send(ctx, ablychat.Text("more spam")))
	server.AcceptConnections()
	await(t, messages, func(e ablychat.MessageEvent) bool {
		return e.Message.Serial == late.Serial && e.Message.DeletedBy() == "mod"
	})
	interrupt := errors.New("interrupt")
	stop(interrupt)
	if err := <-ended; !errors.Is(err, interrupt) || !errors.Is(err, context.Canceled) {
		t.Errorf("the bot ended with %v", err)
	}
	alone := func() bool {
		present := must(room.Presence().Get(ctx))
		return len(present) == 1 && present[0].ClientID == eve
	}
	if !alone() {
		await(t, presence, func(ablychat.PresenceEvent) bool { return alone() })
	}
}

// TestTheLengthInTheREADME checks the number of lines that the README says the bot has.
func TestTheLengthInTheREADME(t *testing.T) {
	program := must(os.ReadFile("main.go"))
	says := fmt.Sprintf("| [bot](examples/bot) | %d lines: ", bytes.Count(program, []byte("\n")))
	if readme := must(os.ReadFile("../../README.md")); !bytes.Contains(readme, []byte(says)) {
		t.Errorf("the README doesn't have %q", says)
	}
}

// await reads events until the function is returns true for one of them. The test fails if the
// sequence yields an error.
func await[E any](t *testing.T, next func() (E, error, bool), is func(E) bool) {
	t.Helper()
	for {
		e, err, _ := next()
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
