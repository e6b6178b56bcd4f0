package roomsmachine

import (
	"slices"
	"strings"
	"testing"
)

func TestTheCoreKeepsTheLivenessProperties(t *testing.T) {
	b := Bounds{3, 2, 1}
	r, err := CheckLiveness(t.Context(), NewCore(b), b)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	// The third incarnation can only be made by the last call, so that none is left to release it.
	if r.States != 5612 || r.Properties != 9 || !slices.Equal(r.Vacuous, []string{"ClosingEnds(3)"}) || len(r.Without) != 5 {
		t.Errorf("%+v", r)
	}
	m, err := CheckLiveness(t.Context(), NewModel(b), b)
	if err != nil || m.Err() != nil || m.States != r.States || m.Edges != r.Edges {
		t.Errorf("the model: %v, %v, %+v", err, m.Err(), m)
	}
}

func TestEachLivenessPropertyFailsOnAPlantedFault(t *testing.T) {
	b := Bounds{4, 1, 1}
	found := map[string]bool{}
	for _, f := range Faults() {
		for _, name := range f.Breaks {
			if name != "CallsSettle" && name != "NoWedge" {
				continue
			}
			r, err := CheckLiveness(t.Context(), NewCore(b).WithFault(f), b)
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			broken := false
			for _, l := range r.Broken {
				if strings.HasPrefix(l.Property, name+"(") {
					broken = true
					found[l.Property] = true
				}
			}
			if !broken || r.Err() == nil {
				t.Errorf("the fault %s does not break %s: %v", f.Name, name, r.Broken)
			}
		}
	}
	for _, want := range []string{"CallsSettle(1)", "CallsSettle(4)", "NoWedge(1, releasing)", "NoWedge(2, waiting)"} {
		if !found[want] {
			t.Errorf("no fault breaks %s; broken are %v", want, found)
		}
	}
}
