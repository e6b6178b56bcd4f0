package roomsmachine

import (
	"slices"

	"ablyrooms.example/fsm"
)

// Fault is something wrong that is planted in the core.
type Fault struct {
	Name   string
	Says   string
	Breaks []string // the properties that must fail, each alone; those of liveness by their names in docs/rooms.md
	// Refuse says which inputs are refused although the core takes them. It may be nil.
	Refuse func(s *State, in fsm.RoomsInput[string]) bool
	// Tamper changes the core's part of the state after a step, and the outputs, before the environment sees them. It may be nil.
	Tamper func(before *State, in fsm.RoomsInput[string], after *State, outs []fsm.RoomsOutput) []fsm.RoomsOutput
	// Leak changes the state although an input is refused. It may be nil.
	Leak func(s *State, in fsm.RoomsInput[string])
}

type (
	input   = fsm.RoomsInput[string]
	outputs = []fsm.RoomsOutput
)

// Faults returns the faults that can be planted: at least one for each property.
func Faults() []Fault {
	return []Fault{
		{Name: "second-in-use", Says: "a get with other options makes a second incarnation", Breaks: []string{"OneInUse", "OneOpen", "OptionsAgree"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if !settledWith(outs, fsm.RejectedOptions) {
					return outs
				}
				return s.create(in, fsm.Opening)
			}},
		{Name: "second-releasing", Says: "a release of one that waits for its predecessor has the backend release it too", Breaks: []string{"OneReleasing", "OneOpen"},
			Tamper: func(before *State, _ input, s *State, outs outputs) outputs {
				for i := range before.NumIncs {
					if before.Incs[i].waits() && s.Incs[i].Life == fsm.Released {
						s.Incs[i].Life, s.Incs[i].Work = fsm.Releasing, fsm.Closing
						outs = append(outs, fsm.RoomsOutput{Kind: fsm.Release, Incarnation: fsm.Incarnation(i + 1)})
					}
				}
				return outs
			}},
		{Name: "open-at-once", Says: "a get does not wait for the release under way", Breaks: []string{"OneOpen", "WaitsForPredecessor"},
			Tamper: func(before *State, _ input, s *State, outs outputs) outputs {
				if s.NumIncs == before.NumIncs || !s.Incs[s.NumIncs-1].waits() {
					return outs
				}
				s.Incs[s.NumIncs-1].Work = fsm.Opening
				return append(outs, fsm.RoomsOutput{Kind: fsm.Open, Incarnation: fsm.Incarnation(s.NumIncs)})
			}},
		{Name: "wedged", Says: "after a release that failed the next incarnation is not opened", Breaks: []string{"WaitsForPredecessor", "NoWedge", "CallsSettle"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if in.Kind != fsm.ReleaseFailed {
					return outs
				}
				return slices.DeleteFunc(outs, func(o fsm.RoomsOutput) bool {
					if o.Kind == fsm.Open {
						s.Incs[o.Incarnation-1].Work = fsm.NoWork
					}
					return o.Kind == fsm.Open
				})
			}},
		{Name: "new-room", Says: "a get of a room that is ready gives a new one", Breaks: []string{"SameRoom"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if in.Kind == fsm.CallGet && settledWith(outs, fsm.GotRoom) {
					s.create(in, fsm.NoWork)
					inc := &s.Incs[s.NumIncs-1]
					inc.Life, inc.Waiters = fsm.Ready, 0
					outs[0].Outcome.Incarnation = fsm.Incarnation(s.NumIncs)
				}
				return outs
			}},
		{Name: "options-ignored", Says: "a get with other options has the room of the one in use", Breaks: []string{"OptionsAgree"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if !settledWith(outs, fsm.RejectedOptions) {
					return outs
				}
				inc := &s.Incs[outs[0].Outcome.Incarnation-1]
				if inc.Life == fsm.Ready {
					outs[0].Outcome.Kind = fsm.GotRoom
					return outs
				}
				inc.Waiters |= setOf(int(in.Call))
				return outs[:0]
			}},
		{Name: "get-left-behind", Says: "a release of one that is opening does not reject the gets that wait for it", Breaks: []string{"ReleaseRejects"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				return slices.DeleteFunc(outs, func(o fsm.RoomsOutput) bool {
					left := o.Kind == fsm.Settle && o.Outcome.Kind == fsm.RejectedReleased
					if left {
						inc := &s.Incs[before.Calls[o.Call-1].Waits-1]
						inc.Waiters |= setOf(int(o.Call))
					}
					return left
				})
			}},
		{Name: "room-too-early", Says: "a get has its room while the predecessor is being released", Breaks: []string{"NotBeforePredecessor", "WaitsForPredecessor"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if s.NumIncs == before.NumIncs || !s.Incs[s.NumIncs-1].waits() {
					return outs
				}
				inc := &s.Incs[s.NumIncs-1]
				inc.Life, inc.Waiters = fsm.Ready, 0
				return append(outs, fsm.RoomsOutput{Kind: fsm.Settle, Call: in.Call,
					Outcome: fsm.Outcome{Kind: fsm.GotRoom, Incarnation: fsm.Incarnation(s.NumIncs)}})
			}},
		{Name: "error-for-one", Says: "only the first of the releases that wait has the error", Breaks: []string{"SharedEnd"},
			Tamper: func(_ *State, _ input, _ *State, outs outputs) outputs {
				first := true
				for i := range outs {
					if outs[i].Outcome.Kind == fsm.RejectedReleaseFailed && !first {
						outs[i].Outcome = fsm.Outcome{Kind: fsm.Done}
					}
					first = first && outs[i].Outcome.Kind != fsm.RejectedReleaseFailed
				}
				return outs
			}},
		{Name: "get-after-dispose", Says: "a get after disposal began makes an incarnation", Breaks: []string{"NothingAfterDispose"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if !settledWith(outs, fsm.RejectedDisposed) {
					return outs
				}
				return s.create(in, fsm.Opening)
			}},
		{Name: "early-dispose", Says: "a dispose does not wait", Breaks: []string{"DisposeWaits"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if in.Kind != fsm.CallDispose || s.Disposers == 0 {
					return outs
				}
				s.Disposers &^= setOf(int(in.Call))
				return slices.Insert(outs, settles(outs), fsm.RoomsOutput{Kind: fsm.Settle, Call: in.Call, Outcome: fsm.Outcome{Kind: fsm.Done}})
			}},
		{Name: "room-gone", Says: "an opening that failed gives its gets the room", Breaks: []string{"RoomIsReady"},
			Tamper: func(_ *State, in input, _ *State, outs outputs) outputs {
				for i := range outs {
					if outs[i].Outcome.Kind == fsm.RejectedOpenFailed {
						outs[i].Outcome = fsm.Outcome{Kind: fsm.GotRoom, Incarnation: in.Incarnation}
					}
				}
				return outs
			}},
		{Name: "back-to-life", Says: "a get of a name that was released makes its old incarnation live again", Breaks: []string{"ReleasedIsFinal"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if s.NumIncs == before.NumIncs || len(outs) == 0 {
					return outs
				}
				for i := range before.NumIncs {
					if old, made := &s.Incs[i], &s.Incs[s.NumIncs-1]; old.Name == made.Name && old.Life == fsm.Released {
						*old, *made = *made, Incarnation{}
						s.NumIncs--
						outs[0].Incarnation = fsm.Incarnation(i + 1)
						break
					}
				}
				return outs
			}},
		{Name: "settled-again", Says: "a call that was given up still waits, and is settled a second time", Breaks: []string{"ReleasedIsFinal", "SettledOnce", "Bookkeeping"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if in.Kind == fsm.GiveUp {
					if waits := before.Calls[in.Call-1].Waits; waits != 0 {
						s.Incs[waits-1].Waiters |= setOf(int(in.Call))
					}
				}
				return outs
			}},
		{Name: "half-released", Says: "an abandoned opening that ends well is not closed", Breaks: []string{"SixPairs", "NoWedge", "CallsSettle"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				if in.Kind == fsm.Opened && before.Incs[in.Incarnation-1].releasing() {
					s.Incs[in.Incarnation-1].Work = fsm.NoWork
					return outs[:0]
				}
				return outs
			}},
		{Name: "out-of-order", Says: "a step tells the backend first, and callers after it", Breaks: []string{"OutputsInOrder"},
			Tamper: func(_ *State, _ input, _ *State, outs outputs) outputs {
				slices.Reverse(outs)
				return outs
			}},
		{Name: "lost-settle", Says: "of several gets that wait, only the last is told that the room is there", Breaks: []string{"Bookkeeping", "CallsSettle"},
			Tamper: func(_ *State, in input, _ *State, outs outputs) outputs {
				if in.Kind == fsm.Opened && len(outs) > 1 {
					return outs[len(outs)-1:]
				}
				return outs
			}},
		{Name: "kept-release", Says: "a release that failed is kept for ever, and so is the name", Breaks: []string{"NoWedge", "SixPairs"},
			Tamper: func(_ *State, in input, s *State, outs outputs) outputs {
				if in.Kind != fsm.ReleaseFailed {
					return outs
				}
				s.Incs[in.Incarnation-1].Life = fsm.Releasing
				return slices.DeleteFunc(outs, func(o fsm.RoomsOutput) bool {
					if o.Kind == fsm.Open {
						s.Incs[o.Incarnation-1].Work = fsm.NoWork
					}
					return o.Kind == fsm.Open
				})
			}},
		{Name: "endless-dispose", Says: "a dispose that waits is not settled when nothing is releasing any more", Breaks: []string{"CallsSettle", "Bookkeeping"},
			Tamper: func(before *State, in input, s *State, outs outputs) outputs {
				return slices.DeleteFunc(outs, func(o fsm.RoomsOutput) bool {
					if o.Kind != fsm.Settle || !before.Disposers.Has(int(o.Call)) || in.Kind == fsm.GiveUp {
						return false
					}
					s.Disposal, s.Disposers = fsm.Disposing, s.Disposers|setOf(int(o.Call))
					return true
				})
			}},
		{Name: "deaf", Says: "the end of an opening is not taken once the incarnation was released", Breaks: []string{"CallsSettle", "NoWedge"},
			Refuse: func(s *State, in input) bool {
				return in.Kind == fsm.Opened && int(in.Incarnation) <= int(s.NumIncs) && s.Incs[in.Incarnation-1].releasing() ||
					in.Kind == fsm.OpenFailed && int(in.Incarnation) <= int(s.NumIncs) && s.Incs[in.Incarnation-1].releasing()
			}},
		{Name: "leak", Says: "the end of a release that is not under way makes the incarnation ready", Breaks: []string{"RefusedInputsChangeNothing"},
			Leak: func(s *State, in input) {
				if n := in.Incarnation; in.Kind == fsm.ReleaseDone && n > 0 && int(n) <= int(s.NumIncs) && s.Incs[n-1].Life == fsm.Initializing {
					s.Incs[n-1].Life = fsm.Ready
				}
			}},
	}
}

// FaultByName returns one of Faults.
func FaultByName(name string) (Fault, bool) {
	for _, f := range Faults() {
		if f.Name == name {
			return f, true
		}
	}
	return Fault{}, false
}

func (i *Incarnation) waits() bool { return i.Life == fsm.Initializing && i.Work == fsm.NoWork }

func settledWith(outs outputs, kind fsm.OutcomeKind) bool {
	return len(outs) == 1 && outs[0].Kind == fsm.Settle && outs[0].Outcome.Kind == kind
}

// settles returns how many calls a step settles; they come first.
func settles(outs outputs) (n int) {
	for n < len(outs) && outs[n].Kind == fsm.Settle {
		n++
	}
	return n
}

// create adds an incarnation that the get waits for.
func (s *State) create(in input, work fsm.Work) outputs {
	s.Incs[s.NumIncs] = Incarnation{Name: nameOf(in.Name), Options: optionsOf(in.Options), Life: fsm.Initializing, Work: work, Waiters: setOf(int(in.Call))}
	s.NumIncs++
	return outputs{{Kind: fsm.Open, Incarnation: fsm.Incarnation(s.NumIncs)}}
}
