package graphs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseStateReadsWhatTLCPrints(t *testing.T) {
	vars, err := ParseState("/\\ calls = <<[op |-> \"get\", st |-> [kind |-> \"room\", inc |-> 1]], [op |-> \"none\"]>>\n" +
		"/\\ inc = (1 :> \"a\" @@ 2 :> {})\n/\\ disposed = FALSE\n/\\ failed = {3, -1}\n/\\ m = c1")
	if err != nil {
		t.Fatal(err)
	}
	calls := vars.Field("calls")
	if calls.Len() != 2 || calls.At(1).Field("st").Field("inc").Number != 1 || calls.At(2).Field("op").Text != "none" {
		t.Errorf("calls: %+v", calls)
	}
	if inc := vars.Field("inc"); inc.Len() != 2 || inc.At(1).Text != "a" || inc.At(2).Items != nil || inc.At(3).Text != "" {
		t.Errorf("inc: %+v", inc)
	}
	if f := vars.Field("failed"); f.Len() != 2 || f.Items[1].Number != -1 {
		t.Errorf("failed: %+v", f)
	}
	if !slices.Contains(vars.Names, "disposed") || vars.Field("disposed").Number != 0 || vars.Field("m").Text != "c1" {
		t.Errorf("%+v %+v", vars.Field("disposed"), vars.Field("m"))
	}
	for _, bad := range []string{"x = ", "x = [a |-> ", "x = <<1, ", "x = \"open", "= 1", "x = (1 :> 2 @@"} {
		if _, err := ParseState(bad); err == nil {
			t.Errorf("%q was read without an error", bad)
		}
	}
}

// numbers maps a spec whose state is one variable n.
type numbers struct{ constant bool }

func (numbers) State(vars Value) (int, error) { return vars.Field("n").Number, nil }

func (m numbers) Text(n int) string {
	if m.constant {
		return "n"
	}
	return fmt.Sprint("n=", n)
}

func (numbers) Step(action string, before, after int) (string, error) {
	return fmt.Sprintf("%s(%d)", action, after-before), nil
}

const dump = `strict digraph DiskGraph {
nodesep=0.35;
subgraph cluster_graph {
color="white";
10 [label="/\\ n = 0",style = filled]
10 -> 11 [label="Add",color="black",fontcolor="black"];
11 [label="/\\ n = 1"];
10 -> -12 [label="Add",color="black",fontcolor="black"];
-12 [label="/\\ n = 2"];
11 -> -12 [label="Add",color="black",fontcolor="black"];
{rank = same; 10;}
}
}`

func read(t *testing.T, text string) *Graph {
	g, err := ReadDot("the spec", strings.NewReader(text), numbers{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestReadDot(t *testing.T) {
	g := read(t, dump)
	if states, edges := g.Len(); states != 3 || edges != 3 || g.Unreached() != 0 || g.Text(0) != "n=0" {
		t.Errorf("%d states, %d edges, %d unreached, first %s", states, edges, g.Unreached(), g.Text(0))
	}
	if _, err := ReadDot("x", strings.NewReader(dump), numbers{constant: true}); err == nil || !strings.Contains(err.Error(), "no bijection") {
		t.Errorf("a constant mapping: %v", err)
	}
	for what, bad := range map[string]string{
		"an edge without an action": strings.Replace(dump, `label="Add"`, `label=""`, 1),
		"an edge to nowhere":        strings.Replace(dump, `-> 11`, `-> 13`, 1),
		"no initial state":          strings.Replace(dump, `style = filled`, ``, 1),
	} {
		if _, err := ReadDot("x", strings.NewReader(bad), numbers{}); err == nil {
			t.Errorf("%s passed", what)
		}
	}
}

func TestCompare(t *testing.T) {
	spec := read(t, dump)
	if found, a, b := Compare(spec, read(t, dump), 3); len(found) > 0 || a != 0 || b != 0 {
		t.Errorf("a graph differs from itself: %v", found)
	}
	for what, other := range map[string]string{
		"a step lost":    strings.Replace(dump, `11 -> -12 [label="Add",color="black",fontcolor="black"];`, ``, 1),
		"a step renamed": strings.Replace(dump, `11 -> -12 [label="Add"`, `11 -> -12 [label="Sub"`, 1),
		"a step twice":   strings.Replace(dump, `{rank`, `11 -> -12 [label="Add",color="black"];`+"\n{rank", 1),
		"a state else":   strings.Replace(dump, `n = 2`, `n = 3`, 1),
	} {
		found, a, b := Compare(spec, read(t, other), 3)
		if a+b == 0 || len(found) == 0 {
			t.Errorf("%s was not seen", what)
		}
	}
	lost := strings.Replace(dump, `11 -> -12 [label="Add",color="black",fontcolor="black"];`, ``, 1)
	found, _, _ := Compare(spec, read(t, lost), 3)
	if d := found[0]; len(d.Path) != 1 || d.Path[0] != "Add(1)" || d.From != "n=1" || d.Step != "Add(1)" || d.To != "n=2" || d.Only != "the spec" {
		t.Errorf("the difference is told as\n%v", d)
	}
}
