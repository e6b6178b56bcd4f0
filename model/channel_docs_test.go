package model

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The rules and properties of the channel cite what docs/channel.md cites, name for name and point
// for point.

var (
	channelRuleLine = regexp.MustCompile(`(?m)^- \*\*(C\d+)\*\*(?: \[([^\]]*)\])?`)
	rtlID           = regexp.MustCompile(`\bRT[A-Z]+\d+[a-z0-9]*`)
)

func channelText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/channel.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestChannelRulesCiteWhatTheDocumentCites(t *testing.T) {
	lines := channelRuleLine.FindAllStringSubmatch(channelText(t), -1)
	if len(lines) != len(ChannelRules()) {
		t.Fatalf("the document has %d rules, the model %d", len(lines), len(ChannelRules()))
	}
	for i, r := range ChannelRules() {
		if lines[i][1] != r.String() || !slices.Equal(rtlID.FindAllString(lines[i][2], -1), r.Spec()) {
			t.Errorf("%v cites %v, the document has %q", r, r.Spec(), lines[i][0])
		}
	}
}

func TestChannelPropertiesAreThoseOfTheDocument(t *testing.T) {
	_, must, ok := strings.Cut(channelText(t), "\n## What must hold\n")
	must, _, _ = strings.Cut(must, "\n## Rows\n")
	safety, liveness, found := strings.Cut(must, "\nLiveness")
	always, promised, split := strings.Cut(safety, "\nSafety that needs the server's promise")
	if !ok || !found || !split {
		t.Fatal("the document lacks a part")
	}
	var at int
	for i, part := range []string{always, promised} {
		for _, item := range strings.Split(part, "\n- **")[1:] {
			name, sentence, _ := strings.Cut(item, "**")
			sentence, _, _ = strings.Cut(sentence, "\n\n")
			if at == len(ChannelProperties()) {
				t.Fatalf("the model has no %s", name)
			}
			p := ChannelProperties()[at]
			at++
			if p.Name != name || p.Promise != (i == 1) || !slices.Equal(p.Spec, rtlID.FindAllString(sentence, -1)) {
				t.Errorf("%s cites %v, the document has %s", p.Name, p.Spec, item)
			}
			if p.Says == "" || len(p.Rules) == 0 || p.Check == nil {
				t.Errorf("%s is not filled in", p.Name)
			}
		}
	}
	if at != len(ChannelProperties()) {
		t.Errorf("the document has %d properties, the model %d", at, len(ChannelProperties()))
	}
	for _, name := range []string{"CallsSettle", "RetriesForEver", "Heals"} { // Channel.tla states them
		if !strings.Contains(liveness, "\n- **"+name+"**") {
			t.Errorf("the document has no %s", name)
		}
	}
}
