package schedules

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

type input = fsm.RoomsInput[lifecycle.RoomOptions]

// stage is a lifecycle.Rooms whose works wait until they are ended, and whose steps are all kept, for
// what a script can't say: several inputs at one moment, and calls from within.
type stage struct {
	ours.Rooms
	onOpen    func(ctx context.Context, name string) // runs in Open before it waits
	onRelease func(ctx context.Context, name string)
	onStep    func(lifecycle.RoomsStep) // runs in the observer

	mu    sync.Mutex
	works []*gate
	made  map[string][]*conformance.Room // by name, in the order of their openings
	steps []lifecycle.RoomsStep
	open  bool // everything ends at once
	calls []*result
}

// gate is a work that waits.
type gate struct {
	conformance.Work
	ended bool
	end   chan error
}

// result is a call, as its caller sees it.
type result struct {
	in     input
	cancel context.CancelFunc
	ended  bool
	room   *conformance.Room
	err    error
}

var (
	errOpen    = errors.New("can't be opened")
	errRelease = errors.New("can't be released")
)

func newStage() *stage {
	s := &stage{made: map[string][]*conformance.Room{}}
	s.Rooms = ours.New(conformance.NewBackend(s.work), lifecycle.WithObservedStates(),
		lifecycle.WithObserver(func(step lifecycle.RoomsStep) {
			s.mu.Lock()
			s.steps = append(s.steps, step)
			s.mu.Unlock()
			if s.onStep != nil {
				s.onStep(step)
			}
		}))
	return s
}

// work is what the backend does.
func (s *stage) work(w conformance.Work) error {
	hook := s.onRelease
	if w.Opening {
		hook = s.onOpen
		s.mu.Lock()
		s.made[w.Room.Name] = append(s.made[w.Room.Name], w.Room)
		s.mu.Unlock()
	}
	if hook != nil {
		hook(w.Context, w.Room.Name)
	}
	s.mu.Lock()
	if s.open {
		s.mu.Unlock()
		return nil
	}
	g := &gate{Work: w, end: make(chan error, 1)}
	s.works = append(s.works, g)
	s.mu.Unlock()
	return <-g.end
}

// gates lists the works that wait.
func (s *stage) gates() []*gate {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.works = slices.DeleteFunc(s.works, func(g *gate) bool { return g.ended })
	return slices.Clone(s.works)
}

// finish ends a work.
func (g *gate) finish(err error) {
	g.ended = true
	g.end <- err
}

// openAll lets everything end well, now and later.
func (s *stage) openAll() {
	s.mu.Lock()
	s.open = true // nothing that begins from now on waits
	s.mu.Unlock()
	for _, g := range s.gates() {
		g.finish(nil)
	}
}

// begin makes a call in a goroutine of its own, with a context that can be cancelled.
func (s *stage) begin(in input) *result {
	ctx, cancel := context.WithCancel(context.Background())
	r := s.enter(in, cancel)
	go s.run(ctx, r)
	return r
}

// beginForGood is begin with a context that never ends.
func (s *stage) beginForGood(in input) *result {
	r := s.enter(in, func() {})
	go s.run(context.Background(), r)
	return r
}

// inline makes a call in the present goroutine.
func (s *stage) inline(ctx context.Context, in input) *result {
	r := s.enter(in, func() {})
	s.run(ctx, r)
	return r
}

func (s *stage) enter(in input, cancel context.CancelFunc) *result {
	r := &result{in: in, cancel: cancel}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r)
	return r
}

func (s *stage) run(ctx context.Context, r *result) {
	var got *conformance.Room
	var err error
	switch in := r.in; in.Kind {
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

func get(name, token string) input {
	return input{Kind: fsm.CallGet, Name: name, Options: ours.Options(token)}
}

func release(name string) input { return input{Kind: fsm.CallRelease, Name: name} }

func dispose() input { return input{Kind: fsm.CallDispose} }

// audit gives what was observed to a core of its own, which must do the same, step for step; and
// compares what it settled with what callers got. What a get got without a step must have been ready.
// It is called when nothing moves.
func (s *stage) audit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	core := fsm.NewRooms[lifecycle.RoomOptions]()
	begun := map[fsm.Call]input{}
	opened := map[string]int{} // openings of a name
	rooms := map[fsm.Incarnation]*conformance.Room{}
	settled := map[string]int{}
	wasReady := map[*conformance.Room]bool{}
	for i, step := range s.steps {
		if step.Seq != uint64(i+1) {
			return fmt.Errorf("step %d is observed as number %d", i+1, step.Seq)
		}
		outs, err := core.Step(step.Input, nil)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(append([]fsm.RoomsOutput{}, outs...), append([]fsm.RoomsOutput{}, step.Outputs...)) {
			return fmt.Errorf("step %d, %v: observed %v, the core puts out %v", step.Seq, step.Input, step.Outputs, outs)
		}
		if want := core.State(); !reflect.DeepEqual(*step.State, want) {
			return fmt.Errorf("step %d, %v: observed the state %+v, the core's is %+v", step.Seq, step.Input, *step.State, want)
		}
		if step.Input.Kind <= fsm.CallDispose {
			begun[step.Input.Call] = step.Input
		}
		if step.Input.Kind == fsm.Opened && rooms[step.Input.Incarnation] != nil {
			wasReady[rooms[step.Input.Incarnation]] = true
		}
		for _, out := range outs {
			switch out.Kind {
			case fsm.Open:
				name, _ := core.Describe(out.Incarnation)
				if opened[name]++; opened[name] <= len(s.made[name]) {
					rooms[out.Incarnation] = s.made[name][opened[name]-1]
				}
			case fsm.Settle:
				in := begun[out.Call]
				in.Call = 0
				settled[fmt.Sprint(in, described(out.Outcome.Kind, rooms[out.Outcome.Incarnation]))]++
			}
		}
	}
	for name, made := range s.made {
		if len(made) != opened[name] {
			return fmt.Errorf("%s was opened %d times, the core asked for it %d times", name, len(made), opened[name])
		}
	}
	for _, c := range s.calls {
		if !c.ended {
			continue
		}
		outcome := outcomeOf(c)
		key := fmt.Sprint(c.in, described(outcome, c.room))
		switch {
		case settled[key] > 0:
			settled[key]--
		case outcome == fsm.GaveUp: // its context ended before it began
		case outcome != fsm.GotRoom || !wasReady[c.room]:
			return fmt.Errorf("a caller got %s, which no step settled", key)
		}
	}
	for key, n := range settled {
		if n > 0 {
			return fmt.Errorf("a step settled %s, which no caller got", key)
		}
	}
	return nil
}

// described describes an outcome by what both sides know of it.
func described(kind fsm.OutcomeKind, r *conformance.Room) string {
	if kind == fsm.GotRoom {
		return fmt.Sprintf(" room %p", r)
	}
	return " " + kind.String()
}

// outcomeOf reads how a call ended.
func outcomeOf(c *result) fsm.OutcomeKind {
	isGet := c.in.Kind == fsm.CallGet
	switch {
	case c.err == nil && isGet:
		return fsm.GotRoom
	case c.err == nil:
		return fsm.Done
	case errors.Is(c.err, context.Canceled):
		return fsm.GaveUp
	case errors.Is(c.err, lifecycle.ResourceDisposed):
		return fsm.RejectedDisposed
	case errors.Is(c.err, lifecycle.RoomExistsWithDifferentOptions):
		return fsm.RejectedOptions
	case errors.Is(c.err, lifecycle.RoomReleasedBeforeOperationCompleted) && isGet:
		return fsm.RejectedReleased
	case errors.Is(c.err, lifecycle.RoomReleasedBeforeOperationCompleted):
		return fsm.GaveUp // the cause for which the context of an opening ends
	case errors.Is(c.err, errRelease) && c.in.Kind == fsm.CallDispose:
		return fsm.DisposeFailed
	case errors.Is(c.err, errRelease) && c.in.Kind == fsm.CallRelease:
		return fsm.RejectedReleaseFailed
	}
	return fsm.RejectedOpenFailed
}

// perform runs a function on a fresh stage in a bubble, then lets everything end, and demands that all
// calls return, that the audit holds and that nothing is kept.
func perform(t *testing.T, play func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		s := newStage()
		play(s)
		synctest.Wait()
		s.openAll()
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
		if err := s.audit(); err != nil {
			t.Error(err)
		}
		last := s.begin(dispose())
		synctest.Wait()
		if !last.ended {
			t.Error("a disposal at the end waits for ever")
		}
		v := reflect.ValueOf(s.Rooms.Rooms).Elem()
		if calls, live := v.FieldByName("calls").Len(), v.FieldByName("live").Len(); calls+live > 0 {
			t.Errorf("%d calls and %d incarnations are kept", calls, live)
		}
	})
}
