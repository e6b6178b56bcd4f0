package main

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/wire/judge"
)

var recorded []trace.Trace

// some returns a few traces of each kind except those of scenarios. They are recorded once for all
// tests.
func some(t *testing.T) []trace.Trace {
	t.Helper()
	if recorded != nil {
		return recorded
	}
	stack, err := recordStack(t, rand.New(rand.NewPCG(1, 0)), 40)
	if err != nil {
		t.Fatal(err)
	}
	g, err := newGraph(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var scripts [][]model.Input
	for i, script := range g.scripts {
		if i%100 == 0 {
			scripts = append(scripts, script)
		}
	}
	scripted, err := recordScripts(t.Context(), t, scripts)
	if err != nil {
		t.Fatal(err)
	}
	recorded = slices.Concat(stack, scripted)
	return recorded
}

// The model takes the same steps as the whole stack. Writing traces and reading them again doesn't
// change them.
func TestTracesAreStepsOfTheModel(t *testing.T) {
	traces := some(t)
	var file bytes.Buffer
	if err := trace.Write(&file, traces...); err != nil {
		t.Fatal(err)
	}
	read, err := trace.Read(&file)
	if err != nil || len(read) != len(traces) {
		t.Fatalf("%d traces were written, %d read: %v", len(traces), len(read), err)
	}
	n, lines, byLabel := judge.NewNaming(), 0, map[string]int{}
	g, err := newGraph(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range read {
		l := n.Lines(r)
		if !reflect.DeepEqual(l, n.Lines(traces[i])) {
			t.Errorf("trace %d was read as\n%+v\nwritten was\n%+v", i+1, r, traces[i])
		}
		steps, err := judge.Lines(l)
		if err != nil {
			t.Errorf("trace %d: the model rejects line %d: %v", i+1, len(steps)+1, err)
		}
		lines += len(steps)
		g.cover(steps)
		byLabel[r.Label]++
	}
	t.Logf("EVIDENCE traces-judged stack=%d attaching=%d lines=%d edges=%d/%d", byLabel["stack"], byLabel["attaching"], lines,
		g.count, len(g.covered))
	if byLabel["stack"] < 40 || byLabel["attaching"] < 100 || lines < 500 || g.count < 200 {
		t.Errorf("too few traces, lines or edges: %v, %d lines, %d edges", byLabel, lines, g.count)
	}
}

// The trace of leases consists of steps of the model, with ReleaseIf in each of its forms.
func TestTracesOfLeasesAreStepsOfTheModel(t *testing.T) {
	traces, err := recordLeases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	steps, err := judge.Lines(judge.NewNaming().Lines(traces[0]))
	if err != nil {
		t.Fatalf("the model rejects line %d: %v", len(steps)+1, err)
	}
	outs := map[bool]int{} // numbers of ReleaseIf, by whether the call waited
	for _, s := range steps {
		if s.Input.Kind == model.KindReleaseIf {
			outs[s.After.Calls[s.Input.Call-1].Pending()]++
		}
	}
	if outs[true] != 2 || outs[false] != 1 {
		t.Errorf("of the calls of ReleaseIf, %d waited and %d did not, expected 2 and 1", outs[true], outs[false])
	}
}

// The model rejects most corrupted traces, and there are traces with each kind of corruption. Some
// corrupted traces are correct: the last line may be missing, and a call that is rejected at once
// may have been another one.
func TestCorruptionsAreRejected(t *testing.T) {
	n := judge.NewNaming()
	rejected, legal := map[string]int{}, map[string]int{}
	for _, c := range corrupt(some(t), 800, rand.New(rand.NewPCG(2, 0))) {
		kind := c.kind
		if _, what, ok := strings.Cut(c.what, ", "); ok {
			kind += ", " + what
		}
		if _, err := judge.Lines(n.Lines(c.trace)); err != nil {
			rejected[kind]++
		} else {
			legal[kind]++
		}
	}
	least := map[string]int{"dropped": 100, "swapped": 100, "doubled": 100}
	for _, c := range changes {
		least["changed, "+c.name] = 1
	}
	for kind, count := range least {
		t.Run(kind, func(t *testing.T) {
			if rejected[kind] < count {
				t.Errorf("%d rejected, %d legal, expected at least %d rejected", rejected[kind], legal[kind], count)
			}
			mayBe := regexp.MustCompile(`^(dropped|changed, input\.(name|options|kind))$`)
			if legal[kind] > 0 && !mayBe.MatchString(kind) {
				t.Errorf("the model accepts %d corrupted traces, expected none", legal[kind])
			}
		})
	}
}

// The model must notice a core or an observer that reports wrong steps.
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
				inc := &t.Lines[k].State.Incarnations[i]
				if inc.Work == "opening" && inc.Life == "initializing" {
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
		t.Run(what, func(t *testing.T) {
			n, found := judge.NewNaming(), 0
			for _, original := range traces {
				for k := range original.Lines {
					c := original.Clone()
					if !lie(&c, k) {
						continue
					}
					found++
					if steps, err := judge.Lines(n.Lines(c)); err == nil || len(steps) < k {
						t.Errorf("line %d is wrong, but the model accepted %d lines: %v", k+1, len(steps), err)
					}
				}
			}
			if found == 0 {
				t.Error("no trace has a line that this lie can change")
			}
		})
	}
}

// Names and options that can't be used as words get words, and different ones get different words.
func TestNaming(t *testing.T) {
	n := judge.NewNaming()
	words := map[string]string{}
	for _, name := range []string{"a", "b", "n3", "basketball stream", "naïve", `quo"te`, "back\\slash", "x y", "n", strings.Repeat("long", 20)} {
		word := n.Name(name)
		if other, taken := words[word]; taken || quote(word) != `"`+word+`"` {
			t.Errorf("the name %q has the word %q, which belongs to %q or needs an escape", name, word, other)
		}
		if words[word] = name; n.Name(name) != word {
			t.Errorf("the name %q has two different words", name)
		}
	}
	third := judge.Tokens["x"]
	third.Occupancy.EnableEvents = true
	if got := []string{n.Option(&third), n.Option(&third), n.Option(nil)}; !slices.Equal(got, []string{"o3", "o3", judge.None}) {
		t.Errorf("the options have the words %q", got)
	}
}
