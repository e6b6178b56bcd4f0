package graphs

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// tlcState matches a state in a counterexample of TLC's, with its first line, such as "State 2:
// <Get line 12, col 9 …>".
var tlcState = regexp.MustCompile(`(?m)^State \d+: <([^> ]+)[^>]*>\n((?:.+\n?)*)`)

// Tracing says how to read a counterexample of TLC's as a script.
type Tracing[S, I any] struct {
	Board string // the playground's board that plays the script
	// Read reads a state. Its error is ignored.
	Read   func(vars Value) (S, error)
	Inputs []I
	Kind   func(I) string // returns a word that the names of the input's actions begin with
	Step   func(S, I) (S, error)
	Same   func(a, b S) bool
	// Guess returns the input of a step, from the states before and after it. It is used when no
	// input of the model leads from one to the other. It may be nil.
	Guess func(before, after S) (I, error)
}

// Link returns a link to the playground with the inputs of a counterexample of TLC's. The
// playground plays them by the rules. A faulty spec takes steps that no rule allows: for such a
// step, the link has an input that fits the name of the action. Link returns an error if there is
// no input for a step.
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

// input finds the input of a step. It returns the first of these that exists: an input of the
// action that leads to the state after the step; any input that leads there; the result of Guess;
// any input of the action.
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
