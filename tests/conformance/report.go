package conformance

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/model"
)

// Violation says where a System did otherwise than the model: after the last input of Script.
type Violation struct {
	Script []model.Input // the inputs up to the one that shows it
	Want   string        // what the rules ask for after it
	Got    string        // what the System did
	Rules  []model.Rule  // the rules that the last input follows
}

// Error tells all of it: rules, script and sequence diagram.
func (v *Violation) Error() string {
	return fmt.Sprintf("after %v\n  expected %s\n  but      %s\n  rules    %s\n\nscript:\n%s\nsequence diagram (Mermaid):\n%s",
		v.Script[len(v.Script)-1], v.Want, v.Got, v.Cite(), FormatScript(v.Script), Mermaid(v.Script, v.Got))
}

// Cite names the rules with the points of the specification that they come from: "R9 (CHA-RC1g4)".
func (v *Violation) Cite() string {
	cites := make([]string, len(v.Rules))
	for i, rule := range v.Rules {
		cites[i] = rule.String()
		if spec := rule.Spec(); len(spec) > 0 {
			cites[i] += " (" + strings.Join(spec, ", ") + ")"
		}
	}
	return strings.Join(cites, ", ")
}

// FormatScript prints a script, one input a line, with what the model puts out for it.
func FormatScript(script []model.Input) string {
	var b strings.Builder
	state := model.State{}
	for i, in := range script {
		next, outs, err := state.Step(in)
		fmt.Fprintf(&b, "%3d  %-24v", i+1, in)
		switch {
		case err != nil:
			fmt.Fprintf(&b, " refused: %v", err)
		case len(outs) > 0:
			fmt.Fprintf(&b, " -> %s", join(outs))
		}
		b.WriteString("\n")
		state = next
	}
	return b.String()
}

func join[T fmt.Stringer](items []T) string {
	s := make([]string, len(items))
	for i, item := range items {
		s[i] = item.String()
	}
	return strings.Join(s, ", ")
}

// Mermaid draws a script as a sequence diagram, as the model has it, with a note at the end for what was seen instead.
func Mermaid(script []model.Input, note string) string {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n    participant C as callers\n    participant R as rooms\n    participant B as backend\n")
	state := model.State{}
	for _, in := range script {
		next, outs, _ := state.Step(in)
		switch in.Kind {
		case model.KindOpened, model.KindOpenFailed, model.KindReleased, model.KindReleaseFailed:
			fmt.Fprintf(&b, "    B-->>R: %v\n", in)
		default:
			fmt.Fprintf(&b, "    C->>R: %v\n", in)
		}
		for _, out := range outs {
			if out.Kind == model.OutputSettle {
				fmt.Fprintf(&b, "    R-->>C: %v\n", out)
			} else {
				fmt.Fprintf(&b, "    R->>B: %v (%s)\n", out, next.Incarnations[out.Incarnation-1].Name)
			}
		}
		state = next
	}
	if note != "" {
		// Mermaid ends a statement at a semicolon and reads # as the begin of an entity.
		fmt.Fprintf(&b, "    Note over R: but %s\n", strings.NewReplacer(";", ",", "#", "no. ", "\n", " ").Replace(note))
	}
	return b.String()
}

// Shorten removes inputs from a script, renumbering calls and incarnations, as long as fails holds for what is left. The result is
// one from which no single input, with what depends on it, can be removed.
func Shorten(script []model.Input, fails func([]model.Input) bool) []model.Input {
	for changed := true; changed; {
		changed = false
		for i := len(script) - 1; i >= 0; i-- {
			if shorter, ok := without(script, i); ok && len(shorter) < len(script) && fails(shorter) {
				script, changed = shorter, true
				i = min(i, len(script))
			}
		}
	}
	return script
}

// without removes one input and then whatever the model refuses because of it.
func without(script []model.Input, remove int) ([]model.Input, bool) {
	var kept []model.Input
	state, before := model.State{}, model.State{}
	calls, incarnations := map[int]int{}, map[int]int{}
	for i, in := range script {
		old, _, err := before.Step(in)
		if err != nil {
			return nil, false
		}
		if i != remove {
			mapped := in
			switch in.Kind {
			case model.KindGet, model.KindRelease, model.KindDispose:
				mapped.Call = len(state.Calls) + 1
			case model.KindGiveUp:
				mapped.Call = calls[in.Call]
			default:
				mapped.Incarnation = incarnations[in.Incarnation]
			}
			if next, _, err := state.Step(mapped); err == nil {
				if len(next.Calls) > len(state.Calls) {
					calls[in.Call] = mapped.Call
				}
				if len(next.Incarnations) > len(state.Incarnations) && len(old.Incarnations) > len(before.Incarnations) {
					incarnations[len(old.Incarnations)] = len(next.Incarnations)
				}
				state = next
				kept = append(kept, mapped)
			}
		}
		before = old
	}
	return slices.Clip(kept), true
}
