// Package equality compares three state graphs of the Rooms machine, both ways: the one that TLC dumps for spec/TLA/Rooms.tla, the
// reference model's, and that of the core together with what it forgets. The common form of a state and of a step is the reference
// model's text of it.
package equality

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Spec maps the states and steps of Rooms.tla to the reference model's: the one written mapping.
//
//	Rooms.tla            model
//	calls[c].op, name, opt   Calls[c-1].Kind, Name, Options   ("-" is "")
//	calls[c].waits           Calls[c-1].WaitsFor
//	calls[c].out, ref, bad   Calls[c-1].Outcome.Kind, Incarnation, Failed   ("pending" is the zero kind)
//	incs[i].name, opt        Incarnations[i-1].Name, Options
//	incs[i].life, work       Incarnations[i-1].Life, Work
//	incs[i].ended            Incarnations[i-1].Ended   ("none" is the zero kind)
//	failed                   Failed
type Spec struct{}

var (
	kinds    = map[string]model.Kind{"get": model.KindGet, "release": model.KindRelease, "dispose": model.KindDispose}
	outcomes = map[string]model.OutcomeKind{"pending": model.OutcomePending, "room": model.OutcomeRoom, "done": model.OutcomeDone,
		"differentOptions": model.OutcomeDifferentOptions, "releasedBefore": model.OutcomeReleasedBefore, "disposed": model.OutcomeDisposed,
		"openFailed": model.OutcomeOpenFailed, "releaseFailed": model.OutcomeReleaseFailed, "failed": model.OutcomeFailed, "gaveUp": model.OutcomeGaveUp}
	lives = map[string]model.Life{"initializing": model.LifeInitializing, "ready": model.LifeReady, "releasing": model.LifeReleasing, "released": model.LifeReleased}
	ends  = map[string]model.Kind{"none": 0, "opened": model.KindOpened, "openFailed": model.KindOpenFailed, "released": model.KindReleased, "releaseFailed": model.KindReleaseFailed}
	works = map[string]model.Work{"none": model.WorkNone, "opening": model.WorkOpening, "closing": model.WorkClosing}
)

// State implements [graphs.Mapping].
func (Spec) State(vars map[string]graphs.Value) (model.State, error) {
	var s model.State
	calls, incs := vars["calls"], vars["incs"]
	for c := 1; c <= calls.Len(); c++ {
		f := calls.At(c).Fields
		if f["op"].Text == "none" {
			break
		}
		kind, ok := kinds[f["op"].Text]
		out, ok2 := outcomes[f["out"].Text]
		if !ok || !ok2 {
			return s, fmt.Errorf("call %d has the op %q and the outcome %q", c, f["op"].Text, f["out"].Text)
		}
		s.Calls = append(s.Calls, model.Call{Kind: kind, Name: word(f["name"]), Options: word(f["opt"]), WaitsFor: f["waits"].Number,
			Outcome: model.Outcome{Kind: out, Incarnation: f["ref"].Number, Failed: numbers(f["bad"])}})
	}
	for i := 1; i <= incs.Len(); i++ {
		f := incs.At(i).Fields
		if f["life"].Text == "none" {
			break
		}
		life, ok := lives[f["life"].Text]
		work, ok2 := works[f["work"].Text]
		ended, ok3 := ends[f["ended"].Text]
		if !ok || !ok2 || !ok3 {
			return s, fmt.Errorf("incarnation %d has the life %q and the work %q, and ended %q", i, f["life"].Text, f["work"].Text, f["ended"].Text)
		}
		s.Incarnations = append(s.Incarnations, model.Incarnation{Name: word(f["name"]), Options: word(f["opt"]), Life: life, Work: work, Ended: ended})
	}
	s.Failed = numbers(vars["failed"])
	return s, nil
}

// word reads a name or options; "-" stands for none.
func word(v graphs.Value) string {
	if v.Text == "-" {
		return ""
	}
	return v.Text
}

// numbers reads a set of numbers.
func numbers(v graphs.Value) []int {
	var all []int
	for _, item := range v.Items {
		all = append(all, item.Number)
	}
	slices.Sort(all)
	return all
}

// Text implements [graphs.Mapping].
func (Spec) Text(s model.State) string { return s.String() }

// Step implements [graphs.Mapping]: the input with its arguments, and the outputs, from the difference of two states.
func (Spec) Step(action string, before, after model.State) (string, error) {
	in, err := input(before, after)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(strings.ToLower(action), strings.ToLower(prefixes[in.Kind])) {
		return "", fmt.Errorf("the action %s does what looks like %v", action, in)
	}
	return Step(in, outputs(before, after)), nil
}

// prefixes are what the names of the spec's actions begin with, by the input that they take.
var prefixes = map[model.Kind]string{model.KindGet: "Get", model.KindRelease: "Release", model.KindDispose: "Dispose", model.KindGiveUp: "GiveUp",
	model.KindOpened: "Opened", model.KindOpenFailed: "OpenFailed", model.KindReleased: "Released", model.KindReleaseFailed: "ReleaseFailed"}

// Step writes an input with its outputs.
func Step(in model.Input, outs []model.Output) string {
	text := in.String() + " ->"
	for _, out := range outs {
		text += " " + out.String()
	}
	return text
}

// input finds the input that leads from one state to the next. The names of actions would do for most, but the numbers only the states
// have.
func input(before, after model.State) (model.Input, error) {
	if n := len(after.Calls); n > len(before.Calls) {
		c := after.Calls[n-1]
		return model.Input{Kind: c.Kind, Call: n, Name: c.Name, Options: c.Options}, nil
	}
	for i, inc := range after.Incarnations {
		if inc.Ended != before.Incarnations[i].Ended {
			return model.Input{Kind: inc.Ended, Incarnation: i + 1}, nil
		}
	}
	for i, c := range after.Calls {
		if c.Outcome.Kind == model.OutcomeGaveUp && before.Calls[i].Pending() {
			return model.GiveUp(i + 1), nil
		}
	}
	return model.Input{}, fmt.Errorf("no input leads from\n%v\nto\n%v", before, after)
}

// outputs are the difference of two states, in the order that docs/rooms.md gives.
func outputs(before, after model.State) []model.Output {
	var outs []model.Output
	for i, c := range after.Calls {
		if !c.Pending() && (i >= len(before.Calls) || before.Calls[i].Pending()) {
			outs = append(outs, model.Output{Kind: model.OutputSettle, Call: i + 1, Outcome: c.Outcome})
		}
	}
	for i, inc := range after.Incarnations {
		was := model.Incarnation{}
		if i < len(before.Incarnations) {
			was = before.Incarnations[i]
		}
		switch {
		case inc.Work == model.WorkOpening && was.Work != model.WorkOpening:
			outs = append(outs, model.Output{Kind: model.OutputOpen, Incarnation: i + 1})
		case inc.Work == model.WorkClosing && was.Work != model.WorkClosing:
			outs = append(outs, model.Output{Kind: model.OutputRelease, Incarnation: i + 1})
		case inc.Work == model.WorkOpening && inc.Life == model.LifeReleasing && was.Life != model.LifeReleasing:
			outs = append(outs, model.Output{Kind: model.OutputAbandon, Incarnation: i + 1})
		}
	}
	return outs
}
