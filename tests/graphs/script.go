package graphs

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/internal/playlink"
)

// Follow takes a script through the core, step by step beside the model, and returns where the core
// first does otherwise. In every state, every input that the model refuses is given to the core
// too. One core goes all the way without being restored, since what a core keeps beside its state
// would be lost with that.
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
			err = errors.New("it is refused")
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

// Draw draws a script of up to so many inputs that the model takes one after the other, each from
// those that it takes then: choose returns the index of one of them. It returns the script as far
// as there is something to choose.
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

// Script writes a script for people: each input with the rules that the model follows and what it
// puts out, and where the core does otherwise; and the same as a sequence diagram (Mermaid).
func Script[S, M, I, O any](m Machine[S, M, I, O], script []I) string {
	var lines, diagram strings.Builder
	steps := make([]string, len(script))
	var state M
	w := m.walker()
	for i, in := range script {
		said := func(outs []O, refused bool) string {
			if refused {
				return "refused"
			}
			if len(outs) == 0 {
				return "nothing"
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
		want := said(outs, err != nil)
		fmt.Fprintf(&lines, "%3d  %v%s: %s\n", i+1, in, rules, want)
		steps[i] = fmt.Sprint(in)
		if got := w.try(in, said); got != want {
			fmt.Fprintf(&lines, "     but the core: %s\n", got)
		}
		fmt.Fprintf(&diagram, "  World->>Machine: %v\n  Machine-->>World: %s\n", in, want)
		state = next
	}
	return fmt.Sprintf("script, a shortest one, with what the rules ask for:\n%s%s\nthe rules lead to the state\n  %v\n\n"+
		"sequenceDiagram\n%s", lines.String(), stepByStep(m.Board, steps), state, diagram.String())
}

// stepByStep returns a line with the link to a script in the playground, "" for one without a board.
// Which way of an input it is ("#2"), and what comes of it (" -> …"), is no part of a step there.
func stepByStep(board string, steps []string) string {
	if board == "" {
		return ""
	}
	steps = slices.Clone(steps)
	for i, step := range steps {
		step, _, _ = strings.Cut(step, " ->")
		steps[i], _, _ = strings.Cut(step, "#")
	}
	return "as the rules ask for it, step by step: " + playlink.Text(board, strings.Join(steps, ";")) + "\n"
}

// try takes a step and says what came of it.
func (w *walker[S, M, I, O]) try(in I, said func([]O, bool) string) (text string) {
	defer func() {
		if p := recover(); p != nil {
			text = fmt.Sprintf("panic: %v", p)
		}
	}()
	outs, refused, err := w.step(in)
	if err != nil {
		return err.Error()
	}
	return said(outs, refused)
}
