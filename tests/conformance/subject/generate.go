package subject

import (
	"iter"
	"math/rand/v2"
	"slices"
)

// exhaustive yields scripts such that each script of up to n steps is the begin of one of them, up to a renaming of names: a name is used
// first after those that stand before it. A script is shorter than n when nothing more can happen.
func exhaustive(a Alphabet, n int) iter.Seq[Script] {
	return func(yield func(Script) bool) {
		path := make(Script, 0, n)
		var walk func(m machine, named int) bool
		walk = func(m machine, named int) bool {
			var steps []Step
			if len(path) < n {
				steps = m.enabled(a)
			}
			if len(steps) == 0 {
				return yield(slices.Clone(path))
			}
			for _, s := range steps {
				now := max(named, slices.Index(a.Names, s.Name)+1)
				if now > named+1 {
					continue
				}
				next, _, _ := m.step(s)
				path = append(path, s)
				if !walk(next, now) {
					return false
				}
				path = path[:len(path)-1]
			}
			return true
		}
		walk(machine{}, 0)
	}
}

// weights say how often a kind of step is drawn beside the others. Dispose is rare, since little happens after it.
var weights = [...]int{Get: 6, Release: 4, Dispose: 1, GiveUp: 1, Attach: 6, Attaching: 2, Attached: 2, AttachRefused: 1, Released: 3,
	Failed: 1, Resisted: 1}

// random draws a script of up to n steps; the same seed and number give the same. It takes the first names and options only, how many it
// draws as well, since much happens only to a name that is asked for often.
func random(a Alphabet, n int, seed, number uint64) Script {
	draw := rand.New(rand.NewPCG(seed, number))
	a.Names = a.Names[:1+draw.IntN(len(a.Names))]
	a.Options = a.Options[:1+draw.IntN(len(a.Options))]
	var m machine
	var script Script
	for len(script) < n {
		byKind := map[Kind][]Step{}
		var kinds []Kind
		for _, s := range m.enabled(a) {
			if byKind[s.Kind] == nil {
				for range weights[s.Kind] {
					kinds = append(kinds, s.Kind)
				}
			}
			byKind[s.Kind] = append(byKind[s.Kind], s)
		}
		if len(kinds) == 0 {
			break
		}
		steps := byKind[kinds[draw.IntN(len(kinds))]]
		s := steps[draw.IntN(len(steps))]
		m, _, _ = m.step(s)
		script = append(script, s)
	}
	return script
}
