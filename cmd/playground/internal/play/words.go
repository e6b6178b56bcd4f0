package play

import (
	"fmt"
	"strconv"
	"strings"

	"ablyrooms.example/model"
)

// title describes an input for the page.
func title(in model.Input) string {
	switch in.Kind {
	case model.KindGet, model.KindAcquire:
		return fmt.Sprintf("%v %s (%s)", in.Kind, in.Name, in.Options)
	case model.KindRelease:
		return "release " + in.Name
	case model.KindDispose:
		return "dispose"
	case model.KindReleaseIf:
		return fmt.Sprintf("release #%d, if in use", in.Incarnation)
	case model.KindGiveUp:
		return fmt.Sprintf("stop waiting for call %d", in.Call)
	case model.KindClose:
		return fmt.Sprintf("close the lease of call %d", in.Call)
	}
	return fmt.Sprintf(
		map[model.Kind]string{model.KindOpened: "#%d is open", model.KindOpenFailed: "the opening of #%d fails",
			model.KindReleased: "#%d is released", model.KindReleaseFailed: "the release of #%d fails"}[in.Kind],
		in.Incarnation,
	)
}

func outcomeState(k model.OutcomeKind) string {
	switch k {
	case model.OutcomePending:
		return "waits"
	case model.OutcomeRoom, model.OutcomeDone:
		return "done"
	}
	return "failed"
}

// outcomeText says how a call ended, with the name of the error that a program sees.
func outcomeText(o model.Outcome) string {
	switch o.Kind {
	case model.OutcomeRoom:
		return fmt.Sprintf("returns #%d", o.Incarnation)
	case model.OutcomeDone:
		return "returns, done"
	case model.OutcomeDifferentOptions:
		return "fails: RoomExistsWithDifferentOptions (102107)"
	case model.OutcomeReleasedBefore:
		return "fails: RoomReleasedBeforeOperationCompleted (102106)"
	case model.OutcomeDisposed:
		return "fails: ResourceDisposed (40014)"
	case model.OutcomeOpenFailed:
		return fmt.Sprintf("fails: the error of opening #%d", o.Incarnation)
	case model.OutcomeReleaseFailed:
		return fmt.Sprintf("fails: the error of releasing #%d", o.Incarnation)
	case model.OutcomeFailed:
		return "fails: the errors of releasing #" + strings.Join(numbers(o.Failed), ", #")
	case model.OutcomeGaveUp:
		return "ends: its caller stopped waiting"
	}
	return ""
}

func numbers(list []int) []string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return texts
}

// waitText says what a pending call waits for.
func waitText(s model.State, c model.Call) string {
	switch {
	case c.Kind == model.KindDispose:
		return "waits until nothing is being released"
	case c.WaitsFor == 0:
		return "waits for ever"
	case c.Kind == model.KindGet && s.Incarnations[c.WaitsFor-1].Work == model.WorkNone:
		if before := s.BeingReleased(c.Name); before != 0 {
			return fmt.Sprintf(
				"waits for #%d, which waits until #%d is released",
				c.WaitsFor,
				before,
			)
		}
		return fmt.Sprintf("waits for #%d", c.WaitsFor)
	case c.Kind == model.KindGet:
		return fmt.Sprintf("waits until #%d is open", c.WaitsFor)
	}
	return fmt.Sprintf("waits until #%d is released", c.WaitsFor)
}
