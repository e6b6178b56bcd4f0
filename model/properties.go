package model

import "fmt"

// Property is something that must hold, as docs/rooms.md says under "What must hold". It is stated from that text and not
// from the step function, and judges any State, also one that no sequence of steps leads to.
type Property struct {
	// Name is that of docs/rooms.md.
	Name string
	// Says is the sentence, in short.
	Says string
	// Spec are the points of Ably's Chat specification that it comes from, as docs/rooms.md names them.
	Spec []string
	// Rules are those that uphold it, where to look when it fails.
	Rules []Rule
	// Check returns why the property fails in a state, or nil. The field is nil if the property speaks only of steps.
	Check func(State) error
	// CheckStep returns why the property fails in a step that was taken, or nil. The field is nil if the property speaks only of
	// states.
	CheckStep func(before, after State) error
}

// Properties returns the safety properties, in the order of docs/rooms.md. Liveness is no predicate over states or steps.
func Properties() []Property {
	return []Property{
		{
			Name:  "OneInUse",
			Says:  "a name has at most one incarnation in use",
			Spec:  []string{"CHA-RC1"},
			Rules: []Rule{R2, R3, R4},
			Check: oneInUse,
		},
		{
			Name:  "OneReleasing",
			Says:  "a name has at most one incarnation being released",
			Spec:  []string{"CHA-RC1"},
			Rules: []Rule{R9},
			Check: oneReleasing,
		},
		{
			Name:  "OneOpen",
			Says:  "a name has at most one incarnation that the backend holds or works on",
			Rules: []Rule{R6, R11, R22},
			Check: oneOpen,
		},
		{
			Name:  "WaitsForPredecessor",
			Says:  "an incarnation waits to be opened if and only if a predecessor is being released",
			Spec:  []string{"CHA-RC1f4"},
			Rules: []Rule{R5, R6, R22},
			Check: waitsForPredecessor,
		},
		{
			Name:  "SameRoom",
			Says:  "two gets of one name with rooms, and no release or disposal between them, have the same room",
			Spec:  []string{"CHA-RC1"},
			Rules: []Rule{R3, R4, R19},
			Check: sameRoom,
		},
		{
			Name:      "OptionsAgree",
			Says:      "a get has only a room with its options, and none if it met other options in use",
			Spec:      []string{"CHA-RC1f1"},
			Rules:     []Rule{R2},
			Check:     roomHasOptions,
			CheckStep: otherOptionsGetNoRoom,
		},
		{
			Name:  "ReleaseRejects",
			Says:  "no get stays pending when a release of its name or a disposal begins after it",
			Spec:  []string{"CHA-RC1g4"},
			Rules: []Rule{R9, R11, R12},
			Check: releaseRejects,
		},
		{
			Name:  "NotBeforePredecessor",
			Says:  "a get has a room only when every earlier incarnation of the name is released",
			Spec:  []string{"CHA-RC1f4"},
			Rules: []Rule{R6, R22},
			Check: notBeforePredecessor,
		},
		{
			Name:  "SharedEnd",
			Says:  "all releases that waited for one incarnation, and were not given up, have the same outcome",
			Spec:  []string{"CHA-RC1g3"},
			Rules: []Rule{R8, R9, R21},
			Check: sharedEnd,
		},
		{
			Name:      "NothingAfterDispose",
			Says:      "after disposal began nothing is initializing or ready, and nothing is opened",
			Spec:      []string{"CHA-RD1a"},
			Rules:     []Rule{R1, R12, R18},
			Check:     nothingInUseAfterDispose,
			CheckStep: nothingOpenedAfterDispose,
		},
		{
			Name:  "DisposeWaits",
			Says:  "a dispose that is settled, and was not given up, leaves nothing releasing",
			Spec:  []string{"CHA-RD1d"},
			Rules: []Rule{R13, R14, R23},
			Check: disposeWaits,
		},
		{
			Name:      "RoomIsReady",
			Says:      "a get that is settled with a room has one that is ready at that moment",
			Spec:      []string{"CHA-RC1f2"},
			Rules:     []Rule{R3, R17, R19},
			CheckStep: roomIsReady,
		},
		{
			Name:      "ReleasedIsFinal",
			Says:      "an incarnation that is released stays so, and a settled call keeps its outcome",
			Rules:     []Rule{R16, R21},
			CheckStep: releasedIsFinal,
		},
	}
}

// Life and work of one incarnation, in the words of docs/rooms.md.

func (inc Incarnation) inUse() bool { return inc.Life == LifeInitializing || inc.Life == LifeReady }

func (inc Incarnation) beingReleased() bool { return inc.Life == LifeReleasing }

func (inc Incarnation) waiting() bool { return inc.Life == LifeInitializing && inc.Work == WorkNone }

// held: the backend has it open or works on it.
func (inc Incarnation) held() bool { return inc.Life == LifeReady || inc.Work != WorkNone }

// room returns the incarnation that the call got, and its number; 0 if it got none.
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

// disposalBegan reports whether a disposal began, from the history.
func (s State) disposalBegan() bool {
	for _, c := range s.Calls {
		if c.Kind == KindDispose {
			return true
		}
	}
	return false
}

// atMostOne fails if two incarnations of one name are both such.
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
			if b.Kind == KindDispose || b.Kind == KindRelease && b.Name == a.Name {
				break // the gets beyond it are of another life
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

// otherOptionsGetNoRoom asks that such a get be settled as it begins, without a room: with a settled call keeping its
// outcome, that says that it never gets one. The history alone doesn't tell what a call met.
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
				return fmt.Errorf("call %d met incarnation %d in use with other options and is %v", n+1, i+1, c.Outcome)
			}
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
			if later := s.Calls[n]; later.Kind == KindDispose || later.Kind == KindRelease && later.Name == c.Name {
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

// sharedEnd takes being pending for an outcome too: the end comes to all at once.
func sharedEnd(s State) error {
	counts := func(c Call) bool {
		return c.Kind == KindRelease && c.WaitsFor != 0 && c.Outcome.Kind != OutcomeGaveUp
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
			return fmt.Errorf("incarnation %d was released and is %v", i+1, now.Life)
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
			return fmt.Errorf("call %d was settled with %v and is %v", n+1, c.Outcome, now)
		}
	}
	return nil
}
