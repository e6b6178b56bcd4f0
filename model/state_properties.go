package model

import (
	"fmt"
	"slices"
)

// The checks of states. docs/rooms.md, "What must hold", has the sentence of each.

// The life and the work of one incarnation, in terms of docs/rooms.md.

func (inc Incarnation) inUse() bool { return inc.Life == LifeInitializing || inc.Life == LifeReady }

func (inc Incarnation) beingReleased() bool { return inc.Life == LifeReleasing }

func (inc Incarnation) waiting() bool { return inc.Life == LifeInitializing && inc.Work == WorkNone }

// held reports whether the backend has the incarnation open or works on it.
func (inc Incarnation) held() bool { return inc.Life == LifeReady || inc.Work != WorkNone }

// room returns the number of the incarnation that the call got, and the incarnation; 0 if it got
// none.
func (s State) room(c Call) (int, Incarnation) {
	if c.Kind != KindGet || c.Outcome.Kind != OutcomeRoom {
		return 0, Incarnation{}
	}
	i := c.Outcome.Incarnation
	if i < 1 || i > len(s.Incarnations) {
		return i, Incarnation{} // agrees with nothing
	}
	return i, s.Incarnations[i-1]
}

// disposalBegan reports whether disposal began, according to the history of calls.
func (s State) disposalBegan() bool {
	for _, c := range s.Calls {
		if c.Kind == KindDispose {
			return true
		}
	}
	return false
}

// atMostOne returns an error if such returns true for two incarnations of one name.
func atMostOne(s State, such func(Incarnation) bool, what string) error {
	for i, a := range s.Incarnations {
		for j, b := range s.Incarnations[:i] {
			if a.Name == b.Name && such(a) && such(b) {
				return fmt.Errorf("incarnations %d and %d of %s are both %s", j+1, i+1, plain(a.Name), what)
			}
		}
	}
	return nil
}

func oneInUse(s State) error { return atMostOne(s, Incarnation.inUse, "in use") }

func oneReleasing(s State) error { return atMostOne(s, Incarnation.beingReleased, "being released") }

func oneOpen(s State) error {
	return atMostOne(s, Incarnation.held, "held or worked on by the backend")
}

func waitsForPredecessor(s State) error {
	for i, inc := range s.Incarnations {
		predecessor := 0
		for j, earlier := range s.Incarnations[:i] {
			if earlier.Name == inc.Name && earlier.beingReleased() {
				predecessor = j + 1
			}
		}
		switch {
		case inc.waiting() && predecessor == 0:
			return fmt.Errorf("incarnation %d of %s waits for nothing", i+1, plain(inc.Name))
		case inc.inUse() && !inc.waiting() && predecessor != 0:
			return fmt.Errorf("incarnation %d of %s did not wait for %d", i+1, plain(inc.Name), predecessor)
		}
	}
	return nil
}

func sameRoom(s State) error {
	for first, a := range s.Calls {
		roomA, _ := s.room(a)
		if roomA == 0 {
			continue
		}
		for second := first + 1; second < len(s.Calls); second++ {
			b := s.Calls[second]
			if b.parts(a.Name) {
				break // gets after the release may have another room
			}
			if roomB, _ := s.room(b); roomB != 0 && b.Name == a.Name && roomA != roomB {
				return fmt.Errorf("calls %d and %d have rooms %d and %d of %s, with no release between them",
					first+1, second+1, roomA, roomB, plain(a.Name))
			}
		}
	}
	return nil
}

func roomHasOptions(s State) error {
	for n, c := range s.Calls {
		i, inc := s.room(c)
		if i == 0 {
			continue
		}
		if inc.Life == 0 {
			return fmt.Errorf("call %d has room %d, which was never created", n+1, i)
		}
		if inc.Name != c.Name || inc.Options != c.Options {
			return fmt.Errorf("call %d asked for %s with %s and has room %d, which is %s with %s",
				n+1, plain(c.Name), plain(c.Options), i, plain(inc.Name), plain(inc.Options))
		}
	}
	return nil
}

func releaseRejects(s State) error {
	for get, c := range s.Calls {
		if c.Kind != KindGet || !c.Pending() {
			continue
		}
		for n := get + 1; n < len(s.Calls); n++ {
			if later := s.Calls[n]; later.parts(c.Name) {
				return fmt.Errorf("call %d is pending although %v %d began after it", get+1, later.Kind, n+1)
			}
		}
	}
	return nil
}

func notBeforePredecessor(s State) error {
	for n, c := range s.Calls {
		room, _ := s.room(c)
		for i, inc := range s.Incarnations {
			if i+1 < room && inc.Name == c.Name && inc.Life != LifeReleased {
				return fmt.Errorf("call %d has room %d of %s while incarnation %d is %v", n+1, room, plain(c.Name), i+1, inc.Life)
			}
		}
	}
	return nil
}

// sharedEnd treats pending as an outcome too: an end settles all calls that wait for it at once.
func sharedEnd(s State) error {
	counts := func(c Call) bool {
		return c.releases() && c.WaitsFor != 0 && c.Outcome.Kind != OutcomeGaveUp
	}
	for n, a := range s.Calls {
		for m, b := range s.Calls[:n] {
			if counts(a) && counts(b) && a.WaitsFor == b.WaitsFor && !a.Outcome.Equal(b.Outcome) {
				return fmt.Errorf("calls %d and %d waited for the release of %d and are %v and %v",
					m+1, n+1, a.WaitsFor, b.Outcome, a.Outcome)
			}
		}
	}
	return nil
}

func nothingInUseAfterDispose(s State) error {
	for i, inc := range s.Incarnations {
		if s.disposalBegan() && inc.inUse() {
			return fmt.Errorf("incarnation %d of %s is %v after disposal began", i+1, plain(inc.Name), inc.Life)
		}
	}
	return nil
}

func disposeWaits(s State) error {
	for n, c := range s.Calls {
		if c.Kind != KindDispose || c.Pending() || c.Outcome.Kind == OutcomeGaveUp {
			continue
		}
		for i, inc := range s.Incarnations {
			if inc.beingReleased() {
				return fmt.Errorf("call %d is settled with %v while incarnation %d of %s is releasing", n+1, c.Outcome, i+1, plain(inc.Name))
			}
		}
	}
	return nil
}

// createdBefore reports whether the incarnation was created before the call began: whether the get
// that created it, and waits for it, is an earlier call.
func (s State) createdBefore(incarnation, call int) bool {
	return slices.ContainsFunc(s.Calls[:call-1], func(c Call) bool {
		return c.Kind == KindGet && c.WaitsFor == incarnation
	})
}

func releaseWaits(s State) error {
	for n, c := range s.Calls {
		if !c.releases() || c.Pending() || c.Outcome.Kind == OutcomeGaveUp {
			continue
		}
		for i, inc := range s.Incarnations {
			if inc.Name == c.Name && inc.Life != LifeReleased && s.createdBefore(i+1, n+1) {
				return fmt.Errorf("call %d, a release, is settled with %v while incarnation %d, from before it, is %v",
					n+1, c.Outcome, i+1, inc.Life)
			}
		}
	}
	return nil
}

func waitsOnlyWhile(s State) error {
	for n, c := range s.Calls {
		if !c.Pending() {
			continue
		}
		var inc Incarnation // the incarnation that the call waits for; zero for a dispose
		if i := c.WaitsFor; i >= 1 && i <= len(s.Incarnations) {
			inc = s.Incarnations[i-1]
		}
		ok := false
		switch c.Kind {
		case KindGet:
			ok = inc.Life == LifeInitializing && inc.Name == c.Name && inc.Options == c.Options
		case KindRelease, KindReleaseIf:
			ok = inc.beingReleased() && inc.Name == c.Name
		case KindDispose:
			ok = c.WaitsFor == 0 && slices.ContainsFunc(s.Incarnations, Incarnation.beingReleased)
		}
		if !ok {
			return fmt.Errorf("call %d, a %v, is pending and waits for %d, which is no such work under way",
				n+1, c.Kind, c.WaitsFor)
		}
	}
	return nil
}

func rejectedOnlyIf(s State) error {
	for n, c := range s.Calls {
		if c.Outcome.Kind != OutcomeReleasedBefore {
			continue
		}
		parted := slices.ContainsFunc(s.Calls[n+1:], func(later Call) bool { return later.parts(c.Name) })
		if c.Kind != KindGet || !parted {
			return fmt.Errorf("call %d, a %v, is %v, and no release or dispose began after it", n+1, c.Kind, c.Outcome)
		}
	}
	return nil
}

// releases reports whether the call is a release of a name, or of an incarnation that was in use as
// the call began. A ReleaseIf of another incarnation is settled without waiting.
func (c Call) releases() bool {
	return c.Kind == KindRelease || c.Kind == KindReleaseIf && c.WaitsFor != 0
}

// parts reports whether the call is a dispose, or a release that concerns the name. A get before it
// and a get after it may have different rooms.
func (c Call) parts(name string) bool {
	return c.Kind == KindDispose || c.releases() && c.Name == name
}

// errorsTold skips calls that gave up and gets that a release rejected: these were settled before
// the end of what they waited for.
func errorsTold(s State) error {
	for n, c := range s.Calls {
		i := c.WaitsFor
		if i < 1 || i > len(s.Incarnations) || c.Pending() || c.Outcome.Kind == OutcomeGaveUp ||
			c.Outcome.Kind == OutcomeReleasedBefore {
			continue
		}
		var want Outcome
		switch ended := s.Incarnations[i-1].Ended; {
		case c.Kind == KindGet && ended == KindOpenFailed:
			want = Outcome{Kind: OutcomeOpenFailed, Incarnation: i}
		case c.Kind == KindGet && ended != 0: // opened, and possibly released since
			want = Outcome{Kind: OutcomeRoom, Incarnation: i}
		case c.releases() && ended == KindReleaseFailed:
			want = Outcome{Kind: OutcomeReleaseFailed, Incarnation: i}
		case c.releases() && (ended == KindReleased || ended == KindOpenFailed):
			want = Outcome{Kind: OutcomeDone}
		}
		if want.Kind == OutcomePending || !c.Outcome.Equal(want) {
			return fmt.Errorf("call %d waited for incarnation %d, where the backend reported %v last, and is %v",
				n+1, i, s.Incarnations[i-1].Ended, c.Outcome)
		}
	}
	return nil
}

func disposalTold(s State) error {
	want := Outcome{Kind: OutcomeDone}
	if len(s.Failed) > 0 {
		want = Outcome{Kind: OutcomeFailed, Failed: s.Failed}
	}
	for n, c := range s.Calls {
		over := c.Kind == KindDispose && !c.Pending() && c.Outcome.Kind != OutcomeGaveUp
		if over && !c.Outcome.Equal(want) {
			return fmt.Errorf("call %d, a dispose, is %v, and the releases of %v failed", n+1, c.Outcome, s.Failed)
		}
	}
	return nil
}

func openedIsReleased(s State) error {
	for i, inc := range s.Incarnations {
		if holds := inc.Life == LifeReady || inc.Work == WorkClosing; holds != (inc.Ended == KindOpened) {
			return fmt.Errorf("incarnation %d of %s is %v with the work %v, and the backend reported %v last",
				i+1, plain(inc.Name), inc.Life, inc.Work, inc.Ended)
		}
	}
	return nil
}

func sixPairs(s State) error {
	for i, inc := range s.Incarnations {
		switch (Incarnation{Life: inc.Life, Work: inc.Work}) {
		case Incarnation{Life: LifeInitializing}, Incarnation{Life: LifeInitializing, Work: WorkOpening},
			Incarnation{Life: LifeReady}, Incarnation{Life: LifeReleasing, Work: WorkOpening},
			Incarnation{Life: LifeReleasing, Work: WorkClosing}, Incarnation{Life: LifeReleased}:
		default:
			return fmt.Errorf("incarnation %d of %s is %v with the work %v", i+1, plain(inc.Name), inc.Life, inc.Work)
		}
	}
	return nil
}
