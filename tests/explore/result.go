package explore

import (
	"fmt"
	"time"
)

// Verdict says how an exploration ended. Only Complete is a pass.
type Verdict uint8

// The verdicts. The zero Verdict is none of them.
const (
	Complete Verdict = iota + 1 // every reachable state was visited, and every property held
	Violated                    // a property failed
	Bounded                     // a bound on states or memory was passed; the states counted are all up to the depth reached
	Stopped                     // the context ended; the states counted are all up to the depth reached
)

// String returns the verdict in a word.
func (v Verdict) String() string {
	words := [...]string{"none", "complete", "violated", "bounded", "stopped"}
	return words[min(int(v), len(words)-1)]
}

// Result is what an exploration found. All but Elapsed, Memory and Verdicts that a memory bound or the context causes is the same
// whatever the number of workers.
type Result[I any] struct {
	Verdict Verdict
	Reason  string // why the verdict is not Complete

	States  uint64   // distinct states, or distinct up to renaming
	Orbits  uint64   // the states that those stand for; equal to States without symmetry
	Edges   uint64   // steps taken: an input that was not refused, in a state
	Refused uint64   // inputs that were tried in a state and refused
	Skipped uint64   // inputs that were not tried in a state, since the walker thought them unlikely
	Ends    uint64   // states in which no input was taken
	Levels  []uint64 // distinct states by their distance from the initial one
	Actions map[string]uint64

	Violation *Violation[I]

	Elapsed   time.Duration
	Memory    int64   // the most bytes that states seen, states to visit and paths took
	Collision float64 // a bound on the probability that two states were taken for one
	Symmetry  bool
	Workers   int
}

// Depth returns the greatest distance of a state from the initial one.
func (r *Result[I]) Depth() int { return max(len(r.Levels)-1, 0) }

// Rate returns distinct states per second.
func (r *Result[I]) Rate() float64 { return float64(r.States) / max(r.Elapsed.Seconds(), 1e-9) }

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

// Progress is what [Options.Progress] is told.
type Progress struct {
	States  uint64 // seen so far
	Depth   int    // of the level under way
	Done    uint64 // states of that level that were expanded
	Level   uint64 // states of that level
	Elapsed time.Duration
	Memory  int64
}
