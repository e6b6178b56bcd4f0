package rooms

import (
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

type (
	fault   = graphs.Fault[State, model.Input, model.Output]
	input   = model.Input
	outputs = []model.Output
)

// faults returns the faults that can be planted: at least one for each property.
func faults() []fault {
	return []fault{
		{Name: "second-in-use", Says: "a get with other options makes a second incarnation",
			Breaks: []string{"OneInUse", "OneOpen", "OptionsAgree", "OutcomesNameTheirCause", "CreatedIff"},
			Tamper: opensOn(model.OutcomeDifferentOptions)},
		{Name: "second-releasing", Says: "an incarnation that is released before it was opened is released by the backend nevertheless",
			Breaks: []string{"OneReleasing", "OneOpen", "OpenedIsReleased", "GoneIff"},
			Tamper: func(before *State, _ input, s *State, outs outputs) outputs {
				for i := range before.NumIncs {
					if before.Incs[i].waits() && s.Incs[i].Life == model.LifeReleased {
						s.Incs[i].Life, s.Incs[i].Work = model.LifeReleasing, model.WorkClosing
						outs = append(outs, model.Output{Kind: model.OutputRelease, Incarnation: int(i + 1)})
					}
				}
				return outs
			}},
		{Name: "open-at-once", Says: "a get does not wait for the release under way",
			Breaks: []string{"OneOpen", "WaitsForPredecessor"},
			Tamper: func(before *State, _ input, s *State, outs outputs) outputs {
				if made := s.madeToWait(before); made != nil {
					made.Work = model.WorkOpening
					outs = append(outs, open(int(s.NumIncs)))
				}
				return outs
			}},
		{Name: "wedged", Says: "after a release that failed, the next incarnation is not opened",
			Breaks: []string{"WaitsForPredecessor", "NoWedge", "CallsSettle"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if in.Kind != model.KindReleaseFailed {
					return outs
				}
				return s.openNothing(outs)
			}},
		{Name: "new-room", Says: "a get of a room that is ready returns a new room",
			Breaks: []string{"SameRoom"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if in.Kind == model.KindGet && settledWith(outs, model.OutcomeRoom) {
					s.create(in, model.WorkNone)
					inc := &s.Incs[s.NumIncs-1]
					inc.Life, inc.Waiters = model.LifeReady, 0
					outs[0].Outcome.Incarnation = int(s.NumIncs)
				}
				return outs
			}},
		{Name: "options-ignored", Says: "a get with other options gets the room that is in use",
			Breaks: []string{"OptionsAgree"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if !settledWith(outs, model.OutcomeDifferentOptions) {
					return outs
				}
				n := s.inUse(in.Name)
				if inc := &s.Incs[n-1]; inc.Life != model.LifeReady {
					inc.Waiters |= setOf(in.Call)
					return outs[:0]
				}
				outs[0].Outcome = model.Outcome{Kind: model.OutcomeRoom, Incarnation: n}
				return outs
			}},
		{Name: "get-left-behind", Says: "releasing a room that is being opened does not reject the gets that wait for it",
			Breaks: []string{"ReleaseRejects"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				return slices.DeleteFunc(outs, func(o model.Output) bool {
					left := o.Kind == model.OutputSettle && o.Outcome.Kind == model.OutcomeReleasedBefore
					if left {
						inc := &s.Incs[before.Calls[o.Call-1].Waits-1]
						inc.Waiters |= setOf(o.Call)
					}
					return left
				})
			}},
		{Name: "room-too-early", Says: "a get returns a room while the last room is still being released",
			Breaks: []string{"NotBeforePredecessor", "WaitsForPredecessor"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if made := s.madeToWait(before); made != nil {
					made.Life, made.Waiters = model.LifeReady, 0
					outs = append(outs, settle(in.Call, model.OutcomeRoom, int(s.NumIncs)))
				}
				return outs
			}},
		{Name: "error-for-one", Says: "if a release fails, only the first of the calls that wait for it returns the error",
			Breaks: []string{"SharedEnd", "ErrorsTold"},
			Tamper: func(_ *State, _ input, _ *State, outs outputs) outputs {
				first := true
				for i := range outs {
					if outs[i].Outcome.Kind == model.OutcomeReleaseFailed && !first {
						outs[i].Outcome = model.Outcome{Kind: model.OutcomeDone}
					}
					first = first && outs[i].Outcome.Kind != model.OutcomeReleaseFailed
				}
				return outs
			}},
		{Name: "get-after-dispose", Says: "a get after disposal began makes an incarnation",
			Breaks: []string{"NothingAfterDispose"},
			Tamper: opensOn(model.OutcomeDisposed)},
		{Name: "early-dispose", Says: "a dispose does not wait",
			Breaks: []string{"DisposeWaits", "DisposalTold"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if in.Kind != model.KindDispose || s.Disposers == 0 {
					return outs
				}
				s.Disposers &^= setOf(in.Call)
				return slices.Insert(outs, settles(outs), settle(in.Call, model.OutcomeDone, 0))
			}},
		{Name: "room-gone", Says: "a get returns a room although the opening failed",
			Breaks: []string{"RoomIsReady"},
			Tamper: retell(model.OutcomeOpenFailed, func(in input) model.Outcome {
				return model.Outcome{Kind: model.OutcomeRoom, Incarnation: in.Incarnation}
			})},
		{Name: "back-to-life", Says: "a get of a name that was released makes its old incarnation live again",
			Breaks: []string{"ReleasedIsFinal", "ReleaseWaits", "OutOfUseIff", "HistoryKept"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if s.NumIncs == before.NumIncs || len(outs) == 0 {
					return outs
				}
				for i := range before.NumIncs {
					if old, made := &s.Incs[i], &s.Incs[s.NumIncs-1]; old.Name == made.Name && old.Life == model.LifeReleased {
						*old, *made = *made, Incarnation{}
						s.NumIncs--
						outs[0].Incarnation = int(i + 1)
						break
					}
				}
				return outs
			}},
		{Name: "settled-again", Says: "a call that was given up still waits, and is settled a second time",
			Breaks: []string{"ReleasedIsFinal", "SettledOnce", "Bookkeeping"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if in.Kind == model.KindGiveUp {
					if waits := before.Calls[in.Call-1].Waits; waits != 0 {
						s.Incs[waits-1].Waiters |= setOf(in.Call)
					}
				}
				return outs
			}},
		{Name: "half-released", Says: "a room that was released while it was being opened is not closed after the opening succeeds",
			Breaks: []string{"SixPairs", "NoWedge", "CallsSettle"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if in.Kind == model.KindOpened && before.Incs[in.Incarnation-1].releasing() {
					s.Incs[in.Incarnation-1].Work = model.WorkNone
					return outs[:0]
				}
				return outs
			}},
		{Name: "out-of-order", Says: "a step notifies the backend first, and then the callers",
			Breaks: []string{"OutputsInOrder"},
			Tamper: func(_ *State, _ input, _ *State, outs outputs) outputs {
				slices.Reverse(outs)
				return outs
			}},
		{Name: "lost-settle", Says: "of several waiting gets, only the last is settled when the room is open",
			Breaks: []string{"Bookkeeping", "CallsSettle"},
			Tamper: func(_ *State, in input, _ *State, outs outputs) outputs {
				if in.Kind == model.KindOpened && len(outs) > 1 {
					return outs[len(outs)-1:]
				}
				return outs
			}},
		{Name: "kept-release", Says: "a release that failed is kept for ever, and blocks its name",
			Breaks: []string{"NoWedge", "SixPairs"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if in.Kind != model.KindReleaseFailed {
					return outs
				}
				s.Incs[in.Incarnation-1].Life = model.LifeReleasing
				return s.openNothing(outs)
			}},
		{Name: "endless-dispose", Says: "a dispose that waits is not settled when nothing is releasing any more",
			Breaks: []string{"CallsSettle", "Bookkeeping", "WaitsOnlyWhile"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				return slices.DeleteFunc(outs, func(o model.Output) bool {
					if o.Kind != model.OutputSettle || !before.Disposers.has(o.Call) || in.Kind == model.KindGiveUp {
						return false
					}
					s.Disposal, s.Disposers = fsm.Disposing, s.Disposers|setOf(o.Call)
					return true
				})
			}},
		{Name: "deaf", Says: "the end of an opening is refused after the incarnation was released",
			Breaks: []string{"CallsSettle", "NoWedge"},
			Refuse: func(s *State, in input) bool {
				ends := in.Kind == model.KindOpened || in.Kind == model.KindOpenFailed
				return ends && in.Incarnation <= int(s.NumIncs) && s.Incs[in.Incarnation-1].releasing()
			}},
		{Name: "wrong-reason", Says: "when an opening fails, the get returns the error for a failed release",
			Breaks: []string{"RejectedOnlyIf"},
			Tamper: retell(model.OutcomeOpenFailed, func(input) model.Outcome { return model.Outcome{Kind: model.OutcomeReleasedBefore} })},
		{Name: "failure-forgotten", Says: "a disposal does not count the releases that fail",
			Breaks: []string{"FailuresCounted"},
			Tamper: func(_ *State, _ input, s *State, outs outputs) outputs {
				s.Failed = 0
				return outs
			}},
		{Name: "all-give-up", Says: "when one caller gives up, all that wait for the same room give up", Breaks: []string{"GivesUpAlone"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if in.Kind != model.KindGiveUp || before.Calls[in.Call-1].Waits == 0 {
					return outs
				}
				inc := &s.Incs[before.Calls[in.Call-1].Waits-1]
				for _, call := range appendTo[int](nil, inc.Waiters) {
					outs = append(outs, settle(call, model.OutcomeGaveUp, 0))
				}
				inc.Waiters = 0
				return outs
			}},
		{Name: "release-if-by-name", Says: "a ReleaseIf of a room that is no longer in use releases the name's present room",
			Breaks: []string{"OutOfUseIff"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if in.Kind != model.KindReleaseIf || !settledWith(outs, model.OutcomeDone) {
					return outs
				}
				for i := range s.NumIncs {
					if inc := &s.Incs[i]; inc.Name == s.Incs[in.Incarnation-1].Name && inc.Life == model.LifeReady {
						inc.Life, inc.Work = model.LifeReleasing, model.WorkClosing
						outs = append(outs, model.Output{Kind: model.OutputRelease, Incarnation: int(i + 1)})
					}
				}
				return outs
			}},
		{Name: "leak", Says: "an input that ends a release that is not running makes the incarnation ready",
			Breaks: []string{"RefusedInputsChangeNothing"},
			Leak: func(s *State, in input) {
				n := in.Incarnation
				if in.Kind == model.KindReleased && n <= int(s.NumIncs) && s.Incs[n-1].Life == model.LifeInitializing {
					s.Incs[n-1].Life = model.LifeReady
				}
			}},
	}
}

// inUse returns the incarnation of the name that is in use.
func (s *State) inUse(name string) int {
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		if names[inc.Name] == name && inc.Life < model.LifeReleasing {
			return int(i + 1)
		}
	}
	panic("rooms: no room of " + name + " is in use")
}

// madeToWait returns the incarnation that a step created, if this incarnation has to wait for a
// release. Otherwise it returns nil.
func (s *State) madeToWait(before *State) *Incarnation {
	if s.NumIncs == before.NumIncs || !s.Incs[s.NumIncs-1].waits() {
		return nil
	}
	return &s.Incs[s.NumIncs-1]
}

// openNothing removes the outputs that open an incarnation, and marks those incarnations as not
// being opened.
func (s *State) openNothing(outs outputs) outputs {
	return slices.DeleteFunc(outs, func(o model.Output) bool {
		if o.Kind == model.OutputOpen {
			s.Incs[o.Incarnation-1].Work = model.WorkNone
		}
		return o.Kind == model.OutputOpen
	})
}

// opensOn creates an incarnation for each get that is settled with this outcome.
func opensOn(kind model.OutcomeKind) func(_ *State, in input, s *State, outs outputs) outputs {
	return func(_ *State, in input, s *State, outs outputs) outputs {
		if !settledWith(outs, kind) {
			return outs
		}
		return s.create(in, model.WorkOpening)
	}
}

// retell replaces the outcomes of one kind by the result of to.
func retell(kind model.OutcomeKind, to func(input) model.Outcome) func(_ *State, in input, _ *State, outs outputs) outputs {
	return func(_ *State, in input, _ *State, outs outputs) outputs {
		for i := range outs {
			if outs[i].Outcome.Kind == kind {
				outs[i].Outcome = to(in)
			}
		}
		return outs
	}
}

func open(incarnation int) model.Output {
	return model.Output{Kind: model.OutputOpen, Incarnation: incarnation}
}

func settle(call int, kind model.OutcomeKind, incarnation int) model.Output {
	return model.Output{Kind: model.OutputSettle, Call: call,
		Outcome: model.Outcome{Kind: kind, Incarnation: incarnation}}
}

func settledWith(outs outputs, kind model.OutcomeKind) bool {
	return len(outs) == 1 && outs[0].Kind == model.OutputSettle && outs[0].Outcome.Kind == kind
}

// settles returns how many calls a step settles. The outputs that settle calls come first.
func settles(outs outputs) (n int) {
	for n < len(outs) && outs[n].Kind == model.OutputSettle {
		n++
	}
	return n
}

// create adds an incarnation that the get waits for, and returns the output that opens it.
func (s *State) create(in input, work model.Work) outputs {
	s.Incs[s.NumIncs] = Incarnation{Name: index(names, in.Name), Options: index(options, in.Options),
		Life: model.LifeInitializing, Work: work, Waiters: setOf(in.Call)}
	s.NumIncs++
	return outputs{open(int(s.NumIncs))}
}
