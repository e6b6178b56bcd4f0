package graphs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// Mapping reads the states and steps of a spec, and formats them so that graphs can be compared.
type Mapping[S any] interface {
	// State reads a state from a record of the spec's variables.
	State(vars Value) (S, error)
	// Text formats a state. Different states must have different texts.
	Text(S) string
	// Step formats an edge of the dump as text: the input with its arguments, and the outputs. The
	// dump has only the name of the action. Step derives the arguments and the outputs from the two
	// states.
	Step(action string, before, after S) (string, error)
}

// ReadDot reads a state graph that TLC has dumped (-dump dot,actionlabels). It returns an error for
// an edge without the name of an action. TLC writes such an edge if the spec quantifies over a set
// that depends on the state.
func ReadDot[S any](name string, dump io.Reader, m Mapping[S]) (*Graph, error) {
	g := NewGraph(name)
	nodes := map[string]int32{}
	var states []S
	type step struct {
		from, to string
		action   string
	}
	var steps []step
	actions := map[string]string{} // so that each name is in memory only once
	initial := false
	err := tlcrun.EachLine(dump, func(l tlcrun.DumpLine) error {
		label := l.Label()
		if l.To != nil {
			if label == "" {
				return fmt.Errorf("the dump has an edge without an action: %s -> %s", l.From, l.To)
			}
			action, ok := actions[label]
			if !ok {
				action = label
				actions[label] = label
			}
			steps = append(steps, step{string(l.From), string(l.To), action})
			return nil
		}
		if _, twice := nodes[string(l.From)]; twice || label == "" {
			return nil
		}
		vars, err := ParseState(label)
		if err != nil {
			return err
		}
		state, err := m.State(vars)
		if err != nil {
			return fmt.Errorf("%w in the state\n%s", err, label)
		}
		isInitial := bytes.Contains(l.Attributes, []byte("style = filled"))
		if isInitial == initial {
			return errors.New("the first state of the dump is not initial, or a later state is")
		}
		initial = true
		text := m.Text(state)
		id := g.State(text)
		if int(id) != len(nodes) {
			return fmt.Errorf("the mapping maps two states of the spec to\n%s", text)
		}
		nodes[string(l.From)], states = id, append(states, state)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		from, ok := nodes[s.from]
		to, ok2 := nodes[s.to]
		if !ok || !ok2 {
			return nil, fmt.Errorf("the dump has the edge %s -> %s, but not both of its states", s.from, s.to)
		}
		text, err := m.Step(s.action, states[from], states[to])
		if err != nil {
			return nil, fmt.Errorf("%s from %s: %w", s.action, g.Text(from), err)
		}
		g.Edge(from, to, text)
	}
	return g, nil
}

// renumber writes a dump without colours. It numbers the states in the order in which they occur in
// the dump, instead of by TLC's fingerprints, which takes much less space.
func renumber(w io.Writer, dump io.Reader) error {
	numbers := map[string]int{}
	number := func(id []byte) int {
		if _, ok := numbers[string(id)]; !ok {
			numbers[string(id)] = len(numbers)
		}
		return numbers[string(id)]
	}
	return tlcrun.EachLine(dump, func(l tlcrun.DumpLine) (err error) {
		if l.To == nil {
			_, err = fmt.Fprintf(w, "%d [%s\n", number(l.From), l.Attributes)
		} else {
			label, _, _ := bytes.Cut(l.Attributes, []byte(`",`))
			_, err = fmt.Fprintf(w, "%d -> %d [%s\"];\n", number(l.From), number(l.To), label)
		}
		return err
	})
}
