// Package linear runs a registry of rooms in parallel, and checks with porcupine whether its
// history is linearizable, by the reference model. It takes any subject of package conformance.
//
// A call that waits takes effect twice: when it begins, and when it is settled. So each call is two
// operations in the history, both within the interval from its begin to its return. The end of a
// backend call is an operation too, which may take effect at any time after the call returned. A
// history passes if all of these operations can be ordered in time so that the model accepts them,
// and settles each call with the outcome that its caller got.
//
// Calls on different names don't influence each other, except for a disposal. So the history of
// each name is checked by itself, and each contains the disposal.
package linear

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/anishathalye/porcupine"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// Never is the return time of a call that doesn't return.
const Never = math.MaxInt64 / 2

var seed = maphash.MakeSeed()

// Sequential returns the model of one name, for porcupine. Its inputs have type Op; it doesn't use
// outputs.
func Sequential() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return start() },
		Step: func(state, input, _ any) (bool, any) {
			next, ok := state.(view).step(input.(Op))
			return ok, next
		},
		Equal:             func(a, b any) bool { return a.(view).key == b.(view).key },
		Hash:              func(state any) uint64 { return maphash.String(seed, state.(view).key) },
		DescribeOperation: func(input, _ any) string { return input.(Op).String() },
		DescribeState:     func(state any) string { return state.(view).String() },
	}
}

// limit is how long the check of one history may take. If it takes longer, the history doesn't
// pass.
const limit = time.Minute

// Check returns nil if the history of each name is linearizable.
func (h History) Check() (err error) {
	ends := make(chan error, len(h.Names))
	for name, history := range h.Names {
		go func() { ends <- check(name, history) }()
	}
	for range h.Names {
		err = cmp.Or(err, <-ends)
	}
	return err
}

// check returns nil if the history of a name is linearizable. If it is not, or if that is unknown,
// check writes porcupine's picture into a new directory, and returns an error with the path.
func check(name string, history []porcupine.Operation) error {
	result := porcupine.CheckOperationsTimeout(Sequential(), history, limit)
	switch result {
	case porcupine.Ok:
		return nil
	case porcupine.Illegal:
		return fmt.Errorf("name %s: not linearizable: see %s", name, picture(history))
	}
	return fmt.Errorf("name %s: the check took too long to decide whether it is linearizable: see %s", name, picture(history))
}

// picture draws a history, and returns the path of the file.
func picture(history []porcupine.Operation) string {
	dir, err := os.MkdirTemp("", "linear-*")
	if err != nil {
		return err.Error()
	}
	path := filepath.Join(dir, "history.html")
	_, info := porcupine.CheckOperationsVerbose(Sequential(), history, limit)
	if err := porcupine.VisualizePath(Sequential(), info, path); err != nil {
		return err.Error()
	}
	return path
}

// Result counts what [Run] recorded and checked.
type Result struct {
	Calls, Rounds, Histories, Longest int
	Ends                              map[model.OutcomeKind]int
}

// Run records rounds of a subject until at least that many calls were made, and checks each
// history. It stops with an error at the first history that is not linearizable, and at the first
// round in which a call did not return. rounds(n) returns the n-th round.
func Run(subject conformance.Subject, calls int, rounds func(n int) Round) (Result, error) {
	r := Result{Ends: map[model.OutcomeKind]int{}}
	for ; r.Calls < calls; r.Rounds++ {
		round := rounds(r.Rounds)
		h := round.Record(subject)
		r.Calls += round.Goroutines * round.Calls
		for kind, n := range h.Ends {
			r.Ends[kind] += n
		}
		for _, history := range h.Names {
			r.Histories, r.Longest = r.Histories+1, max(r.Longest, len(history))
		}
		if err := cmp.Or(h.Check(), h.Broken); err != nil {
			return r, fmt.Errorf("round %d: %w", r.Rounds, err)
		}
	}
	return r, nil
}
