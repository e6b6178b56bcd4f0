package conformance

import (
	"fmt"
	"strconv"
	"strings"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// Rule is a rule of docs/rooms.md by its number, such as "R9", or [OptionsRule].
type Rule string

// OptionsRule is what docs/rooms.md says before its rules: options that are not valid never reach
// the machine. A get with such options is refused at once, with nothing left behind.
const OptionsRule Rule = "options"

// Rules returns all rules, in order.
func Rules() []Rule { return append(ruleNames(model.Rules()), OptionsRule) }

func ruleName(r model.Rule) Rule { return Rule(r.String()) }

func ruleNames(rules []model.Rule) []Rule {
	names := make([]Rule, len(rules))
	for i, r := range rules {
		names[i] = ruleName(r)
	}
	return names
}

// Spec returns the points of Ably's specification that the rule comes from; none for a decision of
// this project alone.
func (r Rule) Spec() []string {
	if r == OptionsRule {
		return []string{"CHA-RC2a"}
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(string(r), "R"))
	return model.Rule(n).Spec()
}

// ViolationKind says in which way a system failed.
type ViolationKind string

// The kinds of violations.
const (
	Differs ViolationKind = "differs" // it did otherwise than the model
	// it never comes to rest, or waits for a lock that is never free
	Hang     ViolationKind = "hang"
	Leftover ViolationKind = "leftover" // a goroutine waits for ever when all is over
	// a call panicked or ended its goroutine, or the process ended
	Panic  ViolationKind = "panic"
	Inside ViolationKind = "inside" // [Subject.Inspect] found something
)

// Violation says where a system did otherwise than the rules: after the last step of Script.
type Violation struct {
	Class  string // what is wrong, without what differs from script to script
	Kind   ViolationKind
	Script []model.Input
	Want   string // what the rules ask for after it
	Got    string // what the system did
	// in process, those that the last step follows; of a process, the one that is broken
	Rules    []Rule
	Shortest bool // no shorter script with the same kinds of steps, names and options shows it
	Scripts  int  // how many scripts showed it, where all are run
	Spelled  bool // every second call spelled the default options out
	Ended    bool // every second call that could be had a context that had ended before

	wired bool
}

// Error describes all of it: rules, script, sequence diagram, and how to run it again.
func (v *Violation) Error() string {
	var b strings.Builder
	last := "the begin"
	if n := len(v.Script); n > 0 {
		last = text(v.Script[n-1])
	}
	fmt.Fprintf(&b, "%v after %s\n  expected %s\n  but      %s\n  rules    %s\n", v.Kind, last, v.Want, v.Got, v.Cite())
	for _, rule := range v.Rules {
		fmt.Fprintf(&b, "           %s: %s\n", rule, rule.Sentence())
	}
	b.WriteString("\nscript")
	if v.Shortest {
		b.WriteString(", a shortest one")
	}
	if v.Spelled {
		b.WriteString(" (calls with even numbers spell the defaults out)")
	}
	if v.Ended {
		b.WriteString(" (releases and disposals with even numbers that are settled or given up at once" +
			" have a context that had ended before)")
	}
	fmt.Fprintf(&b, ":\n  %s\nas the rules ask for it, step by step: %s\n\nsequence diagram (Mermaid):\n%s", v.Steps(), v.Link(),
		machine{wired: v.wired}.mermaid(v.Script, v.Got))
	if !v.wired {
		fmt.Fprintf(&b, "\nto run it again: conformance.RunScript(t, subject, conformance.MustParse(%q))", v.Steps())
	}
	return b.String()
}

// Steps returns the script in one line: "get(1, a, x); opened(1)".
func (v *Violation) Steps() string { return Text(v.Script) }

// Link returns the link to the script in the playground, where it is played on the core that follows
// the rules. What ends by itself at the wire is a step there.
func (v *Violation) Link() string {
	if !v.wired {
		return playlink.Text(playlink.Rooms, v.Steps())
	}
	var steps []string
	m := machine{wired: true}
	for _, in := range v.Script {
		next, t, err := m.step(in)
		if err != nil {
			break
		}
		switch {
		case in.Kind == model.KindReleased:
			steps = append(steps, fmt.Sprintf("detached(%d)", in.Incarnation))
		case in.Kind >= KindAttach:
			steps = append(steps, text(in))
		}
		for _, input := range t.inputs {
			steps = append(steps, text(input))
		}
		m = next
	}
	return playlink.Text(playlink.Rooms, strings.Join(steps, ";"))
}

// Cite names the rules with the points of the specification that they come from: "R9 (CHA-RC1g4)".
func (v *Violation) Cite() string {
	cites := make([]string, len(v.Rules))
	for i, rule := range v.Rules {
		cites[i] = string(rule)
		if spec := rule.Spec(); len(spec) > 0 {
			cites[i] += " (" + strings.Join(spec, ", ") + ")"
		}
	}
	return strings.Join(cites, ", ")
}

// rule returns the first of the rules.
func (v *Violation) rule() Rule {
	if len(v.Rules) == 0 {
		return ""
	}
	return v.Rules[0]
}

// output prints an output with the script's number of the call.
func (m machine) output(out model.Output) string {
	for k, call := range m.calls {
		if out.Kind == model.OutputSettle && call == out.Call {
			out.Call = k + 1
			break
		}
	}
	return out.String()
}

// mermaid draws a script as a sequence diagram, as the model has it, with a note at the end for
// what was seen instead.
func (m machine) mermaid(script []model.Input, note string) string {
	var b strings.Builder
	draw := func(format string, args ...any) { fmt.Fprintf(&b, "    "+format+"\n", args...) }
	b.WriteString("sequenceDiagram\n")
	draw("participant C as callers")
	draw("participant R as rooms")
	draw("participant %s", map[bool]string{false: "B as backend", true: "S as server"}[m.wired])
	for _, in := range script {
		next, t, err := m.step(in)
		if err != nil {
			break
		}
		name := func(i int) string { return next.model.Incarnations[i-1].Name }
		i := in.Incarnation
		switch {
		case isCall(in.Kind) || in.Kind == model.KindGiveUp || in.Kind == model.KindClose || in.Kind == KindAttach || in.Kind == KindAttaching:
			draw("C->>R: %s", text(in))
		case !m.wired:
			draw("B-->>R: %s", text(in))
		}
		switch in.Kind {
		case KindAttach, KindAttaching:
			draw("R->>S: ATTACH %s", name(i))
			if in.Kind == KindAttach {
				draw("S-->>R: ATTACHED %s", name(i))
			}
		case KindAttached, KindResisted:
			draw("S-->>R: ATTACHED %s", name(i))
			if next.model.Incarnations[i-1].Work == model.WorkClosing {
				draw("R->>S: DETACH %s", name(i))
			}
		case KindFailed, KindAttachRefused:
			draw("S-->>R: ERROR %s", name(i))
		case model.KindReleased:
			if m.wired {
				draw("S-->>R: DETACHED %s", name(i))
			}
		}
		for _, outs := range t.outputs {
			for _, out := range outs {
				i := out.Incarnation
				switch {
				case out.Kind == model.OutputSettle:
					draw("R-->>C: %s", next.output(out))
				case !m.wired:
					draw("R->>B: %v (%s)", out, name(i))
				case out.Kind == model.OutputRelease && i <= len(m.wires) && m.wires[i-1] == wireAttached:
					draw("R->>S: DETACH %s", name(i))
				}
			}
		}
		if m.wired && in.Options == Invalid {
			draw("R-->>C: settle(%d, error %d)", in.Call, codeInvalidArgument)
		}
		m = next
	}
	if note != "" {
		// Mermaid ends a statement at a semicolon and reads # as the begin of an entity.
		draw("Note over R: but %s", strings.NewReplacer(";", ",", "#", "no. ", "\n", " ").Replace(note))
	}
	return b.String()
}
