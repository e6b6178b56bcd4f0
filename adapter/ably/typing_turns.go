package ablychat

import (
	"context"
	"sync"
	"sync/atomic"

	"ablyrooms.example/internal/ctxerr"
)

// turns lets one call run at a time, and at most one other wait for it. When a newer call comes,
// the one that was waiting returns without effect (CHA-T14). The zero turns is free.
type turns struct {
	mu      sync.Mutex
	busy    atomic.Bool // changed with the lock held
	waiting *turn
}

type turn struct {
	given chan struct{} // closed when the wait ends, after mine is set
	mine  bool          // whether this call has the turn; false when a newer call came
}

// take waits for the turn; the caller ends its turn with give. It returns false when a newer call
// came in the meantime (CHA-T14b1), and the context's cause when the context ends first.
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
	case <-me.given: // the wait ended together with the context
		if me.mine {
			t.give()
		}
	default:
	}
	return false, ctxerr.Of(ctx)
}

// give ends a turn. If a call waits, it gets the next turn.
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
