package ablychat_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// stand is a server, and clients on it, for the tests of errors.
type stand struct {
	t      *testing.T
	server *ablytest.Server
}

// client returns a client with the id ann.
func (s *stand) client(options ...ably.ClientOption) *ablychat.Client {
	return newPerson(s.t, s.server, "ann", options...).chat
}

// room returns the room lobby of a client with the id ann. It is not attached.
func (s *stand) room(options ...lifecycle.RoomOption) *ablychat.Room {
	return s.get(s.client(), options...)
}

func (s *stand) get(client *ablychat.Client, options ...lifecycle.RoomOption) *ablychat.Room {
	room, err := client.Rooms().Get(soon(s.t), "lobby", options...)
	if err != nil {
		s.t.Fatal(err)
	}
	return room
}

func (s *stand) attached(options ...lifecycle.RoomOption) *ablychat.Room {
	room := s.room(options...)
	if err := room.Attach(soon(s.t)); err != nil {
		s.t.Fatal(err)
	}
	return room
}

// refusing makes the server refuse matching frames or requests.
func (s *stand) refusing(m ablytest.Match, code int, message string) {
	s.server.Fault(m, ablytest.Refuse(ablytest.NewError(code, code/100, "%s", message)))
}

// with makes a client with only these options.
func (s *stand) with(options ...ably.ClientOption) *ablychat.Client {
	client, err := ablychat.Connect(ablychat.Ably(append(s.server.EndpointOptions(ably.WithLogLevel(ably.LogNone)), options...)...))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := client.Dispose(soon(s.t)); err != nil {
			s.t.Error(err)
		}
	})
	return client
}

// disposed returns a client that is disposed of.
func (s *stand) disposed() *ablychat.Client {
	client := s.client()
	if err := client.Dispose(soon(s.t)); err != nil {
		s.t.Fatal(err)
	}
	return client
}

// released returns a room that is released.
func (s *stand) released() *ablychat.Room {
	client := s.client()
	room := s.get(client)
	if err := client.Rooms().Release(soon(s.t), "lobby"); err != nil {
		s.t.Fatal(err)
	}
	return room
}

// interrupted returns a context that has ended with a cause of its own.
func (s *stand) interrupted() context.Context {
	ctx, cancel := context.WithCancelCause(s.t.Context())
	cancel(errors.New("interrupted"))
	return ctx
}

// hit makes a call wait for a room while the name's earlier room is being released. Then it
// releases the name again, and returns the call's error.
func (s *stand) hit(get func(*ablychat.Rooms) error) error {
	client := s.client()
	if err := s.get(client).Attach(soon(s.t)); err != nil {
		return err
	}
	gate := s.server.Hold(ablytest.ToServer(ablytest.ActionDetach))
	// the context has ended; the release goes on
	_ = client.Rooms().Release(s.interrupted(), "lobby")
	if err := gate.Await(soon(s.t), 1); err != nil {
		return err
	}
	got := make(chan error, 1)
	go func() { got <- get(client.Rooms()) }()
	for { // until the call waits, a release finds no room and has no effect
		_ = client.Rooms().Release(s.interrupted(), "lobby")
		select {
		case err := <-got:
			gate.Open()
			return err
		default:
			runtime.Gosched()
		}
	}
}

func send(room *ablychat.Room) error {
	return second(room.Messages().Send(context.Background(), ablychat.MessageContent{Text: "x"}))
}
