package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

const stream = "basketball-stream"

func run(ctx context.Context) (err error) {
	told := newStory(os.Stdout)
	place, err := open(told)
	if err != nil {
		return err
	}
	defer place.close()
	ada, err := enter(told, place, "ada")
	if err != nil {
		return err
	}
	defer ada.realtime.Close()
	grace, err := enter(told, place, "grace")
	if err != nil {
		return err
	}
	defer grace.realtime.Close()
	defer func() { err = errors.Join(err, grace.chat.Dispose(ctx)) }()

	for _, act := range []func(context.Context, *story, *stage, *actor, *actor) error{attach, conflict, wait, reject, dispose} {
		if err := act(ctx, told, place, ada, grace); err != nil {
			return err
		}
	}
	return nil
}

func attach(ctx context.Context, story *story, _ *stage, ada, grace *actor) error {
	story.chapter("1. Two clients get the same room and attach")
	for _, a := range []*actor{ada, grace} {
		room, err := a.rooms.Get(ctx, stream)
		if err != nil {
			return err
		}
		if err := room.Attach(ctx); err != nil {
			return err
		}
		again, err := a.rooms.Get(ctx, stream, lifecycle.WithRoomOptions(lifecycle.DefaultRoomOptions()))
		if err != nil {
			return err
		}
		story.does(a.name, "gets it again, with the defaults given explicitly: the same room: %t", room == again)
	}
	return nil
}

func conflict(ctx context.Context, story *story, _ *stage, ada, _ *actor) error {
	story.chapter("2. Other options for a room that exists are a conflict")
	_, err := ada.rooms.Get(ctx, stream, lifecycle.WithOccupancyEvents(true))
	story.gets(ada.name, err)
	if err := expect(err, lifecycle.ErrRoomExistsWithDifferentOptions); err != nil {
		return err
	}
	_, err = ada.rooms.Get(ctx, stream, lifecycle.WithTypingHeartbeatThrottle(0))
	story.gets(ada.name, err)
	return expect(err, lifecycle.ErrInvalidArgument)
}

func wait(ctx context.Context, story *story, stage *stage, ada, _ *actor) error {
	story.chapter("3. A get waits while the room of that name is being released")
	old, err := ada.rooms.Get(ctx, stream)
	if err != nil {
		return err
	}
	letGo := stage.hold(stream)
	released := background(func() error { return ada.rooms.Release(ctx, stream) })
	if err := ada.until(ctx, fsm.CallRelease, stream); err != nil {
		return err
	}
	fresh := background(func() error {
		room, err := ada.rooms.Get(ctx, stream, lifecycle.WithOccupancyEvents(true))
		if err != nil {
			return err
		}
		story.does(ada.name, "has a new room: %t; the old one is %v", room != old, old.Status())
		return nil
	})
	if err := ada.until(ctx, fsm.CallGet, stream); err != nil {
		return err
	}
	letGo()
	return errors.Join(<-released, <-fresh)
}

func reject(ctx context.Context, story *story, stage *stage, ada, _ *actor) error {
	story.chapter("4. A second release rejects the get that waits")
	room, err := ada.rooms.Get(ctx, stream, lifecycle.WithOccupancyEvents(true))
	if err != nil {
		return err
	}
	if err := room.Attach(ctx); err != nil {
		return err
	}
	letGo := stage.hold(stream)
	first := background(func() error { return ada.rooms.Release(ctx, stream) })
	if err := ada.until(ctx, fsm.CallRelease, stream); err != nil {
		return err
	}
	got := background(func() error { _, err := ada.rooms.Get(ctx, stream); return err })
	if err := ada.until(ctx, fsm.CallGet, stream); err != nil {
		return err
	}
	second := background(func() error { return ada.rooms.Release(ctx, stream) })
	if err := ada.until(ctx, fsm.CallRelease, stream); err != nil {
		return err
	}
	err = <-got
	story.gets(ada.name, err)
	if err := expect(err, lifecycle.ErrRoomReleasedBeforeOperationCompleted); err != nil {
		return err
	}
	letGo()
	return errors.Join(<-first, <-second)
}

func dispose(ctx context.Context, story *story, _ *stage, ada, grace *actor) error {
	story.chapter("5. Dispose releases all rooms at once")
	for _, name := range []string{"moderators", "half-time"} {
		room, err := ada.rooms.Get(ctx, name)
		if err != nil {
			return err
		}
		if err := room.Attach(ctx); err != nil {
			return err
		}
	}
	if err := ada.chat.Dispose(ctx); err != nil {
		return err
	}
	_, err := ada.rooms.Get(ctx, stream)
	story.gets(ada.name, err)
	if err := expect(err, lifecycle.ErrResourceDisposed); err != nil {
		return err
	}
	room, err := grace.rooms.Get(ctx, stream)
	if err != nil {
		return err
	}
	story.does(grace.name, "is another client, and is not affected: %s is %v", room.Name(), room.Status())
	return nil
}

// background runs f in a goroutine. The caller must receive its error.
func background(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panicked: %v", p)
			}
		}()
		done <- f()
	}()
	return done
}
