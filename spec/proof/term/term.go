// Package term has terms of first-order logic with numbers. The proof is written in them. The same
// terms are printed for a solver ([Term.String]) and evaluated on small states ([Compile]).
package term

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sort is the sort of a term's values.
type Sort string

// The sorts. Word has the strings that the spec contains: a fixed, finite set. Name has the names
// and the options; it may have any number of elements.
const (
	Bool Sort = "Bool"
	Int  Sort = "Int"
	Word Sort = "Word"
	Name Sort = "Name"
)

// Op says what a term is: a variable, a literal, or an operator with arguments.
type Op uint8

// The ops.
const (
	Var      Op = iota // a bound variable or a parameter of an action; Name is its name
	Literal            // Bool, Int: Value; Word: the string Name; Name: the constant Name
	App                // a symbol of the state, applied to arguments: Name(Args…)
	And                // any number of Args
	Or                 // any number of Args
	Not                // Args[0]
	Implies            // Args[0] => Args[1]
	Eq                 // Args[0] = Args[1], of any sort
	Ite                // IF Args[0] THEN Args[1] ELSE Args[2]
	Le                 // Args[0] <= Args[1]
	Add                // Args[0] + Args[1]
	Sub                // Args[0] - Args[1]
	Forall             // Vars, Args[0]
	Exists             // Vars, Args[0]
	Choose             // a value of Vars[0] for which Args[0] holds; any value if there is none
	Least              // the least number Vars[0] for which Args[0] holds
	Greatest           // the greatest number Vars[0] for which Args[0] holds
)

// Term is a term. It never changes after it was made.
type Term struct {
	Op    Op
	Sort  Sort
	Name  string
	Value int
	Args  []*Term
	Vars  []*Term
	text  string
}

// True and False.
var (
	True  = &Term{Op: Literal, Sort: Bool, Value: 1, text: "true"}
	False = &Term{Op: Literal, Sort: Bool, text: "false"}
)

// NewVar returns a variable.
func NewVar(name string, s Sort) *Term { return &Term{Op: Var, Sort: s, Name: name} }

// Number returns a literal of the sort Int.
func Number(n int) *Term { return &Term{Op: Literal, Sort: Int, Value: n} }

// Text returns a literal of the sort Word or Name.
func Text(s Sort, text string) *Term { return &Term{Op: Literal, Sort: s, Name: text} }

// Apply returns a symbol of the state, applied to arguments.
func Apply(name string, s Sort, args ...*Term) *Term {
	return &Term{Op: App, Sort: s, Name: name, Args: args}
}

// Conj returns the conjunction of terms.
func Conj(args ...*Term) *Term { return junction(And, True, False, args) }

// Disj returns the disjunction of terms.
func Disj(args ...*Term) *Term { return junction(Or, False, True, args) }

func junction(op Op, unit, zero *Term, args []*Term) *Term {
	var all []*Term
	for _, a := range args {
		switch {
		case a == unit:
		case a == zero:
			return zero
		case a.Op == op:
			all = append(all, a.Args...)
		default:
			all = append(all, a)
		}
	}
	switch len(all) {
	case 0:
		return unit
	case 1:
		return all[0]
	}
	return &Term{Op: op, Sort: Bool, Args: all}
}

// Neg returns the negation of a term.
func Neg(a *Term) *Term {
	switch {
	case a == True:
		return False
	case a == False:
		return True
	case a.Op == Not:
		return a.Args[0]
	}
	return &Term{Op: Not, Sort: Bool, Args: []*Term{a}}
}

// Imply returns the implication of two terms.
func Imply(a, b *Term) *Term {
	switch {
	case a == True:
		return b
	case a == False || b == True:
		return True
	case b == False:
		return Neg(a)
	}
	return &Term{Op: Implies, Sort: Bool, Args: []*Term{a, b}}
}

// Equal returns the equality of two terms of the same sort.
func Equal(a, b *Term) *Term {
	switch {
	case a.Sort != b.Sort:
		panic(fmt.Sprintf("term: %v = %v: %v and %v", a, b, a.Sort, b.Sort))
	case a == b || a.String() == b.String():
		return True
	case a.Op == Literal && b.Op == Literal:
		return False // different literals of one sort are not equal
	}
	if a.Sort == Bool {
		switch {
		case a == True:
			return b
		case b == True:
			return a
		case a == False:
			return Neg(b)
		case b == False:
			return Neg(a)
		}
	}
	return &Term{Op: Eq, Sort: Bool, Args: []*Term{a, b}}
}

// If returns a if c holds, else b; both have the same sort.
func If(c, a, b *Term) *Term {
	switch {
	case a.Sort != b.Sort:
		panic(fmt.Sprintf("term: IF: %v and %v", a.Sort, b.Sort))
	case c == True || a == b || a.String() == b.String():
		return a
	case c == False:
		return b
	}
	return &Term{Op: Ite, Sort: a.Sort, Args: []*Term{c, a, b}}
}

// AtMost returns a <= b.
func AtMost(a, b *Term) *Term { return arithmetic(Le, Bool, a, b) }

// Sum returns a + b.
func Sum(a, b *Term) *Term { return arithmetic(Add, Int, a, b) }

// Difference returns a - b.
func Difference(a, b *Term) *Term { return arithmetic(Sub, Int, a, b) }

func arithmetic(op Op, s Sort, a, b *Term) *Term {
	if a.Sort != Int || b.Sort != Int {
		panic(fmt.Sprintf("term: %v and %v must be numbers", a, b))
	}
	return &Term{Op: op, Sort: s, Args: []*Term{a, b}}
}

// All returns the universal quantification of body.
func All(vars []*Term, body *Term) *Term { return quantify(Forall, vars, body) }

// Some returns the existential quantification of body.
func Some(vars []*Term, body *Term) *Term { return quantify(Exists, vars, body) }

func quantify(op Op, vars []*Term, body *Term) *Term {
	if body == True || body == False || len(vars) == 0 {
		return body // the quantifier binds nothing, and no sort is empty
	}
	if body.Op == op {
		vars, body = slices.Concat(vars, body.Vars), body.Args[0]
	}
	for i, v := range vars {
		if to := body.onePoint(op, v); to != nil {
			rest := slices.Delete(slices.Clone(vars), i, i+1)
			return quantify(op, rest, body.Substitute(map[string]*Term{v.Name: to}).rebuilt())
		}
	}
	return &Term{Op: op, Sort: Bool, Vars: vars, Args: []*Term{body}}
}

// onePoint returns the only value of v that matters, if the body t shows it, else nil. With op
// Exists, t is false for all other values of v; with op Forall, t is true for all of them.
func (t *Term) onePoint(op Op, v *Term) *Term {
	conjunct := t
	if op == Forall {
		if t.Op != Implies {
			return nil
		}
		conjunct = t.Args[0]
	}
	parts := []*Term{conjunct}
	if conjunct.Op == And {
		parts = conjunct.Args
	}
	for _, p := range parts {
		if p.Op != Eq {
			continue
		}
		for i, side := range p.Args {
			other := p.Args[1-i]
			if side.Op == Var && side.Name == v.Name && other.Free()[v.Name] == nil {
				return other
			}
		}
	}
	return nil
}

// rebuilt simplifies a term after a part of it was replaced.
func (t *Term) rebuilt() *Term {
	t = t.Map((*Term).rebuilt)
	switch t.Op {
	case And:
		return Conj(t.Args...)
	case Or:
		return Disj(t.Args...)
	case Not:
		return Neg(t.Args[0])
	case Implies:
		return Imply(t.Args[0], t.Args[1])
	case Eq:
		return Equal(t.Args[0], t.Args[1])
	case Ite:
		return If(t.Args[0], t.Args[1], t.Args[2])
	case Forall, Exists:
		return quantify(t.Op, t.Vars, t.Args[0])
	}
	return t
}

// One returns a value of v for which the body holds.
func One(v, body *Term) *Term {
	return &Term{Op: Choose, Sort: v.Sort, Vars: []*Term{v}, Args: []*Term{body}}
}

// End returns the least or the greatest number for which the body holds; op says which. The body
// must bound the numbers on that side, so that the number exists if the body holds for any number.
// The solver knows nothing else about it.
func End(op Op, v, body *Term) *Term {
	return &Term{Op: op, Sort: Int, Vars: []*Term{v}, Args: []*Term{body}}
}

var opNames = [...]string{And: "and", Or: "or", Not: "not", Implies: "=>", Eq: "=", Ite: "ite", Le: "<=",
	Add: "+", Sub: "-", Forall: "forall", Exists: "exists", Choose: "choose", Least: "least", Greatest: "greatest"}

// String returns the term in SMT-LIB, the solver's language. Terms with the same text are equal.
// CHOOSE, which SMT-LIB lacks, is written in the same style.
func (t *Term) String() string {
	if t.text == "" {
		t.text = t.print()
	}
	return t.text
}

func (t *Term) print() string {
	switch t.Op {
	case Var:
		return quoted(t.Name)
	case Literal:
		switch t.Sort {
		case Bool:
			return fmt.Sprint(t.Value == 1)
		case Int:
			if t.Value < 0 {
				return fmt.Sprintf("(- %d)", -t.Value)
			}
			return fmt.Sprint(t.Value)
		}
		return quoted(`"` + t.Name + `"`)
	case App:
		if len(t.Args) == 0 {
			return quoted(t.Name)
		}
		return "(" + quoted(t.Name) + texts(t.Args) + ")"
	case Forall, Exists, Choose, Least, Greatest:
		return "(" + opNames[t.Op] + " (" + declared(t.Vars) + ") " + t.Args[0].String() + ")"
	}
	return "(" + opNames[t.Op] + texts(t.Args) + ")"
}

func texts(list []*Term) string {
	var b strings.Builder
	for _, t := range list {
		b.WriteString(" " + t.String())
	}
	return b.String()
}

func declared(vars []*Term) string {
	var all []string
	for _, v := range vars {
		all = append(all, "("+quoted(v.Name)+" "+string(v.Sort)+")")
	}
	return strings.Join(all, " ")
}

// quoted returns a name as an SMT-LIB symbol.
func quoted(name string) string {
	for i, r := range name {
		plain := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || i > 0 && '0' <= r && r <= '9'
		if !plain {
			return "|" + name + "|"
		}
	}
	return name
}

// With returns a copy of the term with other arguments.
func (t *Term) With(args []*Term) *Term {
	c := *t
	c.Args, c.text = args, ""
	return &c
}

// Map applies f to the arguments. If one changed, it returns a simplified copy of the term.
func (t *Term) Map(f func(*Term) *Term) *Term {
	if len(t.Args) == 0 {
		return t
	}
	args, same := make([]*Term, len(t.Args)), true
	for i, a := range t.Args {
		args[i] = f(a)
		same = same && args[i] == a
	}
	if same {
		return t
	}
	return t.With(args)
}

// Substitute replaces each free variable whose name is a key of with, by the value of that key.
func (t *Term) Substitute(with map[string]*Term) *Term {
	switch t.Op {
	case Var:
		if to, ok := with[t.Name]; ok {
			return to
		}
		return t
	case Forall, Exists, Choose, Least, Greatest:
		for _, v := range t.Vars {
			if _, ok := with[v.Name]; ok {
				panic("term: the variable " + v.Name + " is bound twice")
			}
		}
	}
	return t.Map(func(a *Term) *Term { return a.Substitute(with) })
}

// Free returns the free variables, by name.
func (t *Term) Free() map[string]*Term {
	free := map[string]*Term{}
	t.free(map[string]int{}, free)
	return free
}

func (t *Term) free(bound map[string]int, to map[string]*Term) {
	if t.Op == Var && bound[t.Name] == 0 {
		to[t.Name] = t
	}
	for _, v := range t.Vars {
		bound[v.Name]++
	}
	for _, a := range t.Args {
		a.free(bound, to)
	}
	for _, v := range t.Vars {
		bound[v.Name]--
	}
}

// Walk visits the term and all its parts.
func (t *Term) Walk(visit func(*Term)) {
	visit(t)
	for _, a := range t.Args {
		a.Walk(visit)
	}
}

// Polar visits a condition and all its parts. It reports for each part what may happen to the
// condition if the part becomes true instead of false: with positive, the condition may become
// true, with negative, it may become false.
func (t *Term) Polar(positive bool, visit func(part *Term, positive, negative bool)) {
	t.polar(positive, !positive, visit)
}

func (t *Term) polar(positive, negative bool, visit func(*Term, bool, bool)) {
	visit(t, positive, negative)
	for i, a := range t.Args {
		switch {
		case t.Op == And || t.Op == Or || t.Op == Forall || t.Op == Exists || t.Op == Implies && i == 1 || t.Op == Ite && i > 0:
			a.polar(positive, negative, visit)
		case t.Op == Not || t.Op == Implies:
			a.polar(negative, positive, visit)
		default:
			a.polar(true, true, visit)
		}
	}
}

// Conjuncts returns the parts of a conjunction. For another term, it returns the term alone.
func (t *Term) Conjuncts() []*Term {
	if t.Op == And {
		return t.Args
	}
	return []*Term{t}
}

// Canonical returns the term with its bound variables renamed: the name is the depth of the
// binding. So terms that differ only in the names of bound variables become equal.
func (t *Term) Canonical() *Term { return t.canonical(0, map[string]*Term{}) }

func (t *Term) canonical(depth int, bound map[string]*Term) *Term {
	if t.Op == Var {
		if v := bound[t.Name]; v != nil {
			return v
		}
		return t
	}
	if len(t.Vars) == 0 {
		return t.Map(func(a *Term) *Term { return a.canonical(depth, bound) })
	}
	inner := maps.Clone(bound)
	c := *t
	c.Vars, c.text = nil, ""
	for _, v := range t.Vars {
		to := NewVar(fmt.Sprintf("x%d", depth), v.Sort)
		depth++
		inner[v.Name] = to
		c.Vars = append(c.Vars, to)
	}
	c.Args = []*Term{t.Args[0].canonical(depth, inner)}
	return &c
}
