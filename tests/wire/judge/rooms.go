package judge

import (
	"fmt"
	"reflect"
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/rooms"
)

// kinds has the model's kind of input for each word of a trace, by the mapping to the core's.
var kinds = func() map[string]model.Kind {
	m := map[string]model.Kind{}
	for k := model.KindGet; k <= model.KindReleaseFailed; k++ {
		m[rooms.ToCore(model.Input{Kind: k}).Kind.String()] = k
	}
	return m
}()

// KindOf returns the model's kind of input for the word of a trace.
func KindOf(word string) (kind model.Kind, known bool) {
	kind, known = kinds[word]
	return kind, known
}

// Step is a step of the model that a line was found to be.
type Step struct {
	Before, After model.State
	Input         model.Input
}

// Lines has the reference model take the lines of a trace. It returns the steps, one for each line
// that is one, and why the line after these is none; nil when all are.
func Lines(lines []Line) ([]Step, error) {
	var steps []Step
	state := model.State{}
	for k, l := range lines {
		kind, ok := kinds[l.Kind]
		if !ok {
			return steps, fmt.Errorf("no input is called %q", l.Kind)
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

// expected is the line that the model's step makes.
func expected(seq int, in model.Input, before, after model.State, outs []model.Output) Line {
	l := Line{Seq: seq, Kind: rooms.ToCore(in).Kind.String(), Call: in.Call, Inc: in.Incarnation, Name: word(in.Name),
		Opt: word(in.Options), Err: in.Kind == model.KindOpenFailed || in.Kind == model.KindReleaseFailed, State: stateOf(after)}
	if in.Incarnation != 0 { // that of a ReleaseIf or of an end
		l.Name = before.Incarnations[in.Incarnation-1].Name
	}
	for _, out := range outs {
		o := Output{Kind: out.Kind.String(), Call: out.Call, Inc: out.Incarnation, Out: None}
		if out.Kind == model.OutputSettle {
			o.Out, o.Inc, o.Bad = out.Outcome.Kind.String(), out.Outcome.Incarnation, slices.Clone(out.Outcome.Failed)
			// the core is notified about an incarnation, and callers aren't
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

// stateOf is the core's part of the model's state: it forgets what is over.
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

// differ says in which field two lines differ first; "" for none.
func differ(want, got Line) string {
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			return fmt.Sprintf("%s is %+v, the model has %+v", w.Type().Field(i).Name, g.Field(i), w.Field(i))
		}
	}
	return ""
}
