package explore

import (
	"bytes"
	"fmt"
	"slices"
)

// path returns the inputs of a shortest path that ends with the step. Without a symmetry they were written down. With one, what was
// written down leads from one canonical state to another that is the end of a step only after a renaming; so the path is walked again
// from the beginning, each time by an input whose end stands for the same orbit.
func (e *exploration[S, I, O]) path(step uint64) ([]I, error) {
	inputs := []int{int(step & (maxInputs - 1))}
	for n := uint32(step >> inputBits); n != 0; n = e.parents[n] {
		inputs = append(inputs, int(e.inputs[n]))
	}
	slices.Reverse(inputs)
	if !e.options.Symmetry {
		path := make([]I, len(inputs))
		for i, in := range inputs {
			path[i] = e.alphabet[in]
		}
		return path, nil
	}
	return e.realPath(inputs)
}

func (e *exploration[S, I, O]) realPath(inputs []int) (path []I, err error) {
	defer func() {
		if p := recover(); p != nil { // in the last step, where the machine is broken
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	canonical, real, trial := e.machine.Walker(), e.machine.Walker(), e.machine.Walker()
	standing := func(w Walker[S, I, O]) []byte { return w.(Symmetric).Canonical(nil) }
	for i, in := range inputs {
		_, stepErr := canonical.Step(e.alphabet[in])
		want := standing(canonical)
		if stepErr == nil {
			if err := canonical.Load(want); err != nil {
				return path, err
			}
		}
		key := real.Key(nil)
		found := false
		for _, try := range e.alphabet {
			if err := trial.Load(key); err != nil {
				return path, err
			}
			if e.machine.Action(try) != e.machine.Action(e.alphabet[in]) {
				continue
			}
			if _, err := trial.Step(try); (err == nil) == (stepErr == nil) && bytes.Equal(standing(trial), want) {
				path, found = append(path, try), true
				break
			}
		}
		if !found {
			return path, fmt.Errorf("step %d of the path has no counterpart: is the symmetry sound?", i+1)
		}
		if err := real.Load(trial.Key(nil)); err != nil {
			return path, err
		}
	}
	return path, nil
}
