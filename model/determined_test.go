package model

import (
	"slices"
	"strings"
	"testing"
)

// Change one value in the state after a step of the model, and a property fails. So the properties
// together state each effect of each rule, and that it has no other effect.

// altered calls visit with each state that differs from s in one value; what names the value. It
// doesn't change values that a step takes from its input: how a call began, and how the backend
// ended a work.
func altered(s State, b Bounds, visit func(what string, t State)) {
	change := func(what string, edit func(t *State)) {
		t := s.Clone()
		edit(&t)
		if !t.Equal(s) {
			visit(what, t)
		}
	}
	count := len(s.Incarnations)
	outcomes := []Outcome{{}, {Kind: OutcomeFailed}}
	for kind := OutcomeRoom; kind <= OutcomeGaveUp; kind++ {
		switch kind {
		case OutcomeRoom, OutcomeOpenFailed, OutcomeReleaseFailed:
			for i := range count {
				outcomes = append(outcomes, Outcome{Kind: kind, Incarnation: i + 1})
			}
		case OutcomeFailed:
			for i := range count {
				outcomes = append(outcomes, Outcome{Kind: kind, Failed: []int{i + 1}})
			}
		default:
			outcomes = append(outcomes, Outcome{Kind: kind})
		}
	}
	for n := range s.Calls {
		for _, outcome := range outcomes {
			change("outcome", func(t *State) { t.Calls[n].Outcome = outcome })
		}
		for i := range count + 1 {
			change("waits", func(t *State) { t.Calls[n].WaitsFor = i })
		}
	}
	for i := range s.Incarnations {
		for life := LifeInitializing; life <= LifeReleased; life++ {
			change("life", func(t *State) { t.Incarnations[i].Life = life })
		}
		for work := WorkNone; work <= WorkClosing; work++ {
			change("work", func(t *State) { t.Incarnations[i].Work = work })
		}
		for _, name := range b.Names {
			change("name", func(t *State) { t.Incarnations[i].Name = name })
		}
		for _, options := range b.Options {
			change("options", func(t *State) { t.Incarnations[i].Options = options })
		}
		change("counted", func(t *State) {
			if at, found := slices.BinarySearch(t.Failed, i+1); found {
				t.Failed = slices.Delete(t.Failed, at, at+1)
			} else {
				t.Failed = slices.Insert(t.Failed, at, i+1)
			}
		})
	}
	change("one more", func(t *State) {
		t.Incarnations = append(t.Incarnations, Incarnation{Name: b.Names[0], Options: b.Options[0], Life: LifeReleased})
	})
}

func TestThePropertiesDetermineEachStep(t *testing.T) {
	t.Parallel()
	stated := statedBy(t)
	seen := map[string]map[string]bool{} // by rule: the properties that failed
	missed := map[string]int{}
	for _, at := range []struct {
		Bounds
		following Rule // the rule that the steps must follow; 0 for all steps
	}{{bounds(3, 1, 2), 0}, {bounds(3, 2, 1), R12}, {bounds(3, 2, 1), R15}, {bounds(4, 1, 1), R9},
		{conditional(4, 1, 1), R24}} {
		b := at.Bounds
		walk(t, b, State.Step, func(e edge, script func() string) bool {
			rules := e.before.Explain(e.in)
			if at.following != 0 && !slices.Contains(rules, at.following) {
				return true
			}
			altered(e.after, b, func(what string, after State) {
				names, _ := failing(Properties(), e.before, after)
				if names == nil && !after.Equal(e.before) { // equal: no step
					if missed[what]++; missed[what] < 3 {
						t.Errorf("no property fails with another %s after %s:\n%v", what, script(), after)
					}
				}
				for _, r := range rules {
					if seen[r.String()] == nil {
						seen[r.String()] = map[string]bool{}
					}
					for _, name := range names {
						seen[r.String()][name] = true
					}
				}
			})
			return true
		})
	}
	for _, r := range Rules() {
		for _, name := range slices.Concat(stated[r.String()][0], stated[r.String()][1]) {
			if !seen[r.String()][name] && !strings.HasPrefix(name, "NoWedge") {
				t.Errorf("%s does not state %v: no change of a step that follows it breaks it", name, r)
			}
		}
	}
}
