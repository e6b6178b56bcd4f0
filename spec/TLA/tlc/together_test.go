package main

import (
	"errors"
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
		{func(t *together) { t.taken["One"][""] = 1 }, "not an action"},
		{func(t *together) { delete(t.taken["Two"], "Down") }, "Down is taken in no graph"},
		{func(t *together) { delete(t.taken, "One") }, "One has no edges"},
		{func(t *together) { t.antecedents[0].Reached = false }, "Small has an antecedent that is never true: x = 1"},
		{func(t *together) { t.antecedents = nil }, "no property has an antecedent"},
		{func(t *together) { t.actions = nil }, "no actions"},
	} {
		together := good()
		c.change(together)
		var b strings.Builder
		if failed := together.print(&b); failed > 0 != (c.want != "") || !strings.Contains(b.String(), c.want) {
			t.Errorf("print must print %q, but printed\n%s", c.want, b.String())
		}
	}
	var b strings.Builder
	printEvidence(&b, []outcome{
		{&tlcrun.Config{Name: "Good"}, &tlcrun.Result{Distinct: 7}, nil},
		{&tlcrun.Config{Name: "Twin_Good", Violates: "Small"}, &tlcrun.Result{}, nil},
		{&tlcrun.Config{Name: "Twin_Bad", Violates: "Small"}, &tlcrun.Result{}, errors.New("exit code 0")},
		{&tlcrun.Config{Name: "RoomFair_tries", Violates: "Small"}, &tlcrun.Result{}, nil},
	}, good())
	if want := "CAUGHT twin: Twin_Good\nCAUGHT fairness: RoomFair_tries\n" +
		"EVIDENCE tlc configurations=4 asstated=3 twins=3 canaries=0 states=7 actions=2 taken=2 antecedents=1 reached=1\n"; b.String() != want {
		t.Errorf("printEvidence printed %q, expected %q", b.String(), want)
	}
}
