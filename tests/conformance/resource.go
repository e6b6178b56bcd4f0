package conformance

import (
	"context"
	"fmt"
	"sync"
)

// Registry is a registry of resources of any comparable type: a pointer, a number, a string, a
// struct. [SubjectFor] makes a [Subject] of it. Its methods are called concurrently. A Registry
// that promises [Promises.Disposal] must also have a method Dispose(context.Context) error. A
// Registry that keeps goroutines should have a method Close(), which is called after each script.
type Registry[R comparable] interface {
	Get(ctx context.Context, name, options string) (R, error)
	Release(ctx context.Context, name string) error
}

// RegistryLease is a [Lease] of a resource. A [Registry] that promises [Promises.Leases] must have
// a method Acquire(ctx context.Context, name, options string) (RegistryLease[R], error).
type RegistryLease[R comparable] interface {
	Room() R
	Close()
}

type registryAcquirer[R comparable] interface {
	Acquire(ctx context.Context, name, options string) (RegistryLease[R], error)
}

// RegistryBackend opens and releases the resources of a [Registry], like a [Backend] for rooms. Its
// methods may be called concurrently.
type RegistryBackend[R comparable] struct {
	backend *Backend
	make    func(number int, name, options string) R

	mu     sync.Mutex
	number int
	rooms  map[R]*Room
}

// SubjectFor returns a subject for a registry of resources of any comparable type. It calls
// newRegistry once for each script. It calls makeResource for each resource that the backend opens,
// with the number of the resource, counted from 1. Each call of makeResource must return a
// different value, since the harness distinguishes resources by their values. The caller sets
// Classify and Promises.
//
//	subject := conformance.SubjectFor(
//		func(b *conformance.RegistryBackend[int]) conformance.Registry[int] {
//			return NewPool(b.Open, b.Release)
//		},
//		func(number int, name, options string) int { return number })
func SubjectFor[R comparable](newRegistry func(*RegistryBackend[R]) Registry[R],
	makeResource func(number int, name, options string) R) Subject {
	return Subject{New: func(b *Backend) System {
		backend := &RegistryBackend[R]{backend: b, make: makeResource, rooms: map[R]*Room{}}
		system := resourceSystem[R]{newRegistry(backend), backend}
		if d, ok := system.registry.(disposer); ok {
			return struct {
				resourceSystem[R]
				disposer
			}{system, d}
		}
		return system
	}}
}

// Open opens a resource. It may take long, even after ctx has ended.
func (b *RegistryBackend[R]) Open(ctx context.Context, name, options string) (R, error) {
	var none R
	room, err := b.backend.Open(ctx, name, options)
	if err != nil {
		return none, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number++
	resource := b.make(b.number, name, room.Options)
	if b.rooms[resource] != nil {
		panic(fmt.Sprintf("conformance: makeResource returned %v for the second time", resource))
	}
	b.rooms[resource] = room
	return resource, nil
}

// Release releases a resource that Open returned. It may take long.
func (b *RegistryBackend[R]) Release(ctx context.Context, resource R) error {
	room := b.room(resource)
	if room == nil {
		room = &Room{Name: fmt.Sprint(resource)} // the backend reports a room that it did not open
	}
	return b.backend.Release(ctx, room)
}

// room returns the room that represents a resource, or nil if Open did not return the resource.
func (b *RegistryBackend[R]) room(resource R) *Room {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rooms[resource]
}

// resourceSystem is a [Registry] as a [System].
type resourceSystem[R comparable] struct {
	registry Registry[R]
	backend  *RegistryBackend[R]
}

func (s resourceSystem[R]) Get(ctx context.Context, name, options string) (*Room, error) {
	resource, err := s.registry.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	return s.roomOf(resource), nil
}

// roomOf returns the room that stands for a resource. It returns nil for a zero value of R that was
// not opened, since the registry then returned no resource.
func (s resourceSystem[R]) roomOf(resource R) *Room {
	var none R
	room := s.backend.room(resource)
	if room == nil && resource != none {
		return &Room{Name: fmt.Sprint(resource)}
	}
	return room
}

func (s resourceSystem[R]) Release(ctx context.Context, name string) error {
	return s.registry.Release(ctx, name)
}

// Acquire is called only if leases are promised. lacks has checked that the registry has the
// method.
func (s resourceSystem[R]) Acquire(ctx context.Context, name, options string) (Lease, error) {
	lease, err := s.registry.(registryAcquirer[R]).Acquire(ctx, name, options)
	if err != nil {
		return nil, err
	}
	return resourceLease[R]{lease, s}, nil
}

func (s resourceSystem[R]) lacks(p Promises) string {
	if _, ok := s.registry.(registryAcquirer[R]); p.Leases && !ok {
		return "Leases are promised, and the Registry has no method" +
			" Acquire(context.Context, string, string) (RegistryLease[R], error)"
	}
	return ""
}

// Close closes a registry that keeps goroutines.
func (s resourceSystem[R]) Close() {
	if c, ok := s.registry.(interface{ Close() }); ok {
		c.Close()
	}
}

type resourceLease[R comparable] struct {
	RegistryLease[R]
	system resourceSystem[R]
}

func (l resourceLease[R]) Room() *Room { return l.system.roomOf(l.RegistryLease.Room()) }
