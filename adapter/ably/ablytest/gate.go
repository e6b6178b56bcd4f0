package ablytest

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Gate holds frames back until the test lets them pass; see [Hold] and [Server.Hold].
// A gate starts shut. Its methods may be called by any goroutine.
//
// Frames held in one direction of a connection keep their order within a channel: what
// comes behind a held frame on the same channel waits behind it, whatever the faults
// say of it; frames of other channels pass. Frames without a channel form a line of
// their own.
type Gate struct {
	mu      sync.Mutex
	open    bool
	held    []*visit
	arrived int
	changed chan struct{}
}

// visit is one frame at a gate. resume is called once, without a lock, when it may go on.
type visit struct{ resume func() }

// NewGate returns a gate that is shut.
func NewGate() *Gate { return &Gate{changed: make(chan struct{})} }

// Open lets all that is held pass, in the order of arrival, and all that comes later.
func (g *Gate) Open() { g.release(-1) }

// Pass lets the first n held frames pass, or all if there are fewer; the gate stays shut.
func (g *Gate) Pass(n int) { g.release(n) }

func (g *Gate) release(n int) {
	g.mu.Lock()
	if n < 0 {
		g.open = true
		n = len(g.held)
	}
	n = min(n, len(g.held))
	out := slices.Clone(g.held[:n])
	g.held = slices.Delete(g.held, 0, n)
	g.mu.Unlock()
	for _, v := range out {
		v.resume()
	}
}

// Held returns how many frames stand at the gate now. A frame leaves when it is let
// pass or when its connection ends.
func (g *Gate) Held() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.held)
}

// Await waits until n frames in all have arrived at the gate since it was made, held or
// not. If ctx ends first it returns an error that wraps the context's cause.
func (g *Gate) Await(ctx context.Context, n int) error {
	for {
		g.mu.Lock()
		arrived, changed := g.arrived, g.changed
		g.mu.Unlock()
		if arrived >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("ablytest: %d of %d frames have arrived at the gate: %w", arrived, n, context.Cause(ctx))
		}
	}
}

// enter notes an arrival. If the gate is shut the visitor must wait until resume is
// called; leave takes it away from the gate before that.
func (g *Gate) enter(resume func()) (held bool, leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.arrived++
	close(g.changed)
	g.changed = make(chan struct{})
	if g.open {
		return false, nil
	}
	v := &visit{resume}
	g.held = append(g.held, v)
	return true, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.held = slices.DeleteFunc(g.held, func(x *visit) bool { return x == v })
	}
}
