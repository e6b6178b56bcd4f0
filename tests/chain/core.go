package chain

import (
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

// ToCore is the one mapping from the model's inputs to the core's.
func ToCore(in model.Input) fsm.RoomsInput[string] {
	kinds := map[model.Kind]fsm.RoomsInputKind{
		model.KindGet: fsm.CallGet, model.KindRelease: fsm.CallRelease, model.KindDispose: fsm.CallDispose, model.KindGiveUp: fsm.GiveUp,
		model.KindOpened: fsm.Opened, model.KindOpenFailed: fsm.OpenFailed,
		model.KindReleased: fsm.ReleaseDone, model.KindReleaseFailed: fsm.ReleaseFailed,
	}
	return fsm.RoomsInput[string]{Kind: kinds[in.Kind], Call: fsm.Call(in.Call), Incarnation: fsm.Incarnation(in.Incarnation),
		Name: in.Name, Options: in.Options}
}

// FromCore is the one mapping from the core's outputs to the model's.
func FromCore(out fsm.RoomsOutput) model.Output {
	kinds := map[fsm.RoomsOutputKind]model.OutputKind{
		fsm.Settle: model.OutputSettle, fsm.Open: model.OutputOpen, fsm.Release: model.OutputRelease, fsm.Abandon: model.OutputAbandon,
	}
	mapped := model.Output{Kind: kinds[out.Kind], Call: int(out.Call), Incarnation: int(out.Incarnation)}
	if out.Kind == fsm.Settle {
		mapped.Outcome = fromOutcome(out.Outcome)
	}
	return mapped
}

func fromOutcome(o fsm.Outcome) model.Outcome {
	kinds := map[fsm.OutcomeKind]model.OutcomeKind{
		fsm.GotRoom: model.OutcomeRoom, fsm.Done: model.OutcomeDone, fsm.RejectedDisposed: model.OutcomeDisposed,
		fsm.RejectedOptions: model.OutcomeDifferentOptions, fsm.RejectedReleased: model.OutcomeReleasedBefore,
		fsm.RejectedOpenFailed: model.OutcomeOpenFailed, fsm.RejectedReleaseFailed: model.OutcomeReleaseFailed,
		fsm.DisposeFailed: model.OutcomeFailed, fsm.GaveUp: model.OutcomeGaveUp,
	}
	mapped := model.Outcome{Kind: kinds[o.Kind]}
	switch o.Kind {
	case fsm.GotRoom, fsm.RejectedOpenFailed, fsm.RejectedReleaseFailed: // the model names an incarnation for these alone
		mapped.Incarnation = int(o.Incarnation)
	}
	for _, id := range o.Failed {
		mapped.Failed = append(mapped.Failed, int(id))
	}
	return mapped
}

// CompareState returns what is different between the model's state and the core's, or nil: what is not released, with its life, work
// and waiters; the calls that wait; and how far disposal is.
func CompareState(m model.State, c *fsm.Rooms[string]) error {
	state := c.State()
	if int(state.NextCall) != len(m.Calls)+1 || int(state.LastCreated) != len(m.Incarnations) {
		return fmt.Errorf("the core counts %d calls and %d incarnations, the model %d and %d", state.NextCall-1, state.LastCreated,
			len(m.Calls), len(m.Incarnations))
	}
	var disposers, failed []int
	waiters := map[int][]int{}
	for i, call := range m.Calls {
		switch {
		case !call.Pending():
		case call.Kind == model.KindDispose:
			disposers = append(disposers, i+1)
		default:
			waiters[call.WaitsFor] = append(waiters[call.WaitsFor], i+1)
		}
	}
	failed = m.Failed
	want, releasing := "", false
	for i, inc := range m.Incarnations {
		if inc.Life != model.LifeReleased {
			want += fmt.Sprintf("#%d %s %s %v %v %v; ", i+1, inc.Name, inc.Options, inc.Life, inc.Work, waiters[i+1])
		}
		releasing = releasing || inc.Life == model.LifeReleasing
	}
	disposal := "no"
	switch {
	case m.Disposing() && releasing:
		disposal = "disposing"
	case m.Disposing():
		disposal = "disposed"
	}
	want += fmt.Sprintf("disposal %s %v %v", disposal, disposers, failed)

	got := ""
	for _, inc := range state.Incarnations {
		got += fmt.Sprintf("#%d %s %s %v %v %v; ", inc.Incarnation, inc.Name, inc.Options, inc.Life, inc.Work, inc.Waiters)
	}
	got += fmt.Sprintf("disposal %s %v %v", state.Disposal, state.Disposers, state.Failed)
	if got != want {
		return fmt.Errorf("the core is in the state\n  %s\nthe model in\n  %s", got, want)
	}
	return nil
}
