package roomsmachine

import "ablyrooms.example/fsm"

// Symmetry says which states count as one.
type Symmetry uint8

// The symmetries. Calls and incarnations are numbered in order, so that they have none.
const (
	// Global renames names, and options alike for all names, as TLC's symmetry sets do.
	Global Symmetry = iota
	// ByName renames names, and for each name its options: options are only ever compared with those of the same name (R2).
	ByName
)

// Canonical appends the key of the state in which names, and options, are numbered in the order in which calls first use them. As
// calls are in order, that is one state of each orbit.
func (w *coreWalker) Canonical(dst []byte) []byte {
	s := w.state
	if w.forgets {
		s.forget()
		s.normal()
		return s.appendKey(dst)
	}
	s.canonical(w.symmetry)
	return s.appendKey(dst)
}

// Orbit counts the ways to choose the names and options that are used among those of the bounds. None leads to the same state twice.
func (w *coreWalker) Orbit() uint64 {
	if w.forgets {
		return 1 // not counted
	}
	return w.state.orbit(w.symmetry, w.bounds)
}

// renaming numbers what it meets in order.
type renaming struct {
	to   [8]uint8 // number plus 1; 0 for what was not met
	used uint8
}

func (r *renaming) rename(old uint8) uint8 {
	if r.to[old] == 0 {
		r.used++
		r.to[old] = r.used
	}
	return r.to[old] - 1
}

type renamings struct {
	names   renaming
	options [8]renaming // by old name; the first for all if the symmetry is Global
}

func (r *renamings) optionsOf(symmetry Symmetry, name uint8) *renaming {
	if symmetry == Global {
		name = 0
	}
	return &r.options[name]
}

// canonical renames the state to the one that stands for its orbit, and returns how.
func (s *State) canonical(symmetry Symmetry) (r renamings) {
	for i := range s.NumCalls {
		c := &s.Calls[i]
		if c.Kind == fsm.CallDispose {
			continue
		}
		if c.Kind == fsm.CallGet {
			c.Options = r.optionsOf(symmetry, c.Name).rename(c.Options)
		}
		c.Name = r.names.rename(c.Name)
	}
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		inc.Options = r.optionsOf(symmetry, inc.Name).rename(inc.Options)
		inc.Name = r.names.rename(inc.Name)
	}
	return r
}

func (s *State) orbit(symmetry Symmetry, b Bounds) uint64 {
	copied := *s
	r := copied.canonical(symmetry)
	n := falling(b.Names, r.names.used)
	for i := range r.options {
		n *= falling(b.Options, r.options[i].used)
	}
	return n
}

// falling is n(n-1)…, k factors.
func falling(n int, k uint8) uint64 {
	product := uint64(1)
	for i := range int(k) {
		product *= uint64(n - i)
	}
	return product
}
