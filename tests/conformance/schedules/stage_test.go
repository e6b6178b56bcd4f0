package schedules

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

// stage is a lifecycle.Rooms whose backend calls wait until the test ends them, and whose steps are
// all compared with a core. It is for tests that a script can't express: several inputs at one
// moment, and calls from inside the observer or the backend.
type stage struct {
	*ours.Watched
	onOpen    func(ctx context.Context, name string) // runs in Open before it waits
	onRelease func(ctx context.Context, name string)
	onStep    func(lifecycle.RoomsStep) // runs in the observer

	gates conformance.Gates
	mu    sync.Mutex
	calls []*result
}

// result is a call and how it ended, as its caller sees it.
type result struct {
	in     model.Input // the call; its number, Call, is not used
	cancel context.CancelFunc
	ended  bool
	room   *conformance.Room
	err    error
}

func newStage() *stage {
	s := &stage{}
	s.Watched = ours.Watch(conformance.NewBackend(s.work), func(step lifecycle.RoomsStep) {
		if s.onStep != nil {
			s.onStep(step)
		}
	})
	return s
}

// work is one call of the backend.
func (s *stage) work(w conformance.Work) error {
	hook := s.onRelease
	if w.Opening {
		hook = s.onOpen
	}
	if hook != nil {
		hook(w.Context, w.Room.Name)
	}
	return s.gates.Wait(w)
}

// begin makes a call in a goroutine of its own, with a context that can be cancelled.
func (s *stage) begin(in model.Input) *result {
	ctx, cancel := context.WithCancel(context.Background())
	r := s.note(in, cancel)
	go s.call(ctx, r)
	return r
}

// beginForGood is like begin, with a context that never ends.
func (s *stage) beginForGood(in model.Input) *result {
	r := s.note(in, func() {})
	go s.call(context.Background(), r)
	return r
}

// inline makes a call in the goroutine of its caller.
func (s *stage) inline(ctx context.Context, in model.Input) *result {
	r := s.note(in, func() {})
	s.call(ctx, r)
	return r
}

func (s *stage) note(in model.Input, cancel context.CancelFunc) *result {
	r := &result{in: in, cancel: cancel}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r)
	return r
}

func (s *stage) call(ctx context.Context, r *result) {
	var got *conformance.Room
	var err error
	switch r.in.Kind {
	case model.KindGet:
		got, err = s.Get(ctx, r.in.Name, r.in.Options+conformance.SpelledOut)
	case model.KindRelease:
		err = s.Release(ctx, r.in.Name)
	case model.KindDispose:
		err = s.Dispose(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.ended, r.room, r.err = true, got, err
}

// outcome returns how a call ended.
func (r *result) outcome() model.OutcomeKind {
	switch {
	case r.err != nil:
		return ours.Subject().Outcome(r.in.Kind, r.err).Kind
	case r.in.Kind == model.KindGet:
		return model.OutcomeRoom
	}
	return model.OutcomeDone
}

// perform runs play on a new stage in a bubble, and then ends all backend calls. All calls must
// return, the core must have taken the same steps, and Rooms must keep nothing.
func perform(t *testing.T, play func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		s := newStage()
		play(s)
		synctest.Wait()
		s.gates.Drain()
		synctest.Wait()
		waiting := false
		for _, c := range s.calls {
			if !c.ended {
				waiting = true
				t.Errorf("%v did not return", c.in)
			}
			c.cancel()
		}
		synctest.Wait()
		if waiting {
			return
		}
		if _, err := s.Steps(); err != nil {
			t.Error(err)
		}
		last := s.begin(model.Dispose(0))
		synctest.Wait()
		if !last.ended {
			t.Error("the disposal at the end did not return")
		}
		if err := kept(s.Rooms, 0, 0); err != nil {
			t.Error(err)
		}
	})
}
