package tlcrun

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"ablyrooms.example/spec/TLA/tlcrun/tlatext"
)

// Antecedent is the A of one A => B or A ~> B in a property. Reached reports whether A is true in
// some state or step.
type Antecedent struct {
	Property string
	Text     string // A
	Reached  bool
}

// unreachable is the text of an antecedent that is never true. It is checked with the others: if
// TLC reports it as reached, the reports of the run are wrong.
const unreachable = "nothing is so"

const antecedentsModule = "Antecedents"

// Antecedents finds the antecedents in the named properties of a module. TLC finds which of them
// are reached, in one run for each of the bounds, which have the form of a configuration's
// CONSTANTS. A property whose antecedent is never true holds in every spec.
//
// Antecedents replaces the consequent by FALSE: then the property is violated exactly where the
// antecedent is true. The module must call its behaviour Spec, and the tuple of its variables vars.
func (t *TLC) Antecedents(
	ctx context.Context, dir, module string, properties, bounds []string,
) ([]Antecedent, error) {
	text, err := os.ReadFile(filepath.Join(dir, module+".tla"))
	if err != nil {
		return nil, err
	}
	found, source, err := antecedents(module, string(text), properties)
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "antecedents")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tmp)
	if err := os.WriteFile(filepath.Join(tmp, antecedentsModule+".tla"), []byte(source), 0o644); err != nil {
		return nil, err
	}
	for _, constants := range bounds {
		config := filepath.Join(tmp, antecedentsModule+".cfg")
		body := "SPECIFICATION Spec\nCONSTANTS " + constants + "\nINVARIANTS StatesSeen\nPROPERTIES StepsSeen\nCHECK_DEADLOCK FALSE\n"
		if err := os.WriteFile(config, []byte(body), 0o644); err != nil {
			return nil, err
		}
		r, err := t.Exec(ctx, Job{Dir: tmp, Library: dir, Module: antecedentsModule, Config: config, Workers: 1, Small: true})
		if err != nil {
			return nil, err
		}
		if r.Exit != ExitOK || !r.NoError {
			return nil, fmt.Errorf("the run for the antecedents ends with %d\n%s", r.Exit, r.Output)
		}
		for _, m := range reached.FindAllStringSubmatch(r.Output, -1) {
			n := count(m[1])
			if n < 1 || n > len(found) {
				return nil, fmt.Errorf("TLC reports %s, an antecedent that doesn't exist, as reached", m[0])
			}
			found[n-1].Reached = true
		}
	}
	last := found[len(found)-1]
	if last.Text != unreachable || last.Reached {
		return nil, fmt.Errorf("TLC reports an antecedent that is never true as reached: the reports of this run are wrong")
	}
	return found[:len(found)-1], nil
}

var reached = regexp.MustCompile(`(?m)^<<"reached", (\d+)>>$`)

// antecedents returns the antecedents, and the source of a module that prints each one that is
// reached. The last antecedent is [unreachable].
func antecedents(module, text string, properties []string) (found []Antecedent, source string, err error) {
	m, err := tlatext.Parse(text)
	if err != nil {
		return nil, "", err
	}
	var definitions, states, steps strings.Builder
	note := func(formula string, isStep bool) {
		n := len(found)
		fmt.Fprintf(&definitions, "\nReached%d ==\n%s\n", n, formula)
		if isStep {
			fmt.Fprintf(&steps, "    /\\ Note(%d, Reached%d)\n", n, n)
		} else {
			fmt.Fprintf(&states, "    /\\ Note(%d, Reached%d)\n", n, n)
		}
	}
	for _, name := range properties {
		d := m.Definition(name)
		if d == nil {
			return nil, "", fmt.Errorf("%s does not define %s", module, name)
		}
		for i := d.Body.Low; i < d.Body.High; i++ {
			arrow := m.Tokens[i].Text
			if arrow != "=>" && arrow != "~>" {
				continue
			}
			left, _ := m.Operands(i)
			body := d.Body
			isStep := m.Is(body.Low, "[]")
			if isStep { // [][ formula ]_vars
				body = tlatext.Span{Low: body.Low + 2, High: m.Match(body.Low + 1)}
			}
			formula := withoutConsequent(m, body, i)
			found = append(found, Antecedent{Property: name, Text: m.Plain(left)})
			note(formula, isStep)
		}
	}
	found = append(found, Antecedent{Text: unreachable})
	note("    0 = 1 => FALSE", false)

	if steps.Len() == 0 {
		steps.WriteString("    TRUE\n")
	}
	source = "---- MODULE " + antecedentsModule + " ----\nEXTENDS " + module + "\n\n" +
		fmt.Sprintf("ASSUME \\A n \\in 1..%d : TLCSet(n, FALSE)\n", len(found)) +
		"Note(n, holds) == IF holds THEN TRUE ELSE IF TLCGet(n) THEN TRUE ELSE TLCSet(n, TRUE) /\\ PrintT(<<\"reached\", n>>)\n" +
		definitions.String() + "\nStatesSeen ==\n" + states.String() + "\nStepsSeen == [][\n" + steps.String() + "    ]_vars\n====\n"
	return found, source, nil
}

// withoutConsequent returns a formula with FALSE in the place of the consequent of one arrow, and
// with TRUE in the place of the consequents of other arrows on the same level. The columns don't
// change, since they structure lists.
func withoutConsequent(m *tlatext.Module, body tlatext.Span, arrow int) string {
	var b strings.Builder
	at := m.Tokens[body.Low].Start
	b.WriteString(strings.Repeat(" ", m.Tokens[body.Low].Column))
	for i := body.Low; i < body.High; i++ {
		if t := m.Tokens[i].Text; t != "=>" && t != "~>" {
			continue
		}
		_, right := m.Operands(i)
		if right.Has(arrow) {
			continue
		}
		b.WriteString(m.Source[at:m.Tokens[i].Start])
		if i == arrow {
			b.WriteString("=> FALSE")
		} else {
			b.WriteString("=> TRUE")
		}
		at = m.Tokens[right.High-1].End
		i = right.High - 1
	}
	b.WriteString(m.Source[at:m.Tokens[body.High-1].End])
	return b.String()
}

// Checked returns the properties that some configuration of the module checks and that must hold,
// each once.
func Checked(configs []*Config, module string) []string {
	var names []string
	for _, c := range configs {
		if c.IsCanary() || c.Violates != "" || c.Module != module {
			continue
		}
		for _, p := range c.Properties {
			if !slices.Contains(names, p) {
				names = append(names, p)
			}
		}
	}
	return names
}
