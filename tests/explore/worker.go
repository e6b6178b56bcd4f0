package explore

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// worker expands states. It has two walkers, one in the state before a step and one in the state after it.
type worker[S, I, O any] struct {
	e          *exploration[S, I, O]
	base, work Walker[S, I, O]
	hint       Hinter[I] // of base; nil if it has none
	symmetric  Symmetric // of work; nil without symmetry
	watch      func(S, I, []O, S)
	surprise   []bool // by input: unlikely, and taken all the same
	buffer     []byte
	at         uint64 // the step under way, for a panic

	edges, refused, skipped, ends, orbits uint64
	taken                                 []uint64 // by input
}

func newWorker[S, I, O any](e *exploration[S, I, O]) *worker[S, I, O] {
	w := &worker[S, I, O]{e: e, base: e.machine.Walker(), work: e.machine.Walker(),
		surprise: make([]bool, len(e.alphabet)), taken: make([]uint64, len(e.alphabet))}
	w.hint, _ = w.base.(Hinter[I])
	if e.options.Symmetry {
		w.symmetric = w.work.(Symmetric)
	}
	if e.options.Watch != nil {
		w.watch = e.options.Watch()
	}
	return w
}

// workKey appends the key by which the state after a step is known.
func (w *worker[S, I, O]) workKey(dst []byte) []byte {
	if w.symmetric != nil {
		return w.symmetric.Canonical(dst)
	}
	return w.work.Key(dst)
}

// expand takes every step from the states of a block, and writes down the states that nobody saw before.
func (w *worker[S, I, O]) expand(b *block, levelStart uint32, out *candidates) {
	defer func() {
		if p := recover(); p != nil {
			w.e.note(finding{property: Broken, reason: fmt.Sprintf("panic: %v", p), step: w.at})
		}
		w.e.keyBytes.Add(out.bytes())
	}()
	keys := b.keys
	for i := range b.count {
		parent := b.first + uint32(i)
		if via(parent, 0) > w.e.first.Load() || w.e.aborted.Load() {
			return
		}
		var key []byte
		key, keys = nextKey(keys)
		w.at = via(parent, 0)
		if err := w.base.Load(key); err != nil {
			panic(err)
		}
		edges := w.edges
		w.refusals(parent, key)
		w.steps(parent, key, levelStart, out)
		if w.edges == edges {
			w.ends++
		}
	}
	w.e.expanded.Add(uint64(b.count))
}

// refusals tries the unlikely inputs, all on one walker, and looks once whether it has stayed in its state.
func (w *worker[S, I, O]) refusals(parent uint32, key []byte) {
	if w.hint == nil || w.e.options.SkipUnlikely {
		return
	}
	tried := false
	for i, in := range w.e.alphabet {
		if w.hint.Likely(in) {
			continue
		}
		w.at, tried = via(parent, i), true
		switch _, err := w.base.Step(in); err {
		case ErrRefused:
			w.refused++
		case nil: // not refused after all: steps takes it again
			w.surprise[i] = true
			w.load(w.base, key)
		default:
			w.fail(Broken, err.Error())
			w.load(w.base, key)
		}
	}
	if !tried {
		return
	}
	if w.buffer = w.base.Key(w.buffer[:0]); bytes.Equal(w.buffer, key) {
		return
	}
	for i, in := range w.e.alphabet { // one of them did it: which?
		w.load(w.base, key)
		w.at = via(parent, i)
		if _, err := w.base.Step(in); err == ErrRefused {
			w.unchanged(w.base, key)
		}
	}
	w.load(w.base, key)
}

// steps takes the steps from the state that base is in.
func (w *worker[S, I, O]) steps(parent uint32, key []byte, levelStart uint32, out *candidates) {
	fresh := false // work is in that state too
	for i, in := range w.e.alphabet {
		if w.hint != nil && !w.surprise[i] && !w.hint.Likely(in) {
			if w.e.options.SkipUnlikely {
				w.skipped++
			}
			continue
		}
		w.surprise[i] = false
		w.at = via(parent, i)
		if !fresh {
			w.load(w.work, key)
		}
		outs, err := w.work.Step(in)
		switch err {
		case nil:
			fresh = false
			w.arrive(i, outs, levelStart, out)
		case ErrRefused:
			w.refused++
			w.unchanged(w.work, key)
			fresh = true
		default:
			w.fail(Broken, err.Error())
			fresh = false
		}
	}
}

// arrive looks at a step that was taken, and at the state that it leads to.
func (w *worker[S, I, O]) arrive(input int, outs []O, levelStart uint32, out *candidates) {
	in := w.e.alphabet[input]
	w.edges++
	w.taken[input]++
	before, after := w.base.State(), w.work.State()
	for _, inv := range w.e.options.Invariants {
		if inv.Step != nil {
			if err := inv.Step(before, in, outs, after); err != nil {
				w.fail(inv.Name, err.Error())
				return
			}
		}
	}
	if w.watch != nil {
		w.watch(before, in, outs, after)
	}
	w.buffer = w.workKey(w.buffer[:0])
	f := w.e.hash.of(w.buffer)
	how := w.e.visited.add(f, w.at, levelStart)
	if how == seen {
		return
	}
	if how == isNew {
		w.e.found.Add(1)
		if w.symmetric != nil {
			w.orbits += w.symmetric.Orbit()
		}
	}
	for _, inv := range w.e.options.Invariants {
		if inv.State != nil {
			if err := inv.State(after); err != nil {
				w.fail(inv.Name, err.Error())
				return
			}
		}
	}
	out.add(f, w.at, w.buffer)
}

func (w *worker[S, I, O]) load(walker Walker[S, I, O], key []byte) {
	if err := walker.Load(key); err != nil {
		panic(err)
	}
}

func (w *worker[S, I, O]) unchanged(walker Walker[S, I, O], key []byte) {
	if w.buffer = walker.Key(w.buffer[:0]); !bytes.Equal(w.buffer, key) {
		w.fail(Unchanged, "a refused input changed the state")
	}
}

func (w *worker[S, I, O]) fail(property, reason string) {
	w.e.note(finding{property: property, reason: reason, step: w.at})
}

// candidates are the states that a block led to and that were new when it did.
type candidates struct {
	steps []uint64
	marks []fingerprint
	keys  []byte
}

func (c *candidates) add(f fingerprint, step uint64, key []byte) {
	c.steps, c.marks = append(c.steps, step), append(c.marks, f)
	c.keys = appendKey(c.keys, key)
}

func (c *candidates) bytes() int64 {
	return int64(cap(c.keys)) + int64(cap(c.steps))*8 + int64(cap(c.marks))*16
}

// winners makes blocks, without their numbers, of the states that no step before took first, and returns the steps that led there.
func (c *candidates) winners(v *visited) (made []block, steps []uint64) {
	keys := c.keys
	for i, step := range c.steps {
		var key []byte
		key, keys = nextKey(keys)
		if !v.won(c.marks[i], step) {
			continue
		}
		if len(made) == 0 || made[len(made)-1].count == blockStates {
			made = append(made, block{})
		}
		b := &made[len(made)-1]
		b.count++
		b.keys = appendKey(b.keys, key)
		steps = append(steps, step)
	}
	return made, steps
}

func appendKey(dst, key []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(key))), key...)
}

func nextKey(keys []byte) (key, rest []byte) {
	n, used := binary.Uvarint(keys)
	end := used + int(n)
	return keys[used:end:end], keys[end:]
}
