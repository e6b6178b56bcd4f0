package main

import (
	"fmt"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/rooms"
)

// Mapping is that of package rooms, but for steps: there the input is what the two states say that it must have been, which a
// misreading may contradict. Here its kind is what the name of the action says.
type Mapping struct{ rooms.Spec }

// kinds go by what the names of actions begin with; longer ones first.
var kinds = []struct {
	prefix string
	kind   model.Kind
}{
	{"Get", model.KindGet}, {"Dispose", model.KindDispose}, {"GiveUp", model.KindGiveUp}, {"OpenFailed", model.KindOpenFailed},
	{"Opened", model.KindOpened}, {"ReleaseFailed", model.KindReleaseFailed}, {"Released", model.KindReleased}, {"Release", model.KindRelease},
}

// Step implements [graphs.Mapping].
func (Mapping) Step(action string, before, after model.State) (string, error) {
	in := model.Input{}
	for _, k := range kinds {
		if strings.HasPrefix(action, k.prefix) {
			in.Kind = k.kind
			break
		}
	}
	switch in.Kind {
	case model.KindGet, model.KindRelease, model.KindDispose:
		if in.Call = len(after.Calls); in.Call != len(before.Calls)+1 {
			return "", fmt.Errorf("the action %s begins no call", action)
		}
		c := after.Calls[in.Call-1]
		in.Name, in.Options = c.Name, c.Options
	case model.KindGiveUp:
		for i, c := range after.Calls {
			if c.Outcome.Kind == model.OutcomeGaveUp && before.Calls[i].Pending() {
				in.Call = i + 1
			}
		}
	default:
		ends := model.WorkOpening
		if in.Kind == model.KindReleased || in.Kind == model.KindReleaseFailed {
			ends = model.WorkClosing
		}
		for i, inc := range after.Incarnations {
			if before.Incarnations[i].Work == ends && inc.Work != ends {
				in.Incarnation = i + 1
			}
		}
	}
	if in.Kind == 0 || in.Call+in.Incarnation == 0 {
		return "", fmt.Errorf("the action %s leads from\n%v\nto\n%v by no input", action, before, after)
	}
	return graphs.StepText(in, rooms.Outputs(before, after)), nil
}
