package graphs

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how to explore. The zero Options explore all, on all processors.
type Options struct {
	Workers   int    // 0: as many as there are processors
	MaxStates uint64 // the exploration ends as Bounded before a level that would pass it; 0: no bound
	Symmetry  bool   // explore one state for all that Machine.Canonical takes for one
	Possible  bool   // leave out inputs that are not likely, instead of trying that they are refused
	Against   bool   // hold every step and every refusal against the model
	// Progress, if set, is called now and then by one goroutine at a time.
	Progress func(Progress)
}

// Progress is how far an exploration is.
type Progress struct {
	States      uint64 // seen so far
	Depth       int    // of the level under way
	Done, Level uint64 // states of that level that were expanded, and all of them
	Elapsed     time.Duration
}

// blockStates is how many states a worker takes at a time.
const blockStates = 1024

// block holds states to visit, in the order of their numbers.
type block[S any] struct {
	first  uint32 // the number of the first
	states []S
}

// candidates are the states that a block led to and that were new when it did.
type candidates[S any] struct {
	steps  []uint64
	marks  []fingerprint
	states []S
}

// exploration is one Explore under way.
type exploration[S, M, I, O any] struct {
	machine *Machine[S, M, I, O]
	options Options
	hash    hasher
	visited visited
	workers []*worker[S, M, I, O]

	parents []uint32 // of state n at n
	inputs  []uint16 // by which it was reached first
	result  *Result[I]

	found, expanded, level atomic.Uint64 // for Progress
	depth                  atomic.Int64
	aborted                atomic.Bool
	reason                 string // why it was aborted
	abortOnce              sync.Once

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

// Explore visits every state that the machine reaches, breadth first, holds its properties to each,
// and returns what it found, which does not depend on the number of workers.
func Explore[S, M, I, O any](ctx context.Context, m Machine[S, M, I, O], o Options) *Result[I] {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.MaxStates == 0 || o.MaxStates > 1<<32-1 {
		o.MaxStates = 1<<32 - 1 // the most that can be numbered
	}
	if o.Symmetry && m.Canonical == nil {
		panic("graphs: " + m.Name + " has no symmetry")
	}
	e := &exploration[S, M, I, O]{machine: &m, options: o, hash: newHasher()}
	e.result = &Result[I]{Workers: o.Workers, Actions: map[string]uint64{}}
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
func (e *exploration[S, M, I, O]) report(began time.Time) func() {
	if e.options.Progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for over := false; !over; {
			select {
			case <-ticker.C:
			case <-done:
				over = true
			}
			e.options.Progress(Progress{States: e.found.Load(), Depth: int(e.depth.Load()),
				Done: e.expanded.Load(), Level: e.level.Load(), Elapsed: time.Since(began)})
		}
	})
	return func() { close(done); ended.Wait() }
}

// explore goes level by level.
func (e *exploration[S, M, I, O]) explore(ctx context.Context) {
	r := e.result
	blocks := e.begin()
	for len(blocks) > 0 && e.worst == nil {
		start := blocks[0].first
		total := uint64(len(e.parents)) - uint64(start)
		r.States, r.Levels = r.States+total, append(r.Levels, total)
		e.depth.Store(int64(r.Depth()))
		e.level.Store(total)
		e.expanded.Store(0)
		e.first.Store(^uint64(0))

		// Each block's new states come out in the order of their steps, so that numbers don't
		// depend on who did what when.
		lists := make([]candidates[S], len(blocks))
		e.each(len(blocks), func(w *worker[S, M, I, O], i int) {
			if ctx.Err() != nil {
				e.abort(Stopped, context.Cause(ctx).Error())
			}
			w.expand(&blocks[i], start, &lists[i])
			if e.found.Load() > e.options.MaxStates {
				e.abort(Bounded, fmt.Sprintf("there are more than %d states", e.options.MaxStates))
			}
			e.expanded.Add(uint64(len(blocks[i].states)))
			blocks[i].states = nil
		})
		if e.aborted.Load() && e.worst == nil { // what the level brought is left out
			r.Reason = fmt.Sprintf("%s; all states to depth %d were counted, the steps from that depth were not",
				e.reason, r.Depth())
			return
		}
		e.addUp()
		blocks = e.settle(lists)
	}
	if e.worst != nil {
		e.violated()
		return
	}
	r.Verdict = Complete
}

// begin visits the initial state.
func (e *exploration[S, M, I, O]) begin() []block[S] {
	var s S
	w := e.workers[0]
	e.visited.add(e.hash.of(e.machine.Key(nil, &s)), 0, 0)
	e.parents, e.inputs = append(e.parents, 0), append(e.inputs, 0)
	e.found.Store(1)
	e.machine.View(&s, &w.after)
	if property, err := w.holds(&s); err != nil {
		e.note(finding{property: property, reason: err.Error(), initial: true})
	}
	return []block[S]{{states: []S{s}}}
}

// orbit counts the states that a state stands for.
func (e *exploration[S, M, I, O]) orbit(s *S) uint64 {
	if e.options.Symmetry {
		return e.machine.Orbit(s)
	}
	return 1
}

// each runs a function for every index, on all workers, until the exploration is aborted.
func (e *exploration[S, M, I, O]) each(n int, f func(w *worker[S, M, I, O], i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for _, w := range e.workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !e.aborted.Load(); i = int(next.Add(1)) - 1 {
				f(w, i)
			}
		})
	}
	wg.Wait()
}

func (e *exploration[S, M, I, O]) abort(v Verdict, reason string) {
	e.abortOnce.Do(func() {
		e.result.Verdict, e.reason = v, reason
		e.aborted.Store(true)
	})
}

// settle numbers the new states of a level, those that no step before took first, and makes blocks.
func (e *exploration[S, M, I, O]) settle(lists []candidates[S]) (blocks []block[S]) {
	e.each(len(lists), func(_ *worker[S, M, I, O], i int) {
		c, kept := &lists[i], 0
		for j, step := range c.steps {
			if e.visited.won(c.marks[j], step) {
				c.steps[kept], c.states[kept] = step, c.states[j]
				kept++
			}
		}
		c.steps, c.states, c.marks = c.steps[:kept], c.states[:kept], nil
	})
	for _, c := range lists {
		for first := 0; first < len(c.states); first += blockStates {
			end := min(first+blockStates, len(c.states))
			blocks = append(blocks, block[S]{uint32(len(e.parents) + first), c.states[first:end]})
		}
		for _, step := range c.steps {
			e.parents = append(e.parents, uint32(step>>inputBits))
			e.inputs = append(e.inputs, uint16(step&(maxInputs-1)))
		}
	}
	return blocks
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

// note takes a finding down if its step comes before those of the others.
func (e *exploration[S, M, I, O]) note(f finding) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.worst == nil || f.step < e.worst.step {
		e.worst = &f
		e.first.Store(f.step)
	}
}

// violated writes the result of the finding.
func (e *exploration[S, M, I, O]) violated() {
	v := &Violation[I]{Property: e.worst.property, Reason: e.worst.reason}
	if !e.worst.initial {
		path, err := e.path(e.worst.step)
		if err != nil {
			v.Reason = errors.Join(errors.New(v.Reason), err).Error()
		}
		v.Path = path
	}
	e.result.Verdict, e.result.Reason, e.result.Violation = Violated, v.Error(), v
}

// worker expands states.
type worker[S, M, I, O any] struct {
	*prober[S, M, I, O]
	e      *exploration[S, M, I, O]
	mark   []byte
	parent uint32 // the state that is expanded
	steps  bool   // some property speaks of steps

	edges, ends, orbits, all uint64
	byInput                  []uint64 // steps
}

func newWorker[S, M, I, O any](e *exploration[S, M, I, O]) *worker[S, M, I, O] {
	w := &worker[S, M, I, O]{prober: e.machine.prober(e.options.Possible, e.options.Against), e: e,
		byInput: make([]uint64, len(e.machine.Inputs))}
	for _, p := range e.machine.Properties {
		w.steps = w.steps || p.Step != nil
	}
	return w
}

// expand takes every step from the states of a block, and writes down the states that are new.
func (w *worker[S, M, I, O]) expand(b *block[S], levelStart uint32, out *candidates[S]) {
	fail := func(input int, property, reason string) {
		w.e.note(finding{property: property, reason: reason, step: via(w.parent, input)})
	}
	defer func() {
		if p := recover(); p != nil {
			fail(w.at, Broken, fmt.Sprintf("panic: %v", p))
		}
	}()
	take := func(input int, outs []O) {
		if property, err := w.arrive(input, outs, levelStart, out); err != nil {
			fail(input, property, err.Error())
		}
	}
	for i := range b.states {
		w.parent = b.first + uint32(i)
		if via(w.parent, 0) > w.e.first.Load() || w.e.aborted.Load() {
			return
		}
		edges, orbit := w.edges, w.e.orbit(&b.states[i])
		w.probe(&b.states[i], take, fail)
		if w.edges == edges {
			w.ends++
		}
		w.orbits, w.all = w.orbits+orbit, w.all+orbit*(w.edges-edges)
	}
}

// arrive looks at a step that was taken, and at the state that it leads to. It returns the first
// property that fails, and why.
func (w *worker[S, M, I, O]) arrive(input int, outs []O, levelStart uint32, out *candidates[S]) (
	string, error) {
	w.edges++
	w.byInput[input]++
	m := w.m
	if w.steps && !w.against { // with against, the view is there already
		m.View(&w.state, &w.after)
	}
	for i := range m.Properties {
		if p := &m.Properties[i]; p.Step != nil {
			if err := p.Step(&w.view, m.Inputs[input], outs, &w.after); err != nil {
				return p.Name, err
			}
		}
	}
	s := w.state
	if w.e.options.Symmetry {
		m.Canonical(&s)
	}
	w.mark = m.Key(w.mark[:0], &s)
	f, step := w.e.hash.of(w.mark), via(w.parent, input)
	how := w.e.visited.add(f, step, levelStart)
	if how == seen {
		return "", nil
	}
	if how == isNew {
		w.e.found.Add(1)
	}
	// A state that is replaced is looked at again, so that its violation is reported with its first
	// step.
	if !w.steps && !w.against {
		m.View(&w.state, &w.after)
	}
	if property, err := w.holds(&w.state); err != nil {
		return property, err
	}
	out.steps, out.marks = append(out.steps, step), append(out.marks, f)
	out.states = append(out.states, s)
	return "", nil
}

// holds returns the first property that fails in a state whose view is in w.after.
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
