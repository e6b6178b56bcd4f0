package explore

import (
	"errors"
	"fmt"
	"slices"
)

// table is a machine that is written out: state, input, state. It begins in state 0.
type table struct {
	inputs []string
	next   map[int]map[string]int
	leaks  bool // refused inputs change the state
	throws int  // the state in which every step panics
}

func newTable(edges ...string) *table {
	t := &table{next: map[int]map[string]int{}, throws: -1}
	for _, e := range edges {
		var from, to int
		var in string
		if _, err := fmt.Sscanf(e, "%d %s %d", &from, &in, &to); err != nil {
			panic(e)
		}
		if t.next[from] == nil {
			t.next[from] = map[string]int{}
		}
		t.next[from][in] = to
		if !slices.Contains(t.inputs, in) {
			t.inputs = append(t.inputs, in)
		}
	}
	return t
}

func (t *table) Alphabet() []string                  { return t.inputs }
func (t *table) Walker() Walker[int, string, string] { return &tableWalker{t: t} }
func (t *table) Action(in string) string             { return in[:1] }
func (t *table) InputText(in string) string          { return in }
func (t *table) OutputText(out string) string        { return out }
func (t *table) StateText(s int) string              { return fmt.Sprint(s) }

type tableWalker struct {
	t  *table
	at int
}

func (w *tableWalker) Load(key []byte) error { w.at = int(key[0]); return nil }
func (w *tableWalker) Key(dst []byte) []byte { return append(dst, byte(w.at)) }
func (w *tableWalker) State() int            { return w.at }
func (w *tableWalker) Step(in string) ([]string, error) {
	if w.at == w.t.throws {
		panic("thrown")
	}
	to, ok := w.t.next[w.at][in]
	if !ok {
		if w.t.leaks && w.at == 1 {
			w.at = 0
		}
		return nil, ErrRefused
	}
	w.at = to
	return []string{fmt.Sprintf("to%d", to)}, nil
}

// counters are n counters from 0 to top, each counted up by an input of its own and, all at once, set back when all are at the top.
// Sorting them is a symmetry.
type counters struct {
	n, top int
	hints  bool
	lies   bool // the hints are wrong
}

const reset = -1

func (c counters) Alphabet() []int {
	all := []int{reset}
	for i := range c.n {
		all = append(all, i)
	}
	return all
}

func (c counters) Walker() Walker[[]byte, int, int] {
	w := &counting{c: c, at: make([]byte, c.n)}
	if c.hints {
		return hinting{w}
	}
	return w
}

func (c counters) Action(in int) string {
	if in == reset {
		return "reset"
	}
	return "up"
}
func (c counters) InputText(in int) string   { return fmt.Sprintf("%s%d", c.Action(in), in) }
func (c counters) OutputText(out int) string { return fmt.Sprint(out) }
func (c counters) StateText(s []byte) string { return fmt.Sprint(s) }

type counting struct {
	c  counters
	at []byte
}

func (w *counting) Load(key []byte) error {
	if len(key) != w.c.n {
		return errors.New("no such state")
	}
	w.at = append(w.at[:0], key...)
	return nil
}
func (w *counting) Key(dst []byte) []byte { return append(dst, w.at...) }
func (w *counting) State() []byte         { return w.at }
func (w *counting) takes(in int) bool {
	if in == reset {
		return slices.Min(w.at) == byte(w.c.top)
	}
	return int(w.at[in]) < w.c.top
}
func (w *counting) Step(in int) ([]int, error) {
	if !w.takes(in) {
		return nil, ErrRefused
	}
	if in == reset {
		clear(w.at)
		return nil, nil
	}
	w.at[in]++
	return []int{int(w.at[in])}, nil
}

func (w *counting) Canonical(dst []byte) []byte {
	n := len(dst)
	dst = append(dst, w.at...)
	slices.Sort(dst[n:])
	return dst
}

// Orbit counts the different orders of the counters.
func (w *counting) Orbit() uint64 {
	orbit, same := uint64(1), map[byte]uint64{}
	for i, v := range w.at {
		same[v]++
		orbit = orbit * uint64(i+1) / same[v]
	}
	return orbit
}

type hinting struct{ *counting }

func (w hinting) Likely(in int) bool { return w.takes(in) != w.c.lies }
