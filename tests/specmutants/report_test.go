package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/graphs"
)

// good is a report of a control that lives and enough mutants that are killed, one that is equivalent.
func good() *report {
	tried := []mutant{{name: control}, {name: "same", kind: "flip"}}
	verdicts := []verdict{{end: lives}, {end: lives}}
	for i := range 120 {
		tried = append(tried, mutant{name: fmt.Sprint("m", i), kind: "flip"})
		verdicts = append(verdicts, verdict{end: byProperty, what: "OneOpen (options)"})
	}
	return newReport(tried[1:], tried, verdicts, map[string]string{"same": "it is the same"})
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what   string
		change func(r *report)
		want   string
	}{
		{"good", func(r *report) {}, ""},
		{"the control is killed", func(r *report) { r.verdicts[0].end = byProperty }, "the control"},
		{"no control", func(r *report) { r.mutants, r.verdicts = r.mutants[1:], r.verdicts[1:] }, "no control"},
		{"a survivor without a reason", func(r *report) { r.verdicts[5].end = lives }, "doesn't name: m3"},
		{"an equivalent one is killed", func(r *report) { r.verdicts[1].end = byGraph }, "does not survive (graph): same"},
		{"an equivalent one that isn't there", func(r *report) {
			*r = *newReport(r.mutants[1:], r.mutants, r.verdicts, map[string]string{"same": "x", "other": "y"})
		}, "there isn't: other"},
		{"an unclear end", func(r *report) { r.verdicts[5].end = unclear }, "not understood: m3"},
		{"too few parse", func(r *report) {
			for i := 2; i < 30; i++ {
				r.verdicts[i].end = unparsed
			}
		}, "only 93 mutants parse"},
		{"timeouts are not killed", func(r *report) {
			for i := 2; i < 10; i++ {
				r.verdicts[i].end = timeout
			}
		}, "93.3 % of them"},
	} {
		r := good()
		c.change(r)
		var b strings.Builder
		ok := r.verdict(&b, options{})
		if ok != (c.want == "") || !strings.Contains(b.String(), c.want) {
			t.Errorf("%s: %t\n%s", c.what, ok, b.String())
		}
	}
	var b strings.Builder
	r := good()
	r.verdicts[2].end, r.verdicts[3].end, r.verdicts[4].end, r.verdicts[5].end = unparsed, byGraph, byLiveness, byError
	r.print(&b, options{})
	r.verdict(&b, options{})
	if want := "generated=121 total=121 parsed=120 killed=119 byproperty=117 ofthembyliveness=1 byerror=1 bygraph=1 equivalent=1 survived=0 timeouts=0 share=1.000"; !strings.Contains(b.String(), want) {
		t.Errorf("there is no %s in\n%s", want, b.String())
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		output string
		exit   int
		want   end
		ended  bool
	}{
		{"Model checking completed. No error has been found.\n", 0, lives, false},
		{"", 0, unclear, true}, // it ended well and doesn't say so
		{"Error: Invariant OneOpen is violated.\n", 12, byProperty, true},
		{"Error: Action property RoomIsReady is violated.\n", 13, byProperty, true},
		{"Error: Temporal properties were violated.\n", 13, byLiveness, true},
		{"Error: Invariant OneOpen is violated.\n", 1, unclear, true},
		{"Error: Parsing or semantic analysis failed.\n", 150, unparsed, true},
		{"Error: TLC threw an unexpected exception.\nAttempted to apply the operator overridden by \\in\n", 75, byError, true},
		{"Error: Java ran out of memory.\n", 1, unclear, true},
		{"This directory should be x, but that directory already exists.\n", 1, unclear, true},
	} {
		if v, ended := classify(tlcrun.ParseOutput(c.output, c.exit)); v.end != c.want || ended != c.ended {
			t.Errorf("%q with %d is %s, expected %s", c.output, c.exit, endNames[v.end], endNames[c.want])
		}
	}
}

func TestEquivalents(t *testing.T) {
	t.Parallel()
	f, err := os.ReadFile(filepath.Join("equivalent.txt"))
	if err != nil {
		t.Fatal(err)
	}
	known, err := parseEquivalent(strings.NewReader(string(f)))
	if err != nil {
		t.Fatal(err)
	}
	all := mutants(t, spec(t))
	for name := range known {
		if !slices.ContainsFunc(all, func(m mutant) bool { return m.name == name }) {
			t.Errorf("equivalent.txt names a mutant that there isn't: %s", name)
		}
	}
	for _, bad := range []string{"a\nb\n\treason\n", "a\n", "\treason\n", "a\n\treason\na\n\tagain\n"} {
		if _, err := parseEquivalent(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func TestTheSampleIsTheSeeds(t *testing.T) {
	t.Parallel()
	all := mutants(t, spec(t))
	draw := func(seed uint64) []mutant {
		some, err := choose(all, options{sample: 120, seed: seed})
		if err != nil || len(some) != 120 {
			t.Fatalf("%d, %v", len(some), err)
		}
		return some
	}
	same := func(a, b mutant) bool { return a.name == b.name }
	if !slices.EqualFunc(draw(1), draw(1), same) || slices.EqualFunc(draw(1), draw(2), same) {
		t.Error("the sample is not the seed's")
	}
}

// A step that is there twice is one step, and what TLC adds for properties is none.
func TestRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "graph.dot")
	dump := func(edges string) (*graphs.Graph, int) {
		text := "1 [label=\"x = 0\",style = filled]\n-2 [label=\"x = 1\"];\n" + edges
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		g, steps, err := read(file)
		if err != nil {
			t.Fatal(err)
		}
		return g, steps
	}
	up, back, dashed := "1 -> -2 [label=\"Up\"];\n", "-2 -> 1 [label=\"Back\"];\n", "1 -> 1 [style=\"dashed\"];\n"
	one, n := dump(up + back)
	twice, m := dump(up + dashed + back + up)
	if found, _, _ := graphs.Compare(one, twice, 1); len(found) > 0 || n != 2 || m != 3 {
		t.Errorf("%d and %d steps, %v", n, m, found)
	}
	for _, other := range []string{up, up + back + "1 -> 1 [label=\"Up\"];\n", up + "-2 -> 1 [label=\"Up\"];\n"} {
		if g, _ := dump(other); func() bool { found, _, _ := graphs.Compare(one, g, 1); return len(found) == 0 }() {
			t.Errorf("the graph of %q is the same", other)
		}
	}
}
