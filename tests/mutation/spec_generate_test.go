package main

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func specOf(t *testing.T, of subject) string {
	t.Helper()
	source, err := of.text(filepath.Join(moduleRoot(t), "spec", "TLA"))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func specMutants(t *testing.T, source string) []specMutant {
	t.Helper()
	all, err := generateSpec(source)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMutantsOfTheSpecs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of         string
		least      int
		properties string // the comment before the properties
		kinds      []string
	}{
		{"rooms", 300, "(* Safety *)", []string{"branch", "conjunct", "constant", "disjunct", "flip", "number",
			"operand", "operator", "output", "set", "stale"}},
		{"channel", 1000, "(* Safety: states *)", []string{"branch", "call", "conjunct", "constant", "disjunct",
			"flip", "number", "output", "set", "stale"}},
	} {
		source := specOf(t, subjects[c.of])
		all := specMutants(t, source)
		if len(all) < c.least {
			t.Errorf("there are only %d mutants of %s", len(all), c.of)
		}
		names, texts, kinds := map[string]bool{}, map[string]bool{source: true}, map[string]int{}
		number := regexp.MustCompile(`\bline\b|:\d+`)
		for _, m := range all {
			if names[m.name] || texts[m.text] {
				t.Errorf("the mutant %s occurs twice, or changes nothing", m.name)
			}
			names[m.name], texts[m.text] = true, true
			kinds[m.kind]++
			if strings.Contains(m.name, "\n") || number.MatchString(m.name) {
				t.Errorf("the name %q has a line number or a line break", m.name)
			}
			// The text of the properties must not change.
			if _, after, ok := strings.Cut(source, c.properties); !ok || !strings.HasSuffix(m.text, after) {
				t.Errorf("%s changes a property", m.name)
			}
		}
		for _, kind := range c.kinds {
			if kinds[kind] == 0 {
				t.Errorf("there is no mutant of the kind %s of %s", kind, c.of)
			}
		}
	}
}

// An assignment in EXCEPT is not an operand. An operand that begins with IF reaches as far as
// possible.
func TestMutantsAreOfWholeOperands(t *testing.T) {
	t.Parallel()
	source := `---- MODULE Toy ----
VARIABLE x
Outcomes == {"done"}
Change(r, s) ==
    [r EXCEPT !.held = r.held \/ r.doubt, !.set = s \cup IF r.held THEN {1} ELSE {2}]
Init == x = 0
Next == x' = Change(x, {})
====
`
	names := ""
	for _, m := range specMutants(t, source) {
		names += m.name + "\n"
	}
	for _, want := range []string{
		`Change, disjunct: r.held becomes FALSE`, `Change, flip: r.held \/ r.doubt becomes (r.held /\ r.doubt)`,
		`Change, set: s \cup IF r.held THEN {1} ELSE {2} becomes s`,
		`Change, set: s \cup IF r.held THEN {1} ELSE {2} becomes IF r.held THEN {1} ELSE {2}`,
	} {
		if !strings.Contains(names, want+"\n") {
			t.Errorf("no mutant is called %s, of\n%s", want, names)
		}
	}
}

// The woven text must have the limit for the number of states of each change, and the limit for the
// number of steps.
func TestWeaveLimits(t *testing.T) {
	t.Parallel()
	source := specOf(t, channelSubject)
	changed := map[int]string{}
	for i, m := range specMutants(t, source)[:together] {
		changed[i+1] = m.text
	}
	w, err := weaveTLA(source, changed, properties{}, 700, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`/\ TLCGet("level") < 5`, `Counted == ~(TLCGet("level") < 5) \/ (`,
		`TLCGet(mutant + 51) < 700`, `= 700 => PrintT(<<"many", mutant>>)`} {
		if !strings.Contains(w.text, want) {
			t.Errorf("the text does not have %s:\n%s", want, w.text[strings.Index(w.text, "WovenSpec =="):])
		}
	}
}
