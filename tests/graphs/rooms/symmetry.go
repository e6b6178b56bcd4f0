package rooms

import "ablyrooms.example/model"

// Calls and incarnations are numbered in order, so that only names and options can be renamed:
// the names, and the options of each name. Options of different names are never compared
// (R2).

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

// canonical renames names and options in the order in which calls first use them, and returns how
// many names, and how many options of each, there are. Calls are in order, so each orbit has
// exactly one such state.
func canonical(s *State) (used uint8, optionsUsed [8]uint8) {
	var byName renaming
	var byOptions [8]renaming // by old name
	for i := range s.NumCalls {
		c := &s.Calls[i]
		if c.Kind == model.KindDispose {
			continue
		}
		if c.Kind == model.KindGet {
			c.Options = byOptions[c.Name].rename(c.Options)
		}
		c.Name = byName.rename(c.Name)
	}
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		inc.Options = byOptions[inc.Name].rename(inc.Options)
		inc.Name = byName.rename(inc.Name)
	}
	for i := range byOptions {
		optionsUsed[i] = byOptions[i].used
	}
	return byName.used, optionsUsed
}

// orbit returns the size of a state's orbit: in how many ways names and options of the bounds can
// stand for those that are used. Different ways give different states.
func orbit(s State, b Bounds) uint64 {
	used, optionsUsed := canonical(&s)
	n := falling(b.Names, used)
	for _, k := range optionsUsed {
		n *= falling(b.Options, k)
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
