package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorded records a few traces of both kinds, once for all tests.
var recorded = sync.OnceValues(func() ([]trace.Trace, error) {
	return recordAll(context.Background(), rand.New(rand.NewPCG(1, 0)), 40, someScripts)
})

func some(t *testing.T) []trace.Trace {
	t.Helper()
	traces, err := recorded()
	if err != nil {
		t.Fatal(err)
	}
	return traces
}

// someScripts yields every 200th script.
func someScripts(yield func([]model.Input) bool) {
	k := 0
	for script := range newScripts() {
		if k++; k%200 == 1 && !yield(script) {
			return
		}
	}
}

// What the whole stack does, the model does, line for line; and the traces are the same after they were written and read.
func TestTracesAreStepsOfTheModel(t *testing.T) {
	traces := some(t)
	var file bytes.Buffer
	if err := trace.Write(&file, traces...); err != nil {
		t.Fatal(err)
	}
	read, err := trace.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	if len(read) != len(traces) {
		t.Fatalf("%d traces were written, %d read", len(traces), len(read))
	}
	n, g, lines := newNaming(), newSmallGraph(), 0
	byLabel := map[string]int{}
	for i, r := range read {
		entries := n.entries(r)
		if !reflect.DeepEqual(entries, n.entries(traces[i])) {
			t.Errorf("trace %d was read as\n%+v\nwritten was\n%+v", i+1, r, traces[i])
		}
		steps, err := judge(entries)
		if err != nil {
			t.Errorf("trace %d, line %d: %v", i+1, len(steps)+1, err)
		}
		lines += len(steps)
		g.cover(steps)
		byLabel[r.Label]++
	}
	t.Logf("EVIDENCE traces-judged stack=%d attaching=%d lines=%d edges=%d/%d", byLabel["stack"], byLabel["attaching"], lines, g.count, len(g.Edges))
	if byLabel["stack"] < 40 || byLabel["attaching"] < 100 || lines < 500 || g.count < 200 {
		t.Errorf("too little: %v, %d lines, %d edges", byLabel, lines, g.count)
	}
}

// The model takes a corrupted trace hardly ever: each change is rejected in most places, and each kind is made.
func TestCorruptionsAreRejected(t *testing.T) {
	traces := some(t)
	made := corrupt(traces, 800, rand.New(rand.NewPCG(2, 0)))
	n := newNaming()
	rejected, legal := map[string]int{}, map[string]int{}
	for _, c := range made {
		kind := c.kind
		if _, what, ok := strings.Cut(c.what, ", "); ok {
			kind += ", " + what
		}
		if _, err := judge(n.entries(c.trace)); err != nil {
			rejected[kind]++
		} else {
			legal[kind]++
		}
	}
	for _, kind := range []string{"dropped", "swapped", "doubled"} {
		if rejected[kind] < 100 {
			t.Errorf("%s: only %d were rejected", kind, rejected[kind])
		}
	}
	for _, c := range changes {
		if kind := "changed, " + c.name; rejected[kind] == 0 {
			t.Errorf("%s: none was rejected, %d are legal", kind, legal[kind])
		}
	}
	t.Logf("legal: %v", legal)
	for kind := range legal { // a last line may be missing, and what a call is for doesn't show where it is refused at once
		if !slices.Contains([]string{"dropped", "changed, input.name", "changed, input.options", "changed, input.kind"}, kind) {
			t.Errorf("%s: %d are legal", kind, legal[kind])
		}
	}
}

// A core or an observer that lies is found out.
func TestLiesAreFound(t *testing.T) {
	traces := some(t)
	for what, lie := range map[string]func(*trace.Trace, int) bool{
		"an opening that fails is told as one that doesn't": func(t *trace.Trace, k int) bool {
			l := &t.Lines[k]
			if l.Input.Kind != "OpenFailed" {
				return false
			}
			l.Input.Kind, l.Error = "Opened", ""
			return true
		},
		"a call that is settled is not told": func(t *trace.Trace, k int) bool {
			l := &t.Lines[k]
			before := len(l.Outputs)
			l.Outputs = slices.DeleteFunc(l.Outputs, func(o trace.Output) bool { return o.Kind == "settle" })
			return len(l.Outputs) < before
		},
		"a room is ready before it is open": func(t *trace.Trace, k int) bool {
			for i := range t.Lines[k].State.Incarnations {
				if inc := &t.Lines[k].State.Incarnations[i]; inc.Work == "opening" && inc.Life == "initializing" {
					inc.Life, inc.Work = "ready", "none"
					return true
				}
			}
			return false
		},
		"a caller who gives up is forgotten": func(t *trace.Trace, k int) bool {
			if t.Lines[k].Input.Kind != "GiveUp" || k+1 == len(t.Lines) {
				return false
			}
			t.Lines = slices.Delete(t.Lines, k, k+1)
			for i := range t.Lines {
				t.Lines[i].Seq = uint64(i + 1)
			}
			return true
		},
	} {
		n, found := newNaming(), 0
		for _, original := range traces {
			for k := range original.Lines {
				c := original.Clone()
				if !lie(&c, k) {
					continue
				}
				found++
				if steps, err := judge(n.entries(c)); err == nil || len(steps) < k {
					t.Errorf("%s, in line %d: the judge took %d lines: %v", what, k+1, len(steps), err)
				}
			}
		}
		if found == 0 {
			t.Errorf("%s: no trace has such a line", what)
		}
	}
}

// The module has each line of each trace on the trace's path, and traces with the same beginning share it.
func TestTheModuleIsATree(t *testing.T) {
	traces := some(t)
	n := newNaming()
	var all [][]entry
	lines := 0
	for _, tr := range traces {
		e := n.entries(tr)
		all = append(all, e)
		lines += len(e)
	}
	m := newModule(n, all)
	for i, path := range m.paths {
		if len(path) != len(all[i]) {
			t.Fatalf("trace %d has %d lines and a path of %d", i+1, len(all[i]), len(path))
		}
		from := m.first
		for k, node := range path {
			if !slices.Contains(from, node) || m.nodes[node-1].line != m.line(all[i][k]) {
				t.Errorf("trace %d, line %d: the path leaves the tree, or has another line", i+1, k+1)
			}
			from = m.nodes[node-1].next
		}
		if !m.nodes[path[len(path)-1]-1].ends {
			t.Errorf("trace %d does not end at a node where one does", i+1)
		}
	}
	if len(m.nodes) >= lines {
		t.Errorf("%d lines have %d nodes", lines, len(m.nodes))
	}
	var text bytes.Buffer
	if err := m.write(&text); err != nil || !strings.Contains(text.String(), "TheTree == ") {
		t.Errorf("the module is not whole: %v", err)
	}
}

// Names and options that are no words get some, each its own.
func TestNaming(t *testing.T) {
	n := newNaming()
	words := map[string]string{}
	for _, name := range []string{"a", "b", "n3", "basketball stream", "naïve", `quo"te`, "back\\slash", "x y", "n", strings.Repeat("long", 20)} {
		word := n.name(name)
		if other, taken := words[word]; taken || quote(word) != `"`+word+`"` {
			t.Errorf("%q is %q, as %q is", name, word, other)
		}
		if words[word] = name; n.name(name) != word {
			t.Errorf("%q has two words", name)
		}
	}
	third := tokens["x"]
	third.Occupancy.EnableEvents = true
	if got := []string{n.option(&third), n.option(&third), n.option(nil)}; !slices.Equal(got, []string{"o3", "o3", none}) {
		t.Errorf("options are named %q", got)
	}
}

// The words of TLC's output are found, also in values that it breaks into lines, and what it tells of nothing is an error.
func TestReadingTLC(t *testing.T) {
	n := newNaming()
	traces := some(t)[:3]
	var all [][]entry
	for _, tr := range traces {
		all = append(all, n.entries(tr))
	}
	m := newModule(n, all)
	path := m.paths[0]
	v, err := m.parse("<<\"consumed\", 1>>\n<< \"differs\",\n   2,\n   \"state\" >>\nother\n")
	if path[0] != 1 || len(path) < 2 || path[1] != 2 {
		t.Fatalf("the first path is %v", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if consumed, differs := v.lines(0); consumed != 1 || v.accepted(0) || differs != `<< "differs", 2, "state" >>` {
		t.Errorf("%d lines were consumed, accepted: %t, %s differs", consumed, v.accepted(0), differs)
	}
	if _, err := m.parse("<<\"consumed\", 1000000>>\n"); err == nil {
		t.Error("a node that there is not was taken")
	}
	if empty := newModule(n, [][]entry{nil}); (&verdict{module: empty}).accepted(0) {
		t.Error("a trace without lines is accepted")
	}
}
