package fsm

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func restoreKey(r *Rooms[string]) []byte {
	return r.AppendKey(nil, func(dst []byte, o string) []byte { return append(append(dst, byte(len(o))), o...) })
}

// Restore puts one core into every state that a few calls lead to. In each state, that core must do
// the same as the core whose state it is.
func TestRestoreGivesTheSameCore(t *testing.T) {
	t.Parallel()
	const calls = 3
	inputs := func(next Call) (all []RoomsInput[string]) {
		for _, name := range []string{"a", "b"} {
			all = append(all, RoomsInput[string]{Kind: CallGet, Call: next, Name: name, Options: "x"},
				RoomsInput[string]{Kind: CallGet, Call: next, Name: name, Options: "y"},
				RoomsInput[string]{Kind: CallRelease, Call: next, Name: name})
		}
		all = append(all, RoomsInput[string]{Kind: CallDispose, Call: next})
		for i := range Incarnation(3) {
			all = append(all, RoomsInput[string]{Kind: CallReleaseIf, Call: next, Incarnation: i + 1})
		}
		for n := 1; n <= calls; n++ {
			all = append(all, RoomsInput[string]{Kind: GiveUp, Call: Call(n)})
			for _, kind := range []RoomsInputKind{Opened, OpenFailed, ReleaseDone, ReleaseFailed} {
				all = append(all, RoomsInput[string]{Kind: kind, Incarnation: Incarnation(n)})
			}
		}
		return all
	}
	seen := map[string]bool{}
	restored := NewRooms[string]()
	var state RoomsState[string]
	for queue := []*Rooms[string]{NewRooms[string]()}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		at.StateInto(&state)
		if full := at.State(); !reflect.DeepEqual(full, normal(state)) {
			t.Fatalf("StateInto writes %+v, but State returns %+v", state, full)
		}
		for _, in := range inputs(at.NextCall()) {
			if in.Kind <= CallReleaseIf && in.Call > calls {
				continue
			}
			want := at.Clone()
			wantOuts, wantErr := want.Step(in, nil)
			if err := restored.Restore(state); err != nil {
				t.Fatalf("%+v: %v", state, err)
			}
			if !restored.Equal(at) || !bytes.Equal(restoreKey(restored), restoreKey(at)) {
				t.Fatalf("Restore gives %+v, expected %+v", restored.State(), at.State())
			}
			outs, err := restored.Step(in, nil)
			if !reflect.DeepEqual(outs, wantOuts) || !reflect.DeepEqual(err, wantErr) || !restored.Equal(want) ||
				!bytes.Equal(restoreKey(restored), restoreKey(want)) {
				t.Fatalf("after Restore of %[2]v, %[1]v returns %[3]v, %[4]v; the original returns %[5]v, %[6]v", in, state, outs, err, wantOuts, wantErr)
			}
			if key := string(restoreKey(want)); !seen[key] {
				seen[key] = true
				queue = append(queue, want)
			}
		}
	}
	if len(seen) < 1000 {
		t.Errorf("only %d states were restored", len(seen))
	}
}

// normal returns the state with empty lists as State would return them.
func normal(s RoomsState[string]) RoomsState[string] {
	s.Disposers, s.Failed = copied(s.Disposers), copied(s.Failed)
	list := make([]IncarnationState[string], 0, len(s.Incarnations))
	for _, inc := range s.Incarnations {
		inc.Waiters = copied(inc.Waiters)
		list = append(list, inc)
	}
	s.Incarnations = list
	return s
}

func TestRestoreRefusesWhatNoCoreHolds(t *testing.T) {
	t.Parallel()
	good := func() RoomsState[string] {
		return RoomsState[string]{NextCall: 4, LastCreated: 2, Disposal: "no", Incarnations: []IncarnationState[string]{
			{Incarnation: 1, Name: "a", Options: "x", Life: "releasing", Work: "closing", Waiters: []Call{2}},
			{Incarnation: 2, Name: "a", Options: "x", Life: "initializing", Work: "none", Waiters: []Call{3}},
		}}
	}
	if err := NewRooms[string]().Restore(good()); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(*RoomsState[string]){
		"no disposal":         func(s *RoomsState[string]) { s.Disposal = "maybe" },
		"the next call":       func(s *RoomsState[string]) { s.NextCall = 0 },
		"both in use":         func(s *RoomsState[string]) { s.Incarnations[0].Life = "ready" },
		"both being released": func(s *RoomsState[string]) { s.Incarnations[1].Life = "releasing" },
		`is "released"`:       func(s *RoomsState[string]) { s.Incarnations[1].Life = "released" },
		`with work "joy"`:     func(s *RoomsState[string]) { s.Incarnations[1].Work = "joy" },
		"was not created":     func(s *RoomsState[string]) { s.LastCreated = 1 },
		"is listed twice":     func(s *RoomsState[string]) { s.Incarnations[1].Incarnation = 1 },
		"waits twice":         func(s *RoomsState[string]) { s.Incarnations[1].Waiters = []Call{2} },
		"call 5 has not":      func(s *RoomsState[string]) { s.Incarnations[1].Waiters = []Call{5} },
		"call 9 has not beg":  func(s *RoomsState[string]) { s.Disposers = []Call{9} },
	} {
		s := good()
		spoil(&s)
		if err := NewRooms[string]().Restore(s); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("Restore returned the error %v, expected one with %q", err, what)
		}
	}
}
