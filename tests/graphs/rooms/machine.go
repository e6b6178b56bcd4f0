package rooms

import (
	"fmt"
	"strings"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Machine is the description of Rooms for package graphs.
type Machine = graphs.Machine[State, model.State, model.Input, model.Output]

// New returns the machine at the bounds, which must be in range ([Bounds.Check]).
func New(b Bounds) Machine {
	if err := b.Check(); err != nil {
		panic(err)
	}
	return Machine{
		Name: "rooms " + b.String(), Board: playlink.Rooms, Golden: fmt.Sprintf("graph/rooms/%d-%d-%d%s", b.Calls, b.Names, b.Options,
			map[bool]string{true: "-if"}[b.Conditional]),
		Inputs: model.Alphabet(b.Model()),
		Action: func(in model.Input) string { return in.Kind.String() },
		New:    func() graphs.Core[State, model.Input, model.Output] { return &core{rooms: fsm.NewRooms[string]()} },
		Key:    appendKey, View: view, Record: record, Agrees: agrees,

		Model:      model.State.Step,
		ModelKey:   func(dst []byte, m *model.State) []byte { return append(dst, m.Key()...) },
		Rules:      func(m model.State, in model.Input) string { return strings.Trim(fmt.Sprint(m.Explain(in)), "[]") },
		SameOutput: model.Output.Equal,
		Refused: func(err error) bool {
			return graphs.IsA[*fsm.RefusedError](err) || graphs.IsA[*model.RefusedError](err)
		},
		Likely:    likely,
		Canonical: func(s *State) { canonical(s) }, Orbit: func(s *State) uint64 { return orbit(*s, b) },

		Properties: properties(), Liveness: liveness(b), Fairness: fairness(b), Faults: faults(),
	}
}

// Sizes returns the machines whose sizes golden.json has, the smallest first.
func Sizes() (list []Machine) {
	for _, b := range []Bounds{{3, 2, 1, false}, {3, 2, 1, true}, {4, 1, 1, false}, {4, 1, 1, true}, {3, 2, 2, false}, {3, 2, 2, true},
		{4, 1, 2, false}, {4, 2, 2, false}, {5, 2, 2, false}} {
		list = append(list, New(b))
	}
	return list
}

// likely reports whether an input is likely to be taken: it begins the next call, gives up a call
// that is pending, or ends an opening or a release that is running.
func likely(m *model.State, in model.Input) bool {
	switch in.Kind {
	case model.KindGet, model.KindRelease, model.KindDispose, model.KindReleaseIf:
		return in.Call == len(m.Calls)+1
	case model.KindGiveUp:
		return in.Call <= len(m.Calls) && m.Calls[in.Call-1].Pending()
	}
	if in.Incarnation > len(m.Incarnations) {
		return false
	}
	work := model.WorkOpening
	if in.Kind == model.KindReleased || in.Kind == model.KindReleaseFailed {
		work = model.WorkClosing
	}
	return m.Incarnations[in.Incarnation-1].Work == work
}

type property = graphs.Property[model.State, model.Input, model.Output]

// properties returns the model's properties, and two about outputs: SettledOnce and OutputsInOrder.
// In docs/rooms.md, SettledOnce is under "Words", and OutputsInOrder under "Steps".
func properties() (list []property) {
	for _, p := range model.Properties() {
		next := property{Name: p.Name}
		if p.Check != nil {
			next.State = func(m *model.State) error { return p.Check(*m) }
		}
		if p.CheckStep != nil {
			next.Step = func(before *model.State, _ model.Input, _ []model.Output, after *model.State) error {
				return p.CheckStep(*before, *after)
			}
		}
		list = append(list, next)
	}
	return append(list, property{Name: "SettledOnce", Step: settledOnce},
		property{Name: "OutputsInOrder", Step: outputsInOrder})
}

// settledOnce checks that a step settles only calls that are pending, and each once.
func settledOnce(before *model.State, _ model.Input, outs []model.Output, _ *model.State) error {
	var settled Set
	for i := range outs {
		n := outs[i].Call
		if outs[i].Kind != model.OutputSettle {
			continue
		}
		if settled.has(n) || n <= len(before.Calls) && !before.Calls[n-1].Pending() {
			return fmt.Errorf("call %d is settled twice", n)
		}
		settled |= setOf(n)
	}
	return nil
}

// outputsInOrder checks that settled calls come first, by number, and then the others, by
// incarnation.
func outputsInOrder(_ *model.State, _ model.Input, outs []model.Output, _ *model.State) error {
	for i := 1; i < len(outs); i++ {
		a, b := &outs[i-1], &outs[i]
		ok := b.Kind != model.OutputSettle && a.Incarnation < b.Incarnation
		if a.Kind == model.OutputSettle {
			ok = b.Kind != model.OutputSettle || a.Call < b.Call
		}
		if !ok {
			return fmt.Errorf("%v comes before %v", a, b)
		}
	}
	return nil
}

// liveness returns the liveness properties of docs/rooms.md, for each call and each incarnation.
func liveness(b Bounds) (list []graphs.LeadsTo[model.State]) {
	for n := range b.Calls {
		begun := func(m *model.State) bool { return n < len(m.Calls) }
		list = append(list, graphs.LeadsTo[model.State]{
			Name: fmt.Sprintf("CallsSettle(%d)", n+1), // every call that begins is settled
			P:    func(m *model.State) bool { return begun(m) && m.Calls[n].Pending() },
			Q:    func(m *model.State) bool { return begun(m) && !m.Calls[n].Pending() },
		})
	}
	for n := range b.Calls {
		is := func(f func(model.Incarnation) bool) func(*model.State) bool {
			return func(m *model.State) bool { return n < len(m.Incarnations) && f(m.Incarnations[n]) }
		}
		released := func(i model.Incarnation) bool { return i.Life == model.LifeReleased }
		waits := func(i model.Incarnation) bool {
			return i.Life == model.LifeInitializing && i.Work == model.WorkNone
		}
		list = append(list, graphs.LeadsTo[model.State]{
			// an incarnation that waits is opened or released in the end
			Name: fmt.Sprintf("NoWedge(%d, waiting)", n+1),
			P:    is(waits),
			Q:    is(func(i model.Incarnation) bool { return i.Work == model.WorkOpening || released(i) }),
		}, graphs.LeadsTo[model.State]{
			// an incarnation that is being released is released in the end
			Name: fmt.Sprintf("NoWedge(%d, releasing)", n+1),
			P:    is(func(i model.Incarnation) bool { return i.Life == model.LifeReleasing }),
			Q:    is(released),
		})
	}
	return list
}

// fairness says that every opening and every release of the backend ends, well or badly.
func fairness(b Bounds) (list []graphs.Fairness[model.State, model.Input]) {
	for n := 1; n <= b.Calls; n++ {
		add := func(name string, good, bad model.Kind) {
			list = append(list, graphs.Fairness[model.State, model.Input]{Name: fmt.Sprintf("%s(%d)", name, n),
				Of: func(in model.Input) bool {
					return in.Incarnation == n && (in.Kind == good || in.Kind == bad)
				}})
		}
		add("OpeningEnds", model.KindOpened, model.KindOpenFailed)
		add("ClosingEnds", model.KindReleased, model.KindReleaseFailed)
	}
	return list
}
