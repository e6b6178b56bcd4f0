package model

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The rules and properties of the room cite what docs/room.md cites, name for name and point for point.

var roomRuleLine = regexp.MustCompile(`(?m)^- \*\*(S\d+)\*\*(?: \[([^\]]*)\])?`)

func roomText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/room.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestRoomRulesCiteWhatTheDocumentCites(t *testing.T) {
	lines := roomRuleLine.FindAllStringSubmatch(roomText(t), -1)
	if len(lines) != len(RoomRules()) {
		t.Fatalf("the document has %d rules, the model %d", len(lines), len(RoomRules()))
	}
	for i, r := range RoomRules() {
		if lines[i][1] != r.String() || !slices.Equal(chaID.FindAllString(lines[i][2], -1), r.Spec()) {
			t.Errorf("%v cites %v, the document has %q", r, r.Spec(), lines[i][0])
		}
	}
}

func TestRoomPropertiesAreThoseOfTheDocument(t *testing.T) {
	_, must, ok := strings.Cut(roomText(t), "\n## What must hold\n")
	if !ok {
		t.Fatal("the document doesn't say what must hold")
	}
	safety, liveness, ok := strings.Cut(must, "\nLiveness")
	if !ok {
		t.Fatal("the document has no liveness")
	}
	always, promised, ok := strings.Cut(safety, "\nSafety that needs the port's promise")
	if !ok {
		t.Fatal("the document names no property that needs the port's promise")
	}
	var at int
	for i, part := range []string{always, promised} {
		for _, item := range strings.Split(part, "\n- **")[1:] {
			name, sentence, _ := strings.Cut(item, "**")
			sentence, _, _ = strings.Cut(sentence, "\n\n")
			if at == len(RoomProperties()) {
				t.Fatalf("the model has no %s", name)
			}
			p := RoomProperties()[at]
			at++
			if p.Name != name || p.Promise != (i == 1) || !slices.Equal(p.Spec, chaID.FindAllString(sentence, -1)) {
				t.Errorf("%s cites %v, the document has %s", p.Name, p.Spec, item)
			}
			if p.Says == "" || len(p.Rules) == 0 || p.Check == nil {
				t.Errorf("%s is not filled in", p.Name)
			}
		}
	}
	if at != len(RoomProperties()) {
		t.Errorf("the document has %d properties, the model %d", at, len(RoomProperties()))
	}
	for _, name := range []string{"CallsSettle", "ReleasesEnd"} { // tests/graphs/roomstatus checks them
		if !strings.Contains(liveness, "\n- **"+name+"**") {
			t.Errorf("the document has no %s", name)
		}
	}
}
