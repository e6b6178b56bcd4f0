package schedules

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

type input = fsm.RoomsInput[lifecycle.RoomOptions]

// stage is a lifecycle.Rooms whose works wait until they are ended, and whose steps are all
// watched, for what a script can't say: several inputs at one moment, and calls from within.
type stage struct {
	*ours.Watched
	onOpen    func(ctx context.Context, name string) // runs in Open before it waits
	onRelease func(ctx context.Context, name string)
	onStep    func(lifecycle.RoomsStep) // runs in the observer

	gates conformance.Gates
	mu    sync.Mutex
	calls []*result
}

// result is a call, as its caller sees it.
type result struct {
	in     input
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

// work is what the backend does.
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
func (s *stage) begin(in input) *result {
	ctx, cancel := context.WithCancel(context.Background())
	return s.enter(ctx, in, cancel, true)
}

// beginForGood is begin with a context that never ends.
func (s *stage) beginForGood(in input) *result {
	return s.enter(context.Background(), in, func() {}, true)
}

// inline makes a call in the present goroutine.
func (s *stage) inline(ctx context.Context, in input) *result {
	return s.enter(ctx, in, func() {}, false)
}

func (s *stage) enter(ctx context.Context, in input, cancel context.CancelFunc, aside bool) *result {
	r := &result{in: in, cancel: cancel}
	s.mu.Lock()
	s.calls = append(s.calls, r)
	s.mu.Unlock()
	run := func() {
		var got *conformance.Room
		var err error
		switch in.Kind {
		case fsm.CallGet:
			got, err = s.Rooms.Rooms.Get(ctx, in.Name, lifecycle.WithRoomOptions(in.Options))
		case fsm.CallRelease:
			err = s.Release(ctx, in.Name)
		case fsm.CallDispose:
			err = s.Dispose(ctx)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		r.ended, r.room, r.err = true, got, err
	}
	if aside {
		go run()
	} else {
		run()
	}
	return r
}

func get(name, token string) input {
	return input{Kind: fsm.CallGet, Name: name, Options: ours.Options(token)}
}

func release(name string) input { return input{Kind: fsm.CallRelease, Name: name} }

func dispose() input { return input{Kind: fsm.CallDispose} }

// outcome reads how a call ended.
func (r *result) outcome() model.OutcomeKind {
	kind := map[fsm.RoomsInputKind]model.Kind{
		fsm.CallGet: model.KindGet, fsm.CallRelease: model.KindRelease, fsm.CallDispose: model.KindDispose,
	}[r.in.Kind]
	switch {
	case r.err != nil:
		return ours.Subject().Outcome(kind, r.err).Kind
	case kind == model.KindGet:
		return model.OutcomeRoom
	}
	return model.OutcomeDone
}

// perform runs a function on a fresh stage in a bubble, then lets everything end, and demands that
// all calls return, that the core did the same, and that nothing is kept.
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
				t.Errorf("%v waits for ever", c.in)
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
		last := s.begin(dispose())
		synctest.Wait()
		if !last.ended {
			t.Error("a disposal at the end waits for ever")
		}
		if err := kept(s.Rooms, 0, 0); err != nil {
			t.Error(err)
		}
	})
}
