package main

import (
	"fmt"
	"reflect"
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/rooms"
)

// kinds has the model's kind of input for each word of a trace, by way of the one mapping to the core's.
var kinds = func() map[string]model.Kind {
	m := map[string]model.Kind{}
	for k := model.KindGet; k <= model.KindReleaseFailed; k++ {
		m[rooms.ToCore(model.Input{Kind: k}).Kind.String()] = k
	}
	return m
}()

// taken is a step of the model that a line was found to be.
type taken struct {
	before, after model.State
	input         model.Input
	outputs       []model.Output
}

// judge has the reference model take the lines. It returns the steps, one for each line that is one, and why the line after these is
// none; nil when all are.
func judge(lines []entry) ([]taken, error) {
	var steps []taken
	state := model.State{}
	for k, e := range lines {
		kind, ok := kinds[e.Kind]
		if !ok {
			return steps, fmt.Errorf("no input is called %q", e.Kind)
		}
		in := model.Input{Kind: kind, Call: e.Call, Incarnation: e.Inc}
		switch kind {
		case model.KindGet:
			in.Name, in.Options = e.Name, e.Opt
		case model.KindRelease:
			in.Name = e.Name
		}
		next, outs, err := state.Step(in)
		if err != nil {
			return steps, err
		}
		want := expected(k+1, in, state, next, outs)
		if difference := differ(want, e); difference != "" {
			return steps, fmt.Errorf("%v: %s", in, difference)
		}
		steps = append(steps, taken{state, next, in, outs})
		state = next
	}
	return steps, nil
}

// expected is the line that the model's step makes.
func expected(seq int, in model.Input, before, after model.State, outs []model.Output) entry {
	e := entry{Seq: seq, Kind: rooms.ToCore(in).Kind.String(), Call: in.Call, Inc: in.Incarnation, Name: word(in.Name), Opt: word(in.Options),
		Err: in.Kind == model.KindOpenFailed || in.Kind == model.KindReleaseFailed, State: viewOf(after)}
	if in.Incarnation != 0 {
		e.Name = before.Incarnations[in.Incarnation-1].Name
	}
	for _, out := range outs {
		o := output{Kind: out.Kind.String(), Call: out.Call, Inc: out.Incarnation, Outcome: none}
		if out.Kind == model.OutputSettle {
			o.Outcome, o.Inc, o.Failed = out.Outcome.Kind.String(), out.Outcome.Incarnation, slices.Clone(out.Outcome.Failed)
			switch out.Outcome.Kind { // callers are told of no incarnation; the core is
			case model.OutcomeDifferentOptions:
				o.Inc = before.InUse(in.Name)
			case model.OutcomeReleasedBefore:
				o.Inc = after.Calls[out.Call-1].WaitsFor
			}
		}
		e.Outs = append(e.Outs, o)
	}
	return e
}

// viewOf is the core's part of the model's state: it forgets what is over.
func viewOf(s model.State) view {
	v := view{Next: len(s.Calls) + 1, Last: len(s.Incarnations), Disposal: "no", Failed: slices.Clone(s.Failed)}
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
			v.Incs = append(v.Incs, incarnation{i + 1, inc.Name, inc.Options, inc.Life.String(), inc.Work.String(), waiters[i+1]})
		}
	}
	if s.Disposing() {
		if v.Disposal = "disposed"; releasing {
			v.Disposal = "disposing"
		}
	}
	return v
}

// differ tells in which field two lines differ first; "" for none.
func differ(want, got entry) string {
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		if !reflect.DeepEqual(w.Field(i).Interface(), g.Field(i).Interface()) {
			return fmt.Sprintf("%s is %+v, the model has %+v", w.Type().Field(i).Name, g.Field(i), w.Field(i))
		}
	}
	return ""
}
