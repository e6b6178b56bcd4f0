package conformance

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"ablyrooms.example/model"
)

// errGaveUp is the cause of a context that a script ends.
var errGaveUp = errors.New("the caller gave up")

// Step is what [Subject.Inspect] looks at: the System after an input, with what the model says of it.
type Step struct {
	Index   int            // of the input in the script
	Input   model.Input    // the input
	Outputs []model.Output // what the model puts out for it
	State   model.State    // the model's state afterwards
}

// RunScript runs a script on a fresh System, in a bubble of virtual time, and returns nil or where the System first did otherwise
// than the model. After each input it waits until nothing moves any more, and compares: which calls are settled and how, with
// which room, and what the backend is asked for. When the script is over all works end well, Dispose is called if it is promised, and
// no goroutine may be left. RunScript panics when the model refuses an input: that is an error of the script.
func RunScript(t *testing.T, subject Subject, script []model.Input) *Violation {
	t.Helper()
	r := &runner{subject: subject, script: script, steps: make([]Step, len(script))}
	state := model.State{}
	for i, in := range script {
		next, outs, err := state.Step(in)
		if err != nil {
			panic("conformance: bad script: " + err.Error())
		}
		state = next
		r.steps[i] = Step{Index: i, Input: in, Outputs: outs, State: next}
	}
	found := make(chan *Violation, 1)
	end := bubble(t, func() {
		v := r.run()
		found <- v
		r.cleanup()
	})
	select {
	case v := <-found:
		switch {
		case v != nil:
			return v
		case end.leftover:
			return r.violation(Leftover, "nothing that waits for ever once all works have ended", "goroutines that wait for ever")
		case end.hang != "":
			return r.violation(Hang, "an end once all works have ended", "hangs: "+end.hang)
		}
		return nil
	default:
		return r.violation(Hang, "rest, with no goroutine waiting for a lock", "hangs: "+end.hang)
	}
}

type runner struct {
	subject Subject
	script  []model.Input
	steps   []Step // what the model says
	system  System
	backend *Backend
	at      atomic.Int64 // the input under way

	mu     sync.Mutex
	calls  []*call
	spoilt bool // the run is over, what is settled now does not count

	earlier map[int]bool // what was releasing when disposal began
}

// call is one call of a script, as it is seen from outside.
type call struct {
	cancel   context.CancelCauseFunc
	settled  bool
	room     *Room
	err      error
	panicked string // not empty: it didn't return
	early    bool   // a Dispose that was let return before its time
}

func (r *runner) run() (v *Violation) {
	r.backend = &Backend{opened: map[*Room]int{}}
	defer func() {
		if p := recover(); p != nil {
			v = r.violation(Panic, "no panic", fmt.Sprintf("New panics: %v", p))
		}
	}()
	r.system = r.subject.New(r.backend)
	for i, step := range r.steps {
		r.at.Store(int64(i))
		if step.Input.Kind == model.KindDispose && r.earlier == nil {
			r.earlier = r.releasingBefore(i)
		}
		r.apply(step.Input)
		synctest.Wait()
		if v := r.compare(step); v != nil {
			return v
		}
		if r.subject.Inspect != nil {
			if err := r.subject.Inspect(r.system, step); err != nil {
				return r.violation(Inside, "the inside to agree", err.Error())
			}
		}
	}
	return nil
}

func (r *runner) releasingBefore(i int) map[int]bool {
	earlier := map[int]bool{}
	if i > 0 {
		for j, inc := range r.steps[i-1].State.Incarnations {
			if inc.Life == model.LifeReleasing {
				earlier[j+1] = true
			}
		}
	}
	return earlier
}

// cleanup lets all goroutines of the run end.
func (r *runner) cleanup() {
	r.mu.Lock()
	r.spoilt = true
	r.mu.Unlock()
	r.backend.drain()
	for _, c := range r.calls {
		c.cancel(errGaveUp)
	}
	synctest.Wait()
	if r.system == nil {
		return
	}
	if r.subject.Promises.Disposal {
		go func() {
			defer func() { _ = recover() }()
			_ = r.system.Dispose(context.Background())
		}()
		synctest.Wait()
	}
	if c, ok := r.system.(closer); ok {
		c.Close()
	}
}

func (r *runner) apply(in model.Input) {
	switch in.Kind {
	case model.KindGet:
		options := in.Options
		if r.subject.Promises.EqualAfterDefaults && in.Call%2 == 0 {
			options += spelledOut
		}
		r.call(func(ctx context.Context) (*Room, error) { return r.system.Get(ctx, in.Name, options) })
	case model.KindRelease:
		r.call(func(ctx context.Context) (*Room, error) { return nil, r.system.Release(ctx, in.Name) })
	case model.KindDispose:
		r.call(func(ctx context.Context) (*Room, error) { return nil, r.system.Dispose(ctx) })
	case model.KindGiveUp:
		r.calls[in.Call-1].cancel(errGaveUp)
	case model.KindOpened, model.KindReleased:
		r.backend.end(in.Incarnation, nil)
	case model.KindOpenFailed, model.KindReleaseFailed:
		r.backend.end(in.Incarnation, &failure{incarnation: in.Incarnation, opening: in.Kind == model.KindOpenFailed})
	}
}

func (r *runner) call(do func(context.Context) (*Room, error)) {
	// A call that is never given up gets a context that can't end, since a System may treat such a one otherwise.
	ctx, cancel := context.Background(), context.CancelCauseFunc(func(error) {})
	if slices.Contains(r.script, model.GiveUp(len(r.calls)+1)) {
		ctx, cancel = context.WithCancelCause(ctx)
	}
	c := &call{cancel: cancel}
	r.calls = append(r.calls, c)
	go func() {
		var room *Room
		var err error
		returned := false
		defer func() {
			why := ""
			if p := recover(); p != nil {
				why = fmt.Sprintf("panics: %v", p)
			} else if !returned {
				why = "ends its goroutine"
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if !r.spoilt {
				c.settled, c.room, c.err, c.panicked = true, room, err, why
			}
		}()
		room, err = do(ctx)
		returned = true
	}()
	runtime.Gosched()
}

// violation makes the report of what is wrong after the input under way.
func (r *runner) violation(kind ViolationKind, want, got string) *Violation {
	v := &Violation{Kind: kind, Want: want, Got: got, Spelled: r.subject.Promises.EqualAfterDefaults}
	if len(r.script) == 0 {
		return v
	}
	at := int(r.at.Load())
	v.Script = slices.Clone(r.script[:at+1])
	before := model.State{}
	if at > 0 {
		before = r.steps[at-1].State
	}
	v.Rules = before.Explain(v.Script[at])
	return v
}
