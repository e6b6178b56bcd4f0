package subject

import (
	"fmt"
	"strconv"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// Rule is a rule of docs/rooms.md by its number, or [OptionsRule].
type Rule string

// OptionsRule is what docs/rooms.md says before its rules: options that are not valid never reach the machine. A get with such options is
// refused at once, with nothing left behind.
const OptionsRule Rule = "options"

// Rules returns all rules, in order.
func Rules() []Rule {
	var all []Rule
	for _, r := range model.Rules() {
		all = append(all, Rule(r.String()))
	}
	return append(all, OptionsRule)
}

// Spec returns the points of Ably's specification that the rule comes from; none for a decision of this project alone.
func (r Rule) Spec() []string {
	if r == OptionsRule {
		return []string{"CHA-RC2a"}
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(string(r), "R"))
	return model.Rule(n).Spec()
}

// Violation says where a subject did otherwise than the rules: after the last step of the script.
type Violation struct {
	Class  string // what is wrong, without what differs from script to script
	Rule   Rule
	Kind   conformance.ViolationKind
	Script Script
	Want   string
	Got    string
	// Shortest tells that all shorter scripts of its kinds of steps were tried.
	Shortest bool
	// Scripts counts those that showed it.
	Scripts int
}

// Error tells all of it: the rule, the script and the sequence diagram.
func (v *Violation) Error() string {
	var b strings.Builder
	last := "the begin"
	if n := len(v.Script); n > 0 {
		last = v.Script[n-1].String()
	}
	rule := string(v.Rule)
	if spec := v.Rule.Spec(); len(spec) > 0 {
		rule += " (" + strings.Join(spec, ", ") + ")"
	}
	fmt.Fprintf(&b, "%v after %s\n  expected %s\n  but      %s\n  rule     %s\n\nscript", v.Kind, last, v.Want, v.Got, rule)
	if v.Shortest {
		b.WriteString(", a shortest one")
	}
	fmt.Fprintf(&b, ":\n%s\nsequence diagram (Mermaid):\n%s", Format(v.Script), Mermaid(v.Script, v.Got))
	return b.String()
}

// Format prints a script, one step a line, with what the rules ask for.
func Format(script Script) string {
	var b strings.Builder
	var m machine
	for i, s := range script {
		next, t, err := m.step(s)
		fmt.Fprintf(&b, "%3d  %-26v", i+1, s)
		if err != nil {
			fmt.Fprintf(&b, " impossible: %v\n", err)
			return b.String()
		}
		var outs []string
		for j, in := range t.inputs {
			if in.Kind == model.KindOpened || in.Kind == model.KindReleased && in.Incarnation != s.Incarnation {
				outs = append(outs, in.String())
			}
			for _, out := range t.outputs[j] {
				outs = append(outs, next.text(out))
			}
		}
		if s.Options == Invalid {
			outs = append(outs, fmt.Sprintf("settle(%d, error %d)", s.Call, codeInvalidArgument))
		}
		if len(outs) > 0 {
			fmt.Fprintf(&b, " -> %s", strings.Join(outs, ", "))
		}
		b.WriteString("\n")
		m = next
	}
	return b.String()
}

// text prints an output with the script's number of the call, which is not the model's when calls went before that never reach it.
func (m machine) text(out model.Output) string {
	if out.Kind == model.OutputSettle {
		for k, call := range m.calls {
			if call == out.Call {
				out.Call = k + 1
				break
			}
		}
	}
	return out.String()
}

// Mermaid draws a script as a sequence diagram, as the rules have it, with a note at the end for what was seen instead.
func Mermaid(script Script, note string) string {
	var b strings.Builder
	b.WriteString("sequenceDiagram\n    participant C as callers\n    participant R as rooms\n    participant S as server\n")
	draw := func(format string, args ...any) { fmt.Fprintf(&b, "    "+format+"\n", args...) }
	var m machine
	for _, s := range script {
		next, t, err := m.step(s)
		if err != nil {
			break
		}
		name := func(i int) string { return next.model.Incarnations[i-1].Name }
		i := s.Incarnation
		switch s.Kind {
		case Attach, Attaching:
			draw("C->>R: %v", s)
			draw("R->>S: ATTACH %s", name(i))
			if s.Kind == Attach {
				draw("S-->>R: ATTACHED %s", name(i))
			}
		case Attached:
			draw("S-->>R: ATTACHED %s", name(i))
			if next.model.Incarnations[i-1].Work == model.WorkClosing {
				draw("R->>S: DETACH %s", name(i))
			}
		case Resisted:
			draw("S-->>R: ATTACHED %s", name(i))
			draw("R->>S: DETACH %s", name(i))
		case Released:
			draw("S-->>R: DETACHED %s", name(i))
		case Failed, AttachRefused:
			draw("S-->>R: ERROR %s", name(i))
		default:
			draw("C->>R: %v", s)
		}
		for _, outs := range t.outputs {
			for _, out := range outs {
				switch {
				case out.Kind == model.OutputSettle:
					draw("R-->>C: %s", next.text(out))
				case out.Kind == model.OutputRelease && out.Incarnation <= len(m.wires) && m.wires[out.Incarnation-1] == wireAttached:
					draw("R->>S: DETACH %s", name(out.Incarnation))
				}
			}
		}
		if s.Options == Invalid {
			draw("R-->>C: settle(%d, error %d)", s.Call, codeInvalidArgument)
		}
		m = next
	}
	if note != "" {
		// Mermaid ends a statement at a semicolon and reads # as the begin of an entity.
		draw("Note over R: but %s", strings.NewReplacer(";", ",", "#", "no. ", "\n", " ").Replace(note))
	}
	return b.String()
}
