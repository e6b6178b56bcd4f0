package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/ours"
)

type input = fsm.RoomsInput[lifecycle.RoomOptions]

// stage is a lifecycle.Rooms whose works wait until they are ended, and whose steps are all watched, for
// what a script can't say: several inputs at one moment, and calls from within.
type stage struct {
	*watched
	onOpen    func(ctx context.Context, name string) // runs in Open before it waits
	onRelease func(ctx context.Context, name string)
	onStep    func(lifecycle.RoomsStep) // runs in the observer

	works []*gate
	made  map[string][]*conformance.Room // by name, in the order of their openings
	open  bool                           // everything ends at once
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
	s.watched = newWatched(conformance.NewBackend(s.work), func(step lifecycle.RoomsStep) {
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

// audit compares what the observed steps settled with what callers got, and what they opened with what
// the backend was asked for. What a get got without a step must have been ready. It is called when
// nothing moves.
func (s *stage) audit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wrong != nil {
		return s.wrong
	}
	begun := map[fsm.Call]input{}
	opened := map[string]int{} // openings of a name
	rooms := map[fsm.Incarnation]*conformance.Room{}
	settled := map[string]int{}
	wasReady := map[*conformance.Room]bool{}
	for _, step := range s.steps {
		if step.Input.Kind <= fsm.CallDispose {
			begun[step.Input.Call] = step.Input
		}
		if room := rooms[step.Input.Incarnation]; step.Input.Kind == fsm.Opened && room != nil {
			wasReady[room] = true
		}
		for _, out := range step.Outputs {
			switch out.Kind {
			case fsm.Open:
				if opened[step.Name]++; opened[step.Name] <= len(s.made[step.Name]) {
					rooms[out.Incarnation] = s.made[step.Name][opened[step.Name]-1]
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
	kind := map[fsm.RoomsInputKind]fsm.OutcomeKind{
		fsm.CallGet: fsm.GotRoom, fsm.CallRelease: fsm.Done, fsm.CallDispose: fsm.Done,
	}[c.in.Kind]
	failed := map[fsm.RoomsInputKind]fsm.OutcomeKind{
		fsm.CallGet: fsm.RejectedOpenFailed, fsm.CallRelease: fsm.RejectedReleaseFailed, fsm.CallDispose: fsm.DisposeFailed,
	}[c.in.Kind]
	released := fsm.GaveUp // the cause for which the context of an opening ends
	if c.in.Kind == fsm.CallGet {
		released = fsm.RejectedReleased
	}
	for _, known := range []struct {
		err  error
		kind fsm.OutcomeKind
	}{
		{context.Canceled, fsm.GaveUp}, {lifecycle.ResourceDisposed, fsm.RejectedDisposed},
		{lifecycle.RoomExistsWithDifferentOptions, fsm.RejectedOptions},
		{lifecycle.RoomReleasedBeforeOperationCompleted, released}, {errRelease, failed}, {errOpen, failed},
	} {
		if errors.Is(c.err, known.err) {
			return known.kind
		}
	}
	return kind
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
		if err := kept(s.Rooms, 0, 0); err != nil {
			t.Error(err)
		}
	})
}
