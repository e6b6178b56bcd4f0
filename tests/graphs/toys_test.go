package graphs

import (
	"errors"
	"fmt"
	"slices"
)

var errRefused = errors.New("refused")

// table is a machine that is written out: state, input, state. It begins in state 0.
type table = Machine[int, int, string, string]

// newTable makes a table of lines "0 a 1"; in the state throws every step panics.
func newTable(throws int, edges ...string) table {
	next := map[int]map[string]int{}
	m := table{Action: func(in string) string { return in[:1] },
		Key:  func(dst []byte, s *int) []byte { return append(dst, byte(*s)) },
		View: func(s, m *int) { *m = *s }, Refused: func(err error) bool { return err == errRefused },
		SameOutput: func(a, b string) bool { return a == b }}
	for _, e := range edges {
		var from, to int
		var in string
		if _, err := fmt.Sscanf(e, "%d %s %d", &from, &in, &to); err != nil {
			panic(e)
		}
		if next[from] == nil {
			next[from] = map[string]int{}
		}
		next[from][in] = to
		if !slices.Contains(m.Inputs, in) {
			m.Inputs = append(m.Inputs, in)
		}
	}
	m.ModelKey = m.Key
	m.Model = func(s int, in string) (int, []string, error) {
		if s == throws {
			panic("thrown")
		}
		to, ok := next[s][in]
		if !ok {
			return s, nil, errRefused
		}
		return to, []string{fmt.Sprintf("to%d", to)}, nil
	}
	m.New = m.OfModel().New
	return m
}

// counters are n counters from 0 to top, each counted up by an input of its own and, all at once,
// set back when all are at the top. Sorting them is a symmetry.
type counters struct{ n, top int }

const reset = -1

type counted = Machine[[5]byte, [5]byte, int, int]

func (c counters) machine() counted {
	m := counted{Inputs: []int{reset}, View: func(s, m *[5]byte) { *m = *s },
		Action:     func(in int) string { return map[bool]string{true: "reset", false: "up"}[in == reset] },
		Key:        func(dst []byte, s *[5]byte) []byte { return append(dst, s[:]...) },
		Refused:    func(err error) bool { return err == errRefused },
		SameOutput: func(a, b int) bool { return a == b },
		Canonical:  func(s *[5]byte) { slices.Sort(s[:c.n]) },
		Orbit: func(s *[5]byte) uint64 { // the different orders of the counters
			orbit, same := uint64(1), map[byte]uint64{}
			for i, v := range s[:c.n] {
				same[v]++
				orbit = orbit * uint64(i+1) / same[v]
			}
			return orbit
		}}
	m.ModelKey = m.Key
	for i := range c.n {
		m.Inputs = append(m.Inputs, i)
	}
	m.Model = func(s [5]byte, in int) ([5]byte, []int, error) {
		switch {
		case !c.takes(s, in):
			return s, nil, errRefused
		case in == reset:
			return [5]byte{}, nil, nil
		}
		s[in]++
		return s, []int{int(s[in])}, nil
	}
	m.New = m.OfModel().New
	return m
}

func (c counters) takes(s [5]byte, in int) bool {
	if in == reset {
		return slices.Min(s[:c.n]) == byte(c.top)
	}
	return int(s[in]) < c.top
}

// guessing returns the machine with a guess of what is taken, which may be wrong.
func (c counters) guessing(right bool) counted {
	m := c.machine()
	m.Likely = func(s *[5]byte, in int) bool { return c.takes(*s, in) == right }
	return m
}
