package fsm

import looplab "github.com/looplab/fsm"

// Mermaid draws the machine as a Mermaid state diagram.
func (d Definition[S, E]) Mermaid() (string, error) {
	return looplab.VisualizeForMermaidWithGraphType(d.Live(nil), looplab.StateDiagram)
}

// Graphviz draws the machine in the dot language.
func (d Definition[S, E]) Graphviz() string { return looplab.Visualize(d.Live(nil)) }
