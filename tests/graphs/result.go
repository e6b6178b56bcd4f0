package graphs

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"ablyrooms.example/tests/report/golden"
)

// Verdict says how an exploration ended. Only Complete is a pass.
type Verdict uint8

// The verdicts. The zero Verdict is none of them.
const (
	Complete Verdict = iota + 1 // every reachable state was visited, and every property held
	Violated                    // a property failed
	// the bound on states was passed; those counted are all up to the depth reached
	Bounded
	// the context ended; the states counted are all up to the depth reached
	Stopped
)

// String returns the verdict in a word.
func (v Verdict) String() string {
	words := [...]string{"none", "complete", "violated", "bounded", "stopped"}
	return words[min(int(v), len(words)-1)]
}

// Result is what an exploration found. All but Elapsed, and a verdict that the context causes, is
// the same whatever the number of workers.
type Result[I any] struct {
	Verdict Verdict
	Reason  string // why the verdict is not Complete

	States  uint64   // distinct states, or distinct up to renaming
	Orbits  uint64   // the states that those stand for
	Edges   uint64   // steps taken: an input that was not refused, in a state
	Steps   uint64   // the steps of all the states that those stand for
	Refused uint64   // inputs that were tried in a state and refused, or never given
	Skipped uint64   // inputs that were not tried in a state, since they are not likely
	Ends    uint64   // states in which no input was taken
	Levels  []uint64 // distinct states by their distance from the initial one
	Actions map[string]uint64

	Violation *Violation[I]

	Elapsed   time.Duration
	Collision float64 // a bound on the probability that two states were taken for one
	Workers   int
}

// Depth returns the greatest distance of a state from the initial one.
func (r *Result[I]) Depth() int { return max(len(r.Levels)-1, 0) }

// Check returns an error if the exploration was not complete, or found another size than stands in
// golden.json below the key.
func (r *Result[I]) Check(key string) error {
	if r.Verdict != Complete {
		return fmt.Errorf("%s: %v: %s", key, r.Verdict, r.Reason)
	}
	states, steps := uint64(golden.Int(key+"/states")), uint64(golden.Int(key+"/steps"))
	if r.Orbits != states || r.Steps != steps {
		return fmt.Errorf("%s: %d states and %d steps, expected %d and %d", key, r.Orbits, r.Steps, states, steps)
	}
	return nil
}

// Violation is a property that failed, and a shortest way there.
type Violation[I any] struct {
	Property string
	Reason   string
	Path     []I // the inputs; the property fails in the last step or after it
}

// Error names the property and the reason.
func (v *Violation[I]) Error() string {
	return fmt.Sprintf("%s fails after %d steps: %s", v.Property, len(v.Path), v.Reason)
}

// path returns the inputs of a shortest path that ends with the step. Without a symmetry they were
// written down. With one, what was written down leads from one canonical state to another that is
// the end of a step only after a renaming; so the path is walked again from the beginning, each
// time by an input whose end stands for the same states.
func (e *exploration[S, M, I, O]) path(step uint64) (path []I, err error) {
	all, m := e.machine.Inputs, e.machine
	inputs := []int{int(step & (maxInputs - 1))}
	for n := uint32(step >> inputBits); n != 0; n = e.parents[n] {
		inputs = append(inputs, int(e.inputs[n]))
	}
	slices.Reverse(inputs)
	if !e.options.Symmetry {
		for _, i := range inputs {
			path = append(path, all[i])
		}
		return path, nil
	}
	defer func() {
		if p := recover(); p != nil { // in the last step, where the machine is broken
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	// oneStep returns the state after a step, and the key of the one that stands for it.
	w := m.walker()
	oneStep := func(from S, in I) (after S, key []byte, taken bool) {
		w.load(&from)
		_, refused, stepErr := w.step(in)
		after = w.state
		canonical := after
		m.Canonical(&canonical)
		return after, m.Key(nil, &canonical), !refused && stepErr == nil
	}
	var canonical, real S
	for n, i := range inputs {
		after, want, taken := oneStep(canonical, all[i])
		m.Canonical(&after)
		canonical = after
		found := false
		for _, try := range all {
			if m.Action(try) != m.Action(all[i]) {
				continue
			}
			after, key, ok := oneStep(real, try)
			if ok == taken && bytes.Equal(key, want) {
				path, real, found = append(path, try), after, true
				break
			}
		}
		if !found {
			return path, fmt.Errorf("step %d of the path has no counterpart: is the symmetry sound?", n+1)
		}
	}
	return path, nil
}
