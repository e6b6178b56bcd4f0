package rooms

import "ablyrooms.example/model"

// Calls and incarnations are numbered in order, so only names and options can be renamed. The
// options of each name can be renamed separately, since options of different names are never
// compared (R2).

// renaming gives new numbers to the old numbers that it is called with: 0 to the first, 1 to the
// next, and so on.
type renaming struct {
	to   [8]uint8 // the new number plus 1, by old number; 0 for none yet
	used uint8
}

func (r *renaming) rename(old uint8) uint8 {
	if r.to[old] == 0 {
		r.used++
		r.to[old] = r.used
	}
	return r.to[old] - 1
}

// canonical renames names and options in the order in which calls first use them. It returns how
// many names are used, and how many options of each name. The order of calls is fixed, so each
// orbit has exactly one such state.
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

// orbit returns the size of a state's orbit. That is the number of ways to replace the names and
// options that the state uses by different ones within the bounds. Different ways give different
// states.
func orbit(s State, b Bounds) uint64 {
	used, optionsUsed := canonical(&s)
	n := falling(b.Names, used)
	for _, k := range optionsUsed {
		n *= falling(b.Options, k)
	}
	return n
}

// falling returns n(n-1)…, with k factors.
func falling(n int, k uint8) uint64 {
	product := uint64(1)
	for i := range int(k) {
		product *= uint64(n - i)
	}
	return product
}
