package main

import (
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/tests/conformance"
)

func TestWhatIsGivenWrongly(t *testing.T) {
	for want, args := range map[string][]string{
		"no command":       {"-depth", "2"},
		"no such promise":  {"-without", "Causes, Hope", "--", "subject"},
		"no such file":     {"-verdicts", "nowhere.json", "--", "subject"},
		"no step":          {"-script", "get", "--", "subject"},
		"not found":        {"--", "no-such-subject"},
		"requirements.txt": {"-pip", "nowhere", "--", "python", "subject.py"},
	} {
		if err := run(t.Context(), args, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with the arguments %q, run returned %v, expected an error with %q", args, err, want)
		}
	}
}

// TestVerdictsCanBeTried checks the verdicts on the official clients, without Node and Python:
// their scripts can happen, and their rules exist.
func TestVerdictsCanBeTried(t *testing.T) {
	for _, client := range []string{"js", "python"} {
		v, err := conformance.ReadVerdicts("../" + client + "/verdicts.json")
		if err != nil {
			t.Fatal(err)
		}
		scripts, err := v.Scripts()
		if err != nil || len(scripts) == 0 {
			t.Errorf("the verdicts on %s have %d scripts: %v", client, len(scripts), err)
		}
		for _, rules := range []map[conformance.Rule]string{v.Unobservable, v.Partly} {
			for rule, reason := range rules {
				if !slices.Contains(conformance.Rules(), rule) || reason == "" {
					t.Errorf("%s: %q is no rule, or has no reason: %q", client, rule, reason)
				}
			}
		}
	}
}
