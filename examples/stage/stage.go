// Package stage has the code that all examples share: it connects clients to Ably itself or to an
// embedded server, and prints lines.
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

// disposal limits the time of the clients' disposal.
const disposal = 20 * time.Second

// Stage is the environment of one run of an example. Its methods may be called concurrently.
type Stage struct {
	// Server is the embedded server, or nil on Ably itself and on a server of another process.
	Server *ablytest.Server
	// Out receives the output of the example. Printf writes to it under a lock.
	Out io.Writer

	options []ably.ClientOption
	suffix  string

	mu      sync.Mutex
	clients []*ablychat.Client
}

// Open returns a stage on an embedded server that it starts, or, if [KeyVariable] is set, on Ably
// itself.
func Open(out io.Writer) (*Stage, error) {
	if key := os.Getenv(KeyVariable); key != "" {
		// On Ably, the rooms of earlier runs still have their history, so each run uses other
		// rooms.
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

// Printf prints one line. Names and texts of other users among args can't move the cursor, colour
// the screen or begin another line.
func (s *Stage) Printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.Out, clean(fmt.Sprintf(format, args...)))
}

// clean removes from a text the characters that control a terminal: control characters, and
// characters that change the direction of writing. A character that would end the line becomes a
// space.
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

// Client returns a new chat client with an id. [Stage.Close] disposes of it.
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

// Room returns a room of a new client with the given id. It doesn't attach the room.
func (s *Stage) Room(ctx context.Context, id, name string, options ...lifecycle.RoomOption) (*ablychat.Room, error) {
	client, err := s.Client(id)
	if err != nil {
		return nil, err
	}
	return client.Rooms().Get(ctx, s.RoomName(name), options...)
}

// Join is [Stage.Room], and attaches the room.
func (s *Stage) Join(ctx context.Context, id, name string, options ...lifecycle.RoomOption) (*ablychat.Room, error) {
	room, err := s.Room(ctx, id, name, options...)
	if err != nil {
		return nil, err
	}
	return room, room.Attach(ctx)
}

// Close disposes of all clients, and ends the embedded server if there is one.
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

// Play opens a stage, runs an example on it, and closes it.
func Play(ctx context.Context, out io.Writer, run func(context.Context, *Stage) error) error {
	s, err := Open(out)
	if err != nil {
		return err
	}
	return errors.Join(run(ctx, s), s.Close())
}

// Main is the main function of an example. The example must end within a minute.
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
