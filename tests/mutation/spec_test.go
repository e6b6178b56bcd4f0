package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/spec/TLA/tlcrun/tlatext"
)

// What a run of TLC ends with is told apart.
func TestSays(t *testing.T) {
	t.Parallel()
	c := &checker{liveness: []string{"CallsSettle", "NoWedge"}}
	for _, r := range []struct {
		output string
		exit   int
		want   string
		fails  bool
	}{
		{"Model checking completed. No error has been found.\n", 0, "", false},
		{"", 0, "", true}, // it ended well and doesn't say so
		{"Error: Invariant OneOpen is violated.\n", 12, "OneOpen", false},
		{"Error: Action property RoomIsReady is violated.\n", 13, "RoomIsReady", false},
		{"Error: Temporal properties were violated.\n", 13, "CallsSettle or NoWedge", false},
		{"Error: Invariant OneOpen is violated.\n", 1, "", true},
		{"Error: Parsing or semantic analysis failed.\n", 150, "no TLA+", false},
		{"Error: TLC threw an unexpected exception.\nAttempted to apply the operator\n", 75,
			"error: TLC threw an unexpected exception.", false},
		{"Error: Java ran out of memory.\n", 1, "", true},
		{"This directory should be x, but that directory already exists.\n", 1, "", true},
	} {
		says, err := c.says(tlcrun.ParseOutput(r.output, r.exit))
		if says != r.want || (err != nil) != r.fails {
			t.Errorf("%q with %d is %q, %v, expected %q", r.output, r.exit, says, err, r.want)
		}
	}
}

// A tally counts what is alive and hangs against the share, and what is known and killed as wrong.
func TestTable(t *testing.T) {
	t.Parallel()
	verdicts := []verdict{{Name: "same", Kind: "flip"}, {Name: "words", Kind: "flip", Message: true}}
	for i := range 20 {
		verdicts = append(verdicts, verdict{Name: fmt.Sprint("m", i), Kind: "flip", End: killed, By: "property"})
	}
	known := map[string]string{"same": "it is the same"}
	var b strings.Builder
	for _, c := range []struct {
		what   string
		change func(v []verdict)
		want   func(t *tally) bool
		says   string
	}{
		{"all are killed", func(v []verdict) {},
			func(t *tally) bool { return t.Share() == 1 && t.Equivalent == 1 && t.Words == 1 && t.Tried == 21 }, ""},
		{"one lives", func(v []verdict) { v[5].End = alive },
			func(t *tally) bool { return t.Share() == 0.95 && t.Alive == 1 }, "alive: m3"},
		{"one hangs", func(v []verdict) { v[5].End = hung },
			func(t *tally) bool { return t.Share() == 0.95 && t.Hung == 1 }, "alive: m3 (hangs)"},
		{"an equivalent one is killed", func(v []verdict) { v[0].End = killed },
			func(t *tally) bool { return len(t.Wrong) == 1 && t.Equivalent == 0 }, "can't be noticed, but same"},
		{"one does not parse", func(v []verdict) { v[5].End = broken },
			func(t *tally) bool { return t.Good() == 20 && t.Share() == 1 }, ""},
	} {
		b.Reset()
		v := slices.Clone(verdicts)
		c.change(v)
		if got := table(&b, v, known, false); !c.want(got) || !strings.Contains(b.String(), c.says) {
			t.Errorf("%s: %+v\n%s", c.what, got, b.String())
		}
	}
}

func TestTheSampleIsTheSeeds(t *testing.T) {
	t.Parallel()
	all := specMutants(t, roomsSpec(t))
	same := func(a, b specMutant) bool { return a.name == b.name }
	one := draw(all, 120, 1)
	if len(one) != 120 || !slices.EqualFunc(one, draw(all, 120, 1), same) ||
		slices.EqualFunc(one, draw(all, 120, 2), same) || len(draw(all, 0, 1)) != len(all) {
		t.Error("the sample is not the seed's")
	}
}

// A woven spec has each change under its number, knows its lines, and is TLA+ as far as the scanner
// of this module can tell.
func TestWeaveTLA(t *testing.T) {
	t.Parallel()
	source := roomsSpec(t)
	texts := map[int]string{}
	for i, m := range specMutants(t, source) {
		switch m.name {
		case `GetOpens, conjunct: ~MustWait(n) becomes TRUE`:
			texts[1] = m.text
		case `Ends, flip: bad /\ Disposing becomes (bad \/ Disposing)`:
			texts[2] = m.text
		case `Free, operator: InUse(n): InUse becomes Releasing`:
			texts[i+3] = m.text
		}
	}
	texts[3] = strings.Replace(source, "\nGetOpens(n, o) ==", "\nAdded(n) == TRUE\nGetOpens(n, o) == Added(n) /\\", 1)
	w, err := weaveTLA(source, texts, properties{[]string{"TypeOK", "OneOpen"}, []string{"RoomIsReady"}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := tlatext.Parse(w.text)
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]int{"GetOpens_0": 0, "GetOpens_1": 1, "GetOpens_3": 3, "Added": 3,
		"Ends_2": 2, "Ends_0": 0, "GetOpens": 0, "Next": 0, "Released_0": 0, "StepOfRoomIsReady": 0} {
		d := m.Definition(name)
		if d == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		line := 1 + strings.Count(w.text[:m.Tokens[d.Body.Low].Start], "\n")
		if got := w.of(line); got != of {
			t.Errorf("%s at line %d is of %d, expected %d", name, line, got, of)
		}
		if strings.Count(w.text, "\n"+name+"(")+strings.Count(w.text, "\n"+name+" ==") != 1 {
			t.Errorf("%s is defined twice", name)
		}
	}
	if !strings.Contains(w.text, "GetOpens(n, o) == UNCHANGED mutant /\\ (IF mutant < 3 THEN (IF mutant = 1 "+
		"THEN GetOpens_1(n, o) ELSE GetOpens_0(n, o))") {
		t.Errorf("GetOpens does not choose:\n%s", w.text)
	}
	tail := 1 + strings.Count(w.text[:strings.Index(w.text, "\nWovenSpec ==")+1], "\n")
	if w.tail > tail || tail > w.tail+2 {
		t.Errorf("the tail is said to begin at line %d, not %d", w.tail, tail)
	}
	if _, err := weaveTLA(source, map[int]string{1: "no module"}, properties{}); err == nil {
		t.Error("what is no module is woven")
	}
}

// What a run ended at is the change whose state or text TLC names, or the last that was looked at.
func TestCulprit(t *testing.T) {
	t.Parallel()
	w := &wovenSpec{lines: []int{0, 4, 4, 0, 5, 0, 0}, tail: 6}
	const was = "<<\"at\", 7>>\nWarning: The EXCEPT at line 5, col 3 to line 5, col 4\n"
	for output, want := range map[string]int{
		"Error: Evaluating assumption\nline 2, col 1 to line 3, col 2 of module Woven\n":                       4,
		was + "Error: It went wrong at\n0. Line 7, column 5 to line 7, column 9 in W\n":                        7,
		was + "Error: It went wrong at\n0. Line 4, column 5 to line 4, column 9 in W\n":                        0,
		was + "Error: It went wrong at\n0. Line 7, column 5\n1. Line 3, column 9 in W\n":                       4,
		was + "Error: The behavior up to this point is:\nState 1: <I>\n/\\ x = 1\n/\\ mutant = 9\n\nState 2\n": 9,
	} {
		if got := w.culprit(tlcrun.ParseOutput(output, 75)); got != want {
			t.Errorf("%d, expected %d, of\n%s", got, want, output)
		}
	}
}

// Graphs with the same states and steps have the same sums; a step that is there twice is one.
func TestSums(t *testing.T) {
	t.Parallel()
	states := `1 [label="/\\ x = 0\n/\\ mutant = 0",style = filled]` + "\n" + `2 [label="/\\ x = 1\n/\\ mutant = 0"];` + "\n" +
		`-3 [label="/\\ x = 0\n/\\ mutant = 12",style = filled]` + "\n" + `4 [label="/\\ x = 1\n/\\ mutant = 12"];` + "\n"
	edge := func(from, to int, label string) string {
		return fmt.Sprintf("%d -> %d [label=%q,color=\"black\"];\n", from, to, label)
	}
	original := edge(1, 2, "Up") + edge(2, 1, "Back")
	file := filepath.Join(t.TempDir(), "graph.dot")
	read := func(text string) (map[int]sum, error) {
		if err := os.WriteFile(file, []byte("strict digraph G {\n"+text+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return sums(file)
	}
	for text, same := range map[string]bool{
		edge(-3, 4, "Up") + edge(4, -3, "Back"):                     true,
		edge(4, -3, "Back") + edge(-3, 4, "Up") + edge(-3, 4, "Up"): true,
		edge(-3, 4, "Up"):                                                      false,
		edge(-3, 4, "Up") + edge(4, -3, "Up"):                                  false,
		edge(-3, 4, "Up") + edge(4, -3, "Back") + edge(4, 4, "Back"):           false,
		edge(-3, 4, "Up") + edge(4, -3, "Back") + `5 [label="x\nmutant = 12"]`: false,
	} {
		found, err := read(states + original + text)
		if err != nil || (found[0] == found[12]) != same || found[0].states != 2 || found[0].edges != 2 {
			t.Errorf("%v %v, expected to be the same: %t\n%s", found, err, same, text)
		}
	}
	for _, bad := range []string{states + edge(1, 4, "Up"), states + edge(1, 9, "Up"), `7 [label="x = 1"];` + "\n"} {
		if found, err := read(bad); err == nil {
			t.Errorf("%s is read as %v", bad, found)
		}
	}
}

func TestMisreadingsAreToldInFull(t *testing.T) {
	t.Parallel()
	all, err := misreadings(moduleRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 32 {
		t.Errorf("there are %d misreadings", len(all))
	}
	page, err := os.ReadFile(filepath.Join(moduleRoot(t), misreadTable))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), begin)
	text, _, _ = strings.Cut(text, finish)
	if n := strings.Count(text, "\n| "); n != len(all) {
		t.Errorf("the table has %d rows for %d misreadings; write it: go run ./tests/mutation misread -write",
			n, len(all))
	}
	for _, m := range all {
		files := slices.Sorted(maps.Keys(m.texts))
		sdk := []string{"differs", "same", "-"}
		if len(files) != 3 || m.Fields["how"] == "" || !slices.Contains(sdk, m.Fields["client"]) ||
			!ruleNames.MatchString(m.Fields["rules"]) || !pointIDs.MatchString(m.Fields["points"]) {
			t.Errorf("%q is planted in %v, or not told in full: %q", m.Name, files, m.Fields)
		}
		if !strings.Contains(text, "\n| "+m.Name+" | "+m.cite()+" |") {
			t.Errorf("the table does not have %s; write it: go run ./tests/mutation misread -write", m.Name)
		}
	}
}
