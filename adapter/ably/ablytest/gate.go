package ablytest

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Gate holds frames back until the test lets them pass; see [Hold] and [Server.Hold]. A new gate is
// closed. Its methods may be called by any goroutine.
//
// The frames in one direction of a connection keep their order within a channel: a frame on the
// same channel as a held one waits until the held one has passed, whatever faults apply to it.
// Frames of other channels pass. Frames without a channel keep their order among themselves.
type Gate struct {
	mu      sync.Mutex
	open    bool
	held    []*visit
	arrived int
	changed chan struct{}
}

// visit is a frame at a gate. The gate calls resume once, without a lock, when the frame may go on.
type visit struct{ resume func() }

// NewGate returns a gate that is closed.
func NewGate() *Gate { return &Gate{changed: make(chan struct{})} }

// Open opens the gate: the frames at the gate pass, in the order of arrival, and later frames pass
// too.
func (g *Gate) Open() { g.release(-1) }

// Pass lets the first n frames at the gate pass, or all if there are fewer. The gate stays closed.
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

// Held returns how many frames are at the gate now. A frame that has passed, or whose connection
// has ended, is no longer at the gate.
func (g *Gate) Held() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.held)
}

// Await waits until n frames in all have arrived at the gate since it was made, whether it held
// them or not. If ctx ends first, it returns an error that wraps the context's cause.
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

// enter records that a frame has arrived, and returns whether the gate holds it. A held frame waits
// until the gate calls resume, or until leave removes it from the gate.
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
