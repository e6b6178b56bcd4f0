package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"ablyrooms.example/model"
)

// errGaveUp is the cause of a context that a script ends.
var errGaveUp = errors.New("the caller gave up")

// RunScript runs a script on a fresh System, in a bubble of virtual time, and returns nil or where the System first did otherwise
// than the model. After each input it waits until nothing moves any more, and compares: which calls are settled and how, with
// which room, and what the backend is asked for. An input that the model refuses is an error of the script, and it panics.
func RunScript(t *testing.T, subject Subject, script []model.Input) (v *Violation) {
	t.Helper()
	r := &runner{subject: subject, script: script}
	defer func() {
		// A System that leaves goroutines behind makes the bubble panic at its end.
		if p := recover(); p != nil {
			if s := fmt.Sprint(p); !strings.HasPrefix(s, "deadlock") {
				panic(p)
			}
			if v == nil {
				v = r.violation("nothing that waits for ever once all calls have ended", "goroutines that wait for ever")
			}
		}
	}()
	synctest.Test(t, func(*testing.T) {
		v = r.run()
		r.cleanup()
	})
	return v
}

type runner struct {
	subject Subject
	script  []model.Input
	system  System
	backend *Backend

	state model.State
	at    int // the input under way
	outs  [][]model.Output

	mu     sync.Mutex
	calls  []*call
	spoilt bool // the run is over, what is settled now does not count
}

type call struct {
	cancel  context.CancelCauseFunc
	settled bool
	room    *Room
	err     error
}

func (r *runner) run() *Violation {
	r.backend = &Backend{}
	r.system = r.subject.New(r.backend)
	for i, in := range r.script {
		next, outs, err := r.state.Step(in)
		if err != nil {
			panic("conformance: bad script: " + err.Error())
		}
		r.at, r.state = i, next
		r.outs = append(r.outs, outs)
		r.apply(in)
		synctest.Wait()
		if v := r.compare(outs); v != nil {
			return v
		}
	}
	return nil
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
}

func (r *runner) apply(in model.Input) {
	switch in.Kind {
	case model.KindGet:
		r.call(func(ctx context.Context) (*Room, error) { return r.system.Get(ctx, in.Name, in.Options) })
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
		room, err := do(ctx)
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.spoilt {
			c.settled, c.room, c.err = true, room, err
		}
	}()
}

// compare holds what can be seen of the System against the model's state.
func (r *runner) compare(outs []model.Output) *Violation {
	if v := r.compareWorks(outs); v != nil {
		return v
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range r.calls {
		want := r.state.Calls[i]
		who := fmt.Sprintf("call %d (%v)", i+1, r.begin(i+1))
		switch {
		case want.Pending() && c.settled:
			return r.violation(who+" to wait", who+" returned: "+r.describe(c, want.Kind))
		case want.Pending():
			continue
		case !c.settled:
			return r.violation(fmt.Sprintf("%s to end: %v", who, want.Outcome), who+" waits")
		}
		if got := r.outcome(c, want); !got.Equal(want.Outcome) {
			return r.violation(fmt.Sprintf("%s to end: %v", who, want.Outcome), fmt.Sprintf("%s ended: %s", who, r.describe(c, want.Kind)))
		}
	}
	return nil
}

func (r *runner) begin(call int) model.Input {
	for _, in := range r.script {
		if in.Call == call && in.Kind != model.KindGiveUp {
			return in
		}
	}
	return model.Input{}
}

// compareWorks finds the incarnations of works that began, and compares what is under way.
func (r *runner) compareWorks(outs []model.Output) *Violation {
	r.backend.mu.Lock()
	defer r.backend.mu.Unlock()
	if len(r.backend.faults) > 0 {
		return r.violation("no such thing", r.backend.faults[0])
	}
	for _, out := range outs {
		if out.Kind != model.OutputOpen {
			continue
		}
		inc := r.state.Incarnations[out.Incarnation-1]
		for _, w := range r.backend.works {
			if w.opening && w.incarnation == 0 && w.room.Name == inc.Name {
				if w.room.Options != inc.Options {
					return r.violation(fmt.Sprintf("#%d to be opened with the options %s", out.Incarnation, inc.Options), "it is opened with "+w.room.Options)
				}
				w.incarnation, w.room.incarnation = out.Incarnation, out.Incarnation
				break
			}
		}
	}
	var want, got []string
	for i, inc := range r.state.Incarnations {
		if inc.Work != model.WorkNone {
			want = append(want, fmt.Sprintf("%v #%d (%s)", inc.Work, i+1, inc.Name))
		}
	}
	for _, w := range r.backend.works {
		w.incarnation = w.room.incarnation
		kind := model.WorkClosing
		if w.opening {
			kind = model.WorkOpening
		}
		which := "one that nobody asked for"
		if w.incarnation != 0 {
			which = fmt.Sprintf("#%d", w.incarnation)
		}
		got = append(got, fmt.Sprintf("%v %s (%s)", kind, which, w.room.Name))
		if r.subject.CancelsOpenings && w.opening && w.incarnation != 0 {
			abandoned := r.state.Incarnations[w.incarnation-1].Life == model.LifeReleasing
			if cancelled := w.ctx.Err() != nil; cancelled != abandoned {
				return r.violation(fmt.Sprintf("the opening of #%d cancelled: %t", w.incarnation, abandoned), fmt.Sprintf("cancelled: %t", cancelled))
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		return r.violation("the backend at work on "+list(want), "the backend at work on "+list(got))
	}
	return nil
}

func list(s []string) string {
	if len(s) == 0 {
		return "nothing"
	}
	return strings.Join(s, ", ")
}

// outcome reads how a call ended in the model's terms; the zero outcome is one that the model doesn't know.
func (r *runner) outcome(c *call, want model.Call) model.Outcome {
	if c.err == nil {
		if want.Kind != model.KindGet {
			return model.Outcome{Kind: model.OutcomeDone}
		}
		if c.room == nil {
			return model.Outcome{}
		}
		return model.Outcome{Kind: model.OutcomeRoom, Incarnation: c.room.incarnation}
	}
	if want.Kind == model.KindDispose {
		if failed := r.failures(c.err); len(failed) > 0 {
			return model.Outcome{Kind: model.OutcomeFailed, Failed: failed}
		}
	}
	if f := (*failure)(nil); errors.As(c.err, &f) {
		if f.opening {
			return model.Outcome{Kind: model.OutcomeOpenFailed, Incarnation: f.incarnation}
		}
		return model.Outcome{Kind: model.OutcomeReleaseFailed, Incarnation: f.incarnation}
	}
	if errors.Is(c.err, errGaveUp) || errors.Is(c.err, context.Canceled) {
		return model.Outcome{Kind: model.OutcomeGaveUp}
	}
	switch r.subject.Classify(c.err) {
	case DifferentOptions:
		return model.Outcome{Kind: model.OutcomeDifferentOptions}
	case ReleasedBefore:
		return model.Outcome{Kind: model.OutcomeReleasedBefore}
	case Disposed:
		return model.Outcome{Kind: model.OutcomeDisposed}
	}
	return model.Outcome{}
}

// failures collects the incarnations whose release failed from anywhere in an error's tree.
func (r *runner) failures(err error) []int {
	var failed []int
	var walk func(error)
	walk = func(err error) {
		if f, ok := err.(*failure); ok && !f.opening {
			failed = append(failed, f.incarnation)
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			if next := e.Unwrap(); next != nil {
				walk(next)
			}
		case interface{ Unwrap() []error }:
			for _, next := range e.Unwrap() {
				walk(next)
			}
		}
	}
	walk(err)
	slices.Sort(failed)
	return failed
}

func (r *runner) describe(c *call, kind model.Kind) string {
	switch {
	case c.err != nil:
		return fmt.Sprintf("error %q", c.err)
	case kind != model.KindGet:
		return "no error"
	case c.room == nil:
		return "no error and no room"
	case c.room.incarnation == 0:
		return "a room that nobody asked for"
	}
	return fmt.Sprintf("room(%d)", c.room.incarnation)
}

func (r *runner) violation(want, got string) *Violation {
	at := min(r.at, len(r.script)-1)
	v := &Violation{Script: slices.Clone(r.script[:at+1]), Want: want, Got: got}
	state := model.State{}
	for i, in := range v.Script {
		if i == at {
			v.Rules = state.Explain(in)
		}
		state, _, _ = state.Step(in)
	}
	return v
}
