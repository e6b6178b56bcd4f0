package fsm

import (
	"encoding/binary"
	"maps"
	"slices"
)

// RoomsState is the whole state of a [Rooms] as plain data, for traces and diagrams. Its lists are
// sorted, and State returns nil for an empty list with omitempty. So equal states are equal values,
// also for [reflect.DeepEqual].
type RoomsState[O comparable] struct {
	NextCall     Call                  `json:"nextCall"`
	Incarnations []IncarnationState[O] `json:"incarnations"` // incarnations not released, by number
	Disposal     string                `json:"disposal"`
	Disposers    []Call                `json:"disposers,omitempty"`
	Failed       []Incarnation         `json:"failed,omitempty"`
	LastCreated  Incarnation           `json:"lastCreated"`
}

// IncarnationState is the state of one incarnation that is not released.
type IncarnationState[O comparable] struct {
	Incarnation Incarnation `json:"incarnation"`
	Name        string      `json:"name"`
	Options     O           `json:"options"`
	Life        string      `json:"life"`
	Work        string      `json:"work"`
	Waiters     []Call      `json:"waiters,omitempty"`
}

// State returns the whole state as plain data that shares no memory with the core.
func (r *Rooms[O]) State() RoomsState[O] {
	s := RoomsState[O]{
		NextCall: r.NextCall(), LastCreated: r.lastInc, Disposal: r.disposal.String(),
		Disposers: copied(r.disposers), Failed: copied(r.failed),
		Incarnations: make([]IncarnationState[O], 0, len(r.incs)),
	}
	for _, id := range slices.Sorted(maps.Keys(r.incs)) {
		inc := r.incs[id]
		s.Incarnations = append(s.Incarnations, IncarnationState[O]{
			Incarnation: id, Name: inc.name, Options: inc.options,
			Life: inc.life.String(), Work: inc.work.String(), Waiters: copied(inc.waiters),
		})
	}
	return s
}

// copied returns a copy of the list, nil for an empty one.
func copied[T any](list []T) []T { return append([]T(nil), list...) }

// AppendKey appends the canonical key of the state to dst: two cores have the same key if and only
// if they are equal, whatever steps led to them. appendOptions must append different bytes for
// different options, and never a prefix of what it appends for another value.
func (r *Rooms[O]) AppendKey(dst []byte, appendOptions func([]byte, O) []byte) []byte {
	calls := func(cs []Call) {
		dst = binary.AppendUvarint(dst, uint64(len(cs)))
		for _, c := range cs {
			dst = binary.AppendUvarint(dst, uint64(c))
		}
	}
	dst = binary.AppendUvarint(dst, uint64(r.lastCall))
	dst = binary.AppendUvarint(dst, uint64(r.lastInc))
	dst = append(dst, byte(r.disposal))
	calls(r.disposers)
	dst = binary.AppendUvarint(dst, uint64(len(r.failed)))
	for _, id := range r.failed {
		dst = binary.AppendUvarint(dst, uint64(id))
	}
	ids := make([]Incarnation, 0, 8)
	for id := range r.incs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		inc := r.incs[id]
		dst = binary.AppendUvarint(dst, uint64(id))
		dst = binary.AppendUvarint(dst, uint64(len(inc.name)))
		dst = append(dst, inc.name...)
		dst = appendOptions(dst, inc.options)
		dst = append(dst, byte(inc.life), byte(inc.work))
		calls(inc.waiters)
	}
	return dst
}

// Equal reports whether two cores are in the same state.
func (r *Rooms[O]) Equal(s *Rooms[O]) bool {
	if r.lastCall != s.lastCall || r.lastInc != s.lastInc || r.disposal != s.disposal || len(r.incs) != len(s.incs) ||
		!slices.Equal(r.disposers, s.disposers) || !slices.Equal(r.failed, s.failed) {
		return false
	}
	for id, a := range r.incs {
		b := s.incs[id]
		if b == nil || a.name != b.name || a.options != b.options || a.life != b.life || a.work != b.work ||
			!slices.Equal(a.waiters, b.waiters) {
			return false
		}
	}
	return true
}
