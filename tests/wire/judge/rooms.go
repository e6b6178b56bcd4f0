package judge

import (
	"fmt"
	"reflect"
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/rooms"
)

// kinds has the model's kind of input for each word in a trace. It is made from the mapping to the
// core's kinds.
var kinds = func() map[string]model.Kind {
	m := map[string]model.Kind{}
	for k := model.KindGet; k <= model.KindReleaseFailed; k++ {
		m[rooms.ToCore(model.Input{Kind: k}).Kind.String()] = k
	}
	return m
}()

// KindOf returns the model's kind of input for a word in a trace.
func KindOf(word string) (kind model.Kind, known bool) {
	kind, known = kinds[word]
	return kind, known
}

// Step is the step of the model that a line matches.
type Step struct {
	Before, After model.State
	Input         model.Input
}

// Lines checks the lines of a trace with the reference model. It returns a step for each line until
// the first line that is not a step, and an error that says why; the error is nil if all lines are
// steps.
func Lines(lines []Line) ([]Step, error) {
	var steps []Step
	state := model.State{}
	for k, l := range lines {
		kind, ok := kinds[l.Kind]
		if !ok {
			return steps, fmt.Errorf("the model has no input %q", l.Kind)
		}
		in := model.Input{Kind: kind, Call: l.Call, Incarnation: l.Inc}
		switch kind {
		case model.KindGet:
			in.Name, in.Options = l.Name, l.Opt
		case model.KindRelease:
			in.Name = l.Name
		}
		next, outs, err := state.Step(in)
		if err != nil {
			return steps, err
		}
		if difference := differ(expected(k+1, in, state, next, outs), l); difference != "" {
			return steps, fmt.Errorf("%v: %s", in, difference)
		}
		steps = append(steps, Step{state, next, in})
		state = next
	}
	return steps, nil
}

// expected returns the line for a step of the model.
func expected(seq int, in model.Input, before, after model.State, outs []model.Output) Line {
	l := Line{Seq: seq, Kind: rooms.ToCore(in).Kind.String(), Call: in.Call, Inc: in.Incarnation, Name: word(in.Name),
		Opt: word(in.Options), Err: in.Kind == model.KindOpenFailed || in.Kind == model.KindReleaseFailed, State: stateOf(after)}
	if in.Incarnation != 0 { // a ReleaseIf, or the end of an opening or a release
		l.Name = before.Incarnations[in.Incarnation-1].Name
	}
	for _, out := range outs {
		o := Output{Kind: out.Kind.String(), Call: out.Call, Inc: out.Incarnation, Out: None}
		if out.Kind == model.OutputSettle {
			o.Out, o.Inc, o.Bad = out.Outcome.Kind.String(), out.Outcome.Incarnation, slices.Clone(out.Outcome.Failed)
			// These outputs of the core name an incarnation; the outcomes of the model don't.
			switch out.Outcome.Kind {
			case model.OutcomeDifferentOptions:
				o.Inc = before.InUse(in.Name)
			case model.OutcomeReleasedBefore:
				o.Inc = after.Calls[out.Call-1].WaitsFor
			}
		}
		l.Outs = append(l.Outs, o)
	}
	return l
}

// stateOf returns the part of the model's state that the core stores. The core doesn't store
// settled calls and released incarnations.
func stateOf(s model.State) State {
	v := State{Next: len(s.Calls) + 1, Last: len(s.Incarnations), Disposal: "no", Failed: slices.Clone(s.Failed)}
	waiters := map[int][]int{}
	for i, c := range s.Calls {
		switch {
		case !c.Pending():
		case c.Kind == model.KindDispose:
			v.Disposers = append(v.Disposers, i+1)
		default:
			waiters[c.WaitsFor] = append(waiters[c.WaitsFor], i+1)
		}
	}
	releasing := false
	for i, inc := range s.Incarnations {
		releasing = releasing || inc.Life == model.LifeReleasing
		if inc.Life != model.LifeReleased {
			v.Incs = append(v.Incs, Incarnation{i + 1, inc.Name, inc.Options, inc.Life.String(), inc.Work.String(), waiters[i+1]})
		}
	}
	if s.Disposing() {
		if v.Disposal = "disposed"; releasing {
			v.Disposal = "disposing"
		}
	}
	return v
}

// differ describes the first field in which two lines differ, or returns "".
func differ(want, got Line) string {
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			return fmt.Sprintf("%s is %+v, the model has %+v", w.Type().Field(i).Name, g.Field(i), w.Field(i))
		}
	}
	return ""
}
