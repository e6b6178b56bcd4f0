package graphs

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Mapping reads the states and steps of a spec, and writes them in the common form.
type Mapping[S any] interface {
	// State reads a state from the values of the spec's variables.
	State(vars map[string]Value) (S, error)
	// Text writes a state; different states must have different texts.
	Text(S) string
	// Step writes the step from one state to another that TLC labels with an action: the input with its arguments, which the dump
	// doesn't have, and the outputs, which are the difference of the two states.
	Step(action string, before, after S) (string, error)
}

// ReadDot reads TLC's dump of a state graph (-dump dot,actionlabels) and writes it in the common form. An edge without the name of
// an action is an error: the spec then quantifies over a set that depends on the state.
func ReadDot[S any](name string, dump io.Reader, m Mapping[S]) (*Graph, error) {
	g := New(name)
	type node struct {
		id    int32
		state S
	}
	nodes := map[string]node{}
	type link struct{ from, to, action string }
	var links []link
	initial := ""
	lines := bufio.NewScanner(dump)
	lines.Buffer(make([]byte, 0, 1<<20), 1<<24)
	for lines.Scan() {
		line := lines.Text()
		open := strings.Index(line, " [")
		if open < 0 || line == "" || line[0] != '-' && (line[0] < '0' || line[0] > '9') {
			continue
		}
		head, attributes := line[:open], line[open+2:]
		if from, to, isEdge := strings.Cut(head, " -> "); isEdge {
			action, ok := attribute(attributes, "label")
			if !ok || action == "" {
				return nil, fmt.Errorf("the dump has an edge without an action: %s", line)
			}
			links = append(links, link{strings.Clone(from), strings.Clone(to), action})
			continue
		}
		label, ok := attribute(attributes, "label")
		if !ok {
			continue
		}
		if _, twice := nodes[head]; twice {
			continue
		}
		vars, err := ParseState(label)
		if err != nil {
			return nil, err
		}
		state, err := m.State(vars)
		if err != nil {
			return nil, fmt.Errorf("%w in the state\n%s", err, label)
		}
		text := m.Text(state)
		if strings.Contains(attributes, "style = filled") {
			if initial != "" {
				return nil, fmt.Errorf("the dump has two initial states")
			}
			initial = head
		}
		if initial == "" {
			return nil, fmt.Errorf("the dump does not begin with an initial state")
		}
		id := g.State(text)
		if int(id) != len(nodes) {
			return nil, fmt.Errorf("the mapping is no bijection: two states of the spec are both\n%s", text)
		}
		nodes[strings.Clone(head)] = node{id, state}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	for _, l := range links {
		from, ok := nodes[l.from]
		to, ok2 := nodes[l.to]
		if !ok || !ok2 {
			return nil, fmt.Errorf("the dump has an edge %s -> %s without its states", l.from, l.to)
		}
		step, err := m.Step(l.action, from.state, to.state)
		if err != nil {
			return nil, fmt.Errorf("%s from %s: %w", l.action, g.Text(from.id), err)
		}
		g.Edge(from.id, to.id, step)
	}
	return g, nil
}

// attribute finds a quoted attribute and takes its escapes away.
func attribute(attributes, name string) (string, bool) {
	at := strings.Index(attributes, name+"=\"")
	if at < 0 {
		return "", false
	}
	rest := attributes[at+len(name)+2:]
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return b.String(), true
		case '\\':
			i++
			if i < len(rest) {
				if rest[i] == 'n' {
					b.WriteByte('\n')
				} else {
					b.WriteByte(rest[i])
				}
			}
		default:
			b.WriteByte(rest[i])
		}
	}
	return "", false
}
