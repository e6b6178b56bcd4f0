package gallery

import (
	"context"
	"sync"

	"ablyrooms.example/tests/conformance"
)

// turns is a map of rooms whose calls take turns in one of the usual ways. Each has its bug.
type turns struct {
	*conformance.Backend
	// turn runs what a call does, when it is its turn; it gives up when ctx ends first.
	turn  func(ctx context.Context, name string, do func()) error
	close func()

	mu    sync.Mutex
	rooms map[string]*conformance.Room
}

// newLockedMap has a mutex. The bug: it is held while the backend works, so one name holds up all.
func newLockedMap(b *conformance.Backend) conformance.System {
	var mu sync.Mutex
	return newTurns(b, func(_ context.Context, _ string, do func()) error {
		mu.Lock()
		defer mu.Unlock()
		do()
		return nil
	})
}

// newCheckThenAct lets calls go as they come. The bug: what is being opened is not in the map, so a
// second get opens again.
func newCheckThenAct(b *conformance.Backend) conformance.System {
	return newTurns(b, func(_ context.Context, _ string, do func()) error {
		do()
		return nil
	})
}

// newTurnstile has a lock for each name, a channel so that waiting for it obeys the context. The
// bug: a call waits its turn behind the get that it should refuse or end.
func newTurnstile(b *conformance.Backend) conformance.System {
	var mu sync.Mutex
	locks := map[string]chan struct{}{}
	return newTurns(b, func(ctx context.Context, name string, do func()) error {
		mu.Lock()
		lock := locks[name]
		if lock == nil {
			lock = make(chan struct{}, 1)
			locks[name] = lock
		}
		mu.Unlock()
		select {
		case lock <- struct{}{}:
			defer func() { <-lock }()
			do()
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
}

// newLoop has one goroutine that does all work in turn. The bug: it does the backend's too, so one
// name holds up all others.
func newLoop(b *conformance.Backend) conformance.System {
	inbox := make(chan func(), 100)
	go func() {
		for act := range inbox {
			act()
		}
	}()
	r := newTurns(b, func(ctx context.Context, _ string, do func()) error {
		done := make(chan struct{})
		inbox <- func() {
			defer close(done)
			do()
		}
		return wait(ctx, done)
	})
	r.close = func() { close(inbox) }
	return r
}

func newTurns(b *conformance.Backend, turn func(context.Context, string, func()) error) *turns {
	return &turns{Backend: b, turn: turn, close: func() {}, rooms: map[string]*conformance.Room{}}
}

// Close ends the goroutine, if there is one.
func (r *turns) Close() { r.close() }

func (r *turns) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	var got struct {
		room *conformance.Room
		err  error
	}
	err := r.turn(ctx, name, func() {
		r.mu.Lock()
		room := r.rooms[name]
		r.mu.Unlock()
		switch {
		case room == nil:
			if got.room, got.err = r.Open(ctx, name, options); got.err == nil {
				r.set(name, got.room)
			}
		case room.Options != options:
			got.err = errOptions
		default:
			got.room = room
		}
	})
	if err != nil {
		return nil, err // got may still be written
	}
	return got.room, got.err
}

func (r *turns) set(name string, room *conformance.Room) (before *conformance.Room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before = r.rooms[name]
	if r.rooms[name] = room; room == nil {
		delete(r.rooms, name)
	}
	return before
}

func (r *turns) Release(ctx context.Context, name string) error {
	var failed error
	err := r.turn(ctx, name, func() {
		if room := r.set(name, nil); room != nil {
			failed = r.Backend.Release(ctx, room)
		}
	})
	if err != nil {
		return err
	}
	return failed
}
