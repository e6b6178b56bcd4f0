package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// start runs the bot, in virtual time, until the end of the test.
func start(t *testing.T, server *bottest.Server, options ...ably.ClientOption) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, server.Options("mod", options...)...) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the bot ended with %v", err)
		}
		if got := server.Room("town").Members(); slices.Contains(got, "mod") {
			t.Errorf("present after the shutdown: %q", got)
		}
	})
	synctest.Wait()
	if got := server.Room("town").Members(); !slices.Equal(got, []string{"mod"}) {
		t.Errorf("present after the start: %q", got)
	}
}

// moderated fails the test unless the bot has deleted a message.
func moderated(t *testing.T, server *bottest.Server, serial string) {
	t.Helper()
	if m := server.Room("town").Message(serial); m.DeletedBy() != "mod" || m.Version.Description != "spam" {
		t.Errorf("the bot did not delete the message %q of %s", m.Text, m.ClientID)
	}
}

// TestOutage disconnects the bot for five minutes, so that the connection's state is lost. The bot
// must then moderate the messages that it missed, and be present again.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		start(t, server)
		eve, town := server.User("eve"), server.Room("town")
		outage := server.Outage()
		spam, hello := eve.Says("town", "cheap SPAM"), eve.Says("town", "hello")
		time.Sleep(5 * time.Minute)
		if got := town.Members(); len(got) != 0 {
			t.Errorf("present during the outage: %q", got)
		}
		outage.End()
		time.Sleep(time.Minute)
		synctest.Wait()
		moderated(t, server, spam)
		if n := town.Message(hello).Reactions.Distinct["👋"].Total; n != 1 {
			t.Errorf("the greeting has %d reactions, expected 1", n)
		}
		if got := town.Members(); !slices.Equal(got, []string{"mod"}) {
			t.Errorf("present after the outage: %q", got)
		}
	})
}

// TestFlood sends 300 messages of 20 users at once, faster than the bot can delete. One of ten is
// spam. The bot must delete all spam, and nothing else.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		start(t, server)
		slow := server.Slow(50 * time.Millisecond)
		spam := map[string]bool{}
		for i := range 300 {
			is, text := i%10 == 9, "anybody?"
			if is {
				text = fmt.Sprintf("spam number %d", i)
			}
			spam[server.User(fmt.Sprintf("user %d", i%20)).Says("town", text)] = is
		}
		time.Sleep(time.Minute)
		slow.End()
		synctest.Wait()
		messages := server.Room("town").Messages()
		for _, m := range messages {
			if spam[m.Serial] != m.IsDeleted() {
				t.Errorf("the message %q is deleted: %v, but is spam: %v", m.Text, m.IsDeleted(), spam[m.Serial])
			}
		}
		if len(messages) != len(spam) {
			t.Errorf("the room has %d messages, expected all that were sent", len(messages))
		}
	})
}

// TestLostToken makes the bot's tokens expire, revokes them, and refuses them for a while. The bot
// must go on with new ones.
func TestLostToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := bottest.NewServer(t)
		start(t, server, server.Tokens("mod", time.Hour))
		eve := server.User("eve")
		for what, lose := range map[string]func(){
			"expired":           func() { time.Sleep(2 * time.Hour) },
			"ended by the app":  server.ExpireTokens,
			"revoked":           func() { server.RevokeTokens("mod") },
			"lost in an outage": func() { defer server.Outage().End(); time.Sleep(2 * time.Hour) },
		} {
			lose()
			spam := eve.Says("town", "spam, "+what)
			time.Sleep(time.Minute)
			synctest.Wait()
			moderated(t, server, spam)
		}
	})
}
