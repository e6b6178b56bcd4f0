package ours

import (
	"context"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
)

// Twisted is lifecycle.Rooms with something done wrongly: a change of what its methods do, or of
// what the backend does for it.
type Twisted struct {
	Rooms
	*Port
	OnGet     func(ctx context.Context, name, options string) (*conformance.Room, error)
	OnRelease func(ctx context.Context, name string) error
	OnDispose func(ctx context.Context) error
}

// Get calls OnGet.
func (t *Twisted) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	return t.OnGet(ctx, name, options)
}

// Release calls OnRelease.
func (t *Twisted) Release(ctx context.Context, name string) error { return t.OnRelease(ctx, name) }

// Dispose calls OnDispose.
func (t *Twisted) Dispose(ctx context.Context) error { return t.OnDispose(ctx) }

// Twist returns the good subject with a change in each system that it makes.
func Twist(change func(*Twisted)) conformance.Subject {
	s := Subject()
	s.New = func(b *conformance.Backend) conformance.System {
		port := &Port{b.Open, b.Release}
		good := Rooms{lifecycle.NewRooms(port)}
		t := &Twisted{good, port, good.Get, good.Release, good.Dispose}
		change(t)
		return t
	}
	return s
}
