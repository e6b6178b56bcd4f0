package roomsmachine

import (
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/tests/explore"
)

// Invariant is a property of the core with its environment.
type Invariant = explore.Invariant[*State, *Input, fsm.RoomsOutput]

// CoreOptions are options to explore the core with.
type CoreOptions = explore.Options[*State, *Input, fsm.RoomsOutput]

// Invariants returns what must hold of the core, as docs/rooms.md says it under "What must hold", by the same names; and three
// properties that the text has elsewhere: SixPairs and SettledOnce under "Words", OutputsInOrder under "Steps". Bookkeeping says
// that what the core keeps and what the world has seen of it agree.
func Invariants() []Invariant {
	return []Invariant{
		{Name: "OneInUse", State: oneInUse},
		{Name: "OneReleasing", State: oneReleasing},
		{Name: "OneOpen", State: oneOpen},
		{Name: "WaitsForPredecessor", State: waitsForPredecessor},
		{Name: "SameRoom", State: sameRoom},
		{Name: "OptionsAgree", State: roomHasOptions, Step: conflictGetsNoRoom},
		{Name: "ReleaseRejects", State: releaseRejects},
		{Name: "NotBeforePredecessor", State: notBeforePredecessor},
		{Name: "SharedEnd", State: sharedEnd},
		{Name: "NothingAfterDispose", State: nothingInUseAfterDispose, Step: nothingOpensAfterDispose},
		{Name: "DisposeWaits", State: disposeWaits},
		{Name: "RoomIsReady", Step: roomIsReady},
		{Name: "ReleasedIsFinal", Step: releasedIsFinal},
		{Name: "SixPairs", State: sixPairs},
		{Name: "SettledOnce", Step: settledOnce},
		{Name: "OutputsInOrder", Step: outputsInOrder},
		{Name: "Bookkeeping", State: bookkeeping},
	}
}

// Sets of incarnations that the properties speak of.

func (s *State) incs(is func(*Incarnation) bool) (set Set) {
	for i := range s.NumIncs {
		if is(&s.Incs[i]) {
			set |= 1 << i
		}
	}
	return set
}

func (i *Incarnation) inUse() bool     { return i.Life == fsm.Initializing || i.Life == fsm.Ready }
func (i *Incarnation) releasing() bool { return i.Life == fsm.Releasing }

// backend: the backend holds it, or works on it.
func (i *Incarnation) backend() bool { return i.Life == fsm.Ready || i.Work != fsm.NoWork }

// twice returns a name that two of the incarnations have.
func (s *State) twice(of Set, what string) error {
	var met uint8
	for i := range s.NumIncs {
		if of&(1<<i) == 0 {
			continue
		}
		name := uint8(1) << s.Incs[i].Name
		if met&name != 0 {
			return fmt.Errorf("two incarnations of %s are %s", names[s.Incs[i].Name], what)
		}
		met |= name
	}
	return nil
}

// oneInUse: a name has at most one incarnation in use.
func oneInUse(s *State) error { return s.twice(s.incs((*Incarnation).inUse), "in use") }

// oneReleasing: a name has at most one being released.
func oneReleasing(s *State) error {
	return s.twice(s.incs((*Incarnation).releasing), "being released")
}

// oneOpen: a name has at most one that the backend holds or works on.
func oneOpen(s *State) error {
	return s.twice(s.incs((*Incarnation).backend), "with the backend")
}

// waitsForPredecessor: one that is initializing with no work has a predecessor being released, one that is opening or ready has none.
func waitsForPredecessor(s *State) error {
	var predecessors uint8 // names with an incarnation being released, so far
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		name := uint8(1) << inc.Name
		if inc.releasing() {
			predecessors |= name
		}
		if !inc.inUse() {
			continue
		}
		waits := inc.Life == fsm.Initializing && inc.Work == fsm.NoWork
		if has := predecessors&name != 0; waits != has {
			return fmt.Errorf("incarnation %d is %v with work %v; it has a predecessor being released: %v", i+1, inc.Life, inc.Work, has)
		}
	}
	return nil
}

// sameRoom: two gets of a name that ended with rooms, with no release of the name and no dispose between them, have the same.
func sameRoom(s *State) error {
	var room [8]uint8 // by name, since the last release or dispose
	for i := range s.NumCalls {
		c := &s.Calls[i]
		switch {
		case c.Kind == fsm.CallDispose:
			room = [8]uint8{}
		case c.Kind == fsm.CallRelease:
			room[c.Name] = 0
		case c.Outcome != fsm.GotRoom:
		case room[c.Name] == 0:
			room[c.Name] = c.Inc
		case room[c.Name] != c.Inc:
			return fmt.Errorf("call %d has the room %d and one before it the room %d", i+1, c.Inc, room[c.Name])
		}
	}
	return nil
}

// roomHasOptions: a get that ended with a room has that room's options (and name).
func roomHasOptions(s *State) error {
	for i := range s.NumCalls {
		c := &s.Calls[i]
		if c.Outcome != fsm.GotRoom {
			continue
		}
		if c.Kind != fsm.CallGet || c.Inc < 1 || c.Inc > s.NumIncs {
			return fmt.Errorf("call %d, a %v, has the room %d", i+1, c.Kind, c.Inc)
		}
		if inc := &s.Incs[c.Inc-1]; inc.Name != c.Name || inc.Options != c.Options {
			return fmt.Errorf("call %d of %s with %s has the room %d, %s with %s", i+1, names[c.Name], options[c.Options], c.Inc,
				names[inc.Name], options[inc.Options])
		}
	}
	return nil
}

// conflictGetsNoRoom: a get whose options differ from the incarnation in use at its beginning never gets a room. It is settled at
// once without one; that it stays so is ReleasedIsFinal.
func conflictGetsNoRoom(before *State, in *Input, _ []fsm.RoomsOutput, after *State) error {
	if in.Core.Kind != fsm.CallGet {
		return nil
	}
	c := &after.Calls[in.Core.Call-1]
	for i := range before.NumIncs {
		inc := &before.Incs[i]
		if inc.Name == c.Name && inc.inUse() && inc.Options != c.Options && (c.Pending() || c.Outcome == fsm.GotRoom) {
			return fmt.Errorf("call %d began with other options than incarnation %d and is not rejected", in.Core.Call, i+1)
		}
	}
	return nil
}

// releaseRejects: when a release or the first dispose begins, no get that began before it on that name stays pending.
func releaseRejects(s *State) error {
	var pending [8]uint8 // by name, a get
	for i := range s.NumCalls {
		c := &s.Calls[i]
		switch {
		case c.Kind == fsm.CallGet && c.Pending():
			pending[c.Name] = i + 1
		case c.Kind == fsm.CallRelease && pending[c.Name] != 0:
			return fmt.Errorf("get %d is pending after release %d", pending[c.Name], i+1)
		case c.Kind == fsm.CallDispose && pending != [8]uint8{}:
			return fmt.Errorf("a get is pending after dispose %d", i+1)
		}
	}
	return nil
}

// notBeforePredecessor: a get ends with a room only after every earlier incarnation of the name is released. What is released stays
// so, so that it must hold ever after.
func notBeforePredecessor(s *State) error {
	for i := range s.NumCalls {
		c := &s.Calls[i]
		if c.Outcome != fsm.GotRoom {
			continue
		}
		for earlier := range min(c.Inc-1, s.NumIncs) {
			if inc := &s.Incs[earlier]; inc.Name == c.Name && inc.Life != fsm.Released {
				return fmt.Errorf("call %d has the room %d while %d is %v", i+1, c.Inc, earlier+1, inc.Life)
			}
		}
	}
	return nil
}

// sharedEnd: all releases that waited for one incarnation, and were not given up, have the same outcome, and so at the same time.
func sharedEnd(s *State) error {
	var end [MaxCalls + 1]*Call
	for i := range s.NumCalls {
		c := &s.Calls[i]
		if c.Kind != fsm.CallRelease || c.Waits == 0 || c.Outcome == fsm.GaveUp {
			continue
		}
		if first := end[c.Waits]; first == nil {
			end[c.Waits] = c
		} else if first.Outcome != c.Outcome || first.Inc != c.Inc || first.Failed != c.Failed {
			return fmt.Errorf("release %d and one before it waited for incarnation %d and ended differently", i+1, c.Waits)
		}
	}
	return nil
}

// disposalBegan: some dispose did.
func (s *State) disposalBegan() bool {
	for i := range s.NumCalls {
		if s.Calls[i].Kind == fsm.CallDispose {
			return true
		}
	}
	return false
}

// nothingInUseAfterDispose: after disposal began nothing is initializing or ready.
func nothingInUseAfterDispose(s *State) error {
	if s.incs((*Incarnation).inUse) != 0 && s.disposalBegan() {
		return fmt.Errorf("an incarnation is in use after disposal began")
	}
	return nil
}

// nothingOpensAfterDispose: and nothing is opened. The step that begins disposal may not open anything either.
func nothingOpensAfterDispose(_ *State, _ *Input, outs []fsm.RoomsOutput, after *State) error {
	for i := range outs {
		if outs[i].Kind == fsm.Open && after.disposalBegan() {
			return fmt.Errorf("incarnation %d is to be opened after disposal began", outs[i].Incarnation)
		}
	}
	return nil
}

// disposeWaits: a dispose that is settled, and was not given up, leaves nothing releasing.
func disposeWaits(s *State) error {
	for i := range s.NumCalls {
		c := &s.Calls[i]
		if c.Kind == fsm.CallDispose && !c.Pending() && c.Outcome != fsm.GaveUp && s.incs((*Incarnation).releasing) != 0 {
			return fmt.Errorf("dispose %d is settled while something is releasing", i+1)
		}
	}
	return nil
}

// roomIsReady: a get that is settled with a room has one that is ready at that moment.
func roomIsReady(_ *State, _ *Input, outs []fsm.RoomsOutput, after *State) error {
	for i := range outs {
		if outs[i].Kind != fsm.Settle || outs[i].Outcome.Kind != fsm.GotRoom {
			continue
		}
		if n := outs[i].Outcome.Incarnation; n == 0 || n > fsm.Incarnation(after.NumIncs) || after.Incs[n-1].Life != fsm.Ready {
			return fmt.Errorf("call %d is given the room %d, which is not ready", outs[i].Call, n)
		}
	}
	return nil
}

// releasedIsFinal: an incarnation that is released stays so, and a settled call keeps its outcome.
func releasedIsFinal(before *State, _ *Input, _ []fsm.RoomsOutput, after *State) error {
	for i := range before.NumIncs {
		if before.Incs[i].Life == fsm.Released && after.Incs[i].Life != fsm.Released {
			return fmt.Errorf("incarnation %d was released and is %v", i+1, after.Incs[i].Life)
		}
	}
	for i := range before.NumCalls {
		b, a := &before.Calls[i], &after.Calls[i]
		if !b.Pending() && (b.Outcome != a.Outcome || b.Inc != a.Inc || b.Failed != a.Failed) {
			return fmt.Errorf("call %d was settled with %v and is settled with %v", i+1, b.Outcome, a.Outcome)
		}
	}
	return nil
}

// sixPairs: six pairs of life and work occur.
func sixPairs(s *State) error {
	for i := range s.NumIncs {
		switch inc := &s.Incs[i]; {
		case inc.Work == fsm.NoWork && inc.Life != fsm.Releasing:
		case inc.Work == fsm.Opening && (inc.Life == fsm.Initializing || inc.Life == fsm.Releasing):
		case inc.Work == fsm.Closing && inc.Life == fsm.Releasing:
		default:
			return fmt.Errorf("incarnation %d is %v with work %v", i+1, inc.Life, inc.Work)
		}
	}
	return nil
}

// settledOnce: a call is pending until it is settled, once.
func settledOnce(before *State, _ *Input, outs []fsm.RoomsOutput, _ *State) error {
	var settled Set
	for i := range outs {
		if outs[i].Kind != fsm.Settle {
			continue
		}
		n := int(outs[i].Call)
		if settled.Has(n) || n <= int(before.NumCalls) && !before.Calls[n-1].Pending() {
			return fmt.Errorf("call %d is settled twice", n)
		}
		settled |= setOf(n)
	}
	return nil
}

// outputsInOrder: settled calls first, by number, then the others by incarnation.
func outputsInOrder(_ *State, _ *Input, outs []fsm.RoomsOutput, _ *State) error {
	for i := 1; i < len(outs); i++ {
		a, b := &outs[i-1], &outs[i]
		ok := b.Kind != fsm.Settle && a.Incarnation < b.Incarnation
		if a.Kind == fsm.Settle {
			ok = b.Kind != fsm.Settle || a.Call < b.Call
		}
		if !ok {
			return fmt.Errorf("%v comes before %v", a, b)
		}
	}
	return nil
}

// bookkeeping: the calls that the core keeps are the pending ones, each with what it waits for, and it knows how far disposal is.
func bookkeeping(s *State) error {
	for i := range s.NumCalls {
		c := &s.Calls[i]
		number, kept := int(i+1), 0
		if s.Disposers.Has(number) {
			kept++
		}
		for j := range s.NumIncs {
			if s.Incs[j].Waiters.Has(number) {
				kept++
				if c.Waits != j+1 {
					return fmt.Errorf("call %d waited for incarnation %d and waits for %d", number, c.Waits, j+1)
				}
			}
		}
		if pending := c.Pending(); pending != (kept == 1) || kept > 1 || s.Disposers.Has(number) != (pending && c.Kind == fsm.CallDispose) {
			return fmt.Errorf("call %d is settled: %v; the core keeps it %d times", number, !pending, kept)
		}
	}
	want := fsm.NotDisposed
	if s.disposalBegan() {
		want = fsm.Disposed
		if s.incs((*Incarnation).releasing) != 0 {
			want = fsm.Disposing
		}
	}
	if s.Disposal != want {
		return fmt.Errorf("the disposal is %q to the core, and %q by what happened", s.Disposal, want)
	}
	return nil
}
