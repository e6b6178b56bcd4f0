package roommachine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/explore"
)

// Liveness returns the liveness properties of docs/room.md: one for each call within the bounds, and that of releases.
func Liveness(b Bounds) (list []explore.LeadsTo[*State]) {
	for n := 1; n <= b.Calls; n++ {
		list = append(list, explore.LeadsTo[*State]{
			Name: fmt.Sprintf("CallsSettle(%d)", n), // every call that begins is settled
			P:    func(s *State) bool { return n <= s.Room.Last && !s.settled(n) },
			Q:    func(s *State) bool { return n <= s.Room.Last && s.settled(n) },
		})
	}
	return append(list, explore.LeadsTo[*State]{
		Name: "ReleasesEnd", // every release that begins comes to its end, whoever waits for it
		P: func(s *State) bool {
			return s.Room.Op == model.OpRelease || slices.ContainsFunc(s.Room.Queue, func(e model.RoomEntry) bool { return e.Op == model.OpRelease })
		},
		Q: func(s *State) bool {
			return s.Room.Status == model.StatusReleased && s.Room.Op == model.OpNone && s.GivenBack == 1 && s.Running[3] == 0
		},
	})
}

// releaseDetaches is the conjunct that is strong, and of releases alone.
const releaseDetaches = "ReleaseDetaches"

// Fairness returns what liveness rests on. What the room asks the channel for ends in some way, and a pause ends (weak fairness); and
// the detach of a release, when it is tried again and again, succeeds at last (strong fairness).
func Fairness() []explore.Fairness[*Input] {
	of := func(kind model.RoomKind) func(*Input) bool { return func(in *Input) bool { return in.Kind == kind } }
	return []explore.Fairness[*Input]{
		{Name: "AttachEnds", Of: of(model.KindAttachEnded)},
		{Name: "DetachEnds", Of: of(model.KindDetachEnded)},
		{Name: "PauseEnds", Of: of(model.KindRetryDue)},
		{Name: "GiveBackEnds", Of: of(model.KindGiveBackEnded)},
		{Name: releaseDetaches, Of: func(in *Input) bool { return *in == model.DetachEnded(0) }, Strong: true},
	}
}

// Broken are the properties that fail, with a behaviour that shows it.
type Broken = []*explore.Lasso[*Input]

// LivenessReport is what CheckLiveness found.
type LivenessReport struct {
	States, Edges int
	Properties    int
	Broken        Broken            // under all of the fairness; none is a pass
	Vacuous       []string          // conjuncts whose action is never possible
	Without       map[string]Broken // by the name of the conjunct of fairness that was left out
}

// Err returns an error if a property fails, or if a conjunct of fairness asks for nothing or could be left out.
func (r *LivenessReport) Err() error {
	var errs []error
	for _, l := range r.Broken {
		errs = append(errs, errors.New(l.String()))
	}
	for _, name := range r.Vacuous {
		errs = append(errs, fmt.Errorf("%s can be taken in no state", name))
	}
	for name, broken := range r.Without {
		if len(broken) == 0 {
			errs = append(errs, fmt.Errorf("without %s every property holds: it is not needed", name))
		}
	}
	if r.States == 0 || r.Properties == 0 {
		errs = append(errs, errors.New("nothing was checked"))
	}
	return errors.Join(errs...)
}

// CheckLiveness builds the graph of a machine and checks every liveness property on it; and, if all hold, what becomes of them when
// one conjunct of fairness is left out.
func CheckLiveness(ctx context.Context, m Machine, b Bounds) (*LivenessReport, error) {
	space, err := explore.Build(ctx, m, explore.BuildOptions{SkipUnlikely: true})
	if err != nil {
		return nil, err
	}
	r := &LivenessReport{Without: map[string]Broken{}}
	r.States, r.Edges = space.Len()
	properties := Liveness(b)
	r.Properties = len(properties)
	check := func(conjuncts []explore.Fairness[*Input]) (broken Broken, err error) {
		fair := space.Fairly(conjuncts...)
		if err := fair.Only(releaseDetaches, func(s *State) bool { return s.Room.Op == model.OpRelease }); err != nil {
			return nil, err
		}
		r.Vacuous = fair.Vacuous()
		for _, p := range properties {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			l, err := fair.Check(p)
			if err != nil {
				return nil, err
			}
			if l != nil {
				broken = append(broken, l)
			}
		}
		return broken, nil
	}
	all := Fairness()
	if r.Broken, err = check(all); err != nil || len(r.Broken)+len(r.Vacuous) > 0 {
		return r, err
	}
	for i, left := range all {
		if r.Without[left.Name], err = check(slices.Delete(slices.Clone(all), i, i+1)); err != nil {
			return nil, err
		}
	}
	return r, nil
}
