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
	ruleLine  = regexp.MustCompile(`(?m)^- \*\*(R\d+)\*\*(?: \[([^\]]*)\])?`)
	statedRow = regexp.MustCompile(`(?m)^\| (R\d+|CHA-[A-Za-z0-9]+) \| (.*) \| (.*) \|$`)
	chaID     = regexp.MustCompile(`CHA-[A-Z]+\d+[a-z0-9]*`)
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
		if i < len(Properties()) && p.Check == nil && p.CheckStep == nil {
			t.Errorf("%s is not filled in", p.Name)
		}
	}
}

// statedBy returns what the document says states each rule and point: the properties of one
// direction, and of the other.
func statedBy(t *testing.T) map[string][2][]string {
	t.Helper()
	_, part, ok := strings.Cut(rooms(t), "\n## Each rule and what states it\n")
	if !ok {
		t.Fatal("the document doesn't say what states each rule")
	}
	rows := map[string][2][]string{}
	for _, row := range statedRow.FindAllStringSubmatch(part, -1) {
		if _, twice := rows[row[1]]; twice {
			t.Errorf("%s has two rows", row[1])
		}
		rows[row[1]] = [2][]string{strings.Split(row[2], ", "), strings.Split(row[3], ", ")}
	}
	return rows
}

// Each rule, and each point that is cited, is stated by properties in both directions.
func TestEachRuleIsStatedInBothDirections(t *testing.T) {
	rows, properties, want := statedBy(t), map[string]bool{}, map[string]bool{}
	for _, p := range append(Properties(), liveness()...) {
		properties[p.Name] = true
		for _, id := range p.Spec {
			want[id] = true
		}
	}
	for _, r := range Rules() {
		want[r.String()] = true
		for _, id := range r.Spec() {
			want[id] = true
		}
	}
	for sentence := range want {
		for direction, names := range rows[sentence] {
			if len(names) == 0 {
				t.Errorf("no property states %s in direction %d", sentence, direction+1)
			}
			for _, name := range names {
				if !properties[name] {
					t.Errorf("%s is stated by %q, which is no property", sentence, name)
				}
			}
		}
	}
	for sentence := range rows {
		if !want[sentence] {
			t.Errorf("%s has a row, and is no rule and no point that is cited", sentence)
		}
	}
}
