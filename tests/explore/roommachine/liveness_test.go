package roommachine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/model"
)

func TestTheRoomKeepsTheLivenessProperties(t *testing.T) {
	t.Parallel()
	b := Bounds{Calls: 2, Errors: 1}
	for name, m := range map[string]Machine{"core": NewCore(b), "model": NewModel(b)} {
		r, err := CheckLiveness(t.Context(), m, b)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Err(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if r.States != 2888 || r.Properties != 3 || len(r.Without) != len(Fairness()) {
			t.Errorf("%s: %d states, %d properties", name, r.States, r.Properties)
		}
		for conjunct, broken := range r.Without { // each is needed by each property, and the strong one for a loop
			if len(broken) != r.Properties {
				t.Errorf("%s: without %s only %v fail", name, conjunct, broken)
			}
			for _, l := range broken {
				if loops := slices.ContainsFunc(l.Cycle, func(in *Input) bool { return *in == model.RetryDue() }); loops != (conjunct == releaseDetaches) {
					t.Errorf("%s: without %s: %v", name, conjunct, l)
				}
			}
		}
		fmt.Printf("EVIDENCE room_liveness of=%s calls=%d errors=%d states=%d steps=%d properties=%d fairness=%d\n", name, b.Calls, b.Errors, r.States,
			r.Edges, r.Properties, len(r.Without))
	}
}

// Weak fairness is not enough for a release: its detach comes and goes.
func TestAReleaseNeedsStrongFairness(t *testing.T) {
	t.Parallel()
	for _, f := range Fairness() {
		if f.Strong != (f.Name == releaseDetaches) {
			t.Errorf("%s is strong: %t", f.Name, f.Strong)
		}
	}
}

func TestEachLivenessPropertyFailsOnAPlantedFault(t *testing.T) {
	t.Parallel()
	b := Bounds{Calls: 2, Errors: 1}
	found := map[string]bool{}
	for _, f := range Faults() {
		for _, name := range f.Breaks {
			if name != "CallsSettle" && name != "ReleasesEnd" {
				continue
			}
			r, err := CheckLiveness(t.Context(), NewCore(b).WithFault(f), b)
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			broken := false
			for _, l := range r.Broken {
				if strings.HasPrefix(l.Property, name) {
					broken, found[l.Property] = true, true
				}
			}
			if !broken || r.Err() == nil {
				t.Errorf("the fault %s does not break %s: %v", f.Name, name, r.Broken)
			}
		}
	}
	for _, p := range Liveness(b) {
		if !found[p.Name] {
			t.Errorf("no fault breaks %s", p.Name)
		}
	}
}
