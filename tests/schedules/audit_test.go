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
)

// stage is a lifecycle.Rooms whose works wait until they are ended, and whose steps are all kept, for what a script can't say: several
// inputs at one moment, and calls from within.
type stage struct {
	*lifecycle.Rooms[*room]
	onOpen    func(ctx context.Context, name string) // runs in Open before it waits
	onRelease func(ctx context.Context, name string)
	onStep    func(lifecycle.RoomsStep) // runs in the observer

	mu    sync.Mutex
	works []*gate
	made  map[string][]*room // by name, in the order of their openings
	steps []lifecycle.RoomsStep
	open  bool // everything ends at once
	calls []*result
}

type room struct {
	name    string
	options lifecycle.RoomOptions
	broken  error // of its opening
}

type gate struct {
	room    *room
	opening bool
	ended   bool
	end     chan error
}

// result is a call, as its caller sees it.
type result struct {
	in     fsm.RoomsInput[lifecycle.RoomOptions]
	cancel context.CancelFunc
	ended  bool
	room   *room
	err    error
}

// waiting reports whether a call is yet to return. It is for when nothing moves.
func (r *result) waiting() bool { return !r.ended }

func newStage() *stage {
	s := &stage{made: map[string][]*room{}}
	s.Rooms = lifecycle.NewRooms(s.backend(), lifecycle.WithObservedStates(), lifecycle.WithObserver(func(step lifecycle.RoomsStep) {
		s.mu.Lock()
		s.steps = append(s.steps, step)
		s.mu.Unlock()
		if s.onStep != nil {
			s.onStep(step)
		}
	}))
	return s
}

type stageBackend struct{ *stage }

func (s *stage) backend() stageBackend { return stageBackend{s} }

func (b stageBackend) Open(ctx context.Context, name string, options lifecycle.RoomOptions) (*room, error) {
	r := &room{name: name, options: options, broken: fmt.Errorf("can't open %s", name)}
	b.mu.Lock()
	b.made[name] = append(b.made[name], r)
	b.mu.Unlock()
	if b.onOpen != nil {
		b.onOpen(ctx, name)
	}
	if err := b.wait(&gate{room: r, opening: true}); err != nil {
		return nil, err
	}
	return r, nil
}

func (b stageBackend) Release(ctx context.Context, name string, r *room) error {
	if r == nil || r.name != name {
		panic(fmt.Sprintf("released %v for %s", r, name))
	}
	if b.onRelease != nil {
		b.onRelease(ctx, name)
	}
	return b.wait(&gate{room: r})
}

func (s *stage) wait(g *gate) error {
	s.mu.Lock()
	if s.open {
		s.mu.Unlock()
		return nil
	}
	g.end = make(chan error, 1)
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
func (s *stage) begin(in fsm.RoomsInput[lifecycle.RoomOptions]) *result {
	ctx, cancel := context.WithCancel(context.Background())
	r := s.enter(in, cancel)
	go s.run(ctx, r)
	return r
}

// beginForGood is begin with a context that never ends.
func (s *stage) beginForGood(in fsm.RoomsInput[lifecycle.RoomOptions]) *result {
	r := s.enter(in, func() {})
	go s.run(context.Background(), r)
	return r
}

// inline makes a call in the present goroutine.
func (s *stage) inline(ctx context.Context, in fsm.RoomsInput[lifecycle.RoomOptions]) *result {
	r := s.enter(in, func() {})
	s.run(ctx, r)
	return r
}

func (s *stage) enter(in fsm.RoomsInput[lifecycle.RoomOptions], cancel context.CancelFunc) *result {
	r := &result{in: in, cancel: cancel}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, r)
	return r
}

func (s *stage) run(ctx context.Context, r *result) {
	var got *room
	var err error
	switch in := r.in; in.Kind {
	case fsm.CallGet:
		got, err = s.Get(ctx, in.Name, lifecycle.WithRoomOptions(in.Options))
	case fsm.CallRelease:
		err = s.Release(ctx, in.Name)
	case fsm.CallDispose:
		err = s.Dispose(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.ended, r.room, r.err = true, got, err
}

func get(name, token string) fsm.RoomsInput[lifecycle.RoomOptions] {
	return fsm.RoomsInput[lifecycle.RoomOptions]{Kind: fsm.CallGet, Name: name, Options: tokens[token]}
}

func release(name string) fsm.RoomsInput[lifecycle.RoomOptions] {
	return fsm.RoomsInput[lifecycle.RoomOptions]{Kind: fsm.CallRelease, Name: name}
}

func dispose() fsm.RoomsInput[lifecycle.RoomOptions] {
	return fsm.RoomsInput[lifecycle.RoomOptions]{Kind: fsm.CallDispose}
}

// audit gives what was observed to a core of its own, which must do the same, step for step; and compares what it settled with what
// callers got. What a get got without a step must have been ready. It is called when nothing moves.
func (s *stage) audit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	core := fsm.NewRooms[lifecycle.RoomOptions]()
	begun := map[fsm.Call]fsm.RoomsInput[lifecycle.RoomOptions]{}
	opened := map[string]int{} // openings of a name
	rooms := map[fsm.Incarnation]*room{}
	settled := map[string]int{}
	wasReady := map[*room]bool{}
	for i, step := range s.steps {
		if step.Seq != uint64(i+1) {
			return fmt.Errorf("step %d is told as number %d", i+1, step.Seq)
		}
		outs, err := core.Step(step.Input, nil)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(append([]fsm.RoomsOutput{}, outs...), append([]fsm.RoomsOutput{}, step.Outputs...)) {
			return fmt.Errorf("step %d, %v: told %v, the core puts out %v", step.Seq, step.Input, step.Outputs, outs)
		}
		if want := core.State(); !reflect.DeepEqual(*step.State, want) {
			return fmt.Errorf("step %d, %v: told the state %+v, the core's is %+v", step.Seq, step.Input, *step.State, want)
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
				settled[fmt.Sprint(in, told(out.Outcome.Kind, rooms[out.Outcome.Incarnation]))]++
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
		key := fmt.Sprint(c.in, told(outcome, c.room))
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

// told describes an outcome by what both sides know of it.
func told(kind fsm.OutcomeKind, r *room) string {
	if kind == fsm.GotRoom {
		return fmt.Sprintf(" room %p", r)
	}
	return " " + kind.String()
}

var errRelease = errors.New("can't be done")

// outcomeOf reads how a call ended.
func outcomeOf(c *result) fsm.OutcomeKind {
	switch {
	case c.err == nil && c.in.Kind == fsm.CallGet:
		return fsm.GotRoom
	case c.err == nil:
		return fsm.Done
	case errors.Is(c.err, context.Canceled):
		return fsm.GaveUp
	case errors.Is(c.err, lifecycle.ResourceDisposed):
		return fsm.RejectedDisposed
	case errors.Is(c.err, lifecycle.RoomExistsWithDifferentOptions):
		return fsm.RejectedOptions
	case errors.Is(c.err, lifecycle.RoomReleasedBeforeOperationCompleted) && c.in.Kind == fsm.CallGet:
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

// perform runs a function on a fresh stage in a bubble, then lets everything end, and demands that all calls return, that the audit holds
// and that nothing is kept.
func perform(t *testing.T, play func(*stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		s := newStage()
		play(s)
		synctest.Wait()
		s.openAll()
		synctest.Wait()
		waiting := 0
		for _, c := range s.calls {
			if c.waiting() {
				waiting++
				t.Errorf("%v waits for ever", c.in)
			}
			c.cancel()
		}
		synctest.Wait()
		if waiting > 0 {
			return
		}
		if err := s.audit(); err != nil {
			t.Error(err)
		}
		last := s.begin(dispose())
		synctest.Wait()
		if last.waiting() {
			t.Error("a disposal at the end waits for ever")
		}
		v := reflect.ValueOf(s.Rooms).Elem()
		if calls, live := v.FieldByName("calls").Len(), v.FieldByName("live").Len(); calls+live > 0 {
			t.Errorf("%d calls and %d incarnations are kept", calls, live)
		}
	})
}
