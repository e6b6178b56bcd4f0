package roomsmachine

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/chain"
)

// WithoutMemory returns the machine without the memory of its environment: what is settled or released is forgotten, and what is left
// is numbered anew, in the same order. The core never looks at what is forgotten and only compares numbers, so that it goes on as it
// would have. Any number of calls may begin, one after the other; Bounds.Calls is how many may be pending at a time. The graph is
// finite all the same, and holds every state that so many pending calls lead to, after whatever history.
//
// With [explore.Options.Symmetry] names are reduced to what they have, and the calls that wait for different incarnations lose their
// order among each other, which only shows in the order of outputs; orbits are not counted.
//
// Properties that speak of the past can't be asked of it: see [Lasting]. Up to 4 names are possible.
func (m Core) WithoutMemory() Core {
	if m.bounds.Names > MaxCalls/2 {
		panic("roomsmachine: too many names to number their incarnations")
	}
	m.forgets = true
	m.alphabet = nil
	// A name has two incarnations at most that are not released.
	for _, in := range model.Alphabet(Bounds{Calls: MaxCalls, Names: m.bounds.Names, Options: m.bounds.Options}.Model()) {
		if in.Call <= m.bounds.Calls && in.Incarnation <= 2*m.bounds.Names {
			m.alphabet = append(m.alphabet, &Input{Model: in, Core: chain.ToCore(in)})
		}
	}
	return m
}

// Lasting returns the properties that need no memory.
func Lasting() (list []Invariant) {
	for _, inv := range Invariants() {
		switch inv.Name {
		case "OneInUse", "OneReleasing", "OneOpen", "WaitsForPredecessor", "SixPairs", "OutputsInOrder", "SettledOnce":
			list = append(list, inv)
		}
	}
	return list
}

// Recall turns a path of the machine without memory, in which numbers are given anew, into one with the numbers that calls and
// incarnations really have. It returns an error if those don't fit: a machine with memory goes up to MaxCalls calls.
func (m Core) Recall(path []*Input) ([]*Input, error) {
	m.forgets, m.bounds.Calls = false, MaxCalls
	w := m.Walker().(*coreWalker)
	var real []*Input
	for i, in := range path {
		s := &w.state
		in := in.Model
		for n, pending := uint8(0), 0; n < s.NumCalls && in.Kind == model.KindGiveUp; n++ {
			if s.Calls[n].Pending() {
				if pending++; pending == path[i].Model.Call {
					in.Call = int(n + 1)
				}
			}
		}
		for n, left := uint8(0), 0; n < s.NumIncs && in.Incarnation > 0; n++ {
			if s.Incs[n].Life != fsm.Released || s.Failed.Has(int(n+1)) {
				if left++; left == path[i].Model.Incarnation {
					in.Incarnation = int(n + 1)
				}
			}
		}
		if in.Kind <= model.KindDispose {
			if in.Call = int(s.NumCalls) + 1; in.Call > MaxCalls {
				return nil, errors.New("the path has more calls than a machine with memory has")
			}
		}
		real = append(real, &Input{Model: in, Core: chain.ToCore(in)})
		if _, err := w.Step(real[i]); err != nil && i < len(path)-1 {
			return nil, fmt.Errorf("%v: %w", real[i], err)
		}
		if err := w.Load(w.Key(nil)); err != nil {
			return nil, err
		}
	}
	return real, nil
}

// forget drops the calls that are settled and the incarnations that are released, and numbers the others anew. Releases that failed
// since disposal began are kept: the outcome of disposal names them. (No incarnation is created any more then.)
func (s *State) forget() {
	old := *s
	*s = State{Disposal: old.Disposal}
	var calls, incs [MaxCalls]uint8 // new numbers
	for i := range old.NumIncs {
		inc := old.Incs[i]
		if inc.Life == fsm.Released && !old.Failed.Has(int(i+1)) {
			continue
		}
		if inc.Life == fsm.Released {
			inc = Incarnation{Life: fsm.Released} // of whatever name
		}
		s.Incs[s.NumIncs] = inc
		s.NumIncs++
		incs[i] = s.NumIncs
	}
	for i := range old.NumCalls {
		c := old.Calls[i]
		if !c.Pending() {
			continue
		}
		if c.Waits != 0 {
			c.Waits = incs[c.Waits-1]
		}
		s.Calls[s.NumCalls] = c
		s.NumCalls++
		calls[i] = s.NumCalls
	}
	s.Disposers, s.Failed = renumbered(old.Disposers, &calls), renumbered(old.Failed, &incs)
	for i := range s.NumIncs {
		s.Incs[i].Waiters = renumbered(s.Incs[i].Waiters, &calls)
	}
}

func renumbered(s Set, to *[MaxCalls]uint8) (out Set) {
	for ; s != 0; s &= s - 1 {
		if n := to[bits.TrailingZeros8(uint8(s))]; n != 0 {
			out |= setOf(int(n))
		}
	}
	return out
}

// normal gives a state that was forgotten its normal form: names in the order of what they have, incarnations by name, calls by what
// they wait for. Options are left out of it: a later get has those of the incarnation in use, or others, whatever they are.
func (s *State) normal() {
	type holding struct {
		code     uint32
		name     uint8
		rel, use uint8 // numbers
	}
	var room [8]holding
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		if inc.Life == fsm.Released {
			continue
		}
		h := &room[inc.Name]
		h.name = inc.Name
		code := uint32(inc.Life)<<6 | uint32(inc.Work)<<4 | uint32(bits.OnesCount8(uint8(inc.Waiters))) | 1<<8
		if inc.releasing() {
			h.rel, h.code = i+1, h.code|code
		} else {
			h.use, h.code = i+1, h.code|code<<9
		}
	}
	slices.SortStableFunc(room[:], func(a, b holding) int { return cmp.Compare(b.code, a.code) })
	old := *s
	*s = State{Disposal: old.Disposal}
	var calls, incs [MaxCalls]uint8
	place := func(call uint8) {
		s.Calls[s.NumCalls] = old.Calls[call]
		s.NumCalls++
		calls[call] = s.NumCalls
	}
	for name, h := range room {
		for _, n := range [...]uint8{h.rel, h.use} {
			if n == 0 {
				continue
			}
			inc := old.Incs[n-1]
			inc.Name, inc.Options = uint8(name), 0
			s.Incs[s.NumIncs] = inc
			s.NumIncs++
			incs[n-1] = s.NumIncs
			for w := uint8(inc.Waiters); w != 0; w &= w - 1 {
				call := uint8(bits.TrailingZeros8(w))
				place(call)
				c := &s.Calls[s.NumCalls-1]
				c.Name, c.Options, c.Waits = uint8(name), 0, s.NumIncs
			}
		}
	}
	for i := range old.NumIncs {
		if incs[i] == 0 { // a release that failed
			s.Incs[s.NumIncs] = old.Incs[i]
			s.NumIncs++
			incs[i] = s.NumIncs
		}
	}
	for i := range old.NumCalls {
		if calls[i] == 0 { // a dispose
			place(i)
		}
	}
	s.Disposers, s.Failed = renumbered(old.Disposers, &calls), renumbered(old.Failed, &incs)
	for i := range s.NumIncs {
		s.Incs[i].Waiters = renumbered(s.Incs[i].Waiters, &calls)
	}
}
