package main

import (
	"slices"
	"testing"

	"ablyrooms.example/tests/conformance"
)

// TestVerdictsCanBeTried needs no Node: every verdict names a script that can happen, and the rules
// are rules.
func TestVerdictsCanBeTried(t *testing.T) {
	v, err := verdicts(".")
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
