package graphs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/internal/playlink"
)

// Follow runs a script on core and model, step by step, and returns an error for the first
// difference. In every state it also gives the core all inputs that the model refuses. One core
// runs the whole script without being restored, because restoring would hide a fault in what the
// core keeps outside its state.
func Follow[S, M, I, O any](m Machine[S, M, I, O], script []I) (err error) {
	p, live := m.prober(false, true), m.walker()
	var step int
	fail := func(input int, property, reason string) {
		if err == nil {
			err = fmt.Errorf("after %d inputs, %v: %s: %s", step, m.Inputs[input], property, reason)
		}
	}
	for step = range len(script) + 1 {
		s := live.state
		p.probe(&s, func(int, []O) {}, fail)
		if err != nil || step == len(script) {
			return err
		}
		outs, refused, err := live.step(script[step])
		if refused {
			err = errors.New("the core refuses it")
		}
		if err == nil {
			err = m.sameStep(p.view, script[step], outs, &live.state, &p.after)
		}
		if err != nil {
			return fmt.Errorf("after %d inputs, %v: %w", step, script[step], err)
		}
	}
	return nil
}

// Draw returns a script of at most length inputs that the model takes one after the other. choose
// returns the index of one of the inputs that the model takes next. The script is shorter if at
// some point the model takes no input.
func Draw[S, M, I, O any](m Machine[S, M, I, O], length int, choose func(enabled []I) int) (script []I) {
	var s M
	for range length {
		var enabled []I
		for _, in := range m.Inputs {
			if _, _, err := m.Model(s, in); err == nil && (m.Gives == nil || m.Gives(&s, in)) {
				enabled = append(enabled, in)
			}
		}
		if len(enabled) == 0 {
			break
		}
		in := enabled[choose(enabled)]
		s, _, _ = m.Model(s, in)
		script = append(script, in)
	}
	return script
}

// Script formats a script for people. For each input it shows the rules that the model follows, the
// model's outputs, and what the core does if that differs. A sequence diagram (Mermaid) follows.
func Script[S, M, I, O any](m Machine[S, M, I, O], script []I) string {
	var lines, diagram strings.Builder
	steps := make([]string, len(script))
	var state M
	w := m.walker()
	for i, in := range script {
		describe := func(outs []O, refused bool) string {
			if refused {
				return "refused"
			}
			if len(outs) == 0 {
				return "no output"
			}
			texts := make([]string, len(outs))
			for i, out := range outs {
				texts[i] = fmt.Sprint(out)
			}
			return strings.Join(texts, ", ")
		}
		rules := ""
		if m.Rules != nil {
			rules = " [" + m.Rules(state, in) + "]"
		}
		next, outs, err := m.Model(state, in)
		want := describe(outs, err != nil)
		fmt.Fprintf(&lines, "%3d  %v%s: %s\n", i+1, in, rules, want)
		steps[i] = fmt.Sprint(in)
		if got := w.try(in, describe); got != want {
			fmt.Fprintf(&lines, "     but the core: %s\n", got)
		}
		fmt.Fprintf(&diagram, "  World->>Machine: %v\n  Machine-->>World: %s\n", in, want)
		state = next
	}
	return fmt.Sprintf("a shortest script, with the outputs that the rules require:\n%s%s\nthe state after it, by the rules\n  %v\n\n"+
		"sequenceDiagram\n%s", lines.String(), stepByStep(m.Board, steps), state, diagram.String())
}

// stepByStep returns a line with a link to the script in the playground, or "" if board is empty.
// Steps in the link have no outputs (" -> …"), and no number of the way in which an input comes
// ("#2").
func stepByStep(board string, steps []string) string {
	if board == "" {
		return ""
	}
	steps = slices.Clone(steps)
	for i, step := range steps {
		step, _, _ = strings.Cut(step, " ->")
		steps[i], _, _ = strings.Cut(step, "#")
	}
	return "what the rules require, step by step: " + playlink.Text(board, strings.Join(steps, ";")) + "\n"
}

// try takes a step, and returns what the core did as text.
func (w *walker[S, M, I, O]) try(in I, describe func([]O, bool) string) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprintf("panic: %v", p)
		}
	}()
	outs, refused, err := w.step(in)
	if err != nil {
		return err.Error()
	}
	return describe(outs, refused)
}
