package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func roomsSpec(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(moduleRoot(t), roomsT))
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func specMutants(t *testing.T, source string) []specMutant {
	t.Helper()
	all, err := generateSpec(source)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMutantsOfTheSpec(t *testing.T) {
	t.Parallel()
	source := roomsSpec(t)
	all := specMutants(t, source)
	if len(all) < 300 {
		t.Errorf("there are only %d mutants", len(all))
	}
	names, texts, kinds := map[string]bool{}, map[string]bool{source: true}, map[string]int{}
	number := regexp.MustCompile(`\bline\b|:\d+`)
	for _, m := range all {
		if names[m.name] || texts[m.text] {
			t.Errorf("%s is there twice, or changes nothing", m.name)
		}
		names[m.name], texts[m.text] = true, true
		kinds[m.kind]++
		if strings.Contains(m.name, "\n") || number.MatchString(m.name) {
			t.Errorf("the name %q would not last", m.name)
		}
		// Nothing of the properties is changed.
		if _, after, _ := strings.Cut(source, "(* Safety *)"); !strings.HasSuffix(m.text, after) {
			t.Errorf("%s changes a property", m.name)
		}
	}
	for _, kind := range []string{"branch", "conjunct", "constant", "disjunct", "flip", "number",
		"operand", "operator", "output", "set", "stale"} {
		if kinds[kind] == 0 {
			t.Errorf("there is no mutant of the kind %s", kind)
		}
	}
}
