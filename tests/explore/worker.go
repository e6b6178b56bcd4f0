package explore

import (
	"encoding/binary"
	"fmt"
)

// worker expands states.
type worker[S, I, O any] struct {
	*prober[S, I, O]
	e         *exploration[S, I, O]
	symmetric Symmetric // work; nil without symmetry
	watch     func(S, I, []O, S)
	key       []byte
	parent    uint32 // the state that is expanded

	edges, ends, orbits uint64
	byInput             []uint64 // steps
}

func newWorker[S, I, O any](e *exploration[S, I, O]) *worker[S, I, O] {
	w := &worker[S, I, O]{prober: newProber(e.machine, e.options.SkipUnlikely), e: e, byInput: make([]uint64, len(e.alphabet))}
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
	fail := func(input int, property, reason string) {
		w.e.note(finding{property: property, reason: reason, step: via(w.parent, input)})
	}
	defer func() {
		if p := recover(); p != nil {
			fail(w.at, Broken, fmt.Sprintf("panic: %v", p))
		}
		w.e.keyBytes.Add(out.bytes())
	}()
	take := func(input int, outs []O) {
		if property, err := w.arrive(input, outs, levelStart, out); err != nil {
			fail(input, property, err.Error())
		}
	}
	keys := b.keys
	for i := range b.count {
		w.parent = b.first + uint32(i)
		if via(w.parent, 0) > w.e.first.Load() || w.e.aborted.Load() {
			return
		}
		var key []byte
		key, keys = nextKey(keys)
		edges := w.edges
		w.probe(key, take, fail)
		if w.edges == edges {
			w.ends++
		}
	}
	w.e.expanded.Add(uint64(b.count))
}

// arrive looks at a step that was taken, and at the state that it leads to. It returns the first property that fails, and why.
func (w *worker[S, I, O]) arrive(input int, outs []O, levelStart uint32, out *candidates) (string, error) {
	w.edges++
	w.byInput[input]++
	before, after := w.base.State(), w.work.State()
	for _, inv := range w.e.options.Invariants {
		if inv.Step != nil {
			if err := inv.Step(before, w.alphabet[input], outs, after); err != nil {
				return inv.Name, err
			}
		}
	}
	if w.watch != nil {
		w.watch(before, w.alphabet[input], outs, after)
	}
	w.key = w.workKey(w.key[:0])
	f, step := w.e.hash.of(w.key), via(w.parent, input)
	how := w.e.visited.add(f, step, levelStart)
	if how == seen {
		return "", nil
	}
	if how == isNew {
		w.e.found.Add(1)
		if w.symmetric != nil {
			w.orbits += w.symmetric.Orbit()
		}
	}
	// A state that is replaced is looked at again, so that its violation is told of its first step.
	for _, inv := range w.e.options.Invariants {
		if inv.State != nil {
			if err := inv.State(after); err != nil {
				return inv.Name, err
			}
		}
	}
	out.add(f, step, w.key)
	return "", nil
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
