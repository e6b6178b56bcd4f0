package explore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how to explore. The zero Options explore all, on all cores, and hold no property.
type Options[S, I, O any] struct {
	Invariants []Invariant[S, I, O]
	Workers    int    // 0: as many as there are processors
	MaxStates  uint64 // the exploration ends as Bounded before a level that would pass it; 0: 4294967295, the most that can be numbered
	MaxMemory  int64  // the same, in bytes of what Result.Memory counts; 0: no bound
	// Symmetry explores one state of each orbit; the walkers must be Symmetric.
	Symmetry bool
	// SkipUnlikely leaves out the inputs that a Hinter thinks unlikely, instead of trying that they are refused.
	SkipUnlikely bool
	// Watch, if set, is called once for each worker; what it returns is told every step that the worker takes.
	Watch func() func(before S, in I, outs []O, after S)
	// Progress, if set, is called now and then, and at the end, by one goroutine at a time.
	Progress func(Progress)
	// Every is the time between calls of Progress; 0: 200 ms.
	Every time.Duration
}

// blockStates is how many states a worker takes at a time.
const blockStates = 1024

// block holds states to visit, in the order of their numbers: keys, each after its length.
type block struct {
	first uint32 // the number of the first
	count int
	keys  []byte
}

// exploration is one Run under way.
type exploration[S, I, O any] struct {
	machine  Machine[S, I, O]
	alphabet []I
	options  Options[S, I, O]
	hash     hasher
	visited  visited
	workers  []*worker[S, I, O]

	parents []uint32 // of state n at n
	inputs  []uint16 // by which it was reached first
	result  *Result[I]

	found     atomic.Uint64 // states seen, the level under way included
	expanded  atomic.Uint64 // states of the level that were expanded
	depth     atomic.Int64
	level     atomic.Uint64
	keyBytes  atomic.Int64 // of states to visit
	pathBytes atomic.Int64
	aborted   atomic.Bool
	reason    string // why it was aborted
	abortOnce sync.Once

	mu    sync.Mutex
	worst *finding // the least by its step
	first atomic.Uint64
}

// finding is a violation in the level under way.
type finding struct {
	property, reason string
	step             uint64
	initial          bool
}

// Run explores the machine and returns what it found. It panics if the alphabet has more than 4096 inputs, or if it is to use a
// symmetry that the walkers don't know.
func Run[S, I, O any](ctx context.Context, m Machine[S, I, O], o Options[S, I, O]) *Result[I] {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.MaxStates == 0 || o.MaxStates > 1<<32-1 {
		o.MaxStates = 1<<32 - 1
	}
	e := &exploration[S, I, O]{machine: m, alphabet: m.Alphabet(), options: o, hash: newHasher()}
	if len(e.alphabet) > maxInputs {
		panic(fmt.Sprintf("explore: an alphabet of %d inputs, more than %d", len(e.alphabet), maxInputs))
	}
	e.result = &Result[I]{Workers: o.Workers, Symmetry: o.Symmetry, Actions: map[string]uint64{}}
	for range o.Workers {
		e.workers = append(e.workers, newWorker(e))
	}
	began := time.Now()
	stop := e.report(began)
	e.explore(ctx)
	e.result.Elapsed = time.Since(began)
	stop()
	e.result.Collision = collisionChance(e.result.States)
	return e.result
}

// report calls Progress now and then, until the function that it returns is called.
func (e *exploration[S, I, O]) report(began time.Time) func() {
	if e.options.Progress == nil {
		return func() {}
	}
	every := e.options.Every
	if every <= 0 {
		every = 200 * time.Millisecond
	}
	tell := func() {
		e.options.Progress(Progress{States: e.found.Load(), Depth: int(e.depth.Load()), Done: e.expanded.Load(), Level: e.level.Load(),
			Elapsed: time.Since(began), Memory: e.memory()})
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				tell()
			case <-done:
				tell()
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

func (e *exploration[S, I, O]) memory() int64 {
	return e.visited.bytes.Load() + e.keyBytes.Load() + e.pathBytes.Load()
}

// explore goes level by level.
func (e *exploration[S, I, O]) explore(ctx context.Context) {
	r := e.result
	blocks := e.begin()
	if e.worst != nil {
		e.violated()
		return
	}
	for len(blocks) > 0 {
		start := blocks[0].first
		total := uint64(len(e.parents)) - uint64(start)
		r.States, r.Levels = r.States+total, append(r.Levels, total)
		e.depth.Store(int64(len(r.Levels) - 1))
		e.level.Store(total)
		e.expanded.Store(0)
		e.first.Store(^uint64(0))

		// Each block's new states come out in the order of their steps, so that numbers don't depend on who did what when.
		candidates := make([]candidates, len(blocks))
		var next atomic.Int64
		e.each(func(w *worker[S, I, O]) {
			for i := int(next.Add(1)) - 1; i < len(blocks) && !e.aborted.Load(); i = int(next.Add(1)) - 1 {
				if ctx.Err() != nil {
					e.abort(Stopped, context.Cause(ctx).Error())
				}
				w.expand(&blocks[i], start, &candidates[i])
				e.check()
			}
		})
		r.Memory = max(r.Memory, e.memory())
		if e.worst != nil {
			e.addUp()
			e.violated()
			return
		}
		if e.aborted.Load() { // what the level brought is left out
			r.Reason = fmt.Sprintf("%s; all states to depth %d were counted, the steps from that depth were not", e.reason, r.Depth())
			return
		}
		e.addUp()
		for i := range blocks {
			e.keyBytes.Add(-int64(cap(blocks[i].keys)))
		}
		blocks = e.settle(candidates)
	}
	r.Verdict = Complete
}

// begin visits the initial state.
func (e *exploration[S, I, O]) begin() []block {
	w := e.workers[0]
	key := w.workKey(nil) // the initial state has no other in its orbit, so that this is its key
	e.visited.add(e.hash.of(key), 0, 0)
	e.parents, e.inputs = append(e.parents, 0), append(e.inputs, 0)
	e.found.Store(1)
	if e.options.Symmetry {
		w.orbits += w.symmetric.Orbit()
	}
	for _, inv := range e.options.Invariants {
		if inv.State == nil {
			continue
		}
		if err := inv.State(w.work.State()); err != nil {
			e.note(finding{property: inv.Name, reason: err.Error(), initial: true})
			break
		}
	}
	b := block{count: 1}
	b.keys = appendKey(b.keys, key)
	return []block{b}
}

// each runs a function for every worker at once.
func (e *exploration[S, I, O]) each(f func(*worker[S, I, O])) {
	var wg sync.WaitGroup
	for _, w := range e.workers {
		wg.Go(func() { f(w) })
	}
	wg.Wait()
}

// check ends the exploration when it has passed a bound.
func (e *exploration[S, I, O]) check() {
	if e.found.Load() > e.options.MaxStates {
		e.abort(Bounded, fmt.Sprintf("there are more than %d states", e.options.MaxStates))
	}
	if limit := e.options.MaxMemory; limit > 0 && e.memory() > limit {
		e.abort(Bounded, fmt.Sprintf("it takes more than %d bytes of memory", limit))
	}
}

func (e *exploration[S, I, O]) abort(v Verdict, reason string) {
	e.abortOnce.Do(func() {
		e.result.Verdict, e.reason = v, reason
		e.aborted.Store(true)
	})
}

// settle numbers the new states of a level and makes blocks of them.
func (e *exploration[S, I, O]) settle(lists []candidates) []block {
	made, steps := make([][]block, len(lists)), make([][]uint64, len(lists))
	var next atomic.Int64
	e.each(func(*worker[S, I, O]) {
		for i := int(next.Add(1)) - 1; i < len(lists); i = int(next.Add(1)) - 1 {
			made[i], steps[i] = lists[i].winners(&e.visited)
			for _, b := range made[i] {
				e.keyBytes.Add(int64(cap(b.keys)))
			}
			e.keyBytes.Add(-lists[i].bytes())
			lists[i] = candidates{}
		}
	})
	var blocks []block
	for i := range made {
		first := uint32(len(e.parents))
		for _, b := range made[i] {
			b.first, first = first, first+uint32(b.count)
			blocks = append(blocks, b)
		}
		for _, step := range steps[i] {
			e.parents = append(e.parents, uint32(step>>inputBits))
			e.inputs = append(e.inputs, uint16(step&(maxInputs-1)))
		}
	}
	e.pathBytes.Store(int64(cap(e.parents))*4 + int64(cap(e.inputs))*2)
	e.result.Memory = max(e.result.Memory, e.memory())
	return blocks
}

// addUp adds the workers' counts to the result.
func (e *exploration[S, I, O]) addUp() {
	r := e.result
	for _, w := range e.workers {
		r.Edges, r.Refused, r.Skipped, r.Ends = r.Edges+w.edges, r.Refused+w.refused, r.Skipped+w.skipped, r.Ends+w.ends
		r.Orbits += w.orbits
		for i, n := range w.byInput {
			if n > 0 {
				r.Actions[e.machine.Action(e.alphabet[i])] += n
				w.byInput[i] = 0
			}
		}
		w.edges, w.refused, w.skipped, w.ends, w.orbits = 0, 0, 0, 0, 0
	}
	if !e.options.Symmetry {
		r.Orbits = r.States
	}
}

// note takes a finding down if its step comes before those of the others.
func (e *exploration[S, I, O]) note(f finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.worst == nil || f.step < e.worst.step {
		e.worst = &f
		e.first.Store(f.step)
	}
}

// violated writes the result of the finding.
func (e *exploration[S, I, O]) violated() {
	f := e.worst
	v := &Violation[I]{Property: f.property, Reason: f.reason}
	if !f.initial {
		path, err := e.path(f.step)
		if err != nil {
			v.Reason = errors.Join(errors.New(f.reason), err).Error()
		}
		v.Path = path
	}
	e.result.Verdict, e.result.Reason, e.result.Violation = Violated, v.Error(), v
}
