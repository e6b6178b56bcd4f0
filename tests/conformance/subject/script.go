package subject

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Kind says what a step of a script does.
type Kind uint8

// The kinds of steps: calls, which the model knows; what is done to a room of the subject; and what the server does with a frame that
// it holds.
const (
	Get           Kind = iota + 1 // a get begins
	Release                       // a release begins
	Dispose                       // a dispose begins
	GiveUp                        // a caller stops waiting
	Attach                        // a room is attached, and the server answers
	Attaching                     // a room begins to attach; the server holds its ATTACHED
	Attached                      // that ATTACHED is let go
	AttachRefused                 // an ERROR goes in its place, which fails the channel
	Released                      // the DETACHED of a release is let go
	Failed                        // an ERROR goes in its place, which fails the channel; by CHA-RL3n3 the release ends well
	Resisted                      // an ATTACHED goes in its place; by RTL5i the client detaches again
)

var kindNames = []string{"", "get", "release", "dispose", "giveUp", "attach", "attaching", "attached", "attachRefused", "released",
	"failed", "resisted"}

// String returns the kind as it stands in a script.
func (k Kind) String() string { return kindNames[k] }

// call reports whether a step of the kind begins a call.
func (k Kind) call() bool { return k == Get || k == Release || k == Dispose }

// Step is one step of a script. Calls are numbered as they begin, rooms by their incarnation in the model, both from 1.
type Step struct {
	Kind        Kind
	Call        int    // of a call and of GiveUp
	Name        string // of Get and Release
	Options     string // of Get: a token, x or y, either with [SpelledOut], or [Invalid]
	Incarnation int    // of the others
}

// String returns the step as a script has it, such as "get(1, a, x)".
func (s Step) String() string {
	switch s.Kind {
	case Get:
		return fmt.Sprintf("get(%d, %s, %s)", s.Call, s.Name, s.Options)
	case Release:
		return fmt.Sprintf("release(%d, %s)", s.Call, s.Name)
	case Dispose, GiveUp:
		return fmt.Sprintf("%v(%d)", s.Kind, s.Call)
	}
	return fmt.Sprintf("%v(%d)", s.Kind, s.Incarnation)
}

// Script is what happens to a subject, step by step.
type Script []Step

// String returns the script in one line, as [ParseScript] reads it.
func (s Script) String() string {
	steps := make([]string, len(s))
	for i, step := range s {
		steps[i] = step.String()
	}
	return strings.Join(steps, "; ")
}

var stepForm = regexp.MustCompile(`^(\w+)\(([^()]*)\)$`)

// ParseScript reads a script: steps parted by semicolons or lines, each a word with its arguments, such as "get(1, a, x); attach(1);
// release(2, a); released(1)". It fails for what it can't read and for a script that can't happen: a room is attached that isn't there,
// a frame let go that isn't held.
func ParseScript(text string) (Script, error) {
	var script Script
	var m machine
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '\n' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		step, err := parseStep(part)
		if err != nil {
			return nil, err
		}
		if m, _, err = m.step(step); err != nil {
			return nil, fmt.Errorf("script: after %q: %w", script.String(), err)
		}
		script = append(script, step)
	}
	return script, nil
}

func parseStep(text string) (Step, error) {
	form := stepForm.FindStringSubmatch(text)
	if form == nil {
		return Step{}, fmt.Errorf("script: %q is no step, such as get(1, a, x)", text)
	}
	kind := Kind(max(0, slices.Index(kindNames, form[1])))
	args := strings.Split(form[2], ",")
	for i := range args {
		args[i] = strings.TrimSpace(args[i])
	}
	want := map[Kind]int{0: 0, Get: 3, Release: 2}
	n, special := want[kind]
	if !special {
		n = 1
	}
	number, err := strconv.Atoi(args[0])
	if kind == 0 || len(args) != n || err != nil {
		return Step{}, fmt.Errorf("script: %q is no step: the words are %s", text, strings.Join(kindNames[1:], ", "))
	}
	step := Step{Kind: kind, Incarnation: number}
	if kind.call() || kind == GiveUp {
		step = Step{Kind: kind, Call: number}
	}
	if n > 1 {
		step.Name = args[1]
	}
	if n > 2 {
		step.Options = args[2]
		if _, ok := spellings[step.Options]; !ok {
			return Step{}, fmt.Errorf("script: %q has options that are none of x, y, x%s, y%[2]s, %s", text, SpelledOut, Invalid)
		}
	}
	return step, nil
}
