package channel

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
)

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

// In every state that three calls lead to, core and model take or refuse every input alike.
func TestChannelCoreAgainstModelEverywhere(t *testing.T) {
	t.Parallel()
	for _, b := range []model.ChannelBounds{bounds, {Calls: 1, Errors: 1, Serials: 2, Wire: 2}} {
		states, refused := walk(t, b, func(model.Channel, model.ChannelInput, model.Channel) {})
		t.Logf("%+v: %d states, %d inputs refused", b, states, refused)
		if states < 1400 || refused < 20000 {
			t.Errorf("%+v: %d states, %d inputs refused", b, states, refused)
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
	if len(pairs) != 320 {
		t.Errorf("%d pairs of rows, expected 320", len(pairs))
	}
}
