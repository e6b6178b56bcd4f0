package model

import (
	"fmt"
	"slices"
)

// The functions of this file check single steps. docs/rooms.md, section "What must hold", states
// each property in words.

// otherOptionsGetNoRoom checks that a get that finds other options in use is settled as it begins,
// without a room. A settled call keeps its outcome, so this call never gets a room. This is a check
// of steps because the history doesn't contain what a call found as it began.
func otherOptionsGetNoRoom(before, after State) error {
	for n := len(before.Calls); n < len(after.Calls); n++ {
		c := after.Calls[n]
		if c.Kind != KindGet {
			continue
		}
		for i, inc := range before.Incarnations {
			if inc.Name != c.Name || !inc.inUse() || inc.Options == c.Options {
				continue
			}
			if c.Pending() || c.Outcome.Kind == OutcomeRoom {
				return fmt.Errorf("call %d found incarnation %d in use with other options, but is %v", n+1, i+1, c.Outcome)
			}
		}
	}
	return nil
}

func nothingOpenedAfterDispose(before, after State) error {
	if !before.disposalBegan() {
		return nil
	}
	for i, inc := range after.Incarnations {
		was := i < len(before.Incarnations) && before.Incarnations[i].Work == WorkOpening
		if inc.Work == WorkOpening && !was {
			return fmt.Errorf("incarnation %d of %s is opened after disposal began", i+1, plain(inc.Name))
		}
	}
	return nil
}

func roomIsReady(before, after State) error {
	for n, c := range after.Calls {
		if n < len(before.Calls) && !before.Calls[n].Pending() {
			continue
		}
		if i, inc := after.room(c); i != 0 && inc.Life != LifeReady {
			return fmt.Errorf("call %d is given room %d of %s, which is %v", n+1, i, plain(c.Name), inc.Life)
		}
	}
	return nil
}

func releasedIsFinal(before, after State) error {
	for i, inc := range before.Incarnations {
		if inc.Life != LifeReleased {
			continue
		}
		if i >= len(after.Incarnations) {
			return fmt.Errorf("incarnation %d is no longer in the history", i+1)
		}
		if now := after.Incarnations[i]; now.Life != LifeReleased {
			return fmt.Errorf("incarnation %d was released, but is now %v", i+1, now.Life)
		}
	}
	for n, c := range before.Calls {
		if c.Pending() {
			continue
		}
		if n >= len(after.Calls) {
			return fmt.Errorf("call %d is no longer in the history", n+1)
		}
		if now := after.Calls[n].Outcome; !now.Equal(c.Outcome) {
			return fmt.Errorf("call %d was settled with %v, but is now %v", n+1, c.Outcome, now)
		}
	}
	return nil
}

// beginning returns the call that begins in a step, or the zero Call if none does.
func beginning(before, after State) Call {
	if len(after.Calls) <= len(before.Calls) {
		return Call{}
	}
	return after.Calls[len(before.Calls)]
}

// ending returns the end that the backend reports for an incarnation in a step, or 0.
func ending(before, after State, i int) Kind {
	if i >= len(before.Incarnations) || i >= len(after.Incarnations) ||
		before.Incarnations[i].Ended == after.Incarnations[i].Ended {
		return 0
	}
	return after.Incarnations[i].Ended
}

func outcomesNameTheirCause(before, after State) error {
	c := beginning(before, after)
	inUse, want := before.InUse(c.Name), Outcome{}
	switch {
	case c.Kind == KindRelease:
		if inUse == 0 && before.BeingReleased(c.Name) == 0 {
			want.Kind = OutcomeDone
		}
	case c.Kind == KindReleaseIf:
		if before.InUse(c.Name) != c.Of {
			want.Kind = OutcomeDone
		}
	case c.Kind != KindGet:
		return nil // DisposeWaits and WaitsOnlyWhile check a dispose
	case before.disposalBegan():
		want.Kind = OutcomeDisposed
	case inUse == 0:
	case before.Incarnations[inUse-1].Options != c.Options:
		want.Kind = OutcomeDifferentOptions
	case before.Incarnations[inUse-1].Life == LifeReady:
		want = Outcome{Kind: OutcomeRoom, Incarnation: inUse}
	}
	if !c.Outcome.Equal(want) || c.Pending() == (c.WaitsFor == 0) {
		return fmt.Errorf("call %d (%v) begins with outcome %v and waits for incarnation %d; the state before the step requires outcome %v",
			len(before.Calls)+1, c.Kind, c.Outcome, c.WaitsFor, want)
	}
	return nil
}

func createdIff(before, after State) error {
	c, want := beginning(before, after), len(before.Incarnations)
	creates := c.Kind == KindGet && !before.disposalBegan() && before.InUse(c.Name) == 0
	if creates {
		want++
	}
	if len(after.Incarnations) != want {
		return fmt.Errorf("there are %d incarnations after the step, expected %d", len(after.Incarnations), want)
	}
	if !creates {
		return nil
	}
	if made := after.Incarnations[want-1]; made.Name != c.Name || made.Options != c.Options || c.WaitsFor != want {
		return fmt.Errorf("a get of %s with options %s must create such an incarnation and wait for it; it created incarnation %d "+
			"(%s with options %s) and waits for incarnation %d",
			plain(c.Name), plain(c.Options), want, plain(made.Name), plain(made.Options), c.WaitsFor)
	}
	return nil
}

// ends reports whether the call, as it begins, ends the use of the incarnation. That depends on
// what the call is for, and not on what it then waits for.
func (c Call) ends(name string, incarnation int) bool {
	return c.Kind == KindDispose || c.Kind == KindRelease && c.Name == name || c.Kind == KindReleaseIf && c.Of == incarnation
}

func outOfUseIff(before, after State) error {
	c := beginning(before, after)
	for i, was := range before.Incarnations {
		if i >= len(after.Incarnations) {
			break
		}
		stays := was.inUse() && !c.ends(was.Name, i+1) && ending(before, after, i) != KindOpenFailed
		if after.Incarnations[i].inUse() != stays {
			return fmt.Errorf("incarnation %d of %s was %v and is now %v; expected to be in use now: %t",
				i+1, plain(was.Name), was.Life, after.Incarnations[i].Life, stays)
		}
	}
	return nil
}

func goneIff(before, after State) error {
	c := beginning(before, after)
	for i, was := range before.Incarnations {
		if i >= len(after.Incarnations) || was.Life == LifeReleased {
			continue
		}
		end := ending(before, after, i)
		gone := end != 0 && end != KindOpened || was.waiting() && c.ends(was.Name, i+1)
		if (after.Incarnations[i].Life == LifeReleased) != gone {
			return fmt.Errorf("incarnation %d of %s was %v with the work %v and is now %v; expected to be released now: %t",
				i+1, plain(was.Name), was.Life, was.Work, after.Incarnations[i].Life, gone)
		}
	}
	return nil
}

func failuresCounted(before, after State) error {
	var want []int
	for i := range after.Incarnations {
		failed := ending(before, after, i) == KindReleaseFailed
		if before.disposalBegan() && (failed || slices.Contains(before.Failed, i+1)) {
			want = append(want, i+1)
		}
	}
	if !slices.Equal(after.Failed, want) {
		return fmt.Errorf("the failures of disposal are %v, but the releases that failed since it began are %v", after.Failed, want)
	}
	return nil
}

func givesUpAlone(before, after State) error {
	for n, c := range after.Calls {
		if c.Outcome.Kind != OutcomeGaveUp || n < len(before.Calls) && before.Calls[n].Outcome.Kind == OutcomeGaveUp {
			continue
		}
		want := before.Clone()
		if n >= len(want.Calls) || !want.Calls[n].Pending() {
			return fmt.Errorf("call %d is given up, but was not pending", n+1)
		}
		want.Calls[n].Outcome = Outcome{Kind: OutcomeGaveUp}
		if !after.Equal(want) {
			return fmt.Errorf("giving up call %d changed more than the call's outcome: before %v, after %v", n+1, before, after)
		}
	}
	return nil
}

func historyKept(before, after State) error {
	for n, was := range before.Calls {
		if n >= len(after.Calls) {
			return fmt.Errorf("call %d is no longer in the history", n+1)
		}
		now := after.Calls[n]
		if now.Kind != was.Kind || now.Name != was.Name || now.Options != was.Options || now.Of != was.Of || now.WaitsFor != was.WaitsFor {
			return fmt.Errorf("the history of call %d changes from %+v to %+v", n+1, was, now)
		}
	}
	for i, was := range before.Incarnations {
		if i >= len(after.Incarnations) {
			return fmt.Errorf("incarnation %d is no longer in the history", i+1)
		}
		if now := after.Incarnations[i]; now.Name != was.Name || now.Options != was.Options {
			return fmt.Errorf("the history of incarnation %d changes from %s with %s to %s with %s", i+1,
				plain(was.Name), plain(was.Options), plain(now.Name), plain(now.Options))
		}
	}
	return nil
}
