package term

import (
	"errors"
	"strings"
	"testing"
)

// world has one function, f(n) = n+1, and numbers up to 4.
type world struct{}

func (world) Symbol(name string) (func(a, b Value) Value, error) {
	if name != "f" {
		return nil, errors.New("no " + name)
	}
	return func(a, _ Value) Value { return a + 1 }, nil
}
func (world) Literal(Sort, string) (Value, error) { return 0, nil }
func (world) Range(Sort) (first, end Value)       { return 0, 5 }

// TestTermsAreWrittenAndComputed checks the SMT-LIB text of each term, and its value.
func TestTermsAreWrittenAndComputed(t *testing.T) {
	x, y := NewVar("x", Int), NewVar("y", Int)
	f := func(a *Term) *Term { return Apply("f", Int, a) }
	for _, c := range []struct {
		term *Term
		text string
		is   Value
	}{
		{Some([]*Term{x}, Equal(f(x), Number(3))), "(exists ((x Int)) (= (f x) 3))", 1},
		{All([]*Term{x}, AtMost(f(x), Number(4))), "(forall ((x Int)) (<= (f x) 4))", 0},
		{All([]*Term{x}, Imply(AtMost(x, Number(2)), AtMost(f(x), Number(3)))), "(forall ((x Int)) (=> (<= x 2) (<= (f x) 3)))", 1},
		{All([]*Term{x}, Some([]*Term{y}, Equal(Sum(x, y), Number(4)))), "(forall ((x Int)) (exists ((y Int)) (= (+ x y) 4)))", 1},
		{One(x, Neg(AtMost(f(x), Number(2)))), "(choose ((x Int)) (not (<= (f x) 2)))", 2},
		{If(AtMost(Number(1), Difference(Number(2), Number(2))), Number(7), f(Number(8))), "(ite (<= 1 (- 2 2)) 7 (f 8))", 9},
		{Disj(False, Conj(True, AtMost(f(Number(0)), Number(0)))), "(<= (f 0) 0)", 0},
		// A quantified variable that must be equal to one value is replaced by it.
		{Some([]*Term{x}, Conj(Equal(x, f(Number(1))), AtMost(x, Number(1)))), "(<= (f 1) 1)", 0},
		{All([]*Term{x}, Imply(Equal(f(Number(1)), x), AtMost(x, Number(2)))), "(<= (f 1) 2)", 1},
	} {
		run, err := Compile(c.term, world{})
		if err != nil {
			t.Fatal(err)
		}
		if got := run(); c.term.String() != c.text || got != c.is {
			t.Errorf("%v = %d, expected %s = %d", c.term, got, c.text, c.is)
		}
	}
	for _, wrong := range []*Term{x, Apply("g", Int)} {
		if _, err := Compile(wrong, world{}); err == nil {
			t.Errorf("%v is compiled", wrong)
		}
	}
}

// TestLiftedQuantifiersAreShared checks that quantifiers that differ only in the values they are
// about become one predicate, and that a CHOOSE becomes its witness.
func TestLiftedQuantifiersAreShared(t *testing.T) {
	a, b := Apply("a", Int), Apply("b", Int)
	p := NewVar("p", Int)
	is := func(name string, v *Term) (*Term, *Term) {
		x := NewVar(name, Int)
		return x, Equal(Apply("f", Int, x), v)
	}
	x, fx := is("x", Apply("f", Int, p))
	y, fy := is("y", p)
	var l Lifter
	first := l.Formula(Equal(If(Some([]*Term{x}, fx), a, b), a))
	second := l.Formula(Equal(One(y, fy), b))
	if len(l.Lifted) != 1 {
		t.Fatalf("%d predicates: %v and %v", len(l.Lifted), first, second)
	}
	if got := first.String() + second.String(); got != "(= (ite (is1 (f p)) a b) a)(= (|is1.witness| p) b)" {
		t.Error(got)
	}
	var text strings.Builder
	l.Lifted[0].Declare(&text)
	for _, axiom := range []string{
		"(assert (forall ((x0 Int)) (=> (is1 x0) (= (f (|is1.witness| x0)) x0))))",
		"(assert (forall ((x0 Int)) (is1 (f x0))))",
	} {
		if !strings.Contains(text.String(), axiom) {
			t.Errorf("%s is not in\n%s", axiom, text.String())
		}
	}
}
