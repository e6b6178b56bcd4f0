package roomsmachine

import (
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

// Tables between the words of the two; where one has more than the other can say, the tests of the package fail.
var (
	lives    = map[fsm.Life]model.Life{fsm.Initializing: model.LifeInitializing, fsm.Ready: model.LifeReady, fsm.Releasing: model.LifeReleasing, fsm.Released: model.LifeReleased}
	works    = map[fsm.Work]model.Work{fsm.NoWork: model.WorkNone, fsm.Opening: model.WorkOpening, fsm.Closing: model.WorkClosing}
	kinds    = map[fsm.RoomsInputKind]model.Kind{fsm.CallGet: model.KindGet, fsm.CallRelease: model.KindRelease, fsm.CallDispose: model.KindDispose}
	outcomes = map[fsm.OutcomeKind]model.OutcomeKind{0: model.OutcomePending, fsm.GotRoom: model.OutcomeRoom, fsm.Done: model.OutcomeDone,
		fsm.RejectedDisposed: model.OutcomeDisposed, fsm.RejectedOptions: model.OutcomeDifferentOptions,
		fsm.RejectedReleased: model.OutcomeReleasedBefore, fsm.RejectedOpenFailed: model.OutcomeOpenFailed,
		fsm.RejectedReleaseFailed: model.OutcomeReleaseFailed, fsm.DisposeFailed: model.OutcomeFailed, fsm.GaveUp: model.OutcomeGaveUp}

	endsOfModel = []model.Kind{0, model.KindOpened, model.KindOpenFailed, model.KindReleased, model.KindReleaseFailed}

	livesBack, worksBack, kindsBack, outcomesBack = inverse(lives), inverse(works), inverse(kinds), inverse(outcomes)
)

func inverse[K, V comparable](m map[K]V) map[V]K {
	back := make(map[V]K, len(m))
	for k, v := range m {
		back[v] = k
	}
	return back
}

// Model maps the state to the reference model's. What the core has and the model has not (who waits, how far disposal is) is left out:
// Consistent says that it follows from the rest.
func (s *State) Model() model.State {
	var m model.State
	for i := range s.NumCalls {
		c := &s.Calls[i]
		call := model.Call{Kind: kinds[c.Kind], WaitsFor: int(c.Waits), Outcome: model.Outcome{Kind: outcomes[c.Outcome], Incarnation: int(c.Inc), Failed: members(c.Failed)}}
		if c.Kind != fsm.CallDispose {
			call.Name = names[c.Name]
		}
		if c.Kind == fsm.CallGet {
			call.Options = options[c.Options]
		}
		m.Calls = append(m.Calls, call)
	}
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		m.Incarnations = append(m.Incarnations, model.Incarnation{Name: names[inc.Name], Options: options[inc.Options], Life: lives[inc.Life], Work: works[inc.Work], Ended: endsOfModel[inc.Ended]})
	}
	m.Failed = members(s.Failed)
	return m
}

// FromModel maps a state of the reference model to one of the core with its environment: the inverse of Model.
func FromModel(m model.State) State {
	s := State{NumCalls: uint8(len(m.Calls)), NumIncs: uint8(len(m.Incarnations))}
	releasing := false
	for i, inc := range m.Incarnations {
		s.Incs[i] = Incarnation{Name: nameOf(inc.Name), Options: optionsOf(inc.Options), Life: livesBack[inc.Life], Work: worksBack[inc.Work], Ended: uint8(slices.Index(endsOfModel, inc.Ended))}
		releasing = releasing || inc.Life == model.LifeReleasing
	}
	for i, call := range m.Calls {
		c := &s.Calls[i]
		*c = Call{Kind: kindsBack[call.Kind], Waits: uint8(call.WaitsFor), Outcome: outcomesBack[call.Outcome.Kind], Inc: uint8(call.Outcome.Incarnation)}
		for _, n := range call.Outcome.Failed {
			c.Failed |= setOf(n)
		}
		if c.Kind != fsm.CallDispose {
			c.Name = nameOf(call.Name)
		}
		if c.Kind == fsm.CallGet {
			c.Options = optionsOf(call.Options)
		}
		switch {
		case c.Pending() && c.Kind == fsm.CallDispose:
			s.Disposers |= setOf(i + 1)
		case c.Pending():
			s.Incs[c.Waits-1].Waiters |= setOf(i + 1)
		}
	}
	for _, n := range m.Failed {
		s.Failed |= setOf(n)
	}
	switch {
	case m.Disposing() && releasing:
		s.Disposal = fsm.Disposing
	case m.Disposing():
		s.Disposal = fsm.Disposed
	}
	return s
}
