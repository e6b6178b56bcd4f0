package term

import (
	"fmt"
	"slices"
	"strings"
)

// Lifter gives names to quantified terms inside other terms, since solvers handle nested
// quantifiers badly. For example, "is there a releasing incarnation of this name?" becomes a
// predicate of the name. Two axioms define it, and assume nothing else. If the predicate holds, its
// witness, a function of the name, is such an incarnation. If there is such an incarnation, the
// predicate holds. A CHOOSE becomes the witness.
type Lifter struct {
	// Lifted has the predicates, in the order in which they were found.
	Lifted []*Lifted
	// Constants are variables that have the same value in the whole script, such as the parameters
	// of an action.
	Constants []*Term
	known     map[string]*Lifted
}

// Lifted is a predicate that stands for an existential quantification.
type Lifted struct {
	Name      string
	Params    []*Term
	Vars      []*Term // what there is
	Body      *Term   // the condition, with the variables Params and Vars
	constants []string
	end       Op // Least or Greatest, if the witness is the least or the greatest value
}

// Inside lifts every quantifier of a term.
func (l *Lifter) Inside(t *Term) *Term {
	switch t.Op {
	case Exists, Choose, Least, Greatest:
		return l.lift(t.Op, t.Vars, l.Inside(t.Args[0]))
	case Forall:
		return Neg(l.lift(Exists, t.Vars, Neg(l.Inside(t.Args[0]))))
	}
	return t.Map(l.Inside)
}

// Formula lifts the quantifiers of a formula that are inside terms. It also lifts a quantifier
// inside another one, if one is universal and the other is existential.
func (l *Lifter) Formula(t *Term) *Term {
	switch t.Op {
	case And, Or, Not, Implies, Forall, Exists:
		return t.Map(l.Formula)
	}
	return l.Inside(t)
}

// lift returns the predicate, or its witness, applied to its arguments.
func (l *Lifter) lift(op Op, vars []*Term, body *Term) *Term {
	f := &Lifted{}
	if op == Least || op == Greatest {
		f.end = op
	}
	bound := map[string]*Term{}
	for i, v := range vars {
		to := NewVar(fmt.Sprintf("w%d", i), v.Sort)
		f.Vars = append(f.Vars, to)
		bound[v.Name] = to
	}
	var args []*Term
	for _, v := range l.Constants {
		f.constants = append(f.constants, v.Name)
	}
	f.Body = f.abstract(body, bound, &args)
	key := fmt.Sprintf("%d %s | %s | %s", f.end, declared(f.Params), declared(f.Vars), f.Body)
	if old := l.known[key]; old != nil {
		f = old
	} else {
		if l.known == nil {
			l.known = map[string]*Lifted{}
		}
		f.Name = fmt.Sprintf("is%d", len(l.Lifted)+1)
		l.Lifted = append(l.Lifted, f)
		l.known[key] = f
	}
	if op != Exists {
		return Apply(f.witness(0), f.Vars[0].Sort, args...)
	}
	return Apply(f.Name, Bool, args...)
}

// abstract replaces the largest parts of a term that have no bound variables by parameters.
func (f *Lifted) abstract(t *Term, bound map[string]*Term, args *[]*Term) *Term {
	free := t.Free()
	for _, name := range f.constants {
		delete(free, name)
	}
	if len(free) == 0 {
		return t // it has the same value everywhere
	}
	has := false
	for name := range free {
		has = has || bound[name] != nil
	}
	switch {
	case !has && t.Sort != Bool:
		i := slices.IndexFunc(*args, func(a *Term) bool { return a.String() == t.String() })
		if i < 0 {
			i = len(*args)
			*args = append(*args, t)
			f.Params = append(f.Params, NewVar(fmt.Sprintf("q%d", i), t.Sort))
		}
		return f.Params[i]
	case t.Op == Var && bound[t.Name] != nil:
		return bound[t.Name]
	}
	return t.Map(func(a *Term) *Term { return f.abstract(a, bound, args) })
}

func (f *Lifted) witness(i int) string {
	if len(f.Vars) == 1 {
		return f.Name + ".witness"
	}
	return fmt.Sprintf("%s.witness%d", f.Name, i)
}

// Declare writes the declaration and the axioms of the predicate.
func (f *Lifted) Declare(b *strings.Builder) {
	var sorts []string
	var params []*Term
	for _, p := range f.Params {
		sorts = append(sorts, string(p.Sort))
		params = append(params, p)
	}
	fmt.Fprintf(b, "(declare-fun %s (%s) Bool)\n", quoted(f.Name), strings.Join(sorts, " "))
	with := map[string]*Term{}
	for i, v := range f.Vars {
		fmt.Fprintf(b, "(declare-fun %s (%s) %s)\n", quoted(f.witness(i)), strings.Join(sorts, " "), v.Sort)
		with[v.Name] = Apply(f.witness(i), v.Sort, params...)
	}
	if f.end != 0 {
		w, x := with[f.Vars[0].Name], f.Vars[0]
		order := AtMost(w, x)
		if f.end == Greatest {
			order = AtMost(x, w)
		}
		Assert(b, "", All(append(params, x), Imply(f.Body, Conj(f.Body.Substitute(with), order))))
		return
	}
	holds := Apply(f.Name, Bool, params...)
	Assert(b, "", All(params, Imply(holds, f.Body.Substitute(with))))
	Assert(b, "", All(append(params, f.Vars...), Imply(f.Body, holds)))
}

// Assert writes an assertion, with its name in a comment.
func Assert(b *strings.Builder, name string, t *Term) {
	if t == True {
		return
	}
	if name != "" {
		fmt.Fprintf(b, "; %s\n", name)
	}
	fmt.Fprintf(b, "(assert %s)\n", t.Canonical())
}

// DefineFun writes the definition of a symbol.
func DefineFun(b *strings.Builder, name string, params []*Term, s Sort, body *Term) {
	fmt.Fprintf(b, "(define-fun %s (%s) %s %s)\n", quoted(name), declared(params), s, body.Canonical())
}

// DeclareFun writes the declaration of a symbol.
func DeclareFun(b *strings.Builder, name string, args []Sort, s Sort) {
	var all []string
	for _, a := range args {
		all = append(all, string(a))
	}
	fmt.Fprintf(b, "(declare-fun %s (%s) %s)\n", quoted(name), strings.Join(all, " "), s)
}

// DeclareWords declares the sorts Word and Name, and their literals.
func DeclareWords(b *strings.Builder, words, names []string) {
	b.WriteString("(declare-datatypes ((Word 0)) ((")
	for _, w := range words {
		fmt.Fprintf(b, "(%s) ", Text(Word, w))
	}
	b.WriteString(")))\n(declare-sort Name 0)\n")
	for _, n := range names {
		fmt.Fprintf(b, "(declare-const %s Name)\n", Text(Name, n))
	}
}
