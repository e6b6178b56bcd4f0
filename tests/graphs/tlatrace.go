package graphs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// tlcState is a state in a counterexample of TLC's, with its head: "State 2: <Get line 12, col 9 …>".
var tlcState = regexp.MustCompile(`(?m)^State \d+: <([^> ]+)[^>]*>\n((?:.+\n?)*)`)

// Tracing says how a counterexample of TLC's is read as a script.
type Tracing[S, I any] struct {
	Board string // of the playground
	// Read reads a state. What else it says of it, as an error, is no matter.
	Read   func(vars Value) (S, error)
	Inputs []I
	Kind   func(I) string // with which the names of an input's actions begin
	Step   func(S, I) (S, error)
	Same   func(a, b S) bool
	// Guess finds the input of a step from the two states alone; it may be nil.
	Guess func(before, after S) (I, error)
}

// Link returns the link to a counterexample of TLC's in the playground, where it is played as the
// rules ask for it. A spec that is broken takes steps that no rule names: such a step is the input that
// its action is named after. An error says of which step none is known.
func (t Tracing[S, I]) Link(trace string) (string, error) {
	var steps []string
	var before S
	for i, s := range tlcState.FindAllStringSubmatch(trace, -1) {
		vars, err := ParseState(s[2])
		if err != nil {
			return "", err
		}
		after, _ := t.Read(vars)
		if i > 0 {
			in, err := t.input(s[1], before, after)
			if err != nil {
				return "", err
			}
			steps = append(steps, fmt.Sprint(in))
		}
		before = after
	}
	if len(steps) == 0 {
		return "", errors.New("the counterexample has no steps")
	}
	return strings.TrimSpace(stepByStep(t.Board, steps)), nil
}

// input finds the input of a step: one of the action's that leads to the state after it; else any that
// does; else what can be guessed, and at last one of the action's.
func (t Tracing[S, I]) input(action string, before, after S) (found I, err error) {
	best := 0
	for _, in := range t.Inputs {
		next, err := t.Step(before, in)
		if err != nil {
			continue
		}
		kind, fits := t.Kind(in), 0
		if len(kind) <= len(action) && strings.EqualFold(action[:len(kind)], kind) {
			fits = len(kind)
		}
		if t.Same(next, after) {
			fits += 1000
		}
		if fits > best {
			best, found = fits, in
		}
	}
	if best < 1000 && t.Guess != nil {
		if in, err := t.Guess(before, after); err == nil {
			return in, nil
		}
	}
	if best == 0 {
		return found, fmt.Errorf("no input is known for the action %s", action)
	}
	return found, nil
}
