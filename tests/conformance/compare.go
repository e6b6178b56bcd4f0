package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/model"
)

// compare holds what can be seen of the System against the model's state.
func (r *runner) compare(step Step) *Violation {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range r.calls {
		if c.panicked != "" {
			return r.violation(Panic, "no panic", r.who(i)+" "+c.panicked)
		}
	}
	if v := r.compareWorks(step); v != nil {
		return v
	}
	for i, c := range r.calls {
		want := step.State.Calls[i]
		switch {
		case want.Pending() && c.settled:
			if r.mayBeEarly(step.State, want) {
				c.early = true
				continue
			}
			return r.violation(Differs, r.who(i)+" to wait", r.who(i)+" returned: "+r.describe(c, want.Kind))
		case want.Pending():
			continue
		case !c.settled:
			return r.violation(Differs, fmt.Sprintf("%s to end: %v", r.who(i), want.Outcome), r.who(i)+" waits")
		}
		if !r.agrees(c, want) {
			return r.violation(Differs, fmt.Sprintf("%s to end: %v", r.who(i), want.Outcome),
				fmt.Sprintf("%s ended: %s", r.who(i), r.describe(c, want.Kind)))
		}
	}
	return nil
}

// mayBeEarly: a Dispose that does not promise to wait for earlier releases may be settled when only these are left.
func (r *runner) mayBeEarly(s model.State, c model.Call) bool {
	if c.Kind != model.KindDispose || r.subject.Promises.DisposalWaitsForAll {
		return false
	}
	for i, inc := range s.Incarnations {
		if inc.Life == model.LifeReleasing && !r.earlier[i+1] {
			return false
		}
	}
	return true
}

// agrees reports whether a call ended as the model has it, as far as it is promised.
func (r *runner) agrees(c *call, want model.Call) bool {
	if c.early {
		return true
	}
	p := r.subject.Promises
	if want.Outcome.Kind == model.OutcomeGaveUp && p.Causes && !errors.Is(c.err, errGaveUp) {
		return false
	}
	got := r.outcome(c, want)
	if want.Outcome.Kind != model.OutcomeFailed || got.Kind == model.OutcomeGaveUp {
		return got.Equal(want.Outcome)
	}
	var must []int // errors that have to be there
	for _, i := range want.Outcome.Failed {
		if p.DisposalWaitsForAll || !r.earlier[i] {
			must = append(must, i)
		}
	}
	switch {
	case !p.DisposalReports || len(must) == 0 && got.Kind == model.OutcomeDone:
		return true
	case got.Kind != model.OutcomeFailed:
		return false
	}
	invented := slices.ContainsFunc(got.Failed, func(i int) bool { return !slices.Contains(want.Outcome.Failed, i) })
	missing := slices.ContainsFunc(must, func(i int) bool { return !slices.Contains(got.Failed, i) })
	return !invented && !(p.DisposalJoins && missing)
}

// compareWorks finds the incarnations of works that began, and compares what is under way.
func (r *runner) compareWorks(step Step) *Violation {
	r.backend.mu.Lock()
	defer r.backend.mu.Unlock()
	if r.backend.fault != "" {
		return r.violation(Differs, "no such thing", r.backend.fault)
	}
	for _, out := range step.Outputs {
		if out.Kind != model.OutputOpen {
			continue
		}
		inc := step.State.Incarnations[out.Incarnation-1]
		for _, w := range r.backend.works {
			if !w.opening || w.incarnation != 0 || w.room.Name != inc.Name {
				continue
			}
			if w.room.Options != inc.Options {
				return r.violation(Differs, fmt.Sprintf("#%d to be opened with the options %s", out.Incarnation, inc.Options),
					"it is opened with "+w.room.Options)
			}
			w.incarnation = out.Incarnation
			break
		}
	}
	n := 0
	for i, inc := range step.State.Incarnations {
		if inc.Work == model.WorkNone {
			continue
		}
		n++
		if !slices.ContainsFunc(r.backend.works, func(w *work) bool {
			return w.incarnation == i+1 && w.opening == (inc.Work == model.WorkOpening)
		}) {
			return r.worksDiffer(step.State)
		}
	}
	if n != len(r.backend.works) {
		return r.worksDiffer(step.State)
	}
	for _, w := range r.backend.works {
		abandoned := w.opening && step.State.Incarnations[w.incarnation-1].Life == model.LifeReleasing
		ended := w.ctx != nil && w.ctx.Err() != nil
		if ended && !abandoned || !ended && abandoned && r.subject.Promises.OpeningsCancelled {
			what := map[bool]string{true: "opening", false: "release"}[w.opening]
			return r.violation(Differs, fmt.Sprintf("the context of the %s of #%d ended: %t", what, w.incarnation, abandoned),
				fmt.Sprintf("ended: %t", ended))
		}
	}
	return nil
}

func (r *runner) worksDiffer(s model.State) *Violation {
	var want, got []string
	for i, inc := range s.Incarnations {
		if inc.Work != model.WorkNone {
			want = append(want, fmt.Sprintf("%v #%d (%s)", inc.Work, i+1, inc.Name))
		}
	}
	for _, w := range r.backend.works {
		kind, which := model.WorkClosing, "one that nobody asked for"
		if w.opening {
			kind = model.WorkOpening
		}
		if w.incarnation != 0 {
			which = fmt.Sprintf("#%d", w.incarnation)
		}
		got = append(got, fmt.Sprintf("%v %s (%s)", kind, which, w.room.Name))
	}
	slices.Sort(want)
	slices.Sort(got)
	list := func(s []string) string {
		if len(s) == 0 {
			return "nothing"
		}
		return strings.Join(s, ", ")
	}
	return r.violation(Differs, "the backend at work on "+list(want), "the backend at work on "+list(got))
}

// outcome reads how a call ended in the model's terms; the zero outcome is one that the model doesn't know.
func (r *runner) outcome(c *call, want model.Call) model.Outcome {
	if c.err == nil {
		if want.Kind != model.KindGet {
			return model.Outcome{Kind: model.OutcomeDone}
		}
		if i := r.incarnation(c.room); i != 0 {
			return model.Outcome{Kind: model.OutcomeRoom, Incarnation: i}
		}
		return model.Outcome{}
	}
	if want.Kind == model.KindDispose {
		if failed := failures(c.err); len(failed) > 0 {
			return model.Outcome{Kind: model.OutcomeFailed, Failed: failed}
		}
	}
	switch r.subject.Classify(c.err) {
	case DifferentOptions:
		return model.Outcome{Kind: model.OutcomeDifferentOptions}
	case ReleasedBefore:
		return model.Outcome{Kind: model.OutcomeReleasedBefore}
	case Disposed:
		return model.Outcome{Kind: model.OutcomeDisposed}
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
	return model.Outcome{}
}

// incarnation returns the one whose room this is, or 0.
func (r *runner) incarnation(room *Room) int {
	r.backend.mu.Lock()
	defer r.backend.mu.Unlock()
	return r.backend.opened[room]
}

// failures collects the incarnations whose release failed from anywhere in an error's tree.
func failures(err error) []int {
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
	return slices.Compact(failed) // a set
}

// who names a call: "call 2 (release(2, a))".
func (r *runner) who(i int) string {
	for _, step := range r.steps {
		if step.Input.Call == i+1 && step.Input.Kind != model.KindGiveUp {
			return fmt.Sprintf("call %d (%v)", i+1, step.Input)
		}
	}
	return fmt.Sprintf("call %d", i+1)
}

func (r *runner) describe(c *call, kind model.Kind) string {
	switch {
	case c.err != nil:
		return fmt.Sprintf("error %q", c.err)
	case kind != model.KindGet:
		return "no error"
	case c.room == nil:
		return "no error and no room"
	}
	if i := r.incarnation(c.room); i != 0 {
		return fmt.Sprintf("room(%d)", i)
	}
	return "a room that the backend did not open, or a copy"
}
