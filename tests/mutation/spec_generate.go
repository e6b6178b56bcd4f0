package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/spec/TLA/tlcrun/tlatext"
)

// specMutant is a spec with one small change.
type specMutant struct {
	name     string // operator, kind and passage; it doesn't depend on line numbers
	kind     string
	operator string // the definition that is changed
	text     string // the whole module
}

// roots are the operators that TLC starts from. An operator that is not reached from these belongs
// only to properties.
var roots = []string{"Init", "Next", "FairSpec", "HealingSpec"}

// generateSpec returns all mutants of a module, in the order of their positions.
func generateSpec(source string) ([]specMutant, error) {
	m, err := tlatext.Parse(source)
	if err != nil {
		return nil, err
	}
	g := &specGenerator{Module: m, kinds: constants(m), primes: primes(m), groups: groups(m),
		used: behaviour(m, roots...), values: values(m), seen: map[string]bool{source: true}, names: map[string]int{}}
	for _, d := range m.Definitions {
		if g.used[d.Name] {
			g.definition(d)
		}
	}
	slices.SortStableFunc(g.found, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	mutants := make([]specMutant, len(g.found))
	for i, p := range g.found {
		g.names[p.name]++
		if n := g.names[p.name]; n > 1 {
			p.name += fmt.Sprintf(" (%d)", n)
		}
		mutants[i] = p.specMutant
	}
	return mutants, nil
}

type placed struct {
	specMutant
	at int
}

type specGenerator struct {
	*tlatext.Module
	kinds  map[string]string          // by constant: another constant of the same kind
	primes map[string]map[string]bool // by operator: the variables that it changes
	groups map[string]string          // by bound name: the set that it ranges over
	used   map[string]bool            // the operators that the behaviour uses
	values map[string]bool            // the operators that return a changed record
	found  []placed
	seen   map[string]bool // texts
	names  map[string]int
}

// add adds a mutant that replaces a span of tokens.
func (g *specGenerator) add(d tlatext.Definition, kind string, s tlatext.Span, with string) {
	start, end := g.Tokens[s.Low].Start, g.Tokens[s.High-1].End
	text := g.Source[:start] + with + g.Source[end:]
	if g.seen[text] {
		return
	}
	g.seen[text] = true
	passage := short(g.Plain(s))
	if s.Len() == 1 { // one token alone would be unclear
		around := tlatext.Span{Low: max(s.Low-4, d.Body.Low), High: min(s.High+3, d.Body.High)}
		passage = short(g.Plain(around)) + ": " + g.Tokens[s.Low].Text
	}
	if strings.TrimSpace(with) == "" {
		with = "nothing"
	}
	name := fmt.Sprintf("%s, %s: %s becomes %s", d.Name, kind, passage, short(with))
	g.found = append(g.found, placed{specMutant{name, kind, d.Name, text}, start})
}

func short(text string) string {
	if len(text) <= 70 {
		return text
	}
	return text[:45] + " ... " + text[len(text)-20:]
}

// behaviour returns the names of the operators that others use, directly or not. It leaves out
// Spec, which is not mutated: without its parts TLC has nothing to run.
func behaviour(m *tlatext.Module, from ...string) map[string]bool {
	found := map[string]bool{"Spec": true}
	queue := slices.Clone(from)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		d := m.Definition(name)
		if d == nil || found[name] {
			continue
		}
		found[name] = true
		for i := d.Body.Low; i < d.Body.High; i++ {
			queue = append(queue, m.Tokens[i].Text)
		}
	}
	delete(found, "Spec")
	delete(found, "vars")
	return found
}

// definition adds the mutants of one operator.
func (g *specGenerator) definition(d tlatext.Definition) {
	for _, item := range g.Items {
		if d.Body.Has(item.Bullet) {
			g.operand(d, item.Operator, item.Body)
		}
	}
	if g.isUpdate(d.Body) {
		g.stale(d, d.Body)
	}
	for i := d.Body.Low; i < d.Body.High; i++ {
		t := g.Tokens[i]
		if t.Kind == tlatext.Symbol && !g.IsBullet(i) {
			g.symbol(d, i)
		}
		if t.Text == "IF" {
			end := i + 1
			for nested := 0; end < d.Body.High && (nested > 0 || !g.Is(end, "THEN")); end++ {
				if g.Is(end, "IF") {
					nested++
				} else if g.Is(end, "THEN") {
					nested--
				}
			}
			if s := (tlatext.Span{Low: i + 1, High: end}); !g.isComparison(s) {
				g.add(d, "branch", s, "~("+g.Text(s)+")")
			}
		}
		g.constant(d, i)
		g.name(d, i)
		g.call(d, i)
	}
}

// isComparison reports whether a condition is one comparison or negation. The mutant that flips it
// already negates such a condition.
func (g *specGenerator) isComparison(s tlatext.Span) bool {
	compares := false
	for i := s.Low; i < s.High; i++ {
		if partner := g.Match(i); partner > i {
			i = partner
			continue
		}
		switch g.Tokens[i].Text {
		case `/\`, `\/`:
			return false
		case "=", "#", `\in`, `\notin`, "~":
			compares = true
		}
	}
	return compares
}

// operand adds a mutant without an operand of /\ or \/. An operand that changes variables is
// replaced by one that keeps them: if it were left out, TLC would only report that they have no
// value.
func (g *specGenerator) operand(d tlatext.Definition, operator string, s tlatext.Span) {
	if s.Len() == 0 || d.Name == "Init" || g.Plain(s) == "Spec" || g.isList(operator, s) {
		return
	}
	if operator == `/\` && !strings.HasSuffix(d.Name, "Spec") && len(g.changes(s)) > 0 {
		g.stale(d, s)
		return
	}
	if operator == `/\` {
		g.add(d, "conjunct", s, "TRUE")
		return
	}
	g.add(d, "disjunct", s, "FALSE")
}

// isList reports whether a span is itself a list of operands of the operator. Its operands have
// mutants of their own.
func (g *specGenerator) isList(operator string, s tlatext.Span) bool {
	for i := s.Low; i < s.High; i++ {
		if partner := g.Match(i); partner > i {
			i = partner
			continue
		}
		switch g.Tokens[i].Text {
		case operator:
			return true
		case `\E`, `\A`, "LET", "IF":
			return false
		}
	}
	return false
}

// changes returns the variables that a span changes.
func (g *specGenerator) changes(s tlatext.Span) []string {
	changed := map[string]bool{}
	for i := s.Low; i < s.High; i++ {
		if assigns(g.Module, i) {
			changed[g.Tokens[i].Text] = true
		}
		for v := range g.primes[g.Tokens[i].Text] {
			changed[v] = true
		}
	}
	var list []string
	for _, v := range g.Variables {
		if changed[v] {
			list = append(list, v)
		}
	}
	return list
}

// isUpdate reports whether a span is one assignment, v' = value, or one call of an operator that
// makes assignments.
func (g *specGenerator) isUpdate(s tlatext.Span) bool {
	if s.Len() < 2 || len(g.changes(s)) == 0 || g.isList(`/\`, s) || g.isList(`\/`, s) {
		return false
	}
	if g.Is(s.Low+1, "'") {
		return g.Is(s.Low+2, "=")
	}
	isCall := g.Is(s.Low+1, "(") && g.Match(s.Low+1) == s.High-1
	return isCall && g.Definition(g.Tokens[s.Low].Text) != nil
}

func (g *specGenerator) stale(d tlatext.Definition, s tlatext.Span) {
	keeps := s.Len() == 4 && g.Tokens[s.Low].Text == g.Tokens[s.High-1].Text // v' = v
	if g.isUpdate(s) && !keeps {
		g.add(d, "stale", s, "UNCHANGED <<"+strings.Join(g.changes(s), ", ")+">>")
	}
}

var flips = map[string]string{"=": "#", "#": "=", `\in`: `\notin`, `\notin`: `\in`, `/\`: `\/`,
	`\/`: `/\`, "<": "<=", "<=": "<", ">": ">=", ">=": ">"}

// symbol adds the mutants at a symbol.
func (g *specGenerator) symbol(d tlatext.Definition, i int) {
	one := tlatext.Span{Low: i, High: i + 1}
	switch t := g.Tokens[i].Text; t {
	case `/\`, `\/`:
		left, right := g.Operands(i)
		g.operand(d, t, left)
		g.operand(d, t, right)
		if len(g.changes(left)) == 0 && len(g.changes(right)) == 0 {
			// In parentheses, since TLA+ defines no precedence between the two operators.
			both := tlatext.Span{Low: left.Low, High: right.High}
			g.add(d, "flip", both, "("+g.Text(left)+" "+flips[t]+" "+g.Text(right)+")")
		}
	case "=":
		if value, ok := g.Except(i); ok {
			g.add(d, "stale", value, "@")
			return
		}
		if !g.Is(i-1, "'") && d.Name != "Init" {
			g.add(d, "flip", one, flips[t])
		}
	case `\in`:
		if _, binds := g.Binds(i); !binds {
			g.add(d, "flip", one, flips[t])
		}
	case "#", `\notin`, "<", "<=", ">", ">=":
		g.add(d, "flip", one, flips[t])
	case `\E`:
		if len(g.changes(g.Scope(i))) == 0 {
			g.add(d, "flip", one, `\A`)
		}
	case "~":
		g.add(d, "flip", one, " ")
	case `\cup`, `\`:
		left, right := g.primary(i-1, -1), g.primary(i+1, 1)
		if g.Is(i+1, "IF") {
			right = tlatext.Span{Low: i + 1, High: g.Scope(i).High}
		}
		g.add(d, "set", tlatext.Span{Low: left.Low, High: right.High}, g.Text(left))
		if t == `\cup` {
			g.add(d, "set", tlatext.Span{Low: left.Low, High: right.High}, g.Text(right))
		}
	case "+":
		left, right := g.primary(i-1, -1), g.primary(i+1, 1)
		g.add(d, "number", tlatext.Span{Low: left.Low, High: right.High}, g.Text(left))
	case "{":
		if g.Is(i+1, "}") {
			g.add(d, "constant", tlatext.Span{Low: i, High: i + 2}, "{1}")
		}
	}
}

// primary returns the name, call or bracketed expression that ends at a token (direction -1) or
// begins there (direction 1).
func (g *specGenerator) primary(i, direction int) tlatext.Span {
	low, high := i, i+1
	if partner := g.Match(i); partner >= 0 {
		low, high = min(i, partner), max(i, partner)+1
	}
	if direction < 0 && g.Is(low, "(") && g.Tokens[low-1].Kind == tlatext.Word {
		low--
	}
	if direction > 0 && g.Tokens[i].Kind == tlatext.Word && g.Is(high, "(") {
		high = g.Match(high) + 1
	}
	return tlatext.Span{Low: low, High: high}
}

// constant adds mutants with another constant of the same kind.
func (g *specGenerator) constant(d tlatext.Definition, i int) {
	one := tlatext.Span{Low: i, High: i + 1}
	t := g.Tokens[i]
	switch {
	case t.Text == "TRUE" || t.Text == "FALSE":
		g.add(d, "constant", one, map[string]string{"TRUE": "FALSE", "FALSE": "TRUE"}[t.Text])
	case t.Kind == tlatext.Number && t.Text == "0":
		g.add(d, "constant", one, "1")
	case t.Kind == tlatext.Number:
		g.add(d, "constant", one, "0")
	case g.kinds[t.Text] != "" && !g.Is(i-1, ".") && !g.Is(i+1, "|->"):
		kind := "constant"
		if g.isOutcome(t.Text) {
			kind = "output"
		}
		g.add(d, kind, one, g.kinds[t.Text])
	}
}

func (g *specGenerator) isOutcome(constant string) bool {
	d := g.Definition("Outcomes")
	for i := d.Body.Low; i < d.Body.High; i++ {
		if g.Is(i, constant) {
			return true
		}
	}
	return false
}

// name adds mutants with another bound name that is in scope and ranges over the same set, or with
// another operator of the same shape.
func (g *specGenerator) name(d tlatext.Definition, i int) {
	t := g.Tokens[i]
	if t.Kind != tlatext.Word || g.Is(i-1, ".") || g.Is(i+1, "|->") || g.Is(i+1, "==") {
		return
	}
	if _, binds := g.Binds(i + 1); binds {
		return
	}
	one := tlatext.Span{Low: i, High: i + 1}
	if own := g.groups[t.Text]; own != "" {
		for _, other := range g.inScope(d, i) {
			if other != t.Text && g.groups[other] == own {
				g.add(d, "operand", one, other)
			}
		}
		return
	}
	if def := g.Definition(t.Text); def != nil {
		for _, other := range g.Definitions {
			alike := slices.Equal(other.Params, def.Params) && g.shape(other) == g.shape(*def)
			if alike && other.Name != def.Name && g.used[other.Name] && g.shape(other) != "" {
				g.add(d, "operator", one, other.Name)
			}
		}
	}
}

// call adds a mutant with an unchanged record, at the call of an operator that returns a changed
// one.
func (g *specGenerator) call(d tlatext.Definition, i int) {
	if !g.values[g.Tokens[i].Text] || !g.Is(i+1, "(") {
		return
	}
	end := i + 2
	for ; end < g.Match(i+1) && !g.Is(end, ","); end++ {
		end = max(end, g.Match(end))
	}
	g.add(d, "call", tlatext.Span{Low: i, High: g.Match(i+1) + 1}, g.Text(tlatext.Span{Low: i + 2, High: end}))
}

// shape returns a text that is equal for operators that can replace each other: for sets of the
// same kind of elements, and for sizes. It is "" for other operators.
func (g *specGenerator) shape(d tlatext.Definition) string {
	first := d.Body.Low
	switch {
	case g.Is(first, "{") && g.Match(first) == d.Body.High-1 && d.Body.Len() > 4:
		return "{" + g.Plain(tlatext.Span{Low: first + 2, High: first + 4})
	case g.Is(first, "Cardinality") && g.Match(first+1) == d.Body.High-1:
		return "Cardinality"
	}
	return ""
}

// inScope returns the names that are bound at a token, except the token's own.
func (g *specGenerator) inScope(d tlatext.Definition, i int) []string {
	names := slices.Clone(d.Params)
	for j := d.Body.Low; j < d.Body.High; j++ {
		if scope, ok := g.Binds(j); ok && scope.Has(i) && j < i {
			names = append(names, g.Tokens[j-1].Text)
		}
	}
	return names
}
