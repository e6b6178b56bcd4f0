package conformance

import (
	"iter"
	"slices"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
)

// Bounds limits the generated scripts: the number of calls, their names and their options.
type Bounds = model.Bounds

// DefaultBounds returns bounds of two names, two options and twelve calls.
func DefaultBounds() Bounds {
	return Bounds{Calls: 12, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
}

// Space is a set of scripts: all scripts within the bounds, or some of them at random.
type Space struct {
	Bounds
	Kinds  []model.Kind // the kinds of steps in the scripts; nil for all kinds
	Leases bool         // in process: scripts may also acquire and close leases
	Length int          // the maximum number of steps of a script; 0 for no limit
	Runs   int          // the number of random scripts; 0 to try all scripts
}

// Scripts yields the scripts of a space for a system in process: calls, callers that give up, and
// backend calls that succeed or fail, in every order. Each script is as long as the space allows.
// Shorter scripts are not yielded, since they are beginnings of these. With renamed, scripts that
// differ only in names are yielded once: a script uses a name only after all names before it in the
// bounds. The caller may keep a slice that was yielded.
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

// enabled returns the steps of the space that can happen next.
func (s Space) enabled(m machine, p Promises) []model.Input {
	return slices.DeleteFunc(m.next(s.Bounds, s.Leases && p.Leases), func(in model.Input) bool {
		return s.Kinds != nil && !slices.Contains(s.Kinds, in.Kind) || !p.allows(m, in)
	})
}

// covers reports whether all scripts of the space are tried, and the script is one of them.
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

// Script draws a random script with steps of all kinds, for a system in process that makes all
// promises.
func Script(t *rapid.T, b Bounds) []model.Input {
	return Space{Bounds: b, Leases: true}.draw(t, machine{}, AllPromises())
}

// random returns the random script that belongs to a seed.
func (s Space) random(from machine, p Promises, seed int) []model.Input {
	return rapid.Custom(func(t *rapid.T) []model.Input { return s.draw(t, from, p) }).Example(seed)
}

func (s Space) draw(t *rapid.T, m machine, p Promises) []model.Input {
	even := rapid.Bool().Draw(t, "evenly")
	if rapid.IntRange(0, 3).Draw(t, "few") == 0 {
		// Some things happen only to a name that is used often, with the same options.
		s.Names = s.Names[:rapid.IntRange(1, len(s.Names)).Draw(t, "names")]
		s.Options = s.Options[:rapid.IntRange(1, len(s.Options)).Draw(t, "options")]
	}
	most := s.Length
	if most == 0 {
		most = 3 * s.Calls
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

// weights says how often each kind of step is drawn, relative to the other kinds. Dispose is rare,
// since little happens after it.
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
