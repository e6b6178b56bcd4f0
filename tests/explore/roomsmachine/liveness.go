package roomsmachine

import (
	"context"
	"errors"
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/tests/explore"
)

// Liveness returns the liveness properties of docs/rooms.md, one for each call and each incarnation within the bounds.
func Liveness(b Bounds) (list []explore.LeadsTo[*State]) {
	for n := range b.Calls {
		begun := func(s *State) bool { return n < int(s.NumCalls) }
		list = append(list, explore.LeadsTo[*State]{
			Name: fmt.Sprintf("CallsSettle(%d)", n+1), // every call that begins is settled
			P:    func(s *State) bool { return begun(s) && s.Calls[n].Pending() },
			Q:    func(s *State) bool { return begun(s) && !s.Calls[n].Pending() },
		})
	}
	for n := range b.Calls {
		is := func(s *State, f func(*Incarnation) bool) bool { return n < int(s.NumIncs) && f(&s.Incs[n]) }
		released := func(i *Incarnation) bool { return i.Life == fsm.Released }
		list = append(list, explore.LeadsTo[*State]{
			Name: fmt.Sprintf("NoWedge(%d, waiting)", n+1), // one that waits for its predecessor comes to be opening or released
			P:    func(s *State) bool { return is(s, (*Incarnation).waits) },
			Q: func(s *State) bool {
				return is(s, func(i *Incarnation) bool { return i.Work == fsm.Opening || released(i) })
			},
		}, explore.LeadsTo[*State]{
			Name: fmt.Sprintf("NoWedge(%d, releasing)", n+1), // one that is releasing comes to be released
			P:    func(s *State) bool { return is(s, (*Incarnation).releasing) },
			Q:    func(s *State) bool { return is(s, released) },
		})
	}
	return list
}

// Fairness returns what liveness rests on: every opening and every release that the backend was asked for ends in some way. There
// are two conjuncts for each incarnation, OpeningEnds(i) and ClosingEnds(i).
func Fairness(b Bounds) (list []explore.Fairness[*Input]) {
	for n := fsm.Incarnation(1); int(n) <= b.Calls; n++ {
		ends := func(kinds ...fsm.RoomsInputKind) func(*Input) bool {
			return func(in *Input) bool {
				return in.Core.Incarnation == n && (in.Core.Kind == kinds[0] || in.Core.Kind == kinds[1])
			}
		}
		list = append(list,
			explore.Fairness[*Input]{Name: fmt.Sprintf("OpeningEnds(%d)", n), Of: ends(fsm.Opened, fsm.OpenFailed)},
			explore.Fairness[*Input]{Name: fmt.Sprintf("ClosingEnds(%d)", n), Of: ends(fsm.ReleaseDone, fsm.ReleaseFailed)})
	}
	return list
}

// LivenessReport is what CheckLiveness found.
type LivenessReport struct {
	Bounds        Bounds
	States, Edges int
	Properties    int
	Broken        []*explore.Lasso[*Input] // properties that fail under all of the fairness; none is a pass
	Vacuous       []string                 // conjuncts whose action is never possible within the bounds
	Without       []Dropped                // what each of the others is there for
}

// Dropped says which property fails without one conjunct of fairness.
type Dropped struct {
	Conjunct string
	Lasso    *explore.Lasso[*Input] // nil if none fails: then the conjunct is not needed
}

// Err returns an error if a property fails, or if a conjunct of fairness that is not vacuous could be left out.
func (r *LivenessReport) Err() error {
	var errs []error
	for _, l := range r.Broken {
		errs = append(errs, errors.New(l.String()))
	}
	for _, d := range r.Without {
		if d.Lasso == nil {
			errs = append(errs, fmt.Errorf("without %s every property holds: it is not needed", d.Conjunct))
		}
	}
	if r.Properties == 0 || r.States == 0 {
		errs = append(errs, errors.New("nothing was checked"))
	}
	return errors.Join(errs...)
}

// CheckLiveness builds the graph of a machine at its bounds and checks every liveness property on it; and, if all hold, what becomes
// of them when one conjunct of fairness is left out.
func CheckLiveness[O any](ctx context.Context, m explore.Machine[*State, *Input, O], b Bounds) (*LivenessReport, error) {
	space, err := explore.Build(ctx, m, explore.BuildOptions{SkipUnlikely: true})
	if err != nil {
		return nil, err
	}
	r := &LivenessReport{Bounds: b}
	r.States, r.Edges = space.Len()
	properties, conjuncts := Liveness(b), Fairness(b)
	r.Properties = len(properties)
	fair := space.Fairly(conjuncts...)
	vacuous := map[string]bool{}
	for _, name := range fair.Vacuous() {
		vacuous[name] = true
		r.Vacuous = append(r.Vacuous, name)
	}
	for _, p := range properties {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		l, err := fair.Check(p)
		if err != nil {
			return nil, err
		}
		if l != nil {
			r.Broken = append(r.Broken, l)
		}
	}
	if len(r.Broken) > 0 {
		return r, nil
	}
	for i, left := range conjuncts {
		if vacuous[left.Name] {
			continue
		}
		d := Dropped{Conjunct: left.Name}
		rest := append(append([]explore.Fairness[*Input]{}, conjuncts[:i]...), conjuncts[i+1:]...)
		without := space.Fairly(rest...)
		for _, p := range properties {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if d.Lasso, err = without.Check(p); err != nil {
				return nil, err
			}
			if d.Lasso != nil {
				break
			}
		}
		r.Without = append(r.Without, d)
	}
	return r, nil
}
