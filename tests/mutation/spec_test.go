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
)

// Each way in which a run of TLC may end must be recognized.
func TestSays(t *testing.T) {
	t.Parallel()
	c := &checker{}
	for _, r := range []struct {
		output string
		exit   int
		want   string
		fails  bool
	}{
		{"Model checking completed. No error has been found.\n", 0, "", false},
		{"", 0, "", true}, // TLC ended well, but didn't report that
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
		says, err := c.says(tlcrun.ParseOutput(r.output, r.exit), "CallsSettle", "NoWedge")
		if says != r.want || (err != nil) != r.fails {
			t.Errorf("for the output %q and the exit code %d, says returned %q, %v, expected %q", r.output, r.exit, says, err, r.want)
		}
	}
}

// A mutant that is alive or hangs must lower the share. A mutant that equivalent.txt lists and that
// is killed must be reported as wrong.
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
		want   func(t tally) bool
		says   string
	}{
		{"all are killed", func(v []verdict) {},
			func(t tally) bool { return t.Share == 1 && t.Equivalent == 1 && t.Words == 1 && t.Tried == 21 }, ""},
		{"one lives", func(v []verdict) { v[5].End = alive },
			func(t tally) bool { return t.Share == 0.95 && t.Alive == 1 }, "alive: m3"},
		{"one hangs", func(v []verdict) { v[5].End = hung },
			func(t tally) bool { return t.Share == 0.95 && t.Hung == 1 }, "alive: m3 (hangs)"},
		{"an equivalent one is killed", func(v []verdict) { v[0].End = killed },
			func(t tally) bool { return len(t.Wrong) == 1 && t.Equivalent == 0 }, "can't be noticed, but same"},
		{"one does not parse", func(v []verdict) { v[5].End = broken },
			func(t tally) bool { return t.Tried == 20 && t.Share == 1 }, ""},
	} {
		b.Reset()
		v := slices.Clone(verdicts)
		c.change(v)
		if got := table(&b, v, known, false); !c.want(got) || !strings.Contains(b.String(), c.says) {
			t.Errorf("%s: table returned %+v and printed\n%s", c.what, got, b.String())
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
		t.Errorf("there are only %d misreadings", len(all))
	}
	page, err := os.ReadFile(filepath.Join(moduleRoot(t), misreadTable))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), begin)
	text, _, _ = strings.Cut(text, finish)
	if n := strings.Count(text, "\n| "); n != len(all) {
		t.Errorf("the table has %d rows for %d misreadings: write it with misread -write", n, len(all))
	}
	for _, m := range all {
		files := slices.Sorted(maps.Keys(m.texts))
		sdk := []string{"differs", "same", "-"}
		if len(files) != 3 || m.Fields["how"] == "" || !slices.Contains(sdk, m.Fields["client"]) ||
			!ruleNames.MatchString(m.Fields["rules"]) || !pointIDs.MatchString(m.Fields["points"]) {
			t.Errorf("%q is planted in %v, or is not complete: %q", m.Name, files, m.Fields)
		}
		if !strings.Contains(text, "\n| "+m.Name+" | "+m.cite()+" |") {
			t.Errorf("the table does not have %s: write it with misread -write", m.Name)
		}
	}
}

// A run ends at a change whose state TLC can't store, or whose properties it can't evaluate. Then
// only the last line "at" names the change.
func TestTheChangeThatEndsARun(t *testing.T) {
	t.Parallel()
	w := &wovenSpec{tail: 100}
	at := "<<\"at\", 3>>\n<<\"at\", 7>>\nError: "
	for what, c := range map[string]struct {
		output string
		want   int
	}{
		"a state that can't be taken in": {at + "TLC was unable to fingerprint.\n0) line 29, col 9 to col 31", 7},
		"a property that can't be evaluated": {
			at + "field of a non-record\nline 49, col 28 of module Woven\n0. Line 120, column 4 to column 9", 7},
		"an action of no change": {at + "field of a non-record\nline 49, col 28 of module Woven", 0},
	} {
		if got := w.culprit(&tlcrun.Result{Exit: 75, Output: c.output}); got != c.want {
			t.Errorf("%s: the run ended at change %d, expected %d", what, got, c.want)
		}
	}
}
