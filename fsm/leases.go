package fsm

import (
	"maps"
	"slices"
)

// Leases is [Rooms] with leases: a room that has been acquired several times is released when the
// last of its leases is closed. The comments here cite the rules of docs/leases.md (L1, L2, …).
//
// A Leases is made by [NewLeases], changed by Step alone, and used by one goroutine at a time.
type Leases[O comparable] struct {
	rooms *Rooms[O]
	open  map[Call]OpenLease  // the open leases, by the call of their Acquire
	uses  map[Incarnation]use // of incarnations that are in use or have open leases
	outs  []RoomsOutput
}

// use says why an incarnation stays in use.
type use struct {
	leases int  // the number of its open leases
	kept   bool // a Get keeps it
}

// NewLeases returns a core without rooms and without leases.
func NewLeases[O comparable]() *Leases[O] {
	return &Leases[O]{rooms: NewRooms[O](), open: map[Call]OpenLease{}, uses: map[Incarnation]use{}}
}

// Rooms returns the Rooms that holds the incarnations. It is for reading: only Step of the Leases
// may change it.
func (l *Leases[O]) Rooms() *Rooms[O] { return l.rooms }

// Kept reports whether the incarnation is in use and kept by a Get (L2).
func (l *Leases[O]) Kept(id Incarnation) bool { return l.uses[id].kept }

// Step takes one input: an input of [Rooms] other than [CallReleaseIf], a [CallAcquire] or a
// [CloseLease]. It carries the input out as one or more inputs of [Rooms]. After each of them it
// calls took with that input and its outputs, which are valid until took returns. It refuses an
// input that no rule names with a [*RefusedError]; then nothing has changed and took is not called.
func (l *Leases[O]) Step(in RoomsInput[O], took func(RoomsInput[O], []RoomsOutput)) error {
	lease, isLease := l.open[in.Call]
	switch in.Kind {
	case CloseLease: // L3
		if _, pending := l.rooms.waits[in.Call]; !isLease || pending {
			return &RefusedError{Input: in.String(), Reason: "the lease is not open, or its Acquire is pending"}
		}
		l.close(lease, took)
		return nil
	case CallReleaseIf:
		return &RefusedError{Input: in.String(), Reason: "leases begin it by themselves"}
	}
	err := l.step(in, took)
	if err == nil && in.Kind == GiveUp && isLease { // L4
		l.close(lease, took)
	}
	return err
}

// close closes a lease: L3. The inputs that it gives to Rooms fit, so none is refused.
func (l *Leases[O]) close(lease OpenLease, took func(RoomsInput[O], []RoomsOutput)) {
	id := lease.Incarnation
	delete(l.open, lease.Call)
	u := l.uses[id]
	u.leases--
	l.uses[id] = u
	if u.leases > 0 || u.kept {
		l.forget(id)
		return
	}
	call := l.rooms.NextCall()
	_ = l.step(RoomsInput[O]{Kind: CallReleaseIf, Call: call, Incarnation: id, Name: lease.Name}, took)
	if _, pending := l.rooms.waits[call]; pending {
		_ = l.step(RoomsInput[O]{Kind: GiveUp, Call: call}, took)
	}
}

// step gives one input to Rooms, and updates the leases.
func (l *Leases[O]) step(in RoomsInput[O], took func(RoomsInput[O], []RoomsOutput)) error {
	acquire := in.Kind == CallAcquire
	if acquire { // L1
		in.Kind = CallGet
	}
	leaving := in.Incarnation // the incarnation that may be out of use afterwards
	if in.Kind == CallRelease {
		leaving, _, _ = l.rooms.InUse(in.Name)
	}
	outs, err := l.rooms.stepInPlace(&in, l.outs[:0])
	l.outs = outs
	if err != nil {
		return err
	}
	got := l.rooms.waits[in.Call]
	for _, out := range outs {
		switch {
		case out.Kind != Settle || out.Outcome.Kind == GaveUp:
		// The call ended without a room. If it is an Acquire, it leases nothing any more.
		case out.Outcome.Kind != GotRoom:
			l.drop(out.Call)
		case out.Call == in.Call:
			got = out.Outcome.Incarnation
		}
	}
	if in.Kind == CallGet && got != 0 {
		u := l.uses[got]
		if acquire { // L1
			l.open[in.Call] = OpenLease{in.Call, got, in.Name}
			u.leases++
		} else { // L2
			u.kept = true
		}
		l.uses[got] = u
	}
	if in.Kind == CallDispose {
		for id := range l.uses {
			l.forget(id)
		}
	}
	l.forget(leaving)
	took(in, outs)
	return nil
}

// drop removes the lease of an Acquire that is settled with an error. It does nothing if the call
// is no Acquire.
func (l *Leases[O]) drop(call Call) {
	if lease, isLease := l.open[call]; isLease {
		delete(l.open, call)
		u := l.uses[lease.Incarnation]
		u.leases--
		l.uses[lease.Incarnation] = u
	}
}

// forget removes the entry of an incarnation, if it is out of use and has no open lease.
func (l *Leases[O]) forget(id Incarnation) {
	inc := l.rooms.incs[id]
	if l.uses[id].leases == 0 && (inc == nil || inc.life == Releasing) {
		delete(l.uses, id)
	}
}

// LeasesState is the whole state of a [Leases] as plain data. Its lists are sorted, so that equal
// states are equal values.
type LeasesState[O comparable] struct {
	Rooms RoomsState[O]
	Open  []OpenLease   // by call
	Kept  []Incarnation // by number
}

// OpenLease is a lease that is open. The call of its Acquire identifies it.
type OpenLease struct {
	Call        Call
	Incarnation Incarnation
	Name        string // the name of the incarnation
}

// State returns the whole state as plain data that shares no memory with the core.
func (l *Leases[O]) State() LeasesState[O] {
	s := LeasesState[O]{Rooms: l.rooms.State()}
	for _, call := range slices.Sorted(maps.Keys(l.open)) {
		s.Open = append(s.Open, l.open[call])
	}
	for _, id := range slices.Sorted(maps.Keys(l.uses)) {
		if l.uses[id].kept {
			s.Kept = append(s.Kept, id)
		}
	}
	return s
}

// Restore puts the core into a state that [Leases.State] returned. See [Rooms.Restore].
func (l *Leases[O]) Restore(s LeasesState[O]) error {
	clear(l.open)
	clear(l.uses)
	for _, lease := range s.Open {
		l.open[lease.Call] = lease
		u := l.uses[lease.Incarnation]
		u.leases++
		l.uses[lease.Incarnation] = u
	}
	for _, id := range s.Kept {
		u := l.uses[id]
		u.kept = true
		l.uses[id] = u
	}
	return l.rooms.Restore(s.Rooms)
}
