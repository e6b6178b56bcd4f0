package roomsmachine

import (
	"context"
	"fmt"
	"time"

	"ablyrooms.example/tests/explore"
)

// Row is one line of the table of saturation.
type Row struct {
	Bounds        Bounds
	Lasting       bool // any number of calls, of which Bounds.Calls are pending at a time
	Graph         uint64
	States, Steps int // of the projection on one name
	More          int // states and steps that no row before it has
	Elapsed       time.Duration
}

// Series are bounds that grow, for [Saturate].
type Series struct {
	Name    string
	Lasting bool
	Growing bool // it isn't expected to come to rest
	Bounds  []Bounds
}

// AllSeries returns what the table of saturation is made of. In all but the last, any number of calls begin and any number of rooms come
// and go; how many calls are pending, and how many options and names there are, grow alone and together. The last has the memory, and
// bounds on the calls in all and so on the rooms: what it shows of a name is part of what the others do. It goes up to that many calls.
func AllSeries(callsInAll int) []Series {
	all := []Series{
		{Name: "calls", Lasting: true, Bounds: []Bounds{{1, 1, 2}, {2, 1, 2}, {3, 1, 2}, {4, 1, 2}, {5, 1, 2}, {6, 1, 2}, {7, 1, 2}, {8, 1, 2}}},
		{Name: "options", Lasting: true, Bounds: []Bounds{{5, 1, 1}, {5, 1, 2}, {5, 1, 3}, {5, 1, 4}}},
		{Name: "names", Lasting: true, Bounds: []Bounds{{5, 1, 2}, {5, 2, 2}, {5, 3, 2}, {5, 4, 2}}},
		{Name: "all three", Lasting: true, Bounds: []Bounds{{5, 1, 2}, {6, 2, 3}, {7, 3, 4}}},
		{Name: "calls in all", Growing: true},
	}
	for calls := 2; calls <= callsInAll; calls++ {
		last := &all[len(all)-1]
		last.Bounds = append(last.Bounds, Bounds{calls, 1, 2})
	}
	return all
}

// Saturate projects the core's graphs at the bounds of all series, in order, and calls row with each line. It returns an error if an
// exploration is not complete, if the last two enlargements of a series that should come to rest brought something, or if the last
// series brought something that none before it had.
func Saturate(ctx context.Context, all []Series, o CoreOptions, row func(Series, Row)) error {
	seen := newProjection()
	for _, s := range all {
		var rows []Row
		for _, b := range s.Bounds {
			m := NewCore(b)
			if s.Lasting {
				m = m.WithoutMemory()
			}
			o.Symmetry = true
			p, r := Project(ctx, m, o)
			if r.Verdict != explore.Complete {
				return fmt.Errorf("%v: %v: %s", b, r.Verdict, r.Reason)
			}
			next := Row{Bounds: b, Lasting: s.Lasting, Graph: r.States, States: len(p.States), Steps: len(p.Steps), Elapsed: r.Elapsed}
			states, steps := seen.add(p)
			next.More = states + steps
			rows = append(rows, next)
			row(s, next)
		}
		if s.Growing {
			for _, r := range rows {
				if r.More > 0 {
					return fmt.Errorf("%s: %v shows %d states and steps that no graph without memory has", s.Name, r.Bounds, r.More)
				}
			}
		} else if !saturated(rows) {
			return fmt.Errorf("%s: the projection still grows", s.Name)
		}
	}
	return nil
}

// saturated reports whether the last two enlargements changed nothing.
func saturated(rows []Row) bool {
	n := len(rows)
	if n < 3 {
		return false
	}
	same := func(a, b Row) bool { return a.States == b.States && a.Steps == b.Steps && b.More == 0 }
	return same(rows[n-3], rows[n-2]) && same(rows[n-2], rows[n-1])
}
