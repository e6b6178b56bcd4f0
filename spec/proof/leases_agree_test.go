package proof

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/rooms"
)

// leasesComparer compares the relation of leases with the reference model and with the core.
type leasesComparer struct {
	*comparer
	core *fsm.Leases[string]
}

func newLeasesComparer(t testing.TB, p *Proof, b Bounds) *leasesComparer {
	j := &leasesComparer{newComparer(t, p, b), fsm.NewLeases[string]()}
	j.alphabet = model.LeasesAlphabet(model.Bounds{Calls: b.MaxCalls, Names: b.Names, Options: b.Options})
	return j
}

// model returns the state of the reference model that corresponds to s.
func (j *leasesComparer) model(s State) model.Leases {
	m := model.Leases{State: j.comparer.model(s)}
	for c := 1; c <= j.w.Bounds.MaxCalls; c++ {
		if j.w.Get(s, "acquires", c, 0) == 1 {
			m.Acquires = append(m.Acquires, c)
		}
		if j.w.Get(s, "closed", c, 0) == 1 {
			m.Closed = append(m.Closed, c)
		}
	}
	return m
}

// coreLeases returns the core's state for m: the open leases and, for each incarnation that is in
// use or leased, whether a get keeps it.
func coreLeases(m model.Leases) fsm.LeasesState[string] {
	s := fsm.LeasesState[string]{Rooms: core(m.State)}
	for _, call := range m.Acquires {
		if i := m.Leased(call); i != 0 && m.Open(call) {
			s.Open = append(s.Open, fsm.OpenLease{Call: fsm.Call(call), Incarnation: fsm.Incarnation(i),
				Name: m.Incarnations[i-1].Name})
		}
	}
	for n, inc := range m.Incarnations {
		i := fsm.Incarnation(n + 1)
		has := inc.Life < model.LifeReleasing ||
			slices.ContainsFunc(s.Open, func(l fsm.OpenLease) bool { return l.Incarnation == i })
		if has && m.Kept(n+1) {
			s.Kept = append(s.Kept, i)
		}
	}
	return s
}

// input returns the input that a step of the relation takes.
func (j *leasesComparer) input(action string, params []int, m model.Leases, next State) model.Input {
	call := len(m.Calls) + 1
	kind, _, _ := strings.Cut(action, ".")
	switch kind {
	case "Acquire":
		return model.Acquire(call, j.text(params[0]), j.text(params[1]))
	case "GetKeeps":
		return model.Get(call, j.text(params[0]), j.text(params[1]))
	case "ReleaseName":
		return model.Release(call, j.text(params[0]))
	case "DisposeAll":
		return model.Dispose(call)
	case "Close":
		return model.Close(params[0])
	case "GiveUpAcquire", "GiveUpOther":
		return model.GiveUp(params[0])
	}
	return model.Input{Kind: ends[j.w.Word(j.w.Get(next, "incs.ended", params[0], 0))], Incarnation: params[0]}
}

// step gives the core an input, and returns the outputs of all steps that follow.
func (j *leasesComparer) step(in model.Input) (outs []model.Output, err error) {
	to := fsm.RoomsInput[string]{Call: fsm.Call(in.Call), Name: in.Name, Options: in.Options}
	switch in.Kind {
	case model.KindAcquire:
		to.Kind = fsm.CallAcquire
	case model.KindClose:
		to.Kind = fsm.CloseLease
	default:
		to = rooms.ToCore(in)
	}
	err = j.core.Step(to, func(_ fsm.RoomsInput[string], step []fsm.RoomsOutput) {
		for _, out := range step {
			outs = append(outs, rooms.FromCore(out))
		}
	})
	return outs, err
}

// sorted returns outputs as sorted texts, since the states don't determine their order.
func sorted(outs []model.Output) (texts []string) {
	for _, out := range outs {
		texts = append(texts, fmt.Sprint(out))
	}
	slices.Sort(texts)
	return texts
}

// check is like [comparer.check], for leases. It skips inputs that would begin more calls than the
// bounds allow.
func (j *leasesComparer) check(s State) error {
	return agree(j.comparer, s, compared[model.Leases, fsm.LeasesState[string]]{
		model: j.model, input: j.input,
		step: func(m model.Leases, in model.Input) (after model.Leases, outs []model.Output, err error) {
			after, turns, err := m.Step(in)
			for _, turn := range turns {
				outs = append(outs, turn.Outputs...)
			}
			return after, outs, err
		},
		equal:    model.Leases.Equal,
		isBeyond: func(m model.Leases) bool { return len(m.Calls) > j.w.Bounds.MaxCalls },
		core:     coreLeases, restore: j.core.Restore, state: j.core.State, coreStep: j.step,
		outputs: func(m, after model.Leases, outs, coreOuts []model.Output) error {
			want := sorted(rooms.Outputs(m.State, after.State))
			if !slices.Equal(want, sorted(outs)) || !slices.Equal(want, sorted(coreOuts)) {
				return fmt.Errorf("the model's outputs are %v, the core's %v; by the states they are %v", outs, coreOuts, want)
			}
			return nil
		},
	})
}

// TestRelationModelAndCoreOfLeasesAgreeInUnreachableStates checks that relation, model and core of
// leases agree on every input. It checks every state of one name, two incarnations and three calls
// (without EVIDENCE, two) that satisfies the invariant of leases, reachable or not, and larger
// states drawn at random.
func TestRelationModelAndCoreOfLeasesAgreeInUnreachableStates(t *testing.T) {
	t.Parallel()
	p := read(t, "Leases")
	check := func(b Bounds, incs, calls int) (*leasesComparer, *states) {
		j := newLeasesComparer(t, p, b)
		e := newStates(t, p, j.w)
		e.incs, e.calls, e.history = incs, calls, true
		e.visit = func(s State) {
			if err := j.check(s); err != nil {
				t.Fatal(err)
			}
		}
		return j, e
	}
	calls, options, random := 2, []string{"x", "y"}, 50
	if os.Getenv("EVIDENCE") != "" {
		calls, options, random = 3, options[:1], 1000
	}
	small, e := check(Bounds{MaxCalls: 4, Names: []string{"a"}, Options: options}, 2, calls)
	e.all(small.w.Blank(), 1)
	large, e := check(Bounds{MaxCalls: 6, Names: []string{"a", "b"}, Options: []string{"x", "y"}}, 3, 5)
	r := rand.New(rand.NewPCG(14, 10))
	for large.states < random {
		e.random(r)
	}
	for _, s := range large.steps {
		if small.taken[s.Action.Name]+large.taken[s.Action.Name] == 0 {
			t.Errorf("%s is taken in no state", s.Action.Name)
		}
	}
	t.Logf("EVIDENCE agreement of=leases which=invariant states=%d random=%d refused=%d", small.states, large.states,
		small.refused+large.refused)
}

// TestAFaultyRelationOfLeasesIsNoticed checks that a relation of leases with a planted fault does
// not agree with the model and the core.
func TestAFaultyRelationOfLeasesIsNoticed(t *testing.T) {
	t.Parallel()
	sound := read(t, "Leases")
	for i := range Faults {
		f := &Faults[i]
		if f.Module != "Leases" {
			continue
		}
		p, err := f.With(root)
		if err != nil {
			t.Fatal(err)
		}
		j := newLeasesComparer(t, p, few["Leases"])
		var found error
		search(t, sound, j.w, func(s State) bool {
			found = j.check(s)
			return found != nil
		})
		if found == nil {
			t.Errorf("%s: relation, model and core still agree", f.Name)
		}
	}
}
