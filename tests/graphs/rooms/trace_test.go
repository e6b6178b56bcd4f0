package rooms

import (
	"strings"
	"testing"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/tests/graphs"
)

// TestScriptsAndDifferencesHaveLinks has the explorer find a planted fault, and parses the link
// that is printed with the script.
func TestScriptsAndDifferencesHaveLinks(t *testing.T) {
	t.Setenv(playlink.Base, "")
	m := New(Bounds{3, 1, 1, false})
	broken, err := m.WithFault("open-at-once")
	if err != nil {
		t.Fatal(err)
	}
	v := graphs.Explore(t.Context(), broken, graphs.Options{Against: true}).Violation
	if v == nil {
		t.Fatal("the explorer did not find the fault")
	}
	text := graphs.Script(broken, v.Path)
	link, err := playlink.Parse(strings.TrimPrefix(playlink.Find(text), "playground"))
	if err != nil || link.Board != playlink.Rooms || len(link.Steps) != len(v.Path) {
		t.Errorf("the link is read as %+v, %v; the text is\n%s", link, err, text)
	}
	d := graphs.Difference{
		Only:  "the spec",
		Board: m.Board,
		Path:  []string{"get(1, a, x) -> open(1)"},
		Step:  "dispose(2) ->",
	}
	if got := playlink.Find(d.String()); got != "playground#rooms/get(1,a,x);dispose(2)" {
		t.Errorf("found the link %q in\n%v", got, d)
	}
}
