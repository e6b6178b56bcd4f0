package model

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The rules and properties cite what docs/rooms.md cites, name for name and point for point.

var (
	ruleLine = regexp.MustCompile(`(?m)^- \*\*(R\d+)\*\*(?: \[([^\]]*)\])?`)
	chaID    = regexp.MustCompile(`CHA-[A-Z]+\d+[a-z0-9]*`)
)

func rooms(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/rooms.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRulesCiteWhatTheDocumentCites(t *testing.T) {
	lines := ruleLine.FindAllStringSubmatch(rooms(t), -1)
	if len(lines) != len(Rules()) {
		t.Fatalf("the document has %d rules, the model %d", len(lines), len(Rules()))
	}
	for i, r := range Rules() {
		if lines[i][1] != r.String() || !slices.Equal(chaID.FindAllString(lines[i][2], -1), r.Spec()) {
			t.Errorf("%v cites %v, the document has %q", r, r.Spec(), lines[i][0])
		}
	}
}

func TestPropertiesAreThoseOfTheDocument(t *testing.T) {
	_, must, ok := strings.Cut(rooms(t), "\n## What must hold\n")
	if !ok {
		t.Fatal("the document doesn't say what must hold")
	}
	type cited struct {
		name string
		spec []string
	}
	var want []cited
	for _, item := range strings.Split(must, "\n- **")[1:] {
		names, sentence, _ := strings.Cut(item, "**")
		sentence, _, _ = strings.Cut(sentence, "\n\n")
		for _, name := range strings.Split(names, ", ") {
			want = append(want, cited{name, chaID.FindAllString(sentence, -1)})
		}
	}
	all := append(Properties(), liveness()...)
	if len(all) != len(want) {
		t.Fatalf("the document has %d properties, the model %d", len(want), len(all))
	}
	for i, p := range all {
		if p.Name != want[i].name {
			t.Errorf("property %d is %s, in the document %s", i+1, p.Name, want[i].name)
		}
		if i < len(Properties()) && !slices.Equal(p.Spec, want[i].spec) {
			t.Errorf("%s cites %v, the document %v", p.Name, p.Spec, want[i].spec)
		}
		if i < len(Properties()) && (p.Says == "" || len(p.Rules) == 0 || p.Check == nil && p.CheckStep == nil) {
			t.Errorf("%s is not filled in", p.Name)
		}
	}
}
