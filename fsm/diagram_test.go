package fsm

import (
	"fmt"
	"strings"
	"testing"

	looplab "github.com/looplab/fsm"
)

// wide returns a machine with the given number of states. For each number n in sources, the machine
// has one event, which leads from n states to the last state.
func wide(t *testing.T, states int, sources ...int) *Table[Life, LifeEvent] {
	t.Helper()
	d := Definition[Life, LifeEvent]{
		Machine:   "wide",
		StateName: func(l Life) string { return fmt.Sprint("s", uint8(l)) },
		EventName: func(e LifeEvent) string { return fmt.Sprint("e", uint8(e)) },
	}
	for i := range states {
		d.States = append(d.States, Life(i))
	}
	for e, n := range sources {
		d.Events = append(d.Events, LifeEvent(e))
		tr := looplab.EventDesc{Name: fmt.Sprint("e", e), Dst: fmt.Sprint("s", states-1)}
		for i := range n {
			// Each event leaves different states, so that sets of one size are different.
			tr.Src = append(tr.Src, fmt.Sprint("s", i+e))
		}
		d.Transitions = append(d.Transitions, tr)
	}
	return must(d.Compile())(t)
}

// The frame is drawn around the largest set of more than four sources. If two sets are as large, it
// is drawn around the first.
func TestMermaidOverviewChoosesItsFrame(t *testing.T) {
	for _, c := range []struct {
		name    string
		table   *Table[Life, LifeEvent]
		framed  string // the states inside, "" for no frame
		arrow   string // the arrow drawn from the frame
		without string // the arrow drawn without it
	}{
		{"four are too few", wide(t, 8, 4), "", "", "s0 --> s7: e0"},
		{"five are enough", wide(t, 8, 5), "s0 s1 s2 s3 s4", "frame --> s7: e0", ""},
		{"the larger one", wide(t, 9, 5, 6), "s1 s2 s3 s4 s5 s6", "frame --> s8: e1", "s0 --> s8: e0"},
		{"the first of two", wide(t, 9, 5, 5), "s0 s1 s2 s3 s4", "frame --> s8: e0", "s1 --> s8: e1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.table.MermaidOverview("alike")
			_, rest, ok := strings.Cut(text, "state \"alike\" as frame {")
			framed, _, _ := strings.Cut(rest, "}")
			if got := strings.Join(strings.Fields(framed), " "); ok != (c.framed != "") || got != c.framed {
				t.Errorf("framed %q, expected %q:\n%s", got, c.framed, text)
			}
			if n := strings.Count(text, "frame -->"); n != min(len(c.arrow), 1) || !strings.Contains(text, c.arrow) || !strings.Contains(text, c.without) {
				t.Errorf("%d arrows from the frame, expected %q and %q:\n%s", n, c.arrow, c.without, text)
			}
		})
	}
}
