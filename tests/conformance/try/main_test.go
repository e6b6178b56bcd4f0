package main

import (
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/tests/conformance"
)

func TestWhatIsGivenWrongly(t *testing.T) {
	for want, args := range map[string][]string{
		"no command":      {"-depth", "2"},
		"no such promise": {"-without", "Causes, Hope", "--", "subject"},
		"no such file":    {"-verdicts", "nowhere.json", "--", "subject"},
		"no step":         {"-script", "get", "--", "subject"},
		"not found":       {"--", "no-such-subject"},
	} {
		if err := run(t.Context(), args, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, expected %q", args, err, want)
		}
	}
}

// TestVerdictsCanBeTried needs no Node: every verdict on @ably/chat names a script that can happen,
// and the rules are rules.
func TestVerdictsCanBeTried(t *testing.T) {
	v, err := conformance.ReadVerdicts("../js/verdicts.json")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := v.Scripts()
	if err != nil || len(scripts) == 0 {
		t.Errorf("%d scripts, %v", len(scripts), err)
	}
	for _, rules := range []map[conformance.Rule]string{v.Unobservable, v.Partly} {
		for rule, reason := range rules {
			if !slices.Contains(conformance.Rules(), rule) || reason == "" {
				t.Errorf("%q is no rule, or has no reason: %q", rule, reason)
			}
		}
	}
}
