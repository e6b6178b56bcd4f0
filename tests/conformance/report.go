package conformance

import (
	"fmt"
	"strings"

	"ablyrooms.example/model"
)

// ViolationKind says in which way a System failed.
type ViolationKind uint8

// The kinds of violations.
const (
	Differs  ViolationKind = iota + 1 // it did otherwise than the model
	Hang                              // a goroutine waits for a lock that is never free, or never rests
	Leftover                          // a goroutine waits for ever when all is over
	Panic                             // a call panicked or ended its goroutine
	Inside                            // [Subject.Inspect] found something
)

// String returns the kind in a word or two.
func (k ViolationKind) String() string {
	words := [...]string{"nothing", "differs", "hang", "leftover", "panic", "inside"}
	return words[min(int(k), len(words)-1)]
}

// Violation says where a System did otherwise than the model: after the last input of Script.
type Violation struct {
	Kind     ViolationKind
	Script   []model.Input // the inputs up to the one that shows it
	Want     string        // what the rules ask for after it
	Got      string        // what the System did
	Rules    []model.Rule  // the rules that the last input follows
	Shortest bool          // no shorter script with the same kinds of inputs, names and options shows a violation
	Spelled  bool          // every second call spelled the default options out
}

// Error tells all of it: rules, script and sequence diagram, and the script as Go code for [RunScript].
func (v *Violation) Error() string {
	var b strings.Builder
	last := "the begin"
	if len(v.Script) > 0 {
		last = v.Script[len(v.Script)-1].String()
	}
	fmt.Fprintf(&b, "after %s\n  expected %s\n  but      %s\n  rules    %s\n\n", last, v.Want, v.Got, v.Cite())
	b.WriteString("script")
	if v.Shortest {
		b.WriteString(", a shortest one")
	}
	if v.Spelled {
		b.WriteString(" (calls with even numbers spell the defaults out)")
	}
	fmt.Fprintf(&b, ":\n%s\nsequence diagram (Mermaid):\n%s\n", FormatScript(v.Script), Mermaid(v.Script, v.Got))
	fmt.Fprintf(&b, "to run it again: conformance.RunScript(t, subject, %s)", goCode(v.Script))
	return b.String()
}

// Steps returns the script in one line: "get(1, a, x); opened(1)".
func (v *Violation) Steps() string {
	steps := make([]string, len(v.Script))
	for i, in := range v.Script {
		steps[i] = in.String()
	}
	return strings.Join(steps, "; ")
}

// goCode prints a script as a Go expression.
func goCode(script []model.Input) string {
	lines := make([]string, len(script))
	for i, in := range script {
		switch in.Kind {
		case model.KindGet:
			lines[i] = fmt.Sprintf("model.Get(%d, %q, %q)", in.Call, in.Name, in.Options)
		case model.KindRelease:
			lines[i] = fmt.Sprintf("model.Release(%d, %q)", in.Call, in.Name)
		default:
			s := in.String()
			lines[i] = "model." + strings.ToUpper(s[:1]) + s[1:]
		}
	}
	return "[]model.Input{" + strings.Join(lines, ", ") + "}"
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
