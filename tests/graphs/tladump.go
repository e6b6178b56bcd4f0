package graphs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Mapping reads the states and steps of a spec, and writes them in the common form.
type Mapping[S any] interface {
	// State reads a state from a record of the spec's variables.
	State(vars Value) (S, error)
	// Text writes a state; different states must have different texts.
	Text(S) string
	// Step writes the step from one state to another that TLC labels with an action: the input with
	// its arguments, which the dump doesn't have, and the outputs, which are the difference of the
	// two states.
	Step(action string, before, after S) (string, error)
}

// ReadDot reads TLC's dump of a state graph (-dump dot,actionlabels) and writes it in the common
// form. An edge without the name of an action is an error: the spec then quantifies over a set that
// depends on the state.
func ReadDot[S any](name string, dump io.Reader, m Mapping[S]) (*Graph, error) {
	g := NewGraph(name)
	nodes := map[string]int32{}
	var states []S
	type step struct {
		from, to string
		action   string
	}
	var steps []step
	actions := map[string]string{} // each once
	initial := false
	err := eachLine(dump, func(l dotLine) error {
		label := l.label()
		if l.to != nil {
			if label == "" {
				return fmt.Errorf("the dump has an edge without an action: %s -> %s", l.from, l.to)
			}
			action, ok := actions[label]
			if !ok {
				action = label
				actions[label] = label
			}
			steps = append(steps, step{string(l.from), string(l.to), action})
			return nil
		}
		if _, twice := nodes[string(l.from)]; twice || label == "" {
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
		isInitial := bytes.Contains(l.attributes, []byte("style = filled"))
		if isInitial == initial {
			return errors.New("the dump begins with no initial state, or has two")
		}
		initial = true
		text := m.Text(state)
		id := g.State(text)
		if int(id) != len(nodes) {
			return fmt.Errorf("the mapping is no bijection: two states of the spec are both\n%s", text)
		}
		nodes[string(l.from)], states = id, append(states, state)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		from, ok := nodes[s.from]
		to, ok2 := nodes[s.to]
		if !ok || !ok2 {
			return nil, fmt.Errorf("the dump has an edge %s -> %s without its states", s.from, s.to)
		}
		text, err := m.Step(s.action, states[from], states[to])
		if err != nil {
			return nil, fmt.Errorf("%s from %s: %w", s.action, g.Text(from), err)
		}
		g.Edge(from, to, text)
	}
	return g, nil
}

// dotLine is a line of a dump: a state, or an edge from one to another. It holds until the next
// one.
type dotLine struct{ from, to, attributes []byte }

// label returns the attribute of that name with its escapes taken away.
func (l dotLine) label() string {
	_, rest, _ := bytes.Cut(l.attributes, []byte(`label="`))
	b := make([]byte, 0, len(rest))
	for i := 0; i < len(rest) && rest[i] != '"'; i++ {
		c := rest[i]
		if c == '\\' && i+1 < len(rest) {
			if i++; rest[i] == 'n' {
				c = '\n'
			} else {
				c = rest[i]
			}
		}
		b = append(b, c)
	}
	return string(b)
}

// eachLine visits the states and edges of a dump.
func eachLine(dump io.Reader, visit func(dotLine) error) error {
	lines := bufio.NewScanner(dump)
	lines.Buffer(make([]byte, 0, 1<<20), 1<<24)
	for lines.Scan() {
		head, attributes, ok := bytes.Cut(lines.Bytes(), []byte(" ["))
		if !ok || len(head) == 0 || head[0] != '-' && (head[0] < '0' || head[0] > '9') {
			continue
		}
		from, to, isEdge := bytes.Cut(head, []byte(" -> "))
		if !isEdge {
			to = nil
		}
		if err := visit(dotLine{from, to, attributes}); err != nil {
			return err
		}
	}
	return lines.Err()
}

// renumber writes a dump with its states numbered in the order in which they come, instead of by
// TLC's fingerprints, and without colours: it says the same in a fraction of the space.
func renumber(w io.Writer, dump io.Reader) error {
	numbers := map[string]int{}
	number := func(id []byte) int {
		if _, ok := numbers[string(id)]; !ok {
			numbers[string(id)] = len(numbers)
		}
		return numbers[string(id)]
	}
	return eachLine(dump, func(l dotLine) (err error) {
		if l.to == nil {
			_, err = fmt.Fprintf(w, "%d [%s\n", number(l.from), l.attributes)
		} else {
			label, _, _ := bytes.Cut(l.attributes, []byte(`",`))
			_, err = fmt.Fprintf(w, "%d -> %d [%s\"];\n", number(l.from), number(l.to), label)
		}
		return err
	})
}
