package proof

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// smallRoom are bounds of a room: so many calls and errors, and outputs enough for a step.
func smallRoom(calls, errs int, promise bool) Bounds {
	return Bounds{Most: 2*calls + 6, Constants: map[string]int{"NCalls": calls, "NErrs": errs, "Emitted": 1,
		"OwnEvent": truth(promise)}}
}

// roomFromTLC reads a state that TLC printed.
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

// label is what TLC calls an edge of MCRoomStatus.
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
	all := steps(t, w, p.Actions)
	for i, from := range g.states {
		got := map[string][]string{}
		for _, by := range all {
			by.Each(from, func(params []int, next State) {
				label := by.label(params)
				got[label] = append(got[label], key(next))
			})
		}
		for label := range got {
			got[label] = distinct(got[label])
		}
		for _, label := range slices.Concat(keys(got), keys(g.edges[i])) {
			if !slices.Equal(got[label], distinct(g.edges[i][label])) {
				t.Fatalf("%s in state %d: %d steps, and %d of the graph's", label, i, len(got[label]), len(g.edges[i][label]))
			}
		}
	}
	for _, broken := range g.broken(t, p, w) {
		t.Error(broken)
	}
	t.Logf("EVIDENCE relation of=MCRoomStatus_graph2 states=%d edges=%d nonedges=%d", len(g.states), g.count, g.nonedges())
}

func keys(m map[string][]string) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}
