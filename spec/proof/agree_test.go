package proof

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/rooms"
)

// comparer compares the relation with the reference model and with the core, in any state.
type comparer struct {
	w        *Small
	steps    []*Steps
	alphabet []model.Input
	core     *fsm.Rooms[string]
	states   int
	taken    map[string]int // number of steps, by action
	refused  int
}

func newComparer(t testing.TB, p *Proof, b Bounds) *comparer {
	w := NewSmall(p.System, b)
	return &comparer{w: w, steps: steps(t, w, p.Actions), core: fsm.NewRooms[string](), taken: map[string]int{},
		alphabet: model.Alphabet(model.Bounds{Calls: b.MaxCalls, Names: b.Names, Options: b.Options, Conditional: b.Conditional})}
}

// text returns the text of the name with the number n, or "" if there is none.
func (j *comparer) text(n int) string {
	if n == 0 {
		return ""
	}
	return slices.Concat(j.w.Bounds.Names, j.w.Bounds.Options)[n-1]
}

var (
	kinds    = enumeration(model.KindGet, model.KindReleaseIf)
	outcomes = enumeration(model.OutcomePending, model.OutcomeGaveUp)
	lives    = enumeration(model.LifeInitializing, model.LifeReleased)
	works    = enumeration(model.WorkNone, model.WorkClosing)
	ends     = enumeration(model.KindOpened, model.KindReleaseFailed)
)

// enumeration returns the values of an enumeration, by their texts.
func enumeration[T interface {
	~uint8
	fmt.Stringer
}](first, last T) map[string]T {
	all := map[string]T{}
	for v := first; v <= last; v++ {
		all[v.String()] = v
	}
	return all
}

// model returns the state of the reference model that corresponds to s.
func (j *comparer) model(s State) (m model.State) {
	get := func(symbol string, i int) int { return j.w.Get(s, symbol, i, 0) }
	word := func(symbol string, i int) string { return j.w.Word(get(symbol, i)) }
	set := func(symbol string, i int) (all []int) {
		for n := 1; n <= j.w.Bounds.MaxCalls; n++ {
			if i == 0 && get(symbol, n) == 1 || i > 0 && j.w.Get(s, symbol, i, n) == 1 {
				all = append(all, n)
			}
		}
		return all
	}
	for c := 1; c <= j.w.Bounds.MaxCalls && word("calls.op", c) != "none"; c++ {
		m.Calls = append(m.Calls, model.Call{Kind: kinds[word("calls.op", c)],
			Name: j.text(get("calls.name", c)), Options: j.text(get("calls.opt", c)), Of: get("calls.of", c),
			WaitsFor: get("calls.waits", c), Outcome: model.Outcome{Kind: outcomes[word("calls.out", c)],
				Incarnation: get("calls.ref", c), Failed: set("calls.bad", c)}})
	}
	for i := 1; i <= j.w.Bounds.MaxCalls && word("incs.life", i) != "none"; i++ {
		m.Incarnations = append(m.Incarnations, model.Incarnation{Name: j.text(get("incs.name", i)),
			Options: j.text(get("incs.opt", i)), Life: lives[word("incs.life", i)],
			Work: works[word("incs.work", i)], Ended: ends[word("incs.ended", i)]})
	}
	m.Failed = set("failed", 0)
	return m
}

// core returns the core's state: the part of m that the core stores.
func core(m model.State) fsm.RoomsState[string] {
	s := fsm.RoomsState[string]{NextCall: fsm.Call(len(m.Calls) + 1), LastCreated: fsm.Incarnation(len(m.Incarnations)),
		Disposal: "no", Incarnations: []fsm.IncarnationState[string]{}}
	releasing := false
	for i, inc := range m.Incarnations {
		if inc.Life == model.LifeReleased {
			continue
		}
		releasing = releasing || inc.Life == model.LifeReleasing
		kept := fsm.IncarnationState[string]{Incarnation: fsm.Incarnation(i + 1), Name: inc.Name,
			Options: inc.Options, Life: inc.Life.String(), Work: inc.Work.String()}
		for c, call := range m.Calls {
			if call.Pending() && call.WaitsFor == i+1 {
				kept.Waiters = append(kept.Waiters, fsm.Call(c+1))
			}
		}
		s.Incarnations = append(s.Incarnations, kept)
	}
	for c, call := range m.Calls {
		if call.Kind != model.KindDispose {
			continue
		}
		s.Disposal = map[bool]string{true: "disposing", false: "disposed"}[releasing]
		if call.Pending() {
			s.Disposers = append(s.Disposers, fsm.Call(c+1))
		}
	}
	for _, i := range m.Failed {
		s.Failed = append(s.Failed, fsm.Incarnation(i))
	}
	return s
}

// input returns the input that a step of the relation takes.
func (j *comparer) input(action string, params []int, m model.State) model.Input {
	next := len(m.Calls) + 1
	kind := action
	for _, k := range []string{"ReleaseIf", "ReleaseFailed", "Released", "OpenFailed", "Opened", "Get", "Release", "Dispose", "GiveUp"} {
		if strings.HasPrefix(action, k) {
			kind = k
			break
		}
	}
	switch kind {
	case "Get":
		return model.Input{Kind: model.KindGet, Call: next, Name: j.text(params[0]), Options: j.text(params[1])}
	case "Release":
		return model.Input{Kind: model.KindRelease, Call: next, Name: j.text(params[0])}
	case "Dispose":
		return model.Input{Kind: model.KindDispose, Call: next}
	case "ReleaseIf":
		return model.Input{Kind: model.KindReleaseIf, Call: next, Incarnation: params[0]}
	case "GiveUp":
		return model.Input{Kind: model.KindGiveUp, Call: params[0]}
	}
	return model.Input{Kind: map[string]model.Kind{"Opened": model.KindOpened, "OpenFailed": model.KindOpenFailed,
		"Released": model.KindReleased, "ReleaseFailed": model.KindReleaseFailed}[kind], Incarnation: params[0]}
}

// compared is what [agree] compares the relation with: a reference model with states M, and
// a core whose states are described by C.
type compared[M, C any] struct {
	model func(State) M
	// input returns the input that a step of the relation takes.
	input func(action string, params []int, m M, next State) model.Input
	step  func(m M, in model.Input) (after M, outs []model.Output, err error)
	equal func(a, b M) bool
	// isBeyond reports whether a state has more calls than the bounds allow, so that a step to it
	// is skipped. If it is nil, no step is.
	isBeyond func(M) bool

	core     func(M) C // the core's state for a state of the model
	restore  func(C) error
	state    func() C
	coreStep func(model.Input) ([]model.Output, error)
	// outputs checks the outputs of the model and of the core in a step.
	outputs func(m, after M, outs, coreOuts []model.Output) error
}

// check compares relation, model and core in a state, as [agree] says.
func (j *comparer) check(s State) error {
	return agree(j, s, compared[model.State, fsm.RoomsState[string]]{
		model: j.model,
		input: func(action string, params []int, m model.State, _ State) model.Input {
			return j.input(action, params, m)
		},
		step: model.State.Step, equal: model.State.Equal,
		core: core, restore: j.core.Restore, state: j.core.State,
		coreStep: func(in model.Input) (outs []model.Output, err error) {
			step, err := j.core.Step(rooms.ToCore(in), nil)
			for _, out := range step {
				outs = append(outs, rooms.FromCore(out))
			}
			return outs, err
		},
		outputs: func(m, after model.State, outs, coreOuts []model.Output) error {
			want := rooms.Outputs(m, after)
			if !slices.EqualFunc(want, outs, model.Output.Equal) || !slices.EqualFunc(want, coreOuts, model.Output.Equal) {
				return fmt.Errorf("the model's outputs are %v, the core's %v; by the states they are %v", outs, coreOuts, want)
			}
			return nil
		},
	})
}

// agree tries every input in a state. Either the relation has exactly one step for it, the model's,
// and the core makes the same step with the model's outputs. Or the relation has none, and model
// and core refuse the input and don't change.
func agree[M, C any](j *comparer, s State, c compared[M, C]) error {
	j.states++
	m := c.model(s)
	relation := map[model.Input]map[string]State{}
	for _, steps := range j.steps {
		steps.Each(s, func(params []int, next State) {
			j.taken[steps.Action.Name]++
			in := c.input(steps.Action.Name, params, m, next)
			if relation[in] == nil {
				relation[in] = map[string]State{}
			}
			relation[in][key(next)] = next
		})
	}
	before := c.core(m)
	changed := true // whether the core's state may have changed since it was restored
	var refused []model.Input
	unchanged := func() error {
		if len(refused) > 0 && !reflect.DeepEqual(c.state(), before) {
			return fmt.Errorf("%v\none of %v is refused, but changes the core", m, refused)
		}
		refused = refused[:0]
		return nil
	}
	for _, in := range j.alphabet {
		ways := relation[in]
		delete(relation, in)
		after, outs, err := c.step(m, in)
		if err == nil && len(ways) == 0 && c.isBeyond != nil && c.isBeyond(after) {
			continue
		}
		if len(ways) > 0 {
			if err := unchanged(); err != nil {
				return err
			}
		}
		if changed {
			if err := c.restore(before); err != nil {
				return fmt.Errorf("%v\nthe core can't be restored: %w", m, err)
			}
			changed = false
		}
		coreOuts, coreErr := c.coreStep(in)
		if (err == nil) != (len(ways) == 1) || (err == nil) != (coreErr == nil) {
			return fmt.Errorf("%v\n%v: the relation has %d steps, the model says %v, the core %v", m, in, len(ways), err, coreErr)
		}
		if err != nil {
			j.refused++
			if refused = append(refused, in); len(coreOuts) > 0 {
				return fmt.Errorf("%v\n%v is refused, but has outputs", m, in)
			}
			continue
		}
		changed = true
		for _, next := range ways {
			now := c.model(next)
			if !c.equal(now, after) {
				return fmt.Errorf("%v\n%v leads by the relation to\n%v\nand by the model to\n%v", m, in, now, after)
			}
			if got, want := c.state(), c.core(now); !reflect.DeepEqual(got, want) {
				return fmt.Errorf("%v\n%v leads the core to\n%+v\nand by the relation to\n%+v", m, in, got, want)
			}
		}
		if err := c.outputs(m, after, outs, coreOuts); err != nil {
			return fmt.Errorf("%v\n%v: %w", m, in, err)
		}
	}
	for in := range maps.Keys(relation) {
		return fmt.Errorf("%v\nthe relation takes %v, which is not an input", m, in)
	}
	return unchanged()
}

var two = Bounds{MaxCalls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}, Conditional: true}

// TestRelationModelAndCoreAgreeWhereverCallsLead checks that relation, model and core agree on
// every input, in every state that can be reached with two names, two options and three calls.
func TestRelationModelAndCoreAgreeWhereverCallsLead(t *testing.T) {
	t.Parallel()
	p := readRooms(t)
	j := newComparer(t, p, two)
	first := j.w.Blank()
	seen := map[string]bool{key(first): true}
	queue := []State{first}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		if err := j.check(s); err != nil {
			t.Fatal(err)
		}
		for _, steps := range j.steps {
			steps.Each(s, func(_ []int, next State) {
				if k := key(next); !seen[k] {
					seen[k] = true
					queue = append(queue, next)
				}
			})
		}
	}
	for _, s := range j.steps {
		if j.taken[s.Action.Name] == 0 {
			t.Logf("%s is taken nowhere", s.Action.Name)
		}
	}
	t.Logf("EVIDENCE agreement of=rooms which=reachable states=%d refused=%d", j.states, j.refused)
}
