package channel

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/graphtest"
)

// bounds are the bounds at which the graphs of spec, model and core are compared.
var bounds = model.ChannelBounds{Calls: 3, Errors: 1, Wire: 2}

// walk visits every state that core and model reach together within the bounds, and tries every
// input in each state.
func walk(t *testing.T, b model.ChannelBounds, visit func(before model.Channel, in model.ChannelInput, after model.Channel)) (states, refused int) {
	t.Helper()
	queue := []pair{newPair()}
	seen := map[string]bool{queue[0].model.Key(): true}
	alphabet := model.ChannelAlphabet(b)
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, in := range alphabet {
			if !at.model.Possible(in, b) {
				continue
			}
			next, _, no, err := at.step(in)
			if err != nil {
				t.Fatalf("in %v: %v", at.model, err)
			}
			if no {
				refused++
				continue
			}
			visit(at.model, in, next.model)
			if key := next.model.Key(); !seen[key] {
				seen[key] = true
				queue = append(queue, next)
			}
		}
	}
	return len(seen), refused
}

// In every state, core and model must take the same inputs and refuse the same inputs, and all
// properties must hold.
func TestChannelCoreAgainstModelEverywhere(t *testing.T) {
	t.Parallel()
	for _, m := range Sizes() {
		r := graphs.Explore(t.Context(), m, graphs.Options{Against: true})
		if err := r.Check(m.Golden); err != nil {
			t.Error(err)
		}
		fmt.Printf("EVIDENCE channel_explored of=%s states=%d steps=%d refusals=%d properties=%d\n", m.Golden, r.States, r.Edges,
			r.Refused, len(m.Properties))
	}
}

// The bounds at which faults are planted. The name says which properties are checked: always, those
// that need no promise; promised, those that need the server's promise; settles and heals, the
// liveness properties.
var (
	always   = Bounds{ChannelBounds: model.ChannelBounds{Calls: 2, Errors: 1, Serials: 1, Wire: 2}}
	promised = Bounds{ChannelBounds: model.ChannelBounds{Calls: 2, Errors: 1, Wire: 3}, Promised: true}
	settles  = Bounds{ChannelBounds: model.ChannelBounds{Calls: 2, Errors: 1, Wire: 2}, Forgets: true}
	heals    = Bounds{ChannelBounds: model.ChannelBounds{Calls: 1, Errors: 1, Wire: 2}, Forgets: true, Heals: true}
)

// Each planted fault must be caught by each property that it lists, on the core and on the model.
// Each property of docs/channel.md must catch a fault, and so must each liveness property.
func TestEachPropertyOfTheChannelFailsOnAPlantedFault(t *testing.T) {
	t.Parallel()
	caught := map[string]bool{}
	for family, of := range map[string]func(Bounds) Machine{"channel": New, "channel-of-model": modelWithFaults} {
		for _, b := range []struct{ safety, live Bounds }{{always, settles}, {promised, heals}} {
			m, live := of(b.safety), of(b.live)
			m.Faults = slices.Concat(m.Faults, slices.DeleteFunc(slices.Clone(live.Faults), func(f fault) bool {
				return slices.ContainsFunc(m.Faults, func(g fault) bool { return g.Name == f.Name })
			}))
			for i := range m.Faults { // keep only properties that one of the two machines has
				m.Faults[i].Breaks = slices.DeleteFunc(slices.Clone(m.Faults[i].Breaks), func(name string) bool {
					alone := fault{Breaks: []string{name}}
					return !breaksOf(m, alone) && !breaksOf(live, alone)
				})
			}
			for name := range graphtest.Faults(t, family, m, live) {
				name, _, _ = strings.Cut(name, "(")
				caught[family+" "+name] = true
			}
		}
		for _, p := range model.ChannelProperties() {
			if !caught[family+" "+p.Name] {
				t.Errorf("%s: no fault breaks %s", family, p.Name)
			}
		}
		for _, name := range []string{"CallsSettle", "RetriesForEver", "Heals"} {
			if !caught[family+" "+name] {
				t.Errorf("%s: no fault breaks %s", family, name)
			}
		}
	}
}

// modelWithFaults returns a machine whose core is the model, with the faults of the core.
func modelWithFaults(b Bounds) Machine {
	m := New(b)
	of := m.OfModel()
	of.Faults, of.Record = m.Faults, m.Record
	return of
}

// The channel must keep its liveness properties, and must need each conjunct of the fairness.
func TestTheChannelKeepsTheLivenessProperties(t *testing.T) {
	t.Parallel()
	for b, conjuncts := range map[Bounds]int{settles: 6, heals: 4} {
		r := graphtest.Liveness(t, "channel", New(b))
		if len(r.Vacuous) > 0 || len(r.Without) != conjuncts {
			t.Errorf("%v: a conjunct of fairness is vacuous or missing: %+v", b, r)
		}
	}
}

func TestBoundsOfTheChannelAreChecked(t *testing.T) {
	one := model.ChannelBounds{Calls: 1, Wire: 1}
	for _, b := range []Bounds{{}, {ChannelBounds: model.ChannelBounds{Calls: 1}}, {ChannelBounds: one, Heals: true},
		{ChannelBounds: one, Promised: true, Bare: true}, {ChannelBounds: one, Promised: true, Forgets: true}} {
		if b.Check() == nil {
			t.Errorf("Check accepts the wrong bounds %v", b)
		}
	}
}

// The graphs of spec, model and core must be equal, and each must refuse the same inputs.
func TestTheChannelsGraphsAreEqual(t *testing.T) {
	t.Parallel()
	for _, c := range Comparisons() {
		graphtest.Equal(t, "channel", c)
	}
}

type broken = graphtest.Broken[Node]

// A faulty mapping can't hide a difference. If it drops or swaps a field, or reads one action as
// another, then it maps two states to one, or the graph differs from the core's.
func TestABrokenMappingOfTheChannelIsSeen(t *testing.T) {
	t.Parallel()
	serials, calls := Comparisons()[0], Comparisons()[1]
	graphtest.BrokenMappings(t, "channel", serials, New(Bounds{ChannelBounds: model.ChannelBounds{Calls: 1, Serials: 2, Wire: 2}, Bare: true}), Spec(0), map[string]broken{
		"state":      {Spoil: func(n *Node) { n.State.State = 0 }},
		"connection": {Spoil: func(n *Node) { n.State.Connection = 0 }},
		"wire":       {Spoil: func(n *Node) { n.State.Wire = nil }},
		"awaited":    {Spoil: func(n *Node) { n.State.Awaited = false }},
		"held":       {Spoil: func(n *Node) { n.State.Held = false }},
		"doubt":      {Spoil: func(n *Node) { n.State.Doubt = false }},
		"leftover":   {Spoil: func(n *Node) { n.State.Leftover = false }},
		"retries":    {Spoil: func(n *Node) { n.State.Retries = 0 }},
		"serials swapped": {Spoil: func(n *Node) {
			n.State.ChannelSerial, n.State.AttachSerial = n.State.AttachSerial, n.State.ChannelSerial
		}},
		"channelSerial":   {Spoil: func(n *Node) { n.State.ChannelSerial = 0 }},
		"attachSerial":    {Spoil: func(n *Node) { n.State.AttachSerial = 0 }},
		"resume":          {Spoil: func(n *Node) { n.State.Resume = false }},
		"givenBack":       {Spoil: func(n *Node) { n.State.GivenBack = false }},
		"outs":            {Spoil: func(n *Node) { n.Outs = nil }},
		"order of outs":   {Spoil: func(n *Node) { slices.Reverse(n.Outs) }},
		"resumed swapped": {Swapped: [2]string{"AttachedR0S1E0", "AttachedR1S1E0"}},
		"closed, failed":  {Swapped: [2]string{"ToClosed", "ToFailed"}},
	})
	graphtest.BrokenMappings(t, "channel", calls, New(Bounds{ChannelBounds: bounds, Bare: true}), Spec(1), map[string]broken{
		"last":            {Spoil: func(n *Node) { n.State.Last = 0 }},
		"reason":          {Spoil: func(n *Node) { n.State.Reason = 0 }},
		"attachers":       {Spoil: func(n *Node) { n.State.Attachers = nil }},
		"detachers":       {Spoil: func(n *Node) { n.State.Detachers = nil }},
		"callers swapped": {Spoil: func(n *Node) { n.State.Attachers, n.State.Detachers = n.State.Detachers, n.State.Attachers }},
		"back":            {Spoil: func(n *Node) { n.State.Back = 0 }},
		"errors swapped":  {Swapped: [2]string{"DetachedE0", "DetachedE1"}},
	})
	for _, action := range []string{"", "Detaches", "ToNowhere", "AttachedRx"} {
		if in, err := inputOf(action, 0, Node{}); err == nil {
			t.Errorf("the unknown action %q is read as %v", action, in)
		}
	}
}

// Core and model must also agree on long scripts, with more errors and serials, and with errors
// that the alphabet of the graph leaves out.
func TestChannelCoreAgainstModel(t *testing.T) {
	t.Parallel()
	var alphabet []model.ChannelInput
	for _, in := range model.ChannelAlphabet(model.ChannelBounds{Errors: 2, Serials: 3}) {
		for err := 0; err <= 2; err++ {
			in.Err = err
			alphabet = append(alphabet, in)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := newPair()
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			in := rapid.SampledFrom(alphabet).Draw(t, "input")
			if rapid.IntRange(0, 3).Draw(t, "call?") == 0 {
				in = model.ChannelInput{Kind: rapid.SampledFrom([]model.ChannelKind{model.KindChannelAttach, model.KindChannelDetach, model.KindSetOptions}).Draw(t, "kind"),
					Call: p.model.Last + 1}
			}
			next, _, _, err := p.step(in)
			if err != nil {
				t.Fatalf("in %v: %v", p.model, err)
			}
			p = next
		}
	})
}

// rowPair is a row of the table in docs/channel.md, and a row that can follow it.
type rowPair struct{ first, then int }

// rowPairs returns the rows that occur within the bounds, and the pairs of rows that occur one
// after the other, in one step or from one step to the next.
func rowPairs(t *testing.T, b model.ChannelBounds) (rows map[int]bool, pairs map[rowPair]bool) {
	rows, pairs = map[int]bool{}, map[rowPair]bool{}
	into, from := map[string]map[int]bool{}, map[string]map[int]bool{}
	note := func(m map[string]map[int]bool, key string, row int) {
		if m[key] == nil {
			m[key] = map[int]bool{}
		}
		m[key][row] = true
	}
	walk(t, b, func(before model.Channel, in model.ChannelInput, after model.Channel) {
		of := before.Rows(in)
		for i, row := range of {
			rows[row] = true
			if i > 0 {
				pairs[rowPair{of[i-1], row}] = true
			}
		}
		if len(of) > 0 {
			note(from, before.Key(), of[0])
			note(into, after.Key(), of[len(of)-1])
		}
	})
	for key, first := range into {
		for a := range first {
			for b := range from[key] {
				pairs[rowPair{a, b}] = true
			}
		}
	}
	return rows, pairs
}

// Every row of the table of transitions must be an edge of the graph, and so must every pair of
// rows that can come one after the other. With more calls and more requests, no other pair may
// occur.
func TestEveryPairOfRowsIsAnEdge(t *testing.T) {
	t.Parallel()
	rows, pairs := rowPairs(t, bounds)
	_, more := rowPairs(t, model.ChannelBounds{Calls: 4, Errors: 1, Wire: 3})
	for row := 1; row <= 34; row++ {
		if !rows[row] {
			t.Errorf("row %d of docs/channel.md is no edge of the graph", row)
		}
	}
	var missing []string
	for p := range more {
		if !pairs[p] {
			missing = append(missing, fmt.Sprintf("%d then %d", p.first, p.then))
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		t.Errorf("no edges have these pairs of rows: %s", strings.Join(missing, ", "))
	}
	fmt.Printf("EVIDENCE channel_rows rows=%d pairs=%d missing=%d\n", len(rows), len(pairs), len(missing))
	if len(pairs) != 320 {
		t.Errorf("%d pairs of rows, expected 320", len(pairs))
	}
}
