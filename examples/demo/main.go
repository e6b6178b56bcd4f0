// Command demo shows the lifecycle of rooms, with live output. Two clients get rooms, attach and
// release them. A get waits for a release; a get has conflicting options; a get is rejected by a
// release; at the end all rooms are disposed of.
//
// It runs on an embedded Ably server. If ABLY_API_KEY is set, it runs on Ably itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// stage is the environment of the demo: Ably itself, or an embedded server, which can hold a
// release to make the races easy to see.
type stage struct {
	options func(...ably.ClientOption) []ably.ClientOption
	server  *ablytest.Server // nil on Ably itself
}

func open(story *story) (*stage, error) {
	if key := os.Getenv("ABLY_API_KEY"); key != "" {
		story.say("on Ably itself, with the key of ABLY_API_KEY")
		return &stage{options: func(o ...ably.ClientOption) []ably.ClientOption {
			return append([]ably.ClientOption{ably.WithKey(key)}, o...)
		}}, nil
	}
	server, err := ablytest.Start()
	if err != nil {
		return nil, err
	}
	story.say("on an embedded Ably server at %s; set ABLY_API_KEY for Ably itself", server.Addr())
	return &stage{options: server.ClientOptions, server: server}, nil
}

func (s *stage) close() {
	if s.server != nil {
		s.server.Close()
	}
}

// hold keeps the channel's next detach from ending until the returned function is called. On Ably
// itself it does nothing, since a detach takes some time there.
func (s *stage) hold(room string) (letGo func()) {
	if s.server == nil {
		return func() {}
	}
	gate := s.server.Hold(ablytest.ToServer(ablytest.ActionDetach).OnChannel(room + "::$chat").Once())
	return gate.Open
}

// actor is one client: a realtime client and a chat client on it.
type actor struct {
	name     string
	realtime *ably.Realtime
	chat     *ablychat.Client
	rooms    *ablychat.Rooms
	steps    chan lifecycle.RoomsStep
}

func enter(story *story, stage *stage, name string) (*actor, error) {
	realtime, err := ablychat.NewRealtime(stage.options(ably.WithClientID(name))...)
	if err != nil {
		return nil, err
	}
	a := &actor{name: name, realtime: realtime, steps: make(chan lifecycle.RoomsStep, 256)}
	a.chat, err = ablychat.New(realtime,
		ablychat.WithObserver(lifecycle.Observer{
			Rooms: func(s lifecycle.RoomsStep) { story.rooms(name, s); a.steps <- s },
			Room:  func(s lifecycle.RoomStep) { story.room(name, s) },
		}))
	if err != nil {
		realtime.Close()
		return nil, err
	}
	a.rooms = a.chat.Rooms()
	return a, nil
}

// until waits for a step of the actor's Rooms with an input of the given kind, for the given room.
func (a *actor) until(ctx context.Context, kind fmt.Stringer, room string) error {
	for {
		select {
		case s := <-a.steps:
			if s.Input.Kind.String() == kind.String() && s.Name == room {
				return nil
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// expect returns nil if err has the wanted code, and an error otherwise.
func expect(err error, want lifecycle.ErrorCode) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("expected %v, got %v", want, err)
}
