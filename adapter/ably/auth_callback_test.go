package ablychat_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// TestAnAuthCallbackThatHangs: ably-go holds its locks while an auth callback runs. If the callback
// doesn't return, calls of rooms and of the client still end with their contexts. When the callback
// has returned, the rooms work again.
func TestAnAuthCallbackThatHangs(t *testing.T) {
	server := ablytest.NewServer(t)
	hangs, release := make(chan struct{}), make(chan struct{})
	var calls atomic.Int32
	client, err := ablychat.NewRealtime(server.EndpointOptions(
		ably.WithDisconnectedRetryTimeout(10*time.Millisecond),
		ably.WithAuthCallback(func(context.Context, ably.TokenParams) (ably.Tokener, error) {
			if calls.Add(1) == 2 {
				close(hangs)
				<-release
			}
			details, err := server.IssueToken(ablytest.TokenParams{ClientID: "ann"})
			if err != nil {
				return nil, err
			}
			return ably.TokenString(details.Token), nil
		}))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeClient(client) })
	chatClient, err := ablychat.New(client)
	if err != nil {
		t.Fatal(err)
	}
	rooms := chatClient.Rooms()
	room, err := rooms.Get(soon(t), name)
	if err == nil {
		err = room.Attach(soon(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := newWatch(t, room)
	server.ExpireTokens()
	<-hangs
	if s := chatClient.Connection().Status(); s == ablychat.ConnectionConnected && server.State().Connected() > 0 {
		t.Errorf("the connection is %v while the auth callback hangs", s)
	}
	if id := chatClient.ClientID(); id != "ann" {
		t.Errorf("the client's id is %q, expected ann", id)
	}
	mine := errors.New("mine")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, mine)
	defer cancel()
	for what, call := range map[string]func() error{
		"send a reaction": func() error { return room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "x"}) },
		"type":            func() error { return room.Typing().Keystroke(ctx) },
		"enter":           func() error { return room.Presence().Enter(ctx, nil) },
	} {
		if err := call(); !errors.Is(err, mine) && !errors.Is(err, lifecycle.ErrDisconnected) {
			t.Errorf("%s: %v", what, err)
		}
	}
	other, err := rooms.Get(soon(t), "other")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Attach(ctx); !errors.Is(err, mine) {
		t.Errorf("attach: %v", err)
	}
	close(release)
	seen.until(lifecycle.RoomAttached)
	if err := other.Attach(soon(t)); err != nil {
		t.Error(err)
	}
	if err := chatClient.Dispose(soon(t)); err != nil {
		t.Error(err)
	}
}
