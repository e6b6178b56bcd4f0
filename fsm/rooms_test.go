package fsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tests/graphs compares the Rooms core with the reference model, rule by rule. The tests here are
// about the core as a Go value: the order of its outputs, its clones, its keys and its text.

type (
	roomsInput = RoomsInput[string]
	roomsCore  = Rooms[string]
)

func get(c Call, name, options string) roomsInput {
	return roomsInput{Kind: CallGet, Call: c, Name: name, Options: options}
}
func release(c Call, name string) roomsInput {
	return roomsInput{Kind: CallRelease, Call: c, Name: name}
}
func dispose(c Call) roomsInput { return roomsInput{Kind: CallDispose, Call: c} }
func releaseIf(c Call, i Incarnation) roomsInput {
	return roomsInput{Kind: CallReleaseIf, Call: c, Incarnation: i}
}
func giveUp(c Call) roomsInput { return roomsInput{Kind: GiveUp, Call: c} }
func end(k RoomsInputKind, i Incarnation) roomsInput {
	return roomsInput{Kind: k, Incarnation: i}
}

func appendString(dst []byte, s string) []byte { return append(append(dst, byte(len(s))), s...) }

func roomsAfter(t testing.TB, inputs ...roomsInput) *roomsCore {
	t.Helper()
	r := NewRooms[string]()
	for _, in := range inputs {
		must(r.Step(in, nil))(t)
	}
	return r
}

func roomsStep(t testing.TB, r *roomsCore, in roomsInput, want string) {
	t.Helper()
	outs := must(r.Step(in, nil))(t)
	if got := names(outs, RoomsOutput.String); got != want {
		t.Errorf("%v outputs\n  %s\nexpected\n  %s", in, got, want)
	}
}

// roomsAlphabet returns inputs to try on r, whose next call and incarnation have small numbers. The
// core may accept or refuse them.
func roomsAlphabet(r *roomsCore) []roomsInput {
	next := r.NextCall()
	inputs := []roomsInput{get(next, "a", "x"), get(next, "a", "y"), get(next, "b", "x"), release(next, "a"), release(next, "b"), dispose(next),
		get(next+1, "a", "x"), release(next-1, "a"), dispose(0), {}, {Kind: 99, Call: next}}
	for c := Call(0); c <= next; c++ {
		inputs = append(inputs, giveUp(c))
	}
	for i := range r.lastInc + 2 {
		inputs = append(inputs, releaseIf(next, i))
		for _, k := range []RoomsInputKind{Opened, OpenFailed, ReleaseDone, ReleaseFailed} {
			inputs = append(inputs, end(k, i))
		}
	}
	return inputs
}

// Step outputs settled calls first, by number, then outputs for the backend, by incarnation
// (docs/rooms.md, "Steps"). A disposal, which visits a map, must do so too.
func TestRoomsOutputOrder(t *testing.T) {
	for range 20 { // the order of a map differs from run to run
		r := NewRooms[string]()
		var gets []roomsInput
		for i := range 8 {
			gets = append(gets, get(Call(i+1), string(rune('h'-i)), "x"))
		}
		gets = append(gets, get(9, "h", "x"), get(10, "a", "x"))
		for _, in := range gets {
			must(r.Step(in, nil))(t)
		}
		must(r.Step(end(Opened, 3), nil))(t)
		roomsStep(t, r, dispose(11), "settle(1, releasedBefore) settle(2, releasedBefore) settle(4, releasedBefore) settle(5, releasedBefore) "+
			"settle(6, releasedBefore) settle(7, releasedBefore) settle(8, releasedBefore) settle(9, releasedBefore) settle(10, releasedBefore) "+
			"abandon(#1) abandon(#2) release(#3) abandon(#4) abandon(#5) abandon(#6) abandon(#7) abandon(#8)")
	}
	// The end of a release settles dispose calls and release calls in the order of their numbers
	// (R21, R23).
	r := roomsAfter(t, get(1, "a", "x"), end(Opened, 1), release(2, "a"), dispose(3), release(4, "a"))
	roomsStep(t, r, end(ReleaseFailed, 1), "settle(2, releaseFailed #1) settle(3, failed {#1}) settle(4, releaseFailed #1)")
	// The opening of the successor comes after the settled calls (R21, R22).
	r = roomsAfter(t, get(1, "a", "x"), end(Opened, 1), release(2, "a"), release(3, "a"), get(4, "a", "y"))
	roomsStep(t, r, end(ReleaseDone, 1), "settle(2, done) settle(3, done) open(#2)")
}

// Step appends to the given outputs, and returns them unchanged when it refuses the input.
func TestRoomsStepAppends(t *testing.T) {
	r := NewRooms[string]()
	given := []RoomsOutput{{Kind: Open, Incarnation: 77}}
	outs := must(r.Step(get(1, "a", "x"), given))(t)
	if got := names(outs, RoomsOutput.String); got != "open(#77) open(#1)" {
		t.Errorf("got %s", got)
	}
	outs, err := r.Step(get(7, "a", "x"), given)
	if len(outs) != 1 || err == nil {
		t.Errorf("got %v, %v", outs, err)
	}
	// Dispose sorts only its own outputs.
	given = append(given, settle(5, Outcome{Kind: Done}))
	outs = must(r.Step(dispose(2), given))(t)
	if got := names(outs, RoomsOutput.String); got != "open(#77) settle(5, done) settle(1, releasedBefore) abandon(#1)" {
		t.Errorf("got %s", got)
	}
}

// An input that no rule names is refused with a reason, and changes nothing (docs/rooms.md, "Inputs
// that are refused").
func TestRoomsRefusals(t *testing.T) {
	r := roomsAfter(t, get(1, "a", "x"), get(2, "b", "y"), end(Opened, 2), release(3, "b"))
	for want, in := range map[string]roomsInput{
		"refused Get(6, a, x): it is not the next call":                         get(6, "a", "x"),
		"refused Release(3, a): it is not the next call":                        release(3, "a"),
		"refused Dispose(0): it is not the next call":                           dispose(0),
		"refused ReleaseIf(4, #3): no such incarnation was created":             releaseIf(4, 3),
		"refused ReleaseIf(4, #0): no such incarnation was created":             releaseIf(4, 0),
		"refused ReleaseIf(5, #1): it is not the next call":                     releaseIf(5, 1),
		"refused GiveUp(2): the call is not pending":                            giveUp(2),
		"refused GiveUp(0): the call is not pending":                            giveUp(0),
		"refused Opened(#2): the incarnation is not opening":                    end(Opened, 2),
		"refused OpenFailed(#9): the incarnation is not opening":                end(OpenFailed, 9),
		"refused Released(#1): the incarnation is not closing":                  end(ReleaseDone, 1),
		"refused ReleaseFailed(#0): the incarnation is not closing":             end(ReleaseFailed, 0),
		"refused unknown(#0): unknown kind of input":                            {},
		"refused unknown(200)(#3): unknown kind of input":                       {Kind: 200, Incarnation: 3},
		"refused Opened(#18446744073709551615): the incarnation is not opening": end(Opened, ^Incarnation(0)),
	} {
		before := r.Clone()
		outs, err := r.Step(in, nil)
		if refused := (*RefusedError)(nil); !errors.As(err, &refused) || err.Error() != want {
			t.Errorf("got %v, expected %s", err, want)
		}
		if len(outs) > 0 || !r.Equal(before) {
			t.Errorf("refused with %q, but outputs %v or a changed state", want, outs)
		}
	}
}

func TestRoomsPrint(t *testing.T) {
	for want, v := range map[string]fmt.Stringer{
		"Get(3, a, x)":       get(3, "a", "x"),
		"Release(4, a)":      release(4, "a"),
		"Dispose(5)":         dispose(5),
		"GiveUp(5)":          giveUp(5),
		"OpenFailed(#2)":     end(OpenFailed, 2),
		"settle(3, room #1)": settle(3, Outcome{Kind: GotRoom, Incarnation: 1}),
		"settle(3, gaveUp)":  settle(3, Outcome{Kind: GaveUp}),
		"openFailed #2":      Outcome{Kind: RejectedOpenFailed, Incarnation: 2},
		"releaseFailed #2":   Outcome{Kind: RejectedReleaseFailed, Incarnation: 2},
		"differentOptions":   Outcome{Kind: RejectedOptions, Incarnation: 2},
		"failed {#2 #5}":     Outcome{Kind: DisposeFailed, Failed: []Incarnation{2, 5}},
		"abandon(#2)":        RoomsOutput{Kind: Abandon, Incarnation: 2},
		"release(#2)":        RoomsOutput{Kind: Release, Incarnation: 2},
	} {
		if got := v.String(); got != want {
			t.Errorf("got %s, expected %s", got, want)
		}
	}
}

func TestOutcomeEqual(t *testing.T) {
	a := Outcome{Kind: DisposeFailed, Failed: []Incarnation{1, 2}}
	for _, b := range []Outcome{{Kind: Done, Failed: a.Failed}, {Kind: DisposeFailed, Failed: []Incarnation{1}},
		{Kind: DisposeFailed, Failed: []Incarnation{1, 3}}, {Kind: DisposeFailed, Incarnation: 1, Failed: a.Failed}} {
		if a.Equal(b) || b.Equal(a) {
			t.Errorf("%v equals %v", a, b)
		}
	}
	if !a.Equal(Outcome{Kind: DisposeFailed, Failed: []Incarnation{1, 2}}) {
		t.Error("equal outcomes are not equal")
	}
}

func TestRoomsGetters(t *testing.T) {
	r := NewRooms[string]()
	check := func(name string, id Incarnation, life Life, ok bool) {
		t.Helper()
		if i, l, o := r.InUse(name); i != id || l != life || o != ok {
			t.Errorf("InUse(%s) returns %d, %v, %t; expected %d, %v, %t", name, i, l, o, id, life, ok)
		}
	}
	check("a", 0, Released, false)
	for _, s := range []struct {
		in       roomsInput
		id       Incarnation
		life     Life
		disposal Disposal
	}{
		{get(1, "a", "x"), 1, Initializing, NotDisposed},
		{end(Opened, 1), 1, Ready, NotDisposed},
		{release(2, "a"), 0, Released, NotDisposed},
		{get(3, "a", "y"), 2, Initializing, NotDisposed},
		{end(ReleaseDone, 1), 2, Initializing, NotDisposed},
		{dispose(4), 0, Released, Disposing},
		{end(OpenFailed, 2), 0, Released, Disposed},
	} {
		must(r.Step(s.in, nil))(t)
		check("a", s.id, s.life, s.id != 0)
		if r.Disposal() != s.disposal {
			t.Errorf("after %v, Disposal returns %v, expected %v", s.in, r.Disposal(), s.disposal)
		}
		if s.id == 2 {
			if name, options := r.Describe(2); name != "a" || options != "y" {
				t.Errorf("Describe(2) returns %q, %q", name, options)
			}
		}
	}
	if name, options := r.Describe(2); name != "" || options != "" {
		t.Errorf("Describe of a released incarnation returns %q, %q", name, options)
	}
	if r.NextCall() != 5 {
		t.Errorf("the next call is %d", r.NextCall())
	}
}

// State is sorted by number, holds the whole state, and shares nothing with the core.
func TestRoomsState(t *testing.T) {
	r := roomsAfter(t, get(1, "c", "x"), get(2, "b", "y"), get(3, "a", "x"), end(Opened, 2), get(4, "a", "x"), release(5, "b"), get(6, "b", "x"),
		release(7, "b"), end(Opened, 1), dispose(8), end(ReleaseFailed, 1))
	state := r.State()
	want := RoomsState[string]{
		NextCall: 9, LastCreated: 4, Disposal: "disposing", Disposers: []Call{8}, Failed: []Incarnation{1},
		Incarnations: []IncarnationState[string]{
			{Incarnation: 2, Name: "b", Options: "y", Life: "releasing", Work: "closing", Waiters: []Call{5, 7}},
			{Incarnation: 3, Name: "a", Options: "x", Life: "releasing", Work: "opening"},
		},
	}
	if diff := cmp.Diff(want, state); diff != "" {
		t.Errorf("the state differs (-expected +got):\n%s", diff)
	}
	before := r.Clone()
	state.Disposers[0], state.Failed[0], state.Incarnations[0].Waiters[0] = 77, 77, 77
	if !r.Equal(before) || cmp.Diff(want, r.State()) != "" {
		t.Error("the core changed with its state")
	}
	text := string(must(json.Marshal(want))(t))
	if !strings.Contains(text, `{"incarnation":2,"name":"b","options":"y","life":"releasing","work":"closing","waiters":[5,7]}`) {
		t.Errorf("as JSON: %s", text)
	}
	if empty := string(must(json.Marshal(NewRooms[string]().State()))(t)); empty != `{"nextCall":1,"incarnations":[],"disposal":"no","lastCreated":0}` {
		t.Errorf("the state of a core without rooms is %s", empty)
	}
}

// Equal states are equal values whatever steps led to them: a list that became empty equals one
// that was never filled.
func TestRoomsStateForgetsHistory(t *testing.T) {
	a := roomsAfter(t, get(1, "a", "x"), end(Opened, 1), release(2, "a"), giveUp(2), dispose(3), giveUp(3))
	b := roomsAfter(t, get(1, "a", "x"), end(Opened, 1), dispose(2), giveUp(2), dispose(3), giveUp(3))
	if !a.Equal(b) || !reflect.DeepEqual(a.State(), b.State()) {
		t.Errorf("two cores in the same state: Equal returns %t, and State returns\n%#v\nand\n%#v", a.Equal(b), a.State(), b.State())
	}
}

// TestRoomsWalk visits every state that three calls can reach, and tries every input in each. It
// checks that refused inputs change nothing; that Equal, the key and State agree; that a
// clone does what its original does; and that a step of one doesn't change the other.
func TestRoomsWalk(t *testing.T) {
	key := func(r *roomsCore) string { return string(r.AppendKey(nil, appendString)) }
	first := NewRooms[string]()
	seen := map[string]*roomsCore{key(first): first}
	states := map[string]string{} // the key of each state, by the state's text
	queue := []*roomsCore{first}
	for len(queue) > 0 {
		r := queue[0]
		queue = queue[1:]
		k := key(r)
		text := fmt.Sprintf("%#v", r.State())
		if other, ok := states[text]; ok && other != k {
			t.Fatalf("the state %s has two keys", text)
		}
		states[text] = k
		for _, in := range roomsAlphabet(r) {
			if in.Kind <= CallReleaseIf && in.Call > 3 {
				continue
			}
			c := r.Clone()
			outs, err := c.Step(in, nil)
			if key(r) != k {
				t.Fatalf("%s: %v on a clone changed the original", text, in)
			}
			if err != nil {
				if len(outs) > 0 || !c.Equal(r) || key(c) != k {
					t.Fatalf("%s: %v is refused, but changes the state or has outputs", text, in)
				}
				continue
			}
			if c.Equal(r) || r.Equal(c) {
				t.Fatalf("%s: %v is accepted, but Equal returns true for the state before and the state after", text, in)
			}
			old, ok := seen[key(c)]
			if !ok {
				seen[key(c)] = c
				queue = append(queue, c)
				continue
			}
			if !old.Equal(c) || !c.Equal(old) || !reflect.DeepEqual(old.State(), c.State()) {
				t.Fatalf("two states have the same key:\n%#v\n%#v", old.State(), c.State())
			}
		}
		if key(r) != k {
			t.Fatalf("%s: steps of clones changed the original", text)
		}
	}
	// Equal is false for different states. Each state is compared with its neighbours in the order
	// of keys, which are most like it.
	keys := slices.Sorted(func(yield func(string) bool) {
		for k := range seen {
			if !yield(k) {
				return
			}
		}
	})
	for i, k := range keys {
		for _, l := range keys[max(0, i-20):i] {
			if seen[k].Equal(seen[l]) {
				t.Fatalf("the state %#v has two keys, or Equal is wrong", seen[k].State())
			}
		}
	}
	t.Logf("%d states", len(seen))
	if len(seen) < 300 || len(states) != len(seen) {
		t.Errorf("there are %d keys, but %d different states", len(seen), len(states))
	}
}

// Different names and options have different keys, also if only the border between a name and its
// options differs.
func TestRoomsKeyIsUnambiguous(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"a", "ab", "a\x01", "a\x01x"} {
		for _, options := range []string{"", "x", "b", "\x00", "\x01x"} {
			k := string(roomsAfter(t, get(1, name, options)).AppendKey([]byte("prefix"), appendString))
			if other, ok := seen[k]; ok || !strings.HasPrefix(k, "prefix") {
				t.Errorf("the name %q with the options %q has the key of %s", name, options, other)
			}
			seen[k] = fmt.Sprintf("%q %q", name, options)
		}
	}
}

// The same inputs give the same outputs and the same state, and a clone continues as its original
// does.
func TestRoomsAreDeterministic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := NewRooms[string](), NewRooms[string]()
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			in := rapid.SampledFrom(roomsAlphabet(a)).Draw(t, "input")
			before := a.Clone()
			aOuts, aErr := a.Step(in, nil)
			bOuts, bErr := b.Step(in, nil)
			if diff := cmp.Diff(aOuts, bOuts); diff != "" || (aErr == nil) != (bErr == nil) || !a.Equal(b) {
				t.Fatalf("%v: two equal cores return the errors %v and %v, or their states differ:\n%s", in, aErr, bErr, diff)
			}
			b = before // the clone takes the step below, which a has taken
			if _, err := b.Step(in, nil); (err == nil) != (aErr == nil) || !a.Equal(b) {
				t.Fatalf("%v: a clone behaves differently", in)
			}
		}
	})
}

// The list of an outcome doesn't change when later releases fail (R15).
func TestRoomsOutcomesKeepTheirFailures(t *testing.T) {
	r := roomsAfter(t, get(1, "a", "x"), get(2, "b", "x"), end(Opened, 1), end(Opened, 2), dispose(3), end(ReleaseFailed, 2))
	outs := must(r.Step(end(ReleaseFailed, 1), nil))(t)
	if len(outs) != 1 || outs[0].String() != "settle(3, failed {#1 #2})" {
		t.Fatalf("got %v", outs)
	}
	c := r.Clone()
	roomsStep(t, c, dispose(4), "settle(4, failed {#1 #2})")
	c.failed[0] = 77
	if outs[0].String() != "settle(3, failed {#1 #2})" || r.failed[0] != 1 {
		t.Error("a clone and its original share the list of failed releases")
	}
}

// A get of a ready room allocates nothing in the core.
func TestRoomsReadyGetAllocatesNothing(t *testing.T) {
	r := roomsAfter(t, get(1, "a", "x"), end(Opened, 1))
	outs := make([]RoomsOutput, 0, 4)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := r.Step(get(r.NextCall(), "a", "x"), outs); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("a get of a ready room caused %v allocations", n)
	}
}
