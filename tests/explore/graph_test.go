package explore

import (
	"context"
	"reflect"
	"strings"
	"testing"
)

func TestGraphHasEveryStateAndEdge(t *testing.T) {
	sp := build(t, newTable("0 a 1", "0 b 1", "1 a 2", "2 c 0"))
	g, err := sp.Graph()
	if err != nil {
		t.Fatal(err)
	}
	want := &Graph{States: []string{"0", "1", "2"}, Edges: []Edge{
		{0, 1, "a", []string{"to1"}}, {0, 1, "b", []string{"to1"}}, {1, 2, "a", []string{"to2"}}, {2, 0, "c", []string{"to0"}}}}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("%+v", g)
	}
	if states, edges := sp.Len(); states != 3 || edges != 4 || sp.Refused != 5 {
		t.Errorf("%d states, %d edges, %d refused", states, edges, sp.Refused)
	}
	var b strings.Builder
	if err := g.WriteDot(&b, "toy"); err != nil || strings.Count(b.String(), "->") != 4 || !strings.Contains(b.String(), `s1 -> s2 [label="a\nto2"]`) {
		t.Errorf("%v\n%s", err, b.String())
	}
}

func TestBuildAgreesWithRun(t *testing.T) {
	for _, c := range []counters{{n: 3, top: 3}, {n: 3, top: 3, hints: true}, {n: 3, top: 3, hints: true, lies: true}} {
		sp, err := Build(t.Context(), c, BuildOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r := Run(t.Context(), c, Options[[]byte, int, int]{})
		if states, edges := sp.Len(); uint64(states) != r.States || uint64(edges) != r.Edges || sp.Refused != r.Refused {
			t.Errorf("%d states, %d edges, %d refused, expected %+v", states, edges, sp.Refused, r)
		}
	}
}

func TestBuildNeverReturnsAPart(t *testing.T) {
	c := counters{n: 3, top: 3}
	if _, err := Build(t.Context(), c, BuildOptions{MaxStates: 63}); err == nil {
		t.Error("a graph of 64 states was built of at most 63")
	}
	if _, err := Build(t.Context(), c, BuildOptions{MaxStates: 64}); err != nil {
		t.Error(err)
	}
	leaky := newTable("0 a 1", "1 a 2", "2 b 0")
	leaky.leaks = true
	if _, err := Build(t.Context(), leaky, BuildOptions{}); err == nil || !strings.Contains(err.Error(), Unchanged) {
		t.Errorf("%v", err)
	}
	throws := newTable("0 a 1", "1 a 2")
	throws.throws = 1
	if _, err := Build(t.Context(), throws, BuildOptions{}); err == nil || !strings.Contains(err.Error(), "thrown") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Build(ctx, c, BuildOptions{}); err == nil {
		t.Error("built although the context had ended")
	}
}
