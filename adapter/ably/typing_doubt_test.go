package ablychat_test

import (
	"context"
	"errors"
	"testing"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// TestTypingWithoutAnAcknowledgement: if the context of a call ends before the acknowledgement,
// others may have received the message. So after such a keystroke a stop is sent, and after
// such a stop a keystroke is sent.
func TestTypingWithoutAnAcknowledgement(t *testing.T) {
	server := ablytest.NewServer(t)
	// With this throttle, no typer expires during the test.
	throttle := lifecycle.WithTypingHeartbeatThrottle(time.Hour)
	hers, his := newPerson(t, server, "ann").room("lobby", throttle), newPerson(t, server, "bob").room("lobby", throttle)
	got := newInbox[chat.TypingEvent](t)
	his.Typing().Subscribe(got.put)
	next := func(want chat.TypingEventType) {
		t.Helper()
		if e := got.next(); e.Change.Type != want || e.Change.ClientID != "ann" {
			t.Errorf("received %+v, expected %s of ann", e, want)
		}
	}
	// givingUp makes a call whose message is received by others, but is never acknowledged.
	givingUp := func(call func(context.Context) error, want chat.TypingEventType) {
		t.Helper()
		gate := server.Hold(ablytest.ToClient(ablytest.ActionAck))
		mine := errors.New("mine")
		ctx, cancel := context.WithCancelCause(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- call(ctx) }()
		if err := gate.Await(soon(t), 1); err != nil {
			t.Fatal(err)
		}
		next(want)
		cancel(mine)
		if err := <-ended; !errors.Is(err, mine) {
			t.Errorf("the call whose context ended: %v", err)
		}
		gate.Open()
	}
	heard := func(call func(context.Context) error, want chat.TypingEventType) {
		t.Helper()
		if err := call(soon(t)); err != nil {
			t.Error(err)
		}
		next(want)
	}
	typing := hers.Typing()
	givingUp(typing.Keystroke, chat.TypingStarted)
	heard(typing.Stop, chat.TypingStopped)
	heard(typing.Keystroke, chat.TypingStarted)
	givingUp(typing.Stop, chat.TypingStopped)
	heard(typing.Keystroke, chat.TypingStarted)
	heard(typing.Stop, chat.TypingStopped)
	if err := typing.Stop(soon(t)); err != nil { // CHA-T5a
		t.Error(err)
	}
	got.empty()
}

// awaitConnection waits until the rooms have received a status of the connection.
func awaitConnection(t *testing.T, client *ablychat.Client, status ablychat.ConnectionStatus) {
	t.Helper()
	reached := newInbox[ablychat.ConnectionStatusChange](t)
	s, err := client.Connection().Subscribe(reached.put)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Unsubscribe()
	for client.Connection().Status() != status {
		reached.next()
	}
}

// TestTypingNeedsAClientID: a client without an id can't type or be present, since others couldn't
// see it.
func TestTypingNeedsAClientID(t *testing.T) {
	server := ablytest.NewServer(t)
	room := newPerson(t, server, "").room("lobby")
	for what, err := range map[string]error{
		"send typing":    room.Typing().Keystroke(soon(t)),
		"enter presence": room.Presence().Enter(soon(t), nil),
	} {
		if !errors.Is(err, lifecycle.ErrInvalidClientID) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := room.Typing().Stop(soon(t)); err != nil {
		t.Error(err)
	}
}
