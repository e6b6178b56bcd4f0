package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/spec/TLA/tlcrun/tlatext"
)

// wovenModule is the name of the TLA+ module that contains many changes of one module.
const wovenModule = "Woven"

// wovenSpec is a module with many changes woven in. The variable mutant selects one, so TLC
// explores all of them in one run. 0 selects the module without a change.
type wovenSpec struct {
	text  string
	lines []int // for each line of text: the change that it belongs to, or 0
	tail  int   // the first line after the module's own text
}

// weaveTLA weaves changes of a module. changed has the changed texts by number. For each change of
// an operator, the result has a copy of the operator with this change, and the variable mutant
// selects the copy. The layout of the bodies is kept, since lists in TLA+ depend on columns.
func weaveTLA(source string, changed map[int]string, check properties, most, levels int) (*wovenSpec, error) {
	m, err := tlatext.Parse(source)
	if err != nil {
		return nil, err
	}
	variants := map[string]map[int]string{} // by operator and number: the changed definition
	added := map[string]map[int]string{}    // new definitions, by the operator that comes next
	numbers := slices.Sorted(maps.Keys(changed))
	for _, n := range numbers {
		other, err := tlatext.Parse(changed[n])
		if err != nil {
			return nil, fmt.Errorf("change %d: %w", n, err)
		}
		new := ""
		for _, d := range other.Definitions {
			was := m.Definition(d.Name)
			switch {
			case was == nil:
				new += definition(other, d, d.Name)
				continue
			case new != "":
				put(added, d.Name, n, new)
				new = ""
			}
			if other.Text(d.Body) != m.Text(was.Body) {
				put(variants, d.Name, n, definition(other, d, variant(d.Name, n)))
			}
		}
	}
	w := &wovenSpec{}
	at, actions, changes := 0, actionsOf(m), primes(m)
	for i, d := range m.Definitions {
		name := d.Body.Low
		for m.Tokens[name].Column > 0 {
			name--
		}
		start := m.Tokens[name].Start
		w.add(0, m.Source[at:start])
		at = start
		if i == 0 {
			w.add(0, "VARIABLE mutant\n\n")
		}
		for _, n := range slices.Sorted(maps.Keys(added[d.Name])) {
			w.add(n, added[d.Name][n])
		}
		of := slices.Sorted(maps.Keys(variants[d.Name]))
		if len(of) == 0 && !actions[d.Name] {
			continue
		}
		w.add(0, definition(m, d, variant(d.Name, 0)))
		for _, n := range of {
			w.add(n, variants[d.Name][n])
		}
		keeps := ""
		if len(changes[d.Name]) > 0 {
			keeps = "UNCHANGED mutant /\\ "
		}
		w.add(0, fmt.Sprintf("%s == %s%s\n", signature(d, d.Name), keeps, choice(d, of)))
		at = m.Tokens[d.Body.High-1].End
	}
	end := strings.LastIndex(m.Source, "====")
	text := strings.TrimRight(m.Source[at:end], "=") + "\n"
	w.add(0, text)
	w.tail = len(w.lines) + 1
	w.add(0, check.tail(m, append([]int{0}, numbers...), most, levels)+"====\n")
	_, w.text, _ = strings.Cut(w.text, "\n") // without the line that has the module's name
	w.text = "---- MODULE " + wovenModule + " ----\n" + w.text
	return w, nil
}

func put[V any](to map[string]map[int]V, name string, n int, value V) {
	if to[name] == nil {
		to[name] = map[int]V{}
	}
	to[name][n] = value
}

func (w *wovenSpec) add(of int, text string) {
	w.text += text
	for range strings.Count(text, "\n") {
		w.lines = append(w.lines, of)
	}
}

// of returns the change that a line of the text belongs to, or 0. Lines are numbered from 1.
func (w *wovenSpec) of(line int) int {
	if line < 1 || line > len(w.lines) {
		return 0
	}
	return w.lines[line-1]
}

func variant(name string, n int) string { return fmt.Sprintf("%s_%d", name, n) }

func signature(d tlatext.Definition, name string) string {
	if len(d.Params) == 0 {
		return name
	}
	return name + "(" + strings.Join(d.Params, ", ") + ")"
}

// definition returns an operator with another name. Its body starts in its old column.
func definition(m *tlatext.Module, d tlatext.Definition, name string) string {
	indent := strings.Repeat(" ", max(m.Tokens[d.Body.Low].Column, 1))
	return signature(d, name) + " ==\n" + indent + m.Text(d.Body) + "\n"
}

// choice returns an expression that selects a variant by the variable mutant, by binary search.
func choice(d tlatext.Definition, numbers []int) string {
	switch n := len(numbers); {
	case n == 0:
		return signature(d, variant(d.Name, 0))
	case n > 1:
		half := n / 2
		return fmt.Sprintf("(IF mutant < %d THEN %s ELSE %s)", numbers[half], choice(d, numbers[:half]),
			choice(d, numbers[half:]))
	}
	n := numbers[0]
	return fmt.Sprintf("(IF mutant = %d THEN %s ELSE %s)", n, signature(d, variant(d.Name, n)),
		signature(d, variant(d.Name, 0)))
}

// actionsOf returns the names of a module's actions: the operators that Next reaches only through
// \/ and \E. Each must say that the variable mutant doesn't change, so that TLC labels edges with
// it.
func actionsOf(m *tlatext.Module) map[string]bool {
	actions := map[string]bool{}
	for name := range behaviour(m, "Next") {
		d := m.Definition(name)
		for i := d.Body.Low; i < d.Body.High; i++ {
			switch m.Tokens[i].Text {
			case `/\`, "'", "UNCHANGED":
				actions[name] = true
			}
		}
	}
	for name := range actions {
		if len(primes(m)[name]) == 0 {
			delete(actions, name)
		}
	}
	return actions
}

// properties are the properties that every change is checked for.
type properties struct{ invariants, steps []string }

// add adds the properties that a configuration checks, each only once.
func (p *properties) add(c *tlcrun.Config) {
	missing := func(of, have []string) []string {
		return slices.DeleteFunc(slices.Clone(of), func(name string) bool { return slices.Contains(have, name) })
	}
	p.invariants = append(p.invariants, missing(c.Invariants, p.invariants)...)
	p.steps = append(p.steps, missing(c.Temporal, p.steps)...)
}

// tail returns the end of the woven module. A change that breaks a property is printed, with the
// property, and is not explored any further. The same is done with a change that has most states,
// if most is not 0. With levels, states that are further from the initial state are not explored
// and not counted.
func (p properties) tail(m *tlatext.Module, numbers []int, most, levels int) string {
	var b strings.Builder
	last := numbers[len(numbers)-1]
	// TLC generates a state that is too far away at every step that leads to it
	near, counts := "", ""
	if levels > 0 {
		near = fmt.Sprintf(` /\ TLCGet("level") < %d`, levels)
		counts = fmt.Sprintf(`~(TLCGet("level") < %d) \/ `, levels)
	}
	counter := fmt.Sprintf("mutant + %d", last+3)
	if most > 0 {
		near += fmt.Sprintf(` /\ TLCGet(%s) < %d`, counter, most)
	}
	list := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(numbers)), ", "), "[]")
	fmt.Fprintf(&b, `
WovenSpec == mutant \in {%s} /\ Init /\ [][Next]_<<vars, mutant>>
ASSUME TLCSet(1, %d) /\ \A n \in 0..%d : TLCSet(n + 2, FALSE) /\ TLCSet(n + %d, 0)
Counted == %s(TLCSet(%s, TLCGet(%s) + 1) /\ (TLCGet(%s) = %d => PrintT(<<"many", mutant>>)))
Alive == ~TLCGet(mutant + 2)%s
At == IF TLCGet(1) = mutant THEN TRUE ELSE TLCSet(1, mutant) /\ PrintT(<<"at", mutant>>)
Broken(name) == TLCSet(mutant + 2, TRUE) /\ PrintT(<<"broken", mutant, name>>)
`, list, last+1, last, last+3, counts, counter, counter, counter, most, near)
	states, steps := "StatesHold == At /\\\n    (", "StepsHold == At /\\\n    ("
	for _, name := range p.invariants {
		states += fmt.Sprintf("IF ~%s THEN Broken(%q) ELSE\n    ", name, name)
	}
	steps += "IF UNCHANGED vars THEN TRUE ELSE\n    "
	if len(p.invariants) > 0 { // the first one is about types, and is checked in the next state
		steps += fmt.Sprintf("IF ~%s' THEN TRUE ELSE\n    ", p.invariants[0])
	}
	for _, name := range p.steps { // [][ formula ]_vars
		body := m.Definition(name).Body
		formula := tlatext.Span{Low: body.Low + 2, High: m.Match(body.Low + 1)}
		indent := strings.Repeat(" ", m.Tokens[formula.Low].Column)
		fmt.Fprintf(&b, "StepOf%s ==\n%s%s\n", name, indent, m.Text(formula))
		steps += fmt.Sprintf("IF ~StepOf%s THEN Broken(%q) ELSE\n    ", name, name)
	}
	return b.String() + states + "TRUE)\n" + steps + "TRUE)\n"
}
