// Package linear runs a registry of rooms in real parallelism and checks the history for
// linearizability against the reference model, with porcupine. It takes any subject of package
// conformance.
//
// A call that waits takes effect twice: when it begins, and when it is settled. So each stands in
// the history as two operations, both within the interval from its begin to its return, and so does
// each end of a backend's work, from when the backend returned. A history passes if there is one
// order of all these, in time, that the model takes, and in which every call is settled with what
// it got. Names don't touch each other, a disposal aside, which stands in the history of each; so
// each name is checked by itself.
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

// Never is when a call returns that doesn't.
const Never = math.MaxInt64 / 2

var seed = maphash.MakeSeed()

// Sequential is the model of one name, for porcupine. Its inputs are of type Op; outputs are not
// used.
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

// limit is how long one history may take to check. One that takes longer has not passed.
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

// check returns nil if the history of a name is linearizable. Else, or if it is unknown whether it
// is, it writes porcupine's picture into a directory of its own and says where.
func check(name string, history []porcupine.Operation) error {
	result := porcupine.CheckOperationsTimeout(Sequential(), history, limit)
	switch result {
	case porcupine.Ok:
		return nil
	case porcupine.Illegal:
		return fmt.Errorf("name %s: not linearizable: see %s", name, picture(history))
	}
	return fmt.Errorf("name %s: unknown whether it is linearizable, which does not pass: see %s", name, picture(history))
}

// picture draws a history.
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

// Result is what [Run] recorded and checked.
type Result struct {
	Calls, Rounds, Histories, Longest int
	Ends                              map[model.OutcomeKind]int
}

// Run records rounds of a subject until so many calls were made, and checks each history. It stops
// at the first that is not linearizable, or in which a call never returned, with that as its error.
// Round n is made by rounds(n).
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
