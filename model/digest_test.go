package model

import (
	"fmt"
	"slices"
	"testing"
)

// The sentences of Ably's Chat specification, point by point, as properties of steps. They are
// written from those sentences, and neither from the rules of docs/rooms.md nor from the properties
// there. If a rule of that document is wrong, then so are the model, the TLA+ spec and the core,
// but a sentence here fails. tests/mutation plants such rules.
//
// In the words of the specification a name is "in the map" when it has an incarnation in use, and
// "a release is in progress" when one is being released. What the specification leaves open, such
// as the end of a release that fails, is not checked here.

// A sentence returns an error if a step breaks it.
type sentence struct {
	points string
	holds  func(e edge) error
}

var sentences = []sentence{
	{"CHA-RC1f8", resourceDisposed},
	{"CHA-RC1f1", differentOptions},
	{"CHA-RC1f2", theSameInstance},
	{"CHA-RC1f3", create},
	{"CHA-RC1f4", afterTheRelease},
	{"CHA-RC1f", whatEndsAGet},
	{"CHA-RC1g4,CHA-RC1f6", pendingGetsFail},
	{"CHA-RC1g2", noOp},
	{"CHA-RC1g1,CHA-RC1g3", releaseResolves},
	{"CHA-RC1g5", theRoomIsReleased},
	{"CHA-RD1b,CHA-RD1d", disposeEnds},
	{"CHA-RD1,CHA-RD1c", everyRoomIsReleased},
	{"section-21", aCallerWhoGivesUp},
}

// TestDigest checks every sentence in every step of two graphs: four calls on one name, and three
// calls on two names.
func TestDigest(t *testing.T) {
	t.Parallel()
	broken := make([]error, len(sentences))
	for _, b := range []Bounds{bounds(3, 2, 1), bounds(4, 1, 2)} {
		walk(t, b, State.Step, func(e edge, script func() string) bool {
			for i, s := range sentences {
				if broken[i] != nil {
					continue
				}
				if err := s.holds(e); err != nil {
					broken[i] = fmt.Errorf("%w\nafter %s", err, script())
				}
			}
			return true
		})
	}
	for i, s := range sentences {
		t.Run(s.points, func(t *testing.T) {
			if broken[i] != nil {
				t.Error(broken[i])
			}
		})
	}
}

// brokenBy has, for each sentence, an edit of a step's result that breaks the sentence.
var brokenBy = map[string]func(before State, in Input, after *State){
	"CHA-RC1f8": func(before State, in Input, after *State) {
		if in.Kind == KindGet && before.disposalBegan() {
			after.lastCall().Outcome = Outcome{Kind: OutcomeReleasedBefore}
		}
	},
	"CHA-RC1f1": func(_ State, _ Input, after *State) {
		if c := after.lastCall(); c.Outcome.Kind == OutcomeDifferentOptions {
			c.Outcome = Outcome{Kind: OutcomeReleasedBefore}
		}
	},
	"CHA-RC1f2": func(before State, in Input, after *State) {
		if in.Kind == KindGet && before.InUse(in.Name) != 0 && after.lastCall().Pending() {
			after.Incarnations = append(after.Incarnations, Incarnation{Name: in.Name, Options: in.Options, Life: LifeInitializing})
		}
	},
	"CHA-RC1f3": func(before State, in Input, after *State) {
		if in.Kind == KindGet && len(after.Incarnations) > len(before.Incarnations) {
			after.lastIncarnation().Work = WorkNone
		}
	},
	"CHA-RC1f4": func(before State, in Input, after *State) {
		if in.Kind == KindGet && len(after.Incarnations) > len(before.Incarnations) {
			after.lastIncarnation().Work = WorkOpening
		}
	},
	"CHA-RC1f": func(_ State, in Input, after *State) {
		if c := after.lastCall(); in.Kind == KindOpened && c.Outcome.Kind == OutcomeRoom {
			c.Outcome.Kind = OutcomeOpenFailed
		}
	},
	"CHA-RC1g4,CHA-RC1f6": func(before State, in Input, after *State) { unsettle(before, after, KindGet, OutcomeReleasedBefore) },
	"CHA-RC1g2": func(_ State, in Input, after *State) {
		if c := after.lastCall(); in.Kind == KindRelease && c.Outcome.Kind == OutcomeDone {
			c.Outcome = Outcome{Kind: OutcomeReleasedBefore}
		}
	},
	"CHA-RC1g1,CHA-RC1g3": func(_ State, in Input, after *State) {
		if in.Kind == KindRelease {
			after.lastCall().Outcome = Outcome{Kind: OutcomeDone}
		}
	},
	"CHA-RC1g5": func(before State, in Input, after *State) {
		if in.Kind == KindOpened && before.Incarnations[in.Incarnation-1].beingReleased() {
			inc := &after.Incarnations[in.Incarnation-1]
			inc.Life, inc.Work = LifeReleased, WorkNone
		}
	},
	"CHA-RD1b,CHA-RD1d": func(before State, in Input, after *State) {
		if in.Kind == KindDispose && len(before.Incarnations) == 0 {
			after.lastCall().Outcome = Outcome{Kind: OutcomeFailed}
		}
	},
	"CHA-RD1,CHA-RD1c": func(before State, in Input, after *State) {
		if in.Kind == KindDispose {
			copy(after.Incarnations, before.Incarnations)
		}
	},
	"section-21": func(before State, in Input, after *State) {
		if in.Kind == KindGiveUp && before.Calls[in.Call-1].Kind == KindGet {
			after.Incarnations[before.Calls[in.Call-1].WaitsFor-1].Life = LifeReleasing
		}
	},
}

func TestEachSentenceFailsOnAWrongStep(t *testing.T) {
	t.Parallel()
	for _, s := range sentences {
		t.Run(s.points, func(t *testing.T) {
			broken := false
			walk(t, bounds(3, 1, 2), fault{edit: brokenBy[s.points]}.step, func(e edge, _ func() string) bool {
				failed := s.holds(e) != nil
				broken = broken || failed
				return !failed
			})
			if !broken {
				t.Error("the sentence accepts the step that breaks it")
			}
		})
	}
}

// begun returns the call that begins in the step, and the state that it finds: whether a dispose
// had begun, and the incarnations of its name that were in the map and being released, or 0.
func (e edge) begun() (c Call, disposed bool, inMap, releasing int) {
	c = e.after.Calls[len(e.after.Calls)-1]
	return c, e.before.disposalBegan(), e.before.InUse(c.Name), e.before.BeingReleased(c.Name)
}

// settled returns the numbers of the calls that the step settles, except those that are given up.
func (e edge) settled() (numbers []int) {
	for n, c := range e.after.Calls {
		if wasPending := n >= len(e.before.Calls) || e.before.Calls[n].Pending(); wasPending && !c.Pending() && c.Outcome.Kind != OutcomeGaveUp {
			numbers = append(numbers, n+1)
		}
	}
	return numbers
}

// existed returns the incarnations of a name whose first get began before the call.
func (s State) existed(name string, before int) (numbers []int) {
	for i, inc := range s.Incarnations {
		first := slices.IndexFunc(s.Calls, func(c Call) bool { return c.Kind == KindGet && c.WaitsFor == i+1 })
		if inc.Name == name && first >= 0 && first+1 < before {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

// "After the rooms object was disposed, get raises ResourceDisposed (40014)." The specification
// names no other cause of this error.
func resourceDisposed(e edge) error {
	if e.in.Kind == KindGet {
		if c, disposed, _, _ := e.begun(); disposed && c.Outcome.Kind != OutcomeDisposed {
			return fmt.Errorf("a get after dispose is %v", c.Outcome)
		}
	}
	for _, n := range e.settled() {
		if c := e.after.Calls[n-1]; c.Outcome.Kind == OutcomeDisposed && (c.Kind != KindGet || n <= len(e.before.Calls) || !e.before.disposalBegan()) {
			return fmt.Errorf("call %d, a %v, is %v, but did not begin after a dispose", n, c.Kind, c.Outcome)
		}
	}
	return nil
}

// "The name is in the map but with different options: raise RoomExistsWithDifferentOptions
// (102107). This covers an entry that is still pending."
func differentOptions(e edge) error {
	for _, n := range e.settled() {
		if e.after.Calls[n-1].Outcome.Kind == OutcomeDifferentOptions && (e.in.Kind != KindGet || n != len(e.after.Calls)) {
			return fmt.Errorf("call %d, which does not begin now, is settled with differentOptions", n)
		}
	}
	if e.in.Kind != KindGet {
		return nil
	}
	c, disposed, inMap, _ := e.begun()
	differ := !disposed && inMap != 0 && e.before.Incarnations[inMap-1].Options != c.Options
	if differ != (c.Outcome.Kind == OutcomeDifferentOptions) {
		return fmt.Errorf("a get is %v, but it finds other options in the map: %t", c.Outcome, differ)
	}
	return nil
}

// "The name is in the map with the same options: the same instance (a pending entry: wait for the
// same future)."
func theSameInstance(e edge) error {
	if e.in.Kind != KindGet {
		return nil
	}
	c, disposed, inMap, _ := e.begun()
	if disposed || inMap == 0 || e.before.Incarnations[inMap-1].Options != c.Options {
		return nil
	}
	if len(e.after.Incarnations) != len(e.before.Incarnations) {
		return fmt.Errorf("a get of a name in the map creates a second instance")
	}
	ready := e.before.Incarnations[inMap-1].Life == LifeReady
	if room, _ := e.after.room(c); ready && room != inMap || !ready && (!c.Pending() || c.WaitsFor != inMap) {
		return fmt.Errorf("the get is %v and waits for %d, but the entry in the map is %d", c.Outcome, c.WaitsFor, inMap)
	}
	return nil
}

// "Otherwise, and no release for that name in progress: create, put in the map, return."
func create(e edge) error {
	if e.in.Kind != KindGet {
		return nil
	}
	c, disposed, inMap, releasing := e.begun()
	if disposed || inMap != 0 || releasing != 0 {
		return nil
	}
	if made := e.after.InUse(c.Name); made == 0 || e.after.Incarnations[made-1].Work != WorkOpening || c.WaitsFor != made {
		return fmt.Errorf("nothing is created for the get, which is %v and waits for %d", c.Outcome, c.WaitsFor)
	}
	return nil
}

// "A release for that name is in progress: put the entry in the map now, create the room only after
// the release has resolved, then resolve the future."
func afterTheRelease(e edge) error {
	for i, inc := range e.after.Incarnations {
		if inc.Work == WorkOpening && inc.Life == LifeInitializing && e.after.BeingReleased(inc.Name) != 0 {
			return fmt.Errorf("room %d is created before the release has resolved", i+1)
		}
	}
	if e.in.Kind == KindReleased {
		name := e.before.Incarnations[e.in.Incarnation-1].Name
		if entry := e.before.InUse(name); entry != 0 && e.after.Incarnations[entry-1].Work != WorkOpening {
			return fmt.Errorf("the release has resolved, but room %d in the map is not created", entry)
		}
	}
	if e.in.Kind != KindGet {
		return nil
	}
	c, disposed, inMap, releasing := e.begun()
	if disposed || inMap != 0 || releasing == 0 {
		return nil
	}
	if entry := e.after.InUse(c.Name); entry == 0 || !c.Pending() || c.WaitsFor != entry {
		return fmt.Errorf("the get has no entry in the map: it is %v and waits for %d", c.Outcome, c.WaitsFor)
	}
	return nil
}

// "A get returns a future that resolves to the room." It may also end by a failed opening, by a
// release, by a dispose, or because its caller gives up.
func whatEndsAGet(e edge) error {
	for _, n := range e.settled() {
		c := e.after.Calls[n-1]
		if c.Kind != KindGet || n > len(e.before.Calls) {
			continue
		}
		own := e.in.Incarnation == c.WaitsFor
		ok := false
		switch c.Outcome.Kind {
		case OutcomeRoom:
			ok = own && e.in.Kind == KindOpened && c.Outcome.Incarnation == c.WaitsFor
		case OutcomeOpenFailed:
			ok = own && e.in.Kind == KindOpenFailed
		case OutcomeReleasedBefore:
			ok = e.in.Kind == KindRelease && e.in.Name == c.Name || e.in.Kind == KindDispose
		}
		if !ok {
			return fmt.Errorf("get %d waits for room %d, but is settled with %v by %v", n, c.WaitsFor, c.Outcome, e.in)
		}
	}
	return nil
}

// "In the map (as a pending get) and a release in progress: fail the pending get with
// RoomReleasedBeforeOperationCompleted (102106)", and "a pending get can be interrupted by
// release"; of a dispose "CHA-RC1g4 gives the natural answer".
func pendingGetsFail(e edge) error {
	for n, was := range e.before.Calls {
		if was.Kind != KindGet || !was.Pending() || e.in.Kind != KindDispose && (e.in.Kind != KindRelease || e.in.Name != was.Name) {
			continue
		}
		if now := e.after.Calls[n].Outcome; now.Kind != OutcomeReleasedBefore {
			return fmt.Errorf("get %d was pending before %v, and must be rejected, but is %v", n+1, e.in, now)
		}
	}
	if e.in.Kind == KindGet {
		if c, _, _, _ := e.begun(); c.Outcome.Kind == OutcomeReleasedBefore {
			return fmt.Errorf("a get is rejected by a release that began before it")
		}
	}
	return nil
}

// "Not in the map and no release in progress: no-op."
func noOp(e edge) error {
	if e.in.Kind != KindRelease {
		return nil
	}
	c, _, inMap, releasing := e.begun()
	if inMap != 0 || releasing != 0 {
		return nil
	}
	if c.Outcome.Kind != OutcomeDone || len(e.outputs) != 1 || !slices.Equal(e.before.Incarnations, e.after.Incarnations) {
		return fmt.Errorf("a release of a free name is %v and outputs %v", c.Outcome, e.outputs)
	}
	return nil
}

// "Release returns a future that resolves when the operation is complete"; with a release in
// progress, also one under a pending get, it is "that release's future".
func releaseResolves(e edge) error {
	for _, n := range e.settled() {
		c := e.after.Calls[n-1]
		if c.Kind != KindRelease {
			continue
		}
		for _, i := range e.after.existed(c.Name, n) {
			if life := e.after.Incarnations[i-1].Life; life != LifeReleased {
				return fmt.Errorf("release %d is settled with %v, but room %d, which existed before it, is %v", n, c.Outcome, i, life)
			}
		}
	}
	if e.in.Kind == KindReleased {
		for n, c := range e.after.Calls {
			if c.Kind == KindRelease && c.WaitsFor == e.in.Incarnation && c.Pending() {
				return fmt.Errorf("the release of %d is complete, but release %d, which waits for it, is pending", e.in.Incarnation, n+1)
			}
		}
	}
	return nil
}

// "In the map, no release in progress: remove the entry from the map at once, run CHA-RL3 on the
// room." The backend releases a room that it opened, whenever it opened it.
func theRoomIsReleased(e edge) error {
	if e.in.Kind == KindRelease && e.after.InUse(e.in.Name) != 0 {
		return fmt.Errorf("the entry is still in the map after %v", e.in)
	}
	for i, was := range e.before.Incarnations {
		now := e.after.Incarnations[i]
		opened := e.in.Kind == KindOpened && e.in.Incarnation == i+1
		if gone := now.Life == LifeReleased; gone && (opened || was.Life == LifeReady) {
			return fmt.Errorf("room %d was opened and is released, but the backend was not asked to release it", i+1)
		}
		if opened && now.Life == LifeReleasing && now.Work != WorkClosing {
			return fmt.Errorf("room %d was opened after its release, but the backend is not asked to release it", i+1)
		}
	}
	return nil
}

// "No rooms: succeeds without error", and disposal "returns only when all room release operations
// have completed, those already in flight included". When they have completed, it returns.
func disposeEnds(e edge) error {
	if e.in.Kind == KindDispose && !e.before.disposalBegan() && !slices.ContainsFunc(e.before.Incarnations, func(inc Incarnation) bool { return inc.Life != LifeReleased }) {
		if c, _, _, _ := e.begun(); c.Outcome.Kind != OutcomeDone {
			return fmt.Errorf("a dispose without rooms is %v", c.Outcome)
		}
	}
	for n, c := range e.after.Calls {
		if c.Kind != KindDispose || c.Outcome.Kind == OutcomeGaveUp {
			continue
		}
		if e.after.releasing() != c.Pending() && (c.Pending() || slices.Contains(e.settled(), n+1)) {
			return fmt.Errorf("dispose %d is %v, but a room is being released: %t", n+1, c.Outcome, e.after.releasing())
		}
	}
	return nil
}

// "It marks the object disposed", and "rooms in the map are released concurrently", pending ones
// like ready ones.
func everyRoomIsReleased(e edge) error {
	if e.in.Kind != KindDispose {
		return nil
	}
	for i, inc := range e.after.Incarnations {
		if inc.inUse() {
			return fmt.Errorf("room %d of %s is %v after a dispose", i+1, inc.Name, inc.Life)
		}
	}
	return nil
}

// "Nothing is said of cancellation of a caller's wait. In Go: a context that ends stops the wait,
// not the shared operation."
func aCallerWhoGivesUp(e edge) error {
	if e.in.Kind != KindGiveUp {
		return nil
	}
	if len(e.outputs) != 1 || !slices.Equal(e.before.Incarnations, e.after.Incarnations) {
		return fmt.Errorf("giving up a call stops the operation: %v", e.outputs)
	}
	for n, c := range e.after.Calls {
		if was := e.before.Calls[n].Outcome; n+1 != e.in.Call && !was.Equal(c.Outcome) {
			return fmt.Errorf("call %d is not the call that gave up, but its outcome changes from %v to %v", n+1, was, c.Outcome)
		}
	}
	return nil
}
