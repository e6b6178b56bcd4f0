package fsm

import (
	"fmt"
	"slices"
	"strings"

	looplab "github.com/looplab/fsm"
)

// Mermaid draws the machine as a Mermaid state diagram, one arrow for each transition.
func (d Definition[S, E]) Mermaid() (string, error) {
	return looplab.VisualizeForMermaidWithGraphType(d.live(nil), looplab.StateDiagram)
}

// Graphviz draws the machine in the dot language, one arrow for each transition.
func (d Definition[S, E]) Graphviz() string { return looplab.Visualize(d.live(nil)) }

// MermaidOverview draws the machine as a Mermaid state diagram. If one event leads from more than
// four states to the same state, these states get a frame; if there are several such sets of
// states, the largest one gets it. Transitions that leave exactly this set are drawn once, from the
// frame. label is the title of the frame: it says what the states inside have in common.
func (t *Table[S, E]) MermaidOverview(label string) string {
	type arrow struct {
		event   string
		sources []S
		dst     S
	}
	var arrows []arrow
	var frame []S
	for _, e := range t.def.Events {
		byDst := map[S][]S{}
		for _, s := range t.def.States {
			if next, err := t.Next(s, e); err == nil {
				byDst[next] = append(byDst[next], s)
			}
		}
		for _, dst := range t.def.States {
			if sources := byDst[dst]; len(sources) > 0 {
				arrows = append(arrows, arrow{t.def.EventName(e), sources, dst})
				if len(sources) > max(len(frame), 4) {
					frame = sources
				}
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "stateDiagram-v2\n    [*] --> %s\n", t.def.StateName(t.def.States[0]))
	if frame != nil {
		fmt.Fprintf(&b, "    state %q as frame {\n", label)
		for _, s := range frame {
			fmt.Fprintf(&b, "        %s\n", t.def.StateName(s))
		}
		b.WriteString("    }\n")
	}
	for _, a := range arrows {
		if frame != nil && slices.Equal(a.sources, frame) {
			fmt.Fprintf(&b, "    frame --> %s: %s\n", t.def.StateName(a.dst), a.event)
			continue
		}
		for _, s := range a.sources {
			fmt.Fprintf(&b, "    %s --> %s: %s\n", t.def.StateName(s), t.def.StateName(a.dst), a.event)
		}
	}
	for _, s := range t.def.States {
		if t.def.Final[s] {
			fmt.Fprintf(&b, "    %s --> [*]\n", t.def.StateName(s))
		}
	}
	return b.String()
}
