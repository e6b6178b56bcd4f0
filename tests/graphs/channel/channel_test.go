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

const root = "../../.."

// bounds are those of the graph that spec, model and core are compared at.
var bounds = model.ChannelBounds{Calls: 3, Errors: 1, Wire: 2}

// walk goes through every state within the bounds, of core and model together, and tries every
// input in each.
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

// In every state core and model take or refuse every input alike, and all properties hold.
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

// The graphs of spec, model and core are equal, both ways, refusals included.
func TestTheChannelsGraphsAreEqual(t *testing.T) {
	t.Parallel()
	for _, c := range Comparisons() {
		graphtest.Equal(t, "channel", c)
	}
}

// brokenSpec is a mapping with something wrong with it.
type brokenSpec struct {
	Spec
	state func(*Node)
	step  func(string) string
}

func (b brokenSpec) State(vars graphs.Value) (Node, error) {
	n, err := b.Spec.State(vars)
	if b.state != nil {
		b.state(&n)
	}
	return n, err
}

func (b brokenSpec) Step(action string, before, after Node) (string, error) {
	if b.step != nil {
		action = b.step(action)
	}
	return b.Spec.Step(action, before, after)
}

// The mapping can hide no difference: a field that is dropped or swapped, or an action that is taken
// for another, is no bijection or differs from the core.
func TestABrokenMappingOfTheChannelIsSeen(t *testing.T) {
	t.Parallel()
	small, large := Bounds{model.ChannelBounds{Calls: 1, Serials: 2, Wire: 2}, true}, Bounds{bounds, true}
	dumps := map[Bounds][]byte{}
	for b, c := range map[Bounds]graphs.Comparison{small: Comparisons()[0], large: Comparisons()[1]} {
		dump, err := c.ReadGolden(root)
		if err != nil {
			t.Fatal(err)
		}
		dumps[b] = dump
	}
	swap := func(a, b string) func(string) string {
		return func(action string) string {
			switch action {
			case a:
				return b
			case b:
				return a
			}
			return action
		}
	}
	of := func(b Bounds, s brokenSpec) func() (*graphs.Equality, error) {
		return func() (*graphs.Equality, error) {
			return graphs.NewComparison("spec/TLA", "MCChannel_graph1", "", New(b), s).Compare(t.Context(), dumps[b])
		}
	}
	serials := func(change func(*model.Channel)) func() (*graphs.Equality, error) {
		return of(small, brokenSpec{state: func(n *Node) { change(&n.Channel) }})
	}
	calls := func(change func(*model.Channel)) func() (*graphs.Equality, error) {
		return of(large, brokenSpec{Spec: Spec{1}, state: func(n *Node) { change(&n.Channel) }})
	}
	for what, compare := range map[string]func() (*graphs.Equality, error){
		"last":            calls(func(c *model.Channel) { c.Last = 0 }),
		"state":           serials(func(c *model.Channel) { c.State = 0 }),
		"reason":          calls(func(c *model.Channel) { c.Reason = 0 }),
		"connection":      serials(func(c *model.Channel) { c.Connection = 0 }),
		"wire":            serials(func(c *model.Channel) { c.Wire = nil }),
		"awaited":         serials(func(c *model.Channel) { c.Awaited = false }),
		"held":            serials(func(c *model.Channel) { c.Held = false }),
		"doubt":           serials(func(c *model.Channel) { c.Doubt = false }),
		"leftover":        serials(func(c *model.Channel) { c.Leftover = false }),
		"attachers":       calls(func(c *model.Channel) { c.Attachers = nil }),
		"detachers":       calls(func(c *model.Channel) { c.Detachers = nil }),
		"callers swapped": calls(func(c *model.Channel) { c.Attachers, c.Detachers = c.Detachers, c.Attachers }),
		"back":            calls(func(c *model.Channel) { c.Back = 0 }),
		"retries":         serials(func(c *model.Channel) { c.Retries = 0 }),
		"serials swapped": serials(func(c *model.Channel) { c.ChannelSerial, c.AttachSerial = c.AttachSerial, c.ChannelSerial }),
		"channelSerial":   serials(func(c *model.Channel) { c.ChannelSerial = 0 }),
		"attachSerial":    serials(func(c *model.Channel) { c.AttachSerial = 0 }),
		"resume":          serials(func(c *model.Channel) { c.Resume = false }),
		"givenBack":       serials(func(c *model.Channel) { c.GivenBack = false }),
		"outs":            of(small, brokenSpec{state: func(n *Node) { n.Outs = nil }}),
		"order of outs":   of(small, brokenSpec{state: func(n *Node) { slices.Reverse(n.Outs) }}),
		"resumed swapped": of(small, brokenSpec{step: swap("AttachedR0S1E0", "AttachedR1S1E0")}),
		"closed, failed":  of(small, brokenSpec{step: swap("ToClosed", "ToFailed")}),
		"errors swapped":  of(large, brokenSpec{Spec: Spec{1}, step: swap("DetachedE0", "DetachedE1")}),
	} {
		e, err := compare()
		if err == nil && e.Equal() {
			t.Errorf("%s: not seen", what)
		}
	}
	for _, action := range []string{"", "Detaches", "ToNowhere", "AttachedRx"} {
		if in, err := (Spec{}).inputOf(action, Node{}); err == nil {
			t.Errorf("the action %q is read as %v", action, in)
		}
	}
}

// On long ways, with more errors and serials, and with the errors that the graph's alphabet leaves
// out, they do the same too.
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

// rowPair is a row of the digest's table and the one that follows it.
type rowPair struct{ first, then int }

// rowPairs returns the rows and the pairs of rows that follow each other within the bounds: in one
// step, or in two.
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

// Every row of the digest's table of transitions is an edge of the graph, and so is every pair of
// rows that can follow each other: more calls and more requests lead to no pair that is missing.
func TestEveryPairOfRowsIsAnEdge(t *testing.T) {
	t.Parallel()
	rows, pairs := rowPairs(t, bounds)
	_, more := rowPairs(t, model.ChannelBounds{Calls: 4, Errors: 1, Wire: 3})
	for row := 1; row <= 34; row++ {
		if !rows[row] {
			t.Errorf("row %d is no edge", row)
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
		t.Errorf("missing: %s", strings.Join(missing, ", "))
	}
	fmt.Printf("EVIDENCE channel_rows rows=%d pairs=%d missing=%d\n", len(rows), len(pairs), len(missing))
	if len(pairs) != 320 {
		t.Errorf("%d pairs of rows, expected 320", len(pairs))
	}
}
