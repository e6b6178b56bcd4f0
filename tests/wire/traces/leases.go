package main

import (
	"bytes"
	"context"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
)

// instant is a backend that opens and releases at once.
type instant struct{}

func (instant) Open(context.Context, string, lifecycle.RoomOptions) (*int, error) {
	return new(int), nil
}
func (instant) Release(context.Context, string, *int) error { return nil }

// recordLeases records a trace in which leases are closed: the last lease of a room, one of
// several, and one whose room was released by name and then got again. So the trace has each form
// of ReleaseIf that a lease can cause.
func recordLeases(ctx context.Context) ([]trace.Trace, error) {
	var file bytes.Buffer
	w := trace.NewWriter(&file, "leases")
	// The observer closes the channel over at the last step, which settles the disposal.
	disposal, over := fsm.Call(0), make(chan struct{})
	observe := func(step lifecycle.RoomsStep) {
		w.Observe(step)
		if step.Input.Kind == fsm.CallDispose {
			disposal = step.Input.Call
		}
		for _, out := range step.Outputs {
			if out.Kind == fsm.Settle && out.Call == disposal {
				close(over)
			}
		}
	}
	rooms := lifecycle.NewRooms[*int](instant{}, lifecycle.WithObserver(observe), lifecycle.WithObservedStates())
	var leases []*lifecycle.Lease[*int]
	acquire := func() (err error) {
		lease, err := rooms.Acquire(ctx, "a")
		leases = append(leases, lease)
		return err
	}
	for _, do := range []func() error{
		acquire, acquire, func() error { leases[0].Close(); leases[1].Close(); return nil },
		acquire, func() error { return rooms.Release(ctx, "a") },
		acquire, func() error { leases[2].Close(); leases[3].Close(); return nil },
		func() error { return rooms.Dispose(ctx) },
	} {
		if err := do(); err != nil {
			return nil, err
		}
	}
	<-over
	if err := w.Err(); err != nil {
		return nil, err
	}
	return trace.Read(&file)
}
