package equality

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/explore/roomsmachine"
	"ablyrooms.example/tests/graphs"
)

const (
	root   = "../.."
	config = "MCRooms_graph1"
)

var bounds = roomsmachine.Bounds{Calls: 4, Names: 1, Options: 1}

func golden(t *testing.T) Golden {
	t.Helper()
	g, err := ReadGolden(filepath.Join("testdata", config+".dot.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func read[S any](t *testing.T, g Golden, m graphs.Mapping[S]) (*graphs.Graph, error) {
	t.Helper()
	return graphs.ReadDot("the spec", bytes.NewReader(g.Dump), m)
}

// The golden was made from the spec and the configuration as they are now.
func TestTheGoldenIsOfThisSpec(t *testing.T) {
	hash, err := HashOf(root, config)
	if err != nil {
		t.Fatal(err)
	}
	if g := golden(t); g.Hash != hash {
		t.Errorf("spec/TLA/Rooms.tla or %s.cfg changed since the golden was made, or the golden changed alone; make it anew, which wants Java: make golden", config)
	}
}

// The graphs of the spec, the model and the core are equal, both ways, refusals included.
func TestTheGraphsAreEqual(t *testing.T) {
	spec, err := read(t, golden(t), graphs.Mapping[model.State](Spec{}))
	if err != nil {
		t.Fatal(err)
	}
	core, refused, err := Core(context.Background(), bounds)
	if err != nil {
		t.Fatal(err)
	}
	reference := Model(bounds)
	for _, other := range []*graphs.Graph{reference, core} {
		if found, a, b := graphs.Compare(spec, other, 2); a+b+len(found) > 0 {
			t.Errorf("%d edges of the spec are missing in %s, %d the other way: %v", a, other.Name, b, found)
		}
	}
	states, edges := spec.Len()
	t.Logf("EVIDENCE golden states=%d edges=%d refused=%d", states, edges, refused)
	if states != 8705 || edges != 11378 || refused == 0 || spec.Unreached() > 0 {
		t.Errorf("%d states, %d edges, %d refused, %d unreached", states, edges, refused, spec.Unreached())
	}
}

// broken is a mapping with something wrong with it.
type broken struct {
	Spec
	state func(*model.State)
	text  func(model.State) string
}

func (b broken) State(vars map[string]graphs.Value) (model.State, error) {
	s, err := b.Spec.State(vars)
	b.state(&s)
	return s, err
}

func (b broken) Text(s model.State) string {
	if b.text != nil {
		return b.text(s)
	}
	return s.String()
}

// TestABrokenMappingIsSeen shows that the mapping is itself tested: it can hide no difference.
func TestABrokenMappingIsSeen(t *testing.T) {
	g := golden(t)
	core, _, err := Core(context.Background(), bounds)
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(*model.State) {}
	for what, m := range map[string]broken{
		"a constant map":        {state: nothing, text: func(model.State) string { return "some state" }},
		"a dropped field, work": {state: func(s *model.State) { each(s, func(i *model.Incarnation) { i.Work = model.WorkNone }) }},
		"a dropped field, life": {state: nothing, text: func(s model.State) string {
			text := s.String()
			for _, life := range []string{"initializing", "ready", "releasing", "released"} {
				text = strings.ReplaceAll(text, life, "alive")
			}
			return text
		}},
		"swapped lives": {state: func(s *model.State) {
			each(s, func(i *model.Incarnation) {
				switch i.Life {
				case model.LifeReady:
					i.Life = model.LifeReleased
				case model.LifeReleased:
					i.Life = model.LifeReady
				}
			})
		}},
		"swapped outcomes": {state: func(s *model.State) {
			for i := range s.Calls {
				switch o := &s.Calls[i].Outcome; o.Kind {
				case model.OutcomeReleasedBefore:
					o.Kind = model.OutcomeDisposed
				case model.OutcomeDisposed:
					o.Kind = model.OutcomeReleasedBefore
				}
			}
		}},
		"a dropped field, waits": {state: func(s *model.State) {
			for i := range s.Calls {
				s.Calls[i].WaitsFor = 0
			}
		}},
		"a dropped field, failed": {state: func(s *model.State) { s.Failed = nil }},
	} {
		spec, err := read(t, g, graphs.Mapping[model.State](m))
		if err != nil {
			continue // no bijection, or a step that can't be read: seen
		}
		if found, a, b := graphs.Compare(spec, core, 1); a+b+len(found) == 0 {
			t.Errorf("%s was not seen", what)
		}
	}
}

func each(s *model.State, do func(*model.Incarnation)) {
	for i := range s.Incarnations {
		do(&s.Incarnations[i])
	}
}

// TestADifferenceIsSeen shows that one edge less, and one refused input taken, are told.
func TestADifferenceIsSeen(t *testing.T) {
	g := golden(t)
	at := bytes.Index(g.Dump, []byte(" -> "))
	begin, end := bytes.LastIndexByte(g.Dump[:at], '\n')+1, at+bytes.IndexByte(g.Dump[at:], '\n')+1
	g.Dump = append(append([]byte{}, g.Dump[:begin]...), g.Dump[end:]...)
	spec, err := read(t, g, graphs.Mapping[model.State](Spec{}))
	if err != nil {
		t.Fatal(err)
	}
	found, a, b := graphs.Compare(spec, Model(bounds), 3)
	if a != 0 || b != 1 || len(found) != 1 || found[0].Only != "the model" {
		t.Errorf("one edge less: %d, %d, %v", a, b, found)
	}
}
