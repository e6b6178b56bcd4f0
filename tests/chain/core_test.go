package chain

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// runCore takes a script through the core and returns where it first did otherwise than the model. In every state, every input that the
// model refuses is given to the core as well.
func runCore(script []model.Input, bounds model.Bounds) error {
	alphabet := model.Alphabet(bounds)
	core, state := fsm.NewRooms[string](), model.State{}
	for i, in := range script {
		if err := refusals(core, state, alphabet); err != nil {
			return fmt.Errorf("after %d inputs: %w", i, err)
		}
		next, want, err := state.Step(in)
		if err != nil {
			return err
		}
		outs, err := core.Step(ToCore(in), nil)
		if err != nil {
			return fmt.Errorf("after %d inputs, %v: %w", i, in, err)
		}
		got := make([]model.Output, len(outs))
		for j, out := range outs {
			got[j] = FromCore(out)
		}
		if diff := cmp.Diff(want, got, cmp.Transformer("outcome", func(o model.Outcome) string { return o.String() })); diff != "" && len(want)+len(got) > 0 {
			return fmt.Errorf("input %d, %v: outputs (-model +core):\n%s", i+1, in, diff)
		}
		if err := CompareState(next, core); err != nil {
			return fmt.Errorf("input %d, %v: %w", i+1, in, err)
		}
		state = next
	}
	return refusals(core, state, alphabet)
}

func refusals(core *fsm.Rooms[string], state model.State, alphabet []model.Input) error {
	for _, in := range alphabet {
		if _, _, err := state.Step(in); err == nil {
			continue
		}
		before := core.Clone()
		outs, err := core.Step(ToCore(in), nil)
		if !errors.As(err, new(*fsm.RefusedError)) {
			return fmt.Errorf("the model refuses %v, the core takes it: %v", in, outs)
		}
		if len(outs) > 0 || !core.Equal(before) {
			return fmt.Errorf("the core refuses %v and changes all the same", in)
		}
	}
	return nil
}

func TestCoreAgainstModel(t *testing.T) {
	bounds := conformance.DefaultBounds()
	rapid.Check(t, func(t *rapid.T) {
		script := conformance.Script(t, bounds)
		if err := runCore(script, bounds); err != nil {
			t.Fatalf("%v\n\nscript:\n%s\n%s", err, conformance.FormatScript(script), conformance.Mermaid(script, err.Error()))
		}
	})
}

// TestCoreAgainstModelEverywhere walks every state of a small configuration, and tries every input in each.
func TestCoreAgainstModelEverywhere(t *testing.T) {
	bounds := model.Bounds{Calls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
	alphabet := model.Alphabet(bounds)
	type node struct {
		state model.State
		core  *fsm.Rooms[string]
	}
	appendOptions := func(dst []byte, o string) []byte { return append(append(dst, byte(len(o))), o...) }
	seen := map[string]string{} // the model's key to the core's, with the outcomes that the core forgets
	queue := []node{{model.State{}, fsm.NewRooms[string]()}}
	seen[queue[0].state.Key()] = ""
	edges := 0
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		if err := refusals(n.core, n.state, alphabet); err != nil {
			t.Fatalf("%v: %v", n.state, err)
		}
		for _, in := range n.state.Enabled(bounds) {
			next, want, _ := n.state.Step(in)
			core := n.core.Clone()
			outs, err := core.Step(ToCore(in), nil)
			if err != nil {
				t.Fatalf("%v: %v: %v", n.state, in, err)
			}
			edges++
			got := ""
			for _, out := range outs {
				got += FromCore(out).String() + " "
			}
			expected := ""
			for _, out := range want {
				expected += out.String() + " "
			}
			if got != expected {
				t.Fatalf("%v: %v: the core puts out %s, the model %s", n.state, in, got, expected)
			}
			if err := CompareState(next, core); err != nil {
				t.Fatalf("%v: %v: %v", n.state, in, err)
			}
			key := string(core.AppendKey(nil, appendOptions))
			if old, ok := seen[next.Key()]; ok {
				if old != key && old != "" {
					t.Fatalf("%v: two keys of the core for one state of the model", next)
				}
				continue
			}
			seen[next.Key()] = key
			queue = append(queue, node{next, core})
		}
	}
	t.Logf("%d states, %d edges, %d inputs tried in each state", len(seen), edges, len(alphabet))
	if len(seen) < 1000 {
		t.Errorf("only %d states were reached", len(seen))
	}
}
