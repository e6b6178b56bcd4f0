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

// The values of Verdict. The zero Verdict has no meaning.
const (
	Complete Verdict = iota + 1 // every reachable state was visited, and every property held
	Violated                    // a property failed
	// there are more states than the bound; the counts are right up to the depth that was reached
	Bounded
	// the context ended; the counts are right up to the depth that was reached
	Stopped
)

// String returns the verdict in a word.
func (v Verdict) String() string {
	words := [...]string{"none", "complete", "violated", "bounded", "stopped"}
	return words[min(int(v), len(words)-1)]
}

// Result is what an exploration found. It does not depend on the number of workers, except for
// Elapsed, Workers, and a verdict that the context causes.
type Result[I any] struct {
	Verdict Verdict
	Reason  string // why the verdict is not Complete

	States uint64 // states that were visited
	Orbits uint64 // with a symmetry: all states that the visited ones represent
	Edges  uint64 // steps taken from the states that were visited
	Steps  uint64 // with a symmetry: steps of all states that the visited ones represent
	// inputs, counted in each state, that were refused, or that may not come in the state
	Refused uint64
	// inputs, counted in each state, that were not tried, since they are not likely
	Skipped uint64
	Ends    uint64   // states that take no input
	Levels  []uint64 // the number of states visited, by distance from the initial state
	Actions map[string]uint64

	Violation *Violation[I]

	Elapsed   time.Duration
	Collision float64 // upper bound for the probability that two states had the same fingerprint
	Workers   int
}

// Depth returns the greatest distance of a state from the initial state.
func (r *Result[I]) Depth() int { return max(len(r.Levels)-1, 0) }

// Check returns an error if the exploration was not complete, or if golden.json has another size
// for the key.
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

// Violation is a property that failed, and a shortest path to the failure.
type Violation[I any] struct {
	Property string
	Reason   string
	Path     []I // the inputs; the property fails in the last step, or in the state after it
}

// Error returns the property and the reason.
func (v *Violation[I]) Error() string {
	return fmt.Sprintf("%s fails after %d steps: %s", v.Property, len(v.Path), v.Reason)
}

// path returns the inputs of a shortest path that ends with the step. Without a symmetry, these
// were recorded. With a symmetry, a recorded input leads from one canonical state to another, but
// only after names are changed. So path begins again at the initial state. At each step it looks
// for an input that leads to a state with the recorded canonical state.
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
		if p := recover(); p != nil { // the last step may panic, if that is the violation
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	// oneStep returns the state after a step, and the key of its canonical state.
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
			return path, fmt.Errorf("without the symmetry, no input is step %d of the path: the symmetry may be wrong", n+1)
		}
	}
	return path, nil
}
