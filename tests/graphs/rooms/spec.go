package rooms

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Spec maps the states and steps of Rooms.tla to those of the reference model:
//
//	Rooms.tla                model
//	calls[c].op, name, opt   Calls[c-1].Kind, Name, Options   ("-" is "")
//	calls[c].of              Calls[c-1].Of
//	calls[c].waits           Calls[c-1].WaitsFor
//	calls[c].out, ref, bad   Calls[c-1].Outcome.Kind, Incarnation, Failed
//	incs[i].name, opt        Incarnations[i-1].Name, Options
//	incs[i].life, work       Incarnations[i-1].Life, Work
//	incs[i].ended            Incarnations[i-1].Ended   ("none" is the zero kind)
//	failed                   Failed
type Spec struct{}

// The words of the spec, which are those of the model.
var (
	specKinds    = graphs.Words(model.KindGet, model.KindReleaseIf)
	specOutcomes = graphs.Words(model.OutcomePending, model.OutcomeGaveUp)
	specEnds     = graphs.Words(model.KindOpened, model.KindReleaseFailed)
)

// Comparisons returns the configurations of Rooms.tla and Leases.tla whose graphs are compared,
// each with the machine at the same bounds.
func Comparisons() []graphs.Comparison {
	return []graphs.Comparison{
		graphs.NewComparison("spec/TLA", "MCRooms_graph1", "tests/graphs/rooms/testdata", New(Bounds{4, 1, 1, true}), Spec{}),
		graphs.NewComparison("spec/TLA", "MCRooms_graph2", "", New(Bounds{3, 2, 2, true}), Spec{}),
		graphs.NewComparison("spec/TLA", "Leases_graph4", "", NewLeases(Bounds{4, 1, 1, false}), LeasesSpec{}),
		graphs.NewComparison("spec/TLA", "MCRooms_safety4", "", New(Bounds{4, 2, 2, false}), Spec{}),
	}
}

func init() { specEnds["none"] = 0 }

// State implements [graphs.Mapping].
func (Spec) State(vars graphs.Value) (s model.State, err error) {
	calls, incs := vars.Field("calls"), vars.Field("incs")
	var errs graphs.Unknown
	for c := 1; c <= calls.Len(); c++ {
		f := calls.At(c)
		if f.Field("op").Text == "none" {
			break
		}
		s.Calls = append(s.Calls, model.Call{Kind: graphs.Lookup(&errs, specKinds, f.Field("op")),
			Name: word(f.Field("name")), Options: word(f.Field("opt")), Of: f.Field("of").Number, WaitsFor: f.Field("waits").Number,
			Outcome: model.Outcome{Kind: graphs.Lookup(&errs, specOutcomes, f.Field("out")),
				Incarnation: f.Field("ref").Number, Failed: numbers(f.Field("bad"))}})
	}
	for i := 1; i <= incs.Len(); i++ {
		f := incs.At(i)
		if f.Field("life").Text == "none" {
			break
		}
		s.Incarnations = append(s.Incarnations, model.Incarnation{Name: word(f.Field("name")),
			Options: word(f.Field("opt")), Life: graphs.Lookup(&errs, lives, f.Field("life")),
			Work:  graphs.Lookup(&errs, works, f.Field("work")),
			Ended: graphs.Lookup(&errs, specEnds, f.Field("ended"))})
	}
	s.Failed = numbers(vars.Field("failed"))
	return s, errs.Err()
}

// word reads a name or options; "-" means none.
func word(v graphs.Value) string {
	for _, list := range [][]string{names, options} {
		if i := slices.Index(list, v.Text); i >= 0 {
			return list[i] // not v.Text, which would keep the dump in memory
		}
	}
	return strings.TrimPrefix(strings.Clone(v.Text), "-")
}

// numbers reads a set of numbers.
func numbers(v graphs.Value) (all []int) {
	for _, item := range v.Items {
		all = append(all, item.Number)
	}
	slices.Sort(all)
	return all
}

// Text implements [graphs.Mapping].
func (Spec) Text(s model.State) string { return s.String() }

// Step implements [graphs.Mapping]. The input with its arguments, and the outputs, follow from the
// two states.
func (Spec) Step(action string, before, after model.State) (string, error) {
	in, err := inputOf(before, after)
	if err != nil {
		return "", err
	}
	if kind := in.Kind.String(); len(action) < len(kind) || !strings.EqualFold(action[:len(kind)], kind) {
		return "", fmt.Errorf("the states of a step of the action %s fit the input %v instead", action, in)
	}
	return graphs.StepText(in, Outputs(before, after)), nil
}

// inputOf returns the input that leads from one state to the next. It uses the states, since the
// name of an action doesn't have the numbers of calls and incarnations.
func inputOf(before, after model.State) (model.Input, error) {
	if n := len(after.Calls); n > len(before.Calls) {
		c := after.Calls[n-1]
		in := model.Input{Kind: c.Kind, Call: n, Name: c.Name, Options: c.Options, Incarnation: c.Of}
		if c.Kind == model.KindReleaseIf {
			in.Name = ""
		}
		return in, nil
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

// Outputs returns the outputs of the step from one state to another, in the order of docs/rooms.md.
func Outputs(before, after model.State) (outs []model.Output) {
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
		opening := inc.Work == model.WorkOpening
		switch {
		case opening && was.Work != model.WorkOpening:
			outs = append(outs, model.Output{Kind: model.OutputOpen, Incarnation: i + 1})
		case inc.Work == model.WorkClosing && was.Work != model.WorkClosing:
			outs = append(outs, model.Output{Kind: model.OutputRelease, Incarnation: i + 1})
		case opening && inc.Life == model.LifeReleasing && was.Life != model.LifeReleasing:
			outs = append(outs, model.Output{Kind: model.OutputAbandon, Incarnation: i + 1})
		}
	}
	return outs
}
