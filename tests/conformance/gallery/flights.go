package gallery

import (
	"context"
	"sync"

	"ablyrooms.example/tests/conformance"
)

// flights is golang.org/x/sync/singleflight over a map of rooms: gets of a name that is being opened share one flight.
type flights struct {
	*conformance.Backend
	slip    flightSlip
	mu      sync.Mutex
	flying  map[string]*entry
	rooms   map[string]*conformance.Room
	leaving map[string]*entry
}

// flightSlip is what is wrong with a flights.
type flightSlip uint8

const (
	optionsIgnored  flightSlip = iota // those who join a flight do so whatever their options are
	firstContext                      // the flight is flown with the context of the first, who ends it for all by giving up
	eachTriesAgain                    // when the flight fails, those who joined it try again on their own
	spellingsDiffer                   // options are compared as they were written
	noPredecessor                     // a name is opened again while its last room is still being released
	ghost                             // a get after the disposal opens a room
)

func newFlights(s flightSlip) func(*conformance.Backend) conformance.System {
	return func(b *conformance.Backend) conformance.System {
		return &flights{Backend: b, slip: s, flying: map[string]*entry{}, rooms: map[string]*conformance.Room{}, leaving: map[string]*entry{}}
	}
}

func (f *flights) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	if f.slip != spellingsDiffer {
		options = token(options)
	}
	f.mu.Lock()
	if room := f.rooms[name]; room != nil {
		defer f.mu.Unlock()
		if room.Options != token(options) {
			return nil, errOptions
		}
		return room, nil
	}
	e := f.flying[name]
	if e != nil {
		f.mu.Unlock()
		if e.options != options && f.slip != optionsIgnored {
			return nil, errOptions
		}
		room, err := e.get(ctx)
		if f.slip == eachTriesAgain && err != nil && err == e.err {
			return f.Get(ctx, name, options)
		}
		return room, err
	}
	e = newEntry(options)
	f.flying[name] = e
	before := f.leaving[name]
	f.mu.Unlock()
	with := context.Background()
	if f.slip == firstContext {
		with = ctx
	}
	go func() {
		if before != nil && f.slip != noPredecessor {
			<-before.done
		}
		room, err := f.Open(with, name, token(options))
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.flying[name] == e { // else it was released
			if delete(f.flying, name); err == nil {
				f.rooms[name] = room
			}
		}
		e.room, e.err = room, err
		close(e.done)
	}()
	return e.get(ctx)
}

func (f *flights) Release(ctx context.Context, name string) error {
	f.mu.Lock()
	e := newEntry("")
	room, flying, before := f.rooms[name], f.flying[name], f.leaving[name]
	delete(f.rooms, name)
	delete(f.flying, name)
	if room == nil && flying == nil {
		f.mu.Unlock()
		if before == nil {
			return nil
		}
		return wait(ctx, before.done)
	}
	f.leaving[name] = e
	if flying != nil {
		close(flying.left)
	}
	f.mu.Unlock()
	go func() {
		if flying != nil {
			<-flying.done
			room = flying.room
		}
		if room != nil {
			e.err = f.Backend.Release(context.Background(), room)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.leaving[name] == e {
			delete(f.leaving, name)
		}
		close(e.done)
	}()
	if err := wait(ctx, e.done); err != nil {
		return err
	}
	return e.err
}

// Dispose releases every name that has a room or a flight.
func (f *flights) Dispose(ctx context.Context) error {
	f.mu.Lock()
	names := map[string]bool{}
	for name := range f.rooms {
		names[name] = true
	}
	for name := range f.flying {
		names[name] = true
	}
	f.mu.Unlock()
	var group sync.WaitGroup
	for name := range names {
		group.Go(func() { _ = f.Release(ctx, name) })
	}
	group.Wait()
	return nil
}
