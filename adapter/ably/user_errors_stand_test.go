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

// stand is where errors are met: a server, and clients on it.
type stand struct {
	t      *testing.T
	server *ablytest.Server
}

// client returns a client called ann.
func (s *stand) client(options ...ably.ClientOption) *ablychat.Client {
	return newPerson(s.t, s.server, "ann", options...).chat
}

// room returns a room called lobby of a client called ann, which is not attached.
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

// refusing has the server refuse frames, or requests.
func (s *stand) refusing(m ablytest.Match, code int, message string) {
	s.server.Fault(m, ablytest.Refuse(ablytest.NewError(code, code/100, "%s", message)))
}

// with makes a client with these options alone.
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

// interrupted returns a context that has ended for a cause of its own.
func (s *stand) interrupted() context.Context {
	ctx, cancel := context.WithCancelCause(s.t.Context())
	cancel(errors.New("interrupted"))
	return ctx
}

// hit has a call for a room wait while the room before it is released, and releases the name again.
func (s *stand) hit(get func(*ablychat.Rooms) error) error {
	client := s.client()
	if err := s.get(client).Attach(soon(s.t)); err != nil {
		return err
	}
	gate := s.server.Hold(ablytest.ToServer(ablytest.ActionDetach))
	_ = client.Rooms().Release(s.interrupted(), "lobby") // which goes on
	if err := gate.Await(soon(s.t), 1); err != nil {
		return err
	}
	got := make(chan error, 1)
	go func() { got <- get(client.Rooms()) }()
	for { // until the call waits, it is another release that there is nothing for
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
