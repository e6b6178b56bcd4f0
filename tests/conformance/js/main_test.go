package main

import (
	"os"
	"slices"
	"testing"

	"ablyrooms.example/tests/conformance/subject"
)

// TestVerdictsCanBeTried needs no Node: every verdict names a script that can happen, and the rules are rules.
func TestVerdictsCanBeTried(t *testing.T) {
	file, err := os.Open("verdicts.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	verdicts, err := subject.ReadVerdicts(file)
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := verdicts.Scripts()
	if err != nil || len(scripts) == 0 {
		t.Errorf("%d scripts, %v", len(scripts), err)
	}
	for _, rules := range []map[subject.Rule]string{verdicts.Unobservable, verdicts.Partly} {
		for rule, reason := range rules {
			if !slices.Contains(subject.Rules(), rule) || reason == "" {
				t.Errorf("%q is no rule, or has no reason: %q", rule, reason)
			}
		}
	}
}
