package ablychat

import (
	"context"
	"sync"
	"sync/atomic"

	"ablyrooms.example/internal/ctxerr"
)

// turns lets one in at a time, and of those who wait the last: a newer one sends away the one that
// waits (CHA-T14). The zero turns is free.
type turns struct {
	mu      sync.Mutex
	busy    atomic.Bool // changed with the lock held
	waiting *turn
}

type turn struct {
	given chan struct{} // closed when it is decided
	mine  bool          // the turn is this one's; false when a newer one came
}

// take waits for the turn, which is then given back by give. It returns false when a newer one has
// come instead (CHA-T14b1), and the context's cause when that ends first.
func (t *turns) take(ctx context.Context) (mine bool, err error) {
	t.mu.Lock()
	if !t.busy.Load() {
		t.busy.Store(true)
		t.mu.Unlock()
		return true, nil
	}
	if t.waiting != nil {
		close(t.waiting.given)
	}
	me := &turn{given: make(chan struct{})}
	t.waiting = me
	t.mu.Unlock()
	select {
	case <-me.given:
		return me.mine, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	if t.waiting == me {
		t.waiting = nil
	}
	t.mu.Unlock()
	select {
	case <-me.given: // at the very moment
		if me.mine {
			t.give()
		}
	default:
	}
	return false, ctxerr.Of(ctx)
}

// give ends a turn: a call that waits has the next.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.waiting
	if next == nil {
		t.busy.Store(false)
		return
	}
	t.waiting = nil
	next.mine = true
	close(next.given)
}
