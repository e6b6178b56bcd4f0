package site

import (
	"slices"
	"testing"

	"ablyrooms.example/cmd/playground/internal/play"
	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/model"
)

// TestEveryRuleIsCited checks that the page cites every rule and every property that the models
// have.
func TestEveryRuleIsCited(t *testing.T) {
	root, err := modroot.Find()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Cite(root)
	if err != nil {
		t.Fatal(err)
	}
	rule := func(name string, spec []string) {
		s, ok := c.Rules[name]
		if !ok || s.Says == "" || s.Doc == "" {
			t.Errorf("%s is not cited: %+v", name, s)
		}
		for _, point := range spec {
			if !slices.Contains(s.Spec, point) {
				t.Errorf("%s comes from %v, and %s is not cited", name, s.Spec, point)
			}
		}
	}
	for _, r := range model.Rules() {
		rule(r.String(), r.Spec())
	}
	for _, r := range model.RoomRules() {
		rule(r.String(), r.Spec())
	}
	for _, r := range model.ChannelRules() {
		rule(r.String(), r.Spec())
	}
	for machine, names := range play.Facts().Properties {
		for _, name := range names {
			if s := c.Properties[machine][name]; s.Says == "" || s.Doc == "" {
				t.Errorf("%s of %s is not cited", name, machine)
			}
		}
	}
	if _, err := Cite(t.TempDir()); err == nil {
		t.Error("documents that don't exist are cited")
	}
}
