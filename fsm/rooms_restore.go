package fsm

import (
	"fmt"
	"slices"
)

// StateInto writes the same state as [Rooms.State] into s, and reuses the memory of s. Lists that
// are nil in the state that State returns may be empty in s.
func (r *Rooms[O]) StateInto(s *RoomsState[O]) {
	s.NextCall, s.LastCreated, s.Disposal = r.NextCall(), r.lastInc, r.disposal.String()
	s.Disposers = append(s.Disposers[:0], r.disposers...)
	s.Failed = append(s.Failed[:0], r.failed...)
	list := s.Incarnations[:0]
	for id, inc := range r.incs {
		if len(list) < cap(list) {
			list = list[:len(list)+1]
		} else {
			list = append(list, IncarnationState[O]{})
		}
		to := &list[len(list)-1]
		to.Incarnation, to.Name, to.Options = id, inc.name, inc.options
		to.Life, to.Work = inc.life.String(), inc.work.String()
		to.Waiters = append(to.Waiters[:0], inc.waiters...)
	}
	slices.SortFunc(list, func(a, b IncarnationState[O]) int { return int(int64(a.Incarnation) - int64(b.Incarnation)) })
	s.Incarnations = list
}

// Restore puts the core into a state that [Rooms.State] returned, of this core or of another; from
// then on, both cores do the same. It shares no memory with s. It refuses a state that no core can
// be in with an error; the core must not be used after that.
func (r *Rooms[O]) Restore(s RoomsState[O]) error {
	disposal := slices.Index(disposalNames[:], s.Disposal)
	if disposal < 0 {
		return fmt.Errorf("fsm: no disposal is %q", s.Disposal)
	}
	if s.NextCall < 1 {
		return fmt.Errorf("fsm: the next call can't be %d", s.NextCall)
	}
	r.lastCall, r.lastInc, r.disposal, r.releasing = s.NextCall-1, s.LastCreated, Disposal(disposal), 0
	r.disposers = append(r.disposers[:0], s.Disposers...)
	r.failed = slices.Clone(s.Failed) // outcomes share it
	clear(r.names)
	clear(r.incs)
	clear(r.waits)
	for i := range s.Incarnations {
		if err := r.restoreIncarnation(&s.Incarnations[i]); err != nil {
			return err
		}
	}
	for _, c := range r.disposers {
		if c < 1 || c > r.lastCall {
			return fmt.Errorf("fsm: call %d has not begun", c)
		}
	}
	return nil
}

func (r *Rooms[O]) restoreIncarnation(from *IncarnationState[O]) error {
	life, work := slices.Index(lifeNames[:], from.Life), slices.Index(workNames[:], from.Work)
	if life < 0 || work < 0 || Life(life) == Released {
		return fmt.Errorf("fsm: incarnation %d is %q with work %q, which is not possible", from.Incarnation, from.Life, from.Work)
	}
	if from.Incarnation < 1 || from.Incarnation > r.lastInc || r.incs[from.Incarnation] != nil {
		return fmt.Errorf("fsm: incarnation %d was not created, or is listed twice", from.Incarnation)
	}
	inc := &incarnation[O]{id: from.Incarnation, name: from.Name, options: from.Options, life: Life(life), work: Work(work)}
	r.incs[inc.id] = inc
	s := r.names[inc.name]
	if s == nil {
		s = &slot[O]{}
		r.names[inc.name] = s
	}
	place, what := &s.use, "in use"
	if inc.life == Releasing {
		place, what = &s.rel, "being released"
		r.releasing++
	}
	if *place != nil {
		return fmt.Errorf("fsm: incarnations %d and %d of %q are both %s", (*place).id, inc.id, inc.name, what)
	}
	*place = inc
	for _, c := range from.Waiters {
		if _, twice := r.waits[c]; twice || c < 1 || c > r.lastCall {
			return fmt.Errorf("fsm: call %d has not begun, or waits twice", c)
		}
		r.wait(c, inc)
	}
	return nil
}
