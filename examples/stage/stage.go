// Package stage is what the examples have in common: where they play, Ably itself or an embedded
// server, and the clients on it.
package stage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// KeyVariable names the environment variable with the key for Ably itself.
const KeyVariable = "ABLY_API_KEY"

// disposal is how long the clients' disposal may take.
const disposal = 20 * time.Second

// Stage is where an example plays. Its methods may be called concurrently.
type Stage struct {
	// Server is the embedded server; nil on Ably itself, and on a server of another process.
	Server *ablytest.Server
	// Out is where the example tells what happens. Printf uses it under a lock.
	Out io.Writer

	options []ably.ClientOption
	suffix  string

	mu      sync.Mutex
	clients []*ablychat.Client
}

// Open starts an embedded server, or, if [KeyVariable] is set, plays on Ably itself.
func Open(out io.Writer) (*Stage, error) {
	if key := os.Getenv(KeyVariable); key != "" {
		// The rooms of an earlier run are still there, with their history, so each run has rooms of
		// its own.
		return &Stage{Out: out, options: []ably.ClientOption{ably.WithKey(key)}, suffix: "-" + strings.ToLower(rand.Text()[:8])}, nil
	}
	server, err := ablytest.Start()
	if err != nil {
		return nil, err
	}
	return &Stage{Server: server, Out: out, options: server.ClientOptions()}, nil
}

// RoomName returns the name of a room that only this run uses.
func (s *Stage) RoomName(name string) string { return name + s.suffix }

// Printf tells something, in a line of its own. Names and texts of others among args can't move the
// cursor, colour the screen or begin another line.
func (s *Stage) Printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.Out, clean(fmt.Sprintf(format, args...)))
}

// clean leaves out of a text what a terminal obeys: control characters and those that change the
// direction of writing. What would end the line becomes a space.
func clean(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t' || unicode.In(c, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c):
			return -1
		}
		return c
	}, text)
}

// Client makes a chat client with an id. [Stage.Close] disposes of it.
func (s *Stage) Client(id string, options ...ably.ClientOption) (*ablychat.Client, error) {
	all := append([]ably.ClientOption{ably.WithClientID(id)}, s.options...)
	client, err := ablychat.Connect(ablychat.Ably(append(all, options...)...))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, client)
	return client, nil
}

// Room gets a room for a client of its own, whose id is given. It doesn't attach it.
func (s *Stage) Room(ctx context.Context, id, name string, options ...lifecycle.RoomOption) (*ablychat.Room, error) {
	client, err := s.Client(id)
	if err != nil {
		return nil, err
	}
	return client.Rooms().Get(ctx, s.RoomName(name), options...)
}

// Join is [Stage.Room] with the room attached.
func (s *Stage) Join(ctx context.Context, id, name string, options ...lifecycle.RoomOption) (*ablychat.Room, error) {
	room, err := s.Room(ctx, id, name, options...)
	if err != nil {
		return nil, err
	}
	return room, room.Attach(ctx)
}

// Close disposes of all clients and ends the server, if the stage has one.
func (s *Stage) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), disposal)
	defer cancel()
	s.mu.Lock()
	clients := s.clients
	s.clients = nil
	s.mu.Unlock()
	var errs []error
	for _, c := range clients {
		errs = append(errs, c.Dispose(ctx))
	}
	if s.Server != nil {
		s.Server.Close()
	}
	return errors.Join(errs...)
}

// Play runs an example on a stage of its own.
func Play(ctx context.Context, out io.Writer, run func(context.Context, *Stage) error) error {
	s, err := Open(out)
	if err != nil {
		return err
	}
	return errors.Join(run(ctx, s), s.Close())
}

// Main is the main function of an example that ends by itself, within a minute.
func Main(run func(context.Context, *Stage) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := Play(ctx, os.Stdout, run); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, clean(err.Error()))
		os.Exit(1)
	}
}
