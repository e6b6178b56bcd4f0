package graphs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"runtime"
	"sync"
	"time"
)

// Options say how to explore. The zero Options explore everything, on all processors.
type Options struct {
	Workers int // the number of goroutines; 0 for one for each processor
	// the exploration ends as Bounded once there are more states than this; 0 for no bound
	MaxStates uint64
	Symmetry  bool // of all states that Machine.Canonical maps to the same state, explore only one
	// don't try inputs that Machine.Likely excludes
	Possible bool
	Against  bool // compare every step and every refused input with the model
	// Progress, if it is not nil, is called now and then, and at the end of each level.
	Progress func(Progress)
}

// Progress has the counts of an exploration that is still running.
type Progress struct {
	States      uint64 // the states that were visited so far
	Depth       int    // the depth of the present level
	Done, Level uint64 // the states of the present level: those that were expanded, and all
	Elapsed     time.Duration
}

// A fingerprint identifies a state: it is 128 bits of hashes of the state's key. Each run has new
// seeds for the hashes. Two states that have the same fingerprint in one run are unlikely to have
// the same one in another run.
type fingerprint [2]uint64

// collisionChance returns an upper bound for the probability that two of n states have the same
// fingerprint, so that one of them was not visited: the number of pairs of states, divided by the
// number of fingerprints.
func collisionChance(n uint64) float64 { return float64(n) / 2 * float64(n) / math.Exp2(128) }

const (
	chunkStates = 1024 // how many states a worker takes at a time
	inputBits   = 12
	maxInputs   = 1 << inputBits
)

// via returns a number for a step: the number of the state before it, and the index of its input.
func via(parent uint32, input int) uint64 { return uint64(parent)<<inputBits | uint64(input) }

// exploration is one run of Explore.
type exploration[S, M, I, O any] struct {
	machine *Machine[S, M, I, O]
	options Options
	seeds   [2]maphash.Seed
	workers []*worker[S, M, I, O]
	result  *Result[I]
	began   time.Time
	told    time.Time // when Progress was called last

	// Workers only read visited while they expand states. In between, the states that they found
	// are added.
	visited map[fingerprint]struct{}
	parents []uint32 // by state: the state from which it was reached first
	inputs  []uint16 // by state: the input by which it was reached first
}

// Explore visits every state that the machine reaches, breadth first, and checks the properties in
// each. The result does not depend on the number of workers.
func Explore[S, M, I, O any](ctx context.Context, m Machine[S, M, I, O], o Options) *Result[I] {
	if o.Symmetry && m.Canonical == nil {
		panic("graphs: " + m.Name + " has no symmetry")
	}
	o.Workers = cmp.Or(max(o.Workers, 0), runtime.GOMAXPROCS(0))
	// the numbers of states have 32 bits
	o.MaxStates = min(cmp.Or(o.MaxStates, math.MaxUint32), math.MaxUint32)
	e := &exploration[S, M, I, O]{machine: &m, options: o, visited: map[fingerprint]struct{}{},
		seeds:  [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		result: &Result[I]{Workers: o.Workers, Actions: map[string]uint64{}}, began: time.Now()}
	for range o.Workers {
		e.workers = append(e.workers, &worker[S, M, I, O]{prober: m.prober(o.Possible, o.Against), e: e,
			byInput: make([]uint64, len(m.Inputs))})
	}
	e.explore(ctx)
	r := e.result
	r.Elapsed, r.Collision = time.Since(e.began), collisionChance(r.States)
	return r
}

// explore goes level by level. The steps of a level are counted when all its states are expanded.
func (e *exploration[S, M, I, O]) explore(ctx context.Context) {
	r := e.result
	var initial S
	w := e.workers[0]
	e.machine.View(&initial, &w.after)
	if property, err := w.holds(&initial); err != nil {
		e.violated(Violation[I]{Property: property, Reason: err.Error()})
		return
	}
	level, size := [][]S{{initial}}, 1 // chunks of states; all but the last are full
	e.add(&candidate[S]{mark: w.fingerprint(&initial)})
	for size > 0 {
		first := len(e.parents) - size
		r.States, r.Levels = r.States+uint64(size), append(r.Levels, uint64(size))
		var next [][]S
		for at := 0; at < len(level); at += len(e.workers) {
			chunks := level[at:min(at+len(e.workers), len(level))]
			e.expand(chunks, first+at*chunkStates)
			for _, w := range e.workers {
				// New states are added in the order of their steps, so their numbers don't depend
				// on which worker was faster.
				for i := range w.found {
					c := &w.found[i]
					if !e.add(c) {
						continue
					}
					if n := len(next); n == 0 || len(next[n-1]) == chunkStates {
						next = append(next, make([]S, 0, chunkStates))
					}
					last := &next[len(next)-1]
					*last = append(*last, c.state)
				}
				if w.failed != nil {
					path, err := e.path(w.step)
					w.failed.Path, w.failed.Reason = path, errors.Join(errors.New(w.failed.Reason), err).Error()
					e.violated(*w.failed)
					return
				}
			}
			clear(chunks) // frees their memory
			e.progress(min((at+len(chunks))*chunkStates, size), size)
			if ctx.Err() != nil {
				e.stop(Stopped, context.Cause(ctx).Error())
				return
			}
			if n := e.options.MaxStates; uint64(len(e.parents)) > n {
				e.stop(Bounded, fmt.Sprintf("there are more than %d states", n))
				return
			}
		}
		e.addUp()
		level, size = next, len(e.parents)-first-size
	}
	r.Verdict = Complete
}

// expand has each worker expand at most one of the chunks. number is the number of the first
// chunk's first state.
func (e *exploration[S, M, I, O]) expand(chunks [][]S, number int) {
	var running sync.WaitGroup
	for i, w := range e.workers {
		w.found = w.found[:0]
		if i < len(chunks) {
			running.Go(func() { w.expand(chunks[i], uint32(number+i*chunkStates)) })
		}
	}
	running.Wait()
}

// add gives a state a number if it is new, and reports whether it is.
func (e *exploration[S, M, I, O]) add(c *candidate[S]) bool {
	if _, seen := e.visited[c.mark]; seen {
		return false
	}
	e.visited[c.mark] = struct{}{}
	e.parents = append(e.parents, uint32(c.step>>inputBits))
	e.inputs = append(e.inputs, uint16(c.step&(maxInputs-1)))
	return true
}

func (e *exploration[S, M, I, O]) progress(done, level int) {
	if e.options.Progress == nil || done < level && time.Since(e.told) < 100*time.Millisecond {
		return
	}
	e.told = time.Now()
	e.options.Progress(Progress{States: uint64(len(e.parents)), Depth: e.result.Depth(), Done: uint64(done),
		Level: uint64(level), Elapsed: time.Since(e.began)})
}

func (e *exploration[S, M, I, O]) stop(v Verdict, reason string) {
	e.result.Verdict = v
	e.result.Reason = fmt.Sprintf("%s; the counts include all states up to depth %d, but no steps from states of that depth",
		reason, e.result.Depth())
}

// addUp adds the workers' counts to the result.
func (e *exploration[S, M, I, O]) addUp() {
	r := e.result
	for _, w := range e.workers {
		r.Edges, r.Ends, r.Orbits = r.Edges+w.edges, r.Ends+w.ends, r.Orbits+w.orbits
		r.Refused, r.Skipped, r.Steps = r.Refused+w.refused, r.Skipped+w.skipped, r.Steps+w.all
		w.edges, w.ends, w.orbits, w.all, w.refused, w.skipped = 0, 0, 0, 0, 0, 0
		for i, n := range w.byInput {
			if n > 0 {
				r.Actions[e.machine.Action(e.machine.Inputs[i])] += n
				w.byInput[i] = 0
			}
		}
	}
}

func (e *exploration[S, M, I, O]) violated(v Violation[I]) {
	e.result.Verdict, e.result.Reason, e.result.Violation = Violated, v.Error(), &v
}

// candidate is a state that a step leads to, and that no earlier chunk has visited.
type candidate[S any] struct {
	step  uint64
	mark  fingerprint
	state S
}

// worker expands states.
type worker[S, M, I, O any] struct {
	*prober[S, M, I, O]
	e      *exploration[S, M, I, O]
	found  []candidate[S] // in the order of the steps that led to them
	failed *Violation[I]  // the first violation, without its path
	step   uint64         // the step that failed
	mark   []byte
	parent uint32 // the state that is being expanded

	edges, ends, orbits, all uint64
	byInput                  []uint64 // the number of steps, by input
}

// expand takes every step from the states of a chunk, and collects the new states. It stops at the
// first state in which a property fails or the core has a fault. number is the number of the
// chunk's first state.
func (w *worker[S, M, I, O]) expand(chunk []S, number uint32) {
	fail := func(input int, property, reason string) {
		if w.failed == nil {
			w.failed, w.step = &Violation[I]{Property: property, Reason: reason}, via(w.parent, input)
		}
	}
	defer func() {
		if p := recover(); p != nil {
			fail(w.at, Broken, fmt.Sprintf("panic: %v", p))
		}
	}()
	take := func(input int, outs []O) {
		if property, err := w.arrive(input, outs); err != nil {
			fail(input, property, err.Error())
		}
	}
	for i := range chunk {
		w.parent = number + uint32(i)
		edges, orbit := w.edges, uint64(1)
		if w.e.options.Symmetry {
			orbit = w.m.Orbit(&chunk[i])
		}
		w.probe(&chunk[i], take, fail)
		if w.failed != nil {
			return
		}
		if w.edges == edges {
			w.ends++
		}
		w.orbits, w.all = w.orbits+orbit, w.all+orbit*(w.edges-edges)
	}
}

// arrive checks a step that was taken, and the state that it leads to. It returns the first
// property that fails, and the reason.
func (w *worker[S, M, I, O]) arrive(input int, outs []O) (string, error) {
	w.edges++
	w.byInput[input]++
	m := w.m
	if !w.against { // with against, probe has set the view already
		m.View(&w.state, &w.after)
	}
	for i := range m.Properties {
		if p := &m.Properties[i]; p.Step != nil {
			if err := p.Step(&w.view, m.Inputs[input], outs, &w.after); err != nil {
				return p.Name, err
			}
		}
	}
	c := candidate[S]{step: via(w.parent, input), state: w.state}
	if w.e.options.Symmetry {
		m.Canonical(&c.state)
	}
	c.mark = w.fingerprint(&c.state)
	if _, seen := w.e.visited[c.mark]; seen {
		return "", nil
	}
	w.found = append(w.found, c)
	return w.holds(&w.state)
}

func (w *worker[S, M, I, O]) fingerprint(s *S) fingerprint {
	w.mark = w.m.Key(w.mark[:0], s)
	return fingerprint{maphash.Bytes(w.e.seeds[0], w.mark), maphash.Bytes(w.e.seeds[1], w.mark)}
}

// holds returns the first property that fails in a state, and the reason. The state's view is
// w.after.
func (w *worker[S, M, I, O]) holds(s *S) (string, error) {
	for i := range w.m.Properties {
		if p := &w.m.Properties[i]; p.State != nil {
			if err := p.State(&w.after); err != nil {
				return p.Name, err
			}
		}
	}
	if w.m.Agrees != nil {
		return Bookkeeping, w.m.Agrees(s)
	}
	return "", nil
}
