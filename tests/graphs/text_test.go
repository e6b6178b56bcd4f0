package graphs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestWhatIsNoStateIsAnError(t *testing.T) {
	for _, bad := range []string{"x = ", "x = [a |-> ", "x = <<1, ", "x = \"open", "= 1", "x = (1 :> 2 @@"} {
		if _, err := ParseState(bad); err == nil {
			t.Errorf("%q was read without an error", bad)
		}
	}
}

// numbers is a mapping for a spec whose state is one variable n.
type numbers struct{}

func (numbers) State(vars Value) (int, error) { return vars.Field("n").Number, nil }

func (numbers) Text(n int) string { return fmt.Sprint("n=", n) }

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

func TestWhatIsNoDumpIsAnError(t *testing.T) {
	for what, change := range map[string][2]string{
		"an edge without an action": {`label="Add"`, `label=""`},
		"an edge to nowhere":        {`-> 11`, `-> 13`},
		"no initial state":          {`style = filled`, ``},
	} {
		bad := strings.Replace(dump, change[0], change[1], 1)
		if _, err := ReadDot("x", strings.NewReader(bad), numbers{}); err == nil {
			t.Errorf("%s: ReadDot returned no error", what)
		}
	}
}

// TestCompareCountsEdges checks that Compare notices how often an edge occurs. No graph of a spec
// has an edge twice, so the tests of the mappings don't check that.
func TestCompareCountsEdges(t *testing.T) {
	const edge = `11 -> -12 [label="Add",color="black",fontcolor="black"];`
	spec := read(t, dump)
	for text, only := range map[string][2]int{edge + "\n" + edge: {0, 1}, "": {1, 0}} {
		found, a, b := Compare(spec, read(t, strings.Replace(dump, edge, text, 1)), 3)
		if len(found) != 1 || a != only[0] || b != only[1] || !slices.Equal(found[0].Path, []string{"Add(1)"}) ||
			found[0].From != "n=1" || found[0].Step != "Add(1)" || found[0].To != "n=2" {
			t.Errorf("with the edge %q twice, Compare returned %d and %d edges, and %v", text, a, b, found)
		}
	}
}
