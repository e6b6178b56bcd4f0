package main

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/TLA/tlcrun"
)

func TestTogether(t *testing.T) {
	t.Parallel()
	one, two := &tlcrun.Config{Name: "One"}, &tlcrun.Config{Name: "Two"}
	good := func() *together {
		return &together{
			graphs:      []*tlcrun.Config{one, two},
			actions:     []string{"Up", "Down"},
			taken:       map[string]map[string]int{"One": {"Up": 3}, "Two": {"Up": 1, "Down": 2}},
			antecedents: []tlcrun.Antecedent{{Property: "Small", Text: "x = 1", Reached: true}},
		}
	}
	for _, c := range []struct {
		change func(t *together)
		want   string
	}{
		{func(t *together) {}, ""},
		{func(t *together) { t.taken["One"]["Next"] = 1 }, `1 edges that are called "Next"`},
		{func(t *together) { t.taken["One"][""] = 1 }, "no action"},
		{func(t *together) { delete(t.taken["Two"], "Down") }, "Down is taken in no graph"},
		{func(t *together) { delete(t.taken, "One") }, "One has no edges"},
		{func(t *together) { t.antecedents[0].Reached = false }, "Small says what follows from something that never is: x = 1"},
		{func(t *together) { t.antecedents = nil }, "no property has an antecedent"},
		{func(t *together) { t.actions = nil }, "no actions"},
	} {
		together := good()
		c.change(together)
		var b strings.Builder
		if failed := together.print(&b); failed > 0 != (c.want != "") || !strings.Contains(b.String(), c.want) {
			t.Errorf("expected %q:\n%s", c.want, b.String())
		}
	}
	var b strings.Builder
	printEvidence(&b, []outcome{{&tlcrun.Config{Name: "Good"}, &tlcrun.Result{Distinct: 7}, nil}}, good())
	if want := "EVIDENCE tlc configurations=1 asstated=1 twins=0 canaries=0 states=7 actions=2 taken=2 antecedents=1 reached=1\n"; b.String() != want {
		t.Errorf("%q, expected %q", b.String(), want)
	}
}

// The graph that is kept for comparison has no edge without an action, and all actions but the one that needs two options.
func TestActionsOfTheKeptGraph(t *testing.T) {
	t.Parallel()
	actions, err := tlcrun.Actions("..", module)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := os.Open(filepath.Join("..", "..", "..", "tests", "equality", "testdata", "MCRooms_graph1.dot.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "graph.dot")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	taken, err := tlcrun.Taken(file)
	if err != nil {
		t.Fatal(err)
	}
	edges := 0
	for label, n := range taken {
		edges += n
		if !slices.Contains(actions, label) {
			t.Errorf("%d edges are called %q", n, label)
		}
	}
	var never []string
	for _, action := range actions {
		if taken[action] == 0 {
			never = append(never, action)
		}
	}
	if edges != 11378 || !slices.Equal(never, []string{"GetConflict"}) {
		t.Errorf("%d edges, never taken: %v", edges, never)
	}
}
