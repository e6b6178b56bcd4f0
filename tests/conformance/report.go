package conformance

import (
	"fmt"
	"strconv"
	"strings"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// Rule is the number of a rule of docs/rooms.md, such as "R9", or [OptionsRule].
type Rule string

// OptionsRule is the rule that docs/rooms.md states before the numbered ones: a get with invalid
// options is refused at once, changes nothing, and never reaches the model.
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

// Spec returns the points of Ably's specification that the rule comes from. It returns none if the
// rule is a decision of this project alone.
func (r Rule) Spec() []string {
	if r == OptionsRule {
		return []string{"CHA-RC2a"}
	}
	n, _ := strconv.Atoi(strings.TrimPrefix(string(r), "R"))
	return model.Rule(n).Spec()
}

// ViolationKind says how a system failed.
type ViolationKind string

// The kinds of violations.
const (
	Differs ViolationKind = "differs" // the system did something other than the model
	// the system never comes to rest, or a goroutine waits for a lock that is never unlocked
	Hang     ViolationKind = "hang"
	Leftover ViolationKind = "leftover" // a goroutine still waits at the end of the script
	// a call panicked or ended its goroutine, or the subject's process ended
	Panic  ViolationKind = "panic"
	Inside ViolationKind = "inside" // [Subject.Inspect] returned an error
)

// Violation says how a system broke the rules, in the last step of Script.
type Violation struct {
	Class  string // what is wrong, in words that are the same for all scripts
	Kind   ViolationKind
	Script []model.Input
	Want   string // what the rules require after Script
	Got    string // what the system did
	// in process, the rules that the last step follows; for a process, the rule that is broken
	Rules    []Rule
	Shortest bool // no shorter script with the same kinds of steps, names and options shows it
	Scripts  int  // for a process: how many scripts showed it
	Spelled  bool // every second call spelled the default options out
	Ended    bool // every second call that allows it had an ended context

	wired bool
}

// Error describes the violation: the rules, the script, a sequence diagram, and how to run the
// script again.
func (v *Violation) Error() string {
	var b strings.Builder
	last := "the start"
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
		b.WriteString(" (releases and disposals with even numbers that return at once" +
			" have a context that ended before the call)")
	}
	fmt.Fprintf(&b, ":\n  %s\nwhat the rules require, step by step: %s\n\nsequence diagram (Mermaid):\n%s", v.Steps(), v.Link(),
		machine{wired: v.wired}.mermaid(v.Script, v.Got))
	if !v.wired {
		fmt.Fprintf(&b, "\nto run it again: conformance.RunScript(t, subject, conformance.MustParse(%q))", v.Steps())
	}
	return b.String()
}

// Steps returns the script in one line: "get(1, a, x); opened(1)".
func (v *Violation) Steps() string { return Text(v.Script) }

// Link returns a link to the script in the playground, a page that plays scripts on a core that
// keeps the rules. The link also has the steps that, on the wire, happen without the script.
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

// Cite returns the names of the rules, with the points of the specification that they come from:
// "R9 (CHA-RC1g4)".
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

// rule returns the first of the rules, or an empty one.
func (v *Violation) rule() Rule {
	if len(v.Rules) == 0 {
		return ""
	}
	return v.Rules[0]
}

// output returns an output as text, with the number that its call has in the script.
func (m machine) output(out model.Output) string {
	for k, call := range m.calls {
		if out.Kind == model.OutputSettle && call == out.Call {
			out.Call = k + 1
			break
		}
	}
	return out.String()
}

// mermaid draws a sequence diagram of what the model does in a script. The note at the end says
// what the system did instead.
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
		// Mermaid ends a statement at a semicolon, and reads # as the start of an entity.
		draw("Note over R: but %s", strings.NewReplacer(";", ",", "#", "no. ", "\n", " ").Replace(note))
	}
	return b.String()
}
