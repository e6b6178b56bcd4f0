package tlcrun

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAntecedents(t *testing.T) {
	t.Parallel()
	properties := Checked(readAll(t), "Rooms")
	if len(properties) != 31 || !slices.Contains(properties, "NoWedge") {
		t.Fatalf("Checked returned the wrong properties: %v", properties)
	}
	found, source, err := antecedents("Rooms", readText(t, filepath.Join(specDir, "Rooms.tla")), properties)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string][]string{}
	for _, a := range found[:len(found)-1] {
		texts[a.Property] = append(texts[a.Property], a.Text)
	}
	for name, want := range map[string][]string{
		"OneOpen":         {"Held(i)", "incs[j].name = incs[i].name"},
		"ReleaseRejects":  {`IsPending(g) /\ calls[g].op = "get"`},
		"ReleasedIsFinal": {`incs[i].life = "released"`, "calls[c].out # Pending"},
		"CallsSettle":     {`(c \in Begun /\ calls[c].out = Pending)`},
		"OneInUse":        nil,
	} {
		if !slices.Equal(texts[name], want) {
			t.Errorf("%s has the antecedents %q, expected %q", name, texts[name], want)
		}
	}
	if last := found[len(found)-1]; last.Text != unreachable || last.Property != "" {
		t.Errorf("the last antecedent is %+v, expected the unreachable one", last)
	}
	for _, want := range []string{
		"\\A a \\in CallIds : GotRoom(a) =>                           \\* CHA-RC1\n    \\A b \\in (a + 1)..MaxCalls :\n      (GotRoom(b) /\\ calls[a].name = calls[b].name /\\ ~Parts(calls[a].name, a, b)) => FALSE\n",
		"    /\\ \\A i \\in Created : incs[i].life = \"released\" => FALSE\n    /\\ \\A c \\in Begun : calls[c].out # Pending => TRUE\n",
		"=> TRUE\n    /\\ (i \\in Created /\\ incs[i].life = \"releasing\") => FALSE\n",
	} {
		if !strings.Contains(source, want) {
			t.Errorf("the module does not have %q:\n%s", want, source)
		}
	}
	if _, _, err := antecedents("Rooms", source, []string{"Missing"}); err == nil {
		t.Error("a property that doesn't exist is accepted")
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	actions, err := Actions(specDir, "Rooms")
	if err != nil {
		t.Fatal(err)
	}
	if len(actions) != 22 || !slices.Contains(actions, "GetOpens") || slices.Contains(actions, "BackendEnds") || slices.Contains(actions, "GetCreates") {
		t.Errorf("Actions returned %d actions, expected 22: %v", len(actions), actions)
	}
}
