package bottest_test

import (
	"context"
	"testing"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
	"ablyrooms.example/internal/bubble"
)

// limits has the limits of a test. A test takes some milliseconds of real time.
var limits = bubble.Limits{Look: 300 * time.Millisecond, Patience: 15 * time.Second, Virtual: 4 * time.Hour}

// inBubble runs a test in virtual time, with a server of its own. A test that hangs fails.
func inBubble(t *testing.T, test func(t *testing.T, server *bottest.Server)) {
	t.Helper()
	bubble.Test(t, limits, func(t *testing.T) { test(t, bottest.NewServer(t)) })
}

// enter gets and attaches the room lobby.
func enter(t *testing.T, client *ablychat.Client, options ...ablychat.RoomOption) *ablychat.Room {
	t.Helper()
	room, err := client.Rooms().Get(t.Context(), "lobby", options...)
	if err != nil {
		t.Fatal(err)
	}
	if err := room.Attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	return room
}

// soon returns a context with a timeout of one minute of virtual time.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func succeeds(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
