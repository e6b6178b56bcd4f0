package conformance

import (
	"iter"
	"slices"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
)

// Bounds limits the scripts that are generated: how many calls, on which names, with which options.
type Bounds = model.Bounds

// DefaultBounds are two names, two options and twelve calls.
func DefaultBounds() Bounds {
	return Bounds{Calls: 12, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
}

// Space is a set of scripts.
type Space struct {
	Bounds
	Kinds  []model.Kind // the kinds of steps; nil for all
	Leases bool         // in process: calls may be an Acquire, and leases close
	Length int          // how many steps a script has at most; 0 for as many as can happen
	Runs   int          // how many scripts are drawn at random; 0 for all that there are
}

// Scripts yields all scripts of a space for a system in process: any order of calls, of callers
// that give up, and of works that end well or badly. Each is as long as can be within the space;
// shorter ones are the beginnings of these. With renamed, a name is used first after those that
// stand before it in the bounds, so that of scripts which differ in names alone there is one. A
// slice that was yielded is the caller's to keep.
func Scripts(space Space, renamed bool) iter.Seq[[]model.Input] {
	return space.all(machine{}, AllPromises(), renamed)
}

func (s Space) all(from machine, p Promises, renamed bool) iter.Seq[[]model.Input] {
	return func(yield func([]model.Input) bool) {
		var path []model.Input
		var walk func(m machine, named int) bool
		walk = func(m machine, named int) bool {
			var steps []model.Input
			if s.Length == 0 || len(path) < s.Length {
				steps = s.enabled(m, p)
			}
			if len(steps) == 0 {
				return yield(slices.Clone(path))
			}
			for _, in := range steps {
				now := max(named, slices.Index(s.Names, in.Name)+1)
				if renamed && now > named+1 {
					continue
				}
				next, _, _ := m.step(in)
				path = append(path, in)
				if !walk(next, now) {
					return false
				}
				path = path[:len(path)-1]
			}
			return true
		}
		walk(from, 0)
	}
}

// enabled lists the steps of the space that can happen next.
func (s Space) enabled(m machine, p Promises) []model.Input {
	return slices.DeleteFunc(m.next(s.Bounds, s.Leases && p.Leases), func(in model.Input) bool {
		return s.Kinds != nil && !slices.Contains(s.Kinds, in.Kind) || !p.allows(m, in)
	})
}

// covers reports whether the scripts of the space are all tried and include the script.
func (s Space) covers(script []model.Input) bool {
	calls := 0
	for _, in := range script {
		if isCall(in.Kind) {
			calls++
		}
		if s.Kinds != nil && !slices.Contains(s.Kinds, in.Kind) ||
			!s.Leases && (in.Kind == model.KindAcquire || in.Kind == model.KindClose) ||
			in.Name != "" && !slices.Contains(s.Names, in.Name) ||
			gets(in.Kind) && !slices.Contains(s.Options, in.Options) {
			return false
		}
	}
	return s.Runs == 0 && calls <= s.Calls && (s.Length == 0 || len(script) <= s.Length)
}

// Script draws a script for a system in process that promises all, of all kinds of steps.
func Script(t *rapid.T, b Bounds) []model.Input {
	return Space{Bounds: b, Leases: true}.draw(t, machine{}, AllPromises())
}

// random returns the script of a seed.
func (s Space) random(from machine, p Promises, seed int) []model.Input {
	return rapid.Custom(func(t *rapid.T) []model.Input { return s.draw(t, from, p) }).Example(seed)
}

func (s Space) draw(t *rapid.T, m machine, p Promises) []model.Input {
	even := rapid.Bool().Draw(t, "evenly")
	if rapid.IntRange(0, 3).Draw(t, "few") == 0 {
		// Some things happen only to a name that is asked for often, with options that agree.
		s.Names = s.Names[:rapid.IntRange(1, len(s.Names)).Draw(t, "names")]
		s.Options = s.Options[:rapid.IntRange(1, len(s.Options)).Draw(t, "options")]
	}
	most := s.Length
	if most == 0 {
		most = 3 * s.Calls // shorter scripts are the beginnings of long ones
	}
	var script []model.Input
	for steps := s.enabled(m, p); len(steps) > 0 && len(script) < most; steps = s.enabled(m, p) {
		in := pick(t, steps, even)
		next, _, err := m.step(in)
		if err != nil {
			panic("conformance: a step was drawn that can't happen: " + err.Error())
		}
		m, script = next, append(script, in)
	}
	return script
}

// weights say how often a kind of step is drawn beside the others. Dispose is rare, since little
// happens after it.
var weights = map[model.Kind]int{
	model.KindGet: 6, model.KindRelease: 4, model.KindDispose: 1, model.KindGiveUp: 2, model.KindOpened: 3,
	model.KindOpenFailed: 1, model.KindReleased: 2, model.KindReleaseFailed: 1,
	model.KindAcquire: 4, model.KindClose: 4, KindAttach: 6, KindAttaching: 2, KindAttached: 2, KindAttachRefused: 1, KindFailed: 1, KindResisted: 1,
}

// pick draws one of the steps, evenly or by the weights of their kinds.
func pick(t *rapid.T, steps []model.Input, even bool) model.Input {
	if even {
		return rapid.SampledFrom(steps).Draw(t, "step")
	}
	byKind := map[model.Kind][]model.Input{}
	var kinds []model.Kind
	for _, in := range steps {
		if byKind[in.Kind] == nil {
			kinds = append(kinds, slices.Repeat([]model.Kind{in.Kind}, weights[in.Kind])...)
		}
		byKind[in.Kind] = append(byKind[in.Kind], in)
	}
	return rapid.SampledFrom(byKind[rapid.SampledFrom(kinds).Draw(t, "kind")]).Draw(t, "step")
}
