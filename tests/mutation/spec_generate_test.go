package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// Each kind of change is made where it must be, and the text around it stays as it was.
func TestEachKind(t *testing.T) {
	t.Parallel()
	source := roomsSpec(t)
	byName := map[string]string{}
	for _, m := range specMutants(t, source) {
		byName[m.name] = m.text
	}
	for _, c := range []struct{ name, old, new string }{
		{`GetOpens, conjunct: ~MustWait(n) becomes TRUE`, `GetOpens(n, o) == ~MustWait(n) /\`, `GetOpens(n, o) == TRUE /\`},
		{`ReleaseReady, flip: i].work # "opening" /\ ReleaseLeaves: # becomes =`, `~HasPredecessor(i) /\ incs[i].work # "opening"`, `~HasPredecessor(i) /\ incs[i].work = "opening"`},
		{`ReleaseJoins, flip: IncIds : /\ i \in Releasing(n: \in becomes \notin`, `/\ i \in Releasing(n)` + "\n", `/\ i \notin Releasing(n)` + "\n"},
		{`Ends, flip: bad /\ Disposing becomes (bad \/ Disposing)`, `IF bad /\ Disposing`, `IF (bad \/ Disposing)`},
		{`Ends, stale: failed' = worse becomes UNCHANGED <<failed>>`, `/\ failed' = worse`, `/\ UNCHANGED <<failed>>`},
		{`Change, stale: [i] = inc]): inc becomes @`, `EXCEPT ![i] = inc]`, `EXCEPT ![i] = @]`},
		{`GiveUp, output: Settled(c, "gaveUp", 0): "gaveUp" becomes Pending`, `Settled(c, "gaveUp", 0)`, `Settled(c, Pending, 0)`},
		{`ReleaseLeaves, operand: /\ Change(i, Left(: i becomes j`, `Change(i, Left(i))`, `Change(j, Left(i))`},
		{`Free, operator: InUse(n): InUse becomes Releasing`, `== InUse(n) = {} `, `== Releasing(n) = {} `},
		{`BackendEnds, disjunct: Released(i) becomes FALSE`, "\n    \\/ Released(i) \\/", "\n    \\/ FALSE \\/"},
		{`Next, disjunct: \E c \in CallIds : GiveUp(c) becomes FALSE`, `\/ \E c \in CallIds : GiveUp(c)`, `\/ FALSE`},
		{`Init, constant: {} becomes {1}`, "    /\\ failed = {}\n\nGet", "    /\\ failed = {1}\n\nGet"},
		{`Ends, set: failed \cup {i} becomes failed`, `failed \cup {i}`, `failed`},
		{`FairSpec, conjunct: Spec /\ OpeningsEnd /\ ClosingsEnd: OpeningsEnd becomes TRUE`, `Spec /\ OpeningsEnd /\ ClosingsEnd`, `Spec /\ TRUE /\ ClosingsEnd`},
	} {
		if strings.Count(source, c.old) != 1 {
			t.Errorf("the spec does not have %q once", c.old)
		}
		if got, want := byName[c.name], strings.Replace(source, c.old, c.new, 1); got != want {
			t.Errorf("%s is not made of %q, or isn't there", c.name, c.old)
		}
	}
}

// Names don't move with the lines above them, nor do mutants come of comments.
func TestNamesLast(t *testing.T) {
	t.Parallel()
	source := roomsSpec(t)
	moved := strings.Replace(source, "\nGetDisposed(n, o) ==", "\n\\* A comment with a = b /\\ c = d.\n\n\nGetDisposed(n, o) ==", 1)
	before, after := specMutants(t, source), specMutants(t, moved)
	if moved == source || !slices.EqualFunc(before, after, func(a, b specMutant) bool { return a.name == b.name }) {
		t.Errorf("%d mutants before, %d after, or other names", len(before), len(after))
	}
}
