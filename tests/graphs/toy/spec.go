package toy

import (
	"fmt"
	"strings"

	"ablyrooms.example/tests/graphs"
)

// Spec maps the states of Lock.tla to those of the model. The first client in queue has the lock.
type Spec struct{}

// Comparisons returns a comparison for the configuration of Lock.tla.
func Comparisons() []graphs.Comparison {
	return []graphs.Comparison{graphs.NewComparison("tests/graphs/toy", "Lock3", "tests/graphs/toy/testdata", New(3), Spec{})}
}

// State implements [graphs.Mapping].
func (Spec) State(vars graphs.Value) (m Model, err error) {
	for i, v := range vars.Field("queue").Items {
		m.Place[v.Number-1], m.Has[v.Number-1] = i+1, i == 0
	}
	return m, nil
}

// Text implements [graphs.Mapping].
func (Spec) Text(m Model) string { return fmt.Sprint(m) }

// Step implements [graphs.Mapping]. The input's client is the one that enters or leaves the queue.
// The outputs are for clients that have the lock only after the step.
func (Spec) Step(action string, before, after Model) (string, error) {
	kind, ok := graphs.Words(Ask, Give)[strings.ToLower(action)]
	in := Input{Kind: kind}
	var outs []Granted
	for i := range before.Place {
		if was, is := before.Place[i], after.Place[i]; (was == 0) != (is == 0) {
			in.Client = i + 1
		}
		if after.Has[i] && !before.Has[i] {
			outs = append(outs, Granted(i+1))
		}
	}
	if !ok || in.Client == 0 {
		return "", fmt.Errorf("the action %s has no input", action)
	}
	return graphs.StepText(in, outs), nil
}
