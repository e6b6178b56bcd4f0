package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// smallRoom returns bounds of a room: numbers of calls and errors, and sequences long enough for
// the outputs of a step.
func smallRoom(calls, errs int, promise bool) Bounds {
	return Bounds{Most: 2*calls + 6, Constants: map[string]int{"NCalls": calls, "NErrs": errs, "Emitted": 1,
		"OwnEvent": truth(promise)}}
}

// roomFromTLC converts a state that TLC printed.
func roomFromTLC(w *Small, vars graphs.Value) (State, error) {
	s := w.Blank()
	for _, symbol := range w.System.Symbols {
		name, column, _ := strings.Cut(symbol.Name, ".")
		of := vars.Field(name)
		if column == "len" {
			w.Set(s, symbol.Name, of.Len(), 0, 0)
			continue
		}
		set := func(v graphs.Value, i int) {
			switch symbol.Sort {
			case term.Int:
				w.Set(s, symbol.Name, v.Number, i, 0)
			case term.Word:
				w.SetWord(s, symbol.Name, v.Text, i)
			case term.Bool:
				w.Set(s, symbol.Name, v.Number, i, 0)
			}
		}
		if len(symbol.Args) == 0 {
			set(of, 0)
			continue
		}
		for i := 1; i <= of.Len(); i++ {
			place := int(column[0] - '0')
			if of.At(i).Len() < place {
				continue
			}
			v := of.At(i).At(place)
			_, sort, of := strings.Cut(column, ".")
			if isWord := v.Text != ""; !of || isWord == (sort == "Word") {
				set(v, i)
			}
		}
	}
	return s, nil
}

// label returns TLC's label for a step in the graph of MCRoomStatus.
func (s *Steps) label(params []int) string {
	name, _, _ := strings.Cut(s.Action.Name, ".")
	switch name {
	case "Turned":
		word := s.w.Word(params[0])
		return fmt.Sprintf("%s%s%s%d", name, strings.ToUpper(word[:1]), word[1:], params[1])
	case "Updated":
		return fmt.Sprintf("%s%s%d", name, map[int]string{1: "Resumed"}[params[0]], params[1])
	case "AttachEnded", "DetachEnded", "GiveBackEnded", "Resumed":
		return fmt.Sprintf("%s%d", name, params[0])
	}
	return name
}

// labelled compares the steps with the graph's, label by label, in all states. Neither side may
// have a step that the other lacks.
func (g *graph) labelled(all []*Steps) string {
	for i, from := range g.states {
		got := map[string][]string{}
		for _, by := range all {
			by.Each(from, func(params []int, next State) {
				label := by.label(params)
				got[label] = append(got[label], key(next))
			})
		}
		for label, to := range got {
			got[label] = distinct(to)
		}
		for _, label := range slices.Concat(slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(g.edges[i]))) {
			if want := distinct(g.edges[i][label]); !slices.Equal(got[label], want) {
				return fmt.Sprintf("%s in state %d: %d steps, and %d of the graph's", label, i, len(got[label]), len(want))
			}
		}
	}
	return ""
}

// TestTheRelationOfRoomsIsTLCs checks that from each state of TLC's graph, the proved relation of a
// room takes the same inputs to the same states and to no others, outputs included. The recursion
// is computed. It also checks the proved properties in each state and step.
func TestTheRelationOfRoomsIsTLCs(t *testing.T) {
	t.Parallel()
	p := read(t, "RoomStatus")
	w := NewSmall(p.System, smallRoom(2, 1, false))
	text, err := roomstatus.Comparisons()[0].ReadGolden(root)
	if err != nil {
		t.Fatal(err)
	}
	g, err := readGraph(w, text, roomFromTLC)
	if err != nil {
		t.Fatal(err)
	}
	if d := g.labelled(steps(t, w, p.Actions)); d != "" {
		t.Error(d)
	}
	for _, broken := range g.broken(t, p, w) {
		t.Error(broken)
	}
	t.Logf("EVIDENCE relation of=MCRoomStatus_graph2 states=%d edges=%d nonedges=%d", len(g.states), g.count, g.nonedges())
}
