package tlatext

import (
	"fmt"
	"slices"
	"strings"
)

// Span is a run of tokens, by their indexes: Low is included, High is not.
type Span struct{ Low, High int }

// Len returns the number of tokens.
func (s Span) Len() int { return s.High - s.Low }

// Has reports whether the i-th token is in the span.
func (s Span) Has(i int) bool { return s.Low <= i && i < s.High }

// Definition is an operator's definition.
type Definition struct {
	Name   string
	Params []string
	Body   Span
}

// Item is an item of a list of conjuncts or disjuncts whose bullets are in one column.
type Item struct {
	Operator string // /\ or \/
	Bullet   int    // the token
	Body     Span
}

// Module is a module's text with its structure. Its fields are for reading only.
type Module struct {
	Source      string
	Tokens      []Token
	Definitions []Definition
	Items       []Item
	Variables   []string

	match   []int // for a bracket, the index of its partner; else -1
	within  []int // for each token, the index of the bracket that encloses it, or -1
	bullets map[int]bool
}

// Parse reads a module.
func Parse(source string) (*Module, error) {
	tokens, err := Scan(source)
	if err != nil {
		return nil, err
	}
	m := &Module{Source: source, Tokens: tokens, bullets: map[int]bool{}}
	if err := m.brackets(); err != nil {
		return nil, err
	}
	m.definitions()
	if len(m.Definitions) == 0 {
		return nil, fmt.Errorf("the module defines nothing")
	}
	for _, d := range m.Definitions {
		m.lists(d.Body)
	}
	return m, nil
}

// Definition returns the definition of a name, or nil.
func (m *Module) Definition(name string) *Definition {
	for i := range m.Definitions {
		if m.Definitions[i].Name == name {
			return &m.Definitions[i]
		}
	}
	return nil
}

// Text returns the text of a span unchanged.
func (m *Module) Text(s Span) string {
	if s.Len() <= 0 {
		return ""
	}
	return m.Source[m.Tokens[s.Low].Start:m.Tokens[s.High-1].End]
}

// Plain returns the text of a span in one line, without comments.
func (m *Module) Plain(s Span) string {
	var b strings.Builder
	for i := s.Low; i < s.High; i++ {
		if i > s.Low && m.Tokens[i].Start > m.Tokens[i-1].End {
			b.WriteByte(' ')
		}
		b.WriteString(m.Tokens[i].Text)
	}
	return b.String()
}

// Is reports whether the i-th token exists and has the text.
func (m *Module) Is(i int, text string) bool {
	return i >= 0 && i < len(m.Tokens) && m.Tokens[i].Text == text
}

// Match returns a bracket's partner, or -1.
func (m *Module) Match(i int) int { return m.match[i] }

// Within returns the opening bracket that encloses a token, or -1.
func (m *Module) Within(i int) int { return m.within[i] }

// IsBullet reports whether the i-th token is the bullet of an [Item].
func (m *Module) IsBullet(i int) bool { return m.bullets[i] }

var closing = map[string]string{"[": "]", "{": "}", "(": ")", "<<": ">>"}

func (m *Module) brackets() error {
	m.match, m.within = make([]int, len(m.Tokens)), make([]int, len(m.Tokens))
	var open []int
	for i, t := range m.Tokens {
		m.match[i], m.within[i] = -1, -1
		if t.Kind != Symbol {
			if len(open) > 0 {
				m.within[i] = open[len(open)-1]
			}
			continue
		}
		if t.Text == "]" || t.Text == "}" || t.Text == ")" || t.Text == ">>" {
			if len(open) == 0 || closing[m.Tokens[open[len(open)-1]].Text] != t.Text {
				return fmt.Errorf("the bracket %s at %d has no partner", t.Text, t.Start)
			}
			last := open[len(open)-1]
			open = open[:len(open)-1]
			m.match[i], m.match[last] = last, i
		}
		if len(open) > 0 {
			m.within[i] = open[len(open)-1]
		}
		if closing[t.Text] != "" {
			open = append(open, i)
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("the bracket %s at %d has no partner", m.Tokens[open[0]].Text, m.Tokens[open[0]].Start)
	}
	return nil
}

// definitions finds the definitions. A definition begins with a token in the first column, and ends
// before the next such token.
func (m *Module) definitions() {
	for i := 0; i < len(m.Tokens); i++ {
		t := m.Tokens[i]
		if t.Column != 0 {
			continue
		}
		if n := len(m.Definitions); n > 0 && m.Definitions[n-1].Body.High == 0 {
			m.Definitions[n-1].Body.High = i
		}
		if t.Text == "VARIABLES" || t.Text == "VARIABLE" {
			for j := i + 1; j < len(m.Tokens) && m.Tokens[j].Column > 0; j++ {
				if m.Tokens[j].Kind == Word {
					m.Variables = append(m.Variables, m.Tokens[j].Text)
				}
			}
		}
		if equals := m.defines(i); equals > 0 {
			d := Definition{Name: t.Text, Body: Span{Low: equals + 1}}
			for j := i + 1; j < equals; j++ {
				if m.Tokens[j].Kind == Word {
					d.Params = append(d.Params, m.Tokens[j].Text)
				}
			}
			m.Definitions = append(m.Definitions, d)
		}
	}
	if n := len(m.Definitions); n > 0 && m.Definitions[n-1].Body.High == 0 {
		m.Definitions[n-1].Body.High = len(m.Tokens)
	}
}

// defines returns the index of the token == of a definition that begins at a token, or 0.
func (m *Module) defines(i int) int {
	if m.Tokens[i].Kind != Word {
		return 0
	}
	next := i + 1
	if m.Is(next, "(") {
		next = m.match[next] + 1
	}
	if m.Is(next, "==") {
		return next
	}
	return 0
}

// lists finds the items of lists in a definition. An item ends before the first token that is not
// to the right of its bullet's column, or before the bracket that encloses and closes it.
func (m *Module) lists(body Span) {
	var open []int // indexes of items
	end := func(n, at int) {
		for _, i := range open[n:] {
			m.Items[i].Body.High = at
		}
		open = open[:n]
	}
	for i := body.Low; i < body.High; i++ {
		t := m.Tokens[i]
		same := false
		n := len(open)
		for ; n > 0; n-- {
			item := m.Items[open[n-1]]
			closes := m.match[i] >= 0 && m.match[i] < item.Bullet
			if t.Column > m.Tokens[item.Bullet].Column && !closes {
				break
			}
			same = t.Text == item.Operator && t.Column == m.Tokens[item.Bullet].Column
		}
		end(n, i)
		if t.Text != `/\` && t.Text != `\/` || !same && m.endsOperand(i-1) {
			continue
		}
		m.bullets[i] = true
		m.Items = append(m.Items, Item{t.Text, i, Span{i + 1, body.High}})
		open = append(open, len(m.Items)-1)
	}
	end(0, body.High)
}

func (m *Module) endsOperand(i int) bool {
	t := m.Tokens[i]
	return t.Kind == Word || t.Kind == Number || t.Kind == String || t.Kind == Symbol && slices.Contains([]string{")", "]", "}", ">>", "'", "@"}, t.Text)
}

// region returns the smallest span that encloses a token: brackets, an item, or the whole
// definition.
func (m *Module) region(i int) Span {
	var s Span
	for _, d := range m.Definitions {
		if d.Body.Has(i) {
			s = d.Body
		}
	}
	if open := m.within[i]; open >= 0 {
		s = Span{max(s.Low, open+1), min(s.High, m.match[open])}
	}
	for _, item := range m.Items {
		if item.Body.Has(i) {
			s = Span{max(s.Low, item.Body.Low), min(s.High, item.Body.High)}
		}
	}
	return s
}

// Scope returns the span of a binder, \E or \A: from its token to the end of what encloses it.
func (m *Module) Scope(i int) Span { return Span{i, m.region(i).High} }

// strength has the operators between formulas, by how strongly they bind. Operators that are not in
// it bind more strongly, and never end an operand.
var strength = map[string]int{"~>": 1, "=>": 2, `\/`: 3, `/\`: 3, "=": 4, "#": 4, `\in`: 4, `\notin`: 4}

// Operands returns the two operands of an infix operator between formulas.
func (m *Module) Operands(i int) (left, right Span) {
	region := m.region(i)
	own := strength[m.Tokens[i].Text]
	low := i
	for j := i - 1; j >= region.Low; j-- {
		if open := m.match[j]; open >= 0 && open < j {
			j = open
			low = j
			continue
		}
		t := m.Tokens[j].Text
		if s := strength[t]; s > 0 && s <= own || m.bullets[j] {
			break
		}
		if slices.Contains([]string{":", "THEN", "ELSE", "IF", "IN", "LET", "==", ",", "|->", "EXCEPT", "CASE", "OTHER", "->"}, t) || m.arm(j) || m.isExcept(j) {
			break
		}
		low = j
	}
	return Span{low, i}, Span{i + 1, m.endOf(i+1, region, own)}
}

// isExcept reports whether a token is the = of an assignment in EXCEPT, which is not an operator.
func (m *Module) isExcept(i int) bool { _, ok := m.Except(i); return ok }

// arm reports whether a token begins a further case of CASE: [] followed by a space. The temporal
// operator [] has no space behind it.
func (m *Module) arm(i int) bool {
	return m.Is(i, "[]") && i+1 < len(m.Tokens) && m.Tokens[i+1].Start > m.Tokens[i].End
}

// endOf returns the index after the operand that begins at a token.
func (m *Module) endOf(from int, region Span, own int) int {
	conditions := 0
	open := false  // the operand has a quantifier, IF, CASE or LET, which extends to the end
	cases := false // the operand has a CASE, with its arms
	for j := from; j < region.High; j++ {
		if close := m.match[j]; close > j {
			j = close
			continue
		}
		t := m.Tokens[j].Text
		switch {
		case t == "IF":
			conditions++
			open = true
		case t == "CASE":
			cases, open = true, true
		case t == `\E` || t == `\A` || t == "LET" || t == "CHOOSE":
			open = true
		case t == "THEN" && conditions == 0, t == "ELSE" && conditions == 0, t == "IN" && !open, t == "," && !open, t == "|->",
			!cases && (t == "->" || m.arm(j)):
			return j
		case t == "ELSE":
			conditions--
		case !open && strength[t] > 0 && strength[t] <= own && !(own <= 2 && strength[t] == own):
			return j
		case !open && j > from && m.defines(j) > 0:
			return j
		}
	}
	return region.High
}

// Except returns the value of an assignment in EXCEPT, given its token =. ok reports whether the
// token is one.
func (m *Module) Except(i int) (value Span, ok bool) {
	open := m.within[i]
	if open < 0 || m.Tokens[open].Text != "[" || m.Tokens[i].Text != "=" {
		return value, false
	}
	j := i - 1
	for ; j > open; j-- {
		if o := m.match[j]; o >= 0 && o < j {
			j = o
			continue
		}
		if t := m.Tokens[j]; t.Text == "!" {
			break
		} else if t.Kind != Word && t.Text != "." {
			return value, false
		}
	}
	if j <= open {
		return value, false
	}
	end := i + 1
	for ; end < m.match[open]; end++ {
		if close := m.match[end]; close > end {
			end = close
			continue
		}
		if m.Tokens[end].Text == "," {
			break
		}
	}
	return Span{i + 1, end}, true
}

// Binds reports whether a token \in binds names, as in \E x \in S, {x \in S : p} and [x \in S |->
// e], and returns the span in which they are bound.
func (m *Module) Binds(i int) (scope Span, ok bool) {
	if m.Tokens[i].Text != `\in` || i < 2 || m.Tokens[i-1].Kind != Word {
		return scope, false
	}
	switch before := m.Tokens[i-2].Text; before {
	case `\E`, `\A`:
		return m.Scope(i - 2), true
	case "{", "[":
		return Span{i - 2, m.match[i-2]}, true
	case ",":
		for j := i - 3; j > 0 && m.within[j] == m.within[i]; j-- {
			switch m.Tokens[j].Text {
			case `\E`, `\A`:
				return m.Scope(j), true
			case ":", "==", `/\`, `\/`:
				return scope, false
			}
		}
	}
	return scope, false
}
