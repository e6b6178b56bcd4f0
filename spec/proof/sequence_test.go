package proof

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

const sequences1 = `
---- MODULE Lists ----
EXTENDS Naturals, Sequences, FiniteSets
CONSTANTS N
VARIABLES q, r, outs
On(s, n)   == \E i \in 1..Len(s) : s[i] = n
At(s, n)   == LET at == {i \in 1..Len(s) : s[i] = n} IN IF at = {} THEN 0 ELSE CHOOSE i \in at : \A j \in at : i <= j
Behind(s, n) == LET at == {i \in 1..Len(s) : s[i] = n} IN IF at = {} THEN 0 ELSE CHOOSE i \in at : \A j \in at : j <= i
Without(s, i) == SubSeq(s, 1, i - 1) \o SubSeq(s, i + 1, Len(s))
IsWord(o)  == o[1] \in {"word", "flag"}
Told       == <<<<"number", 7>>>> \o [i \in 1..Len(q) |-> <<"number", q[i]>>] \o <<<<"flag", Len(q) = 1>>>>
Init == q = <<>> /\ r = <<>> /\ outs = <<>>

Appended   == q' = Append(q, 9) /\ UNCHANGED r /\ outs' = <<>>
Joined     == q' = q \o r /\ UNCHANGED r /\ outs' = <<<<"word", "yes">>>>
Front      == q # <<>> /\ q' = Tail(q) /\ r' = Append(r, Head(q)) /\ outs' = <<>>
Last1      == q # <<>> /\ q' = SubSeq(q, 1, Len(q) - 1) /\ r' = <<q[Len(q)]>> /\ outs' = <<>>
First      == \E n \in 1..N : On(q, n) /\ q' = Without(q, At(q, n)) /\ r' = <<n, n>> /\ outs' = <<>>
Latest     == \E n \in 1..N : On(q, n) /\ q' = Without(q, Behind(q, n)) /\ r' = <<>> /\ outs' = <<>>
Changed    == q # <<>> /\ q' = [q EXCEPT ![1] = 5] /\ UNCHANGED r /\ outs' = <<>>
Raised     == q' = [i \in 1..Len(q) |-> q[i] + 1] /\ UNCHANGED r /\ outs' = <<>>
Same       == q = r /\ q' = <<>> /\ r' = [i \in 1..N |-> i] /\ outs' = <<>>
Longer     == q' = (IF Len(q) > 1 THEN SubSeq(q, 2, Len(q)) \o <<3>> ELSE Append(q, 1)) /\ UNCHANGED r /\ outs' = <<>>
Tells      == UNCHANGED <<q, r>> /\ outs' = (IF r = <<>> THEN Told ELSE Append(Told, IF On(r, 2) THEN <<"word", "two">> ELSE <<"none2">>))
Selected   == UNCHANGED <<q, r>> /\ outs' = SelectSeq(Told, IsWord)
Next == Appended \/ Joined \/ Front \/ Last1 \/ First \/ Latest \/ Changed \/ Raised \/ Same \/ Longer \/ Tells \/ Selected

Numbers  == {k \in 1..Len(outs') : outs'[k][1] = "number"}
LastTold == LET told == {k \in Numbers : k < Len(outs') + 1} IN IF told = {} THEN 0 ELSE LET j == CHOOSE j \in told : \A i \in told : i <= j IN outs'[j][2]
OneFlag  == [][Cardinality({k \in 1..Len(outs') : outs'[k][1] = "flag"}) = IF Len(outs') > 0 /\ outs'[1][1] # "word" THEN 1 ELSE 0]_q
Sevens   == [][Numbers # {} => outs'[1][2] = 7 /\ \A k \in Numbers : \A j \in Numbers : j < k => outs'[k][2] = q[k - 1]]_q
TellsEnd == [][LastTold = IF Numbers = {} THEN 0 ELSE IF q = <<>> THEN 7 ELSE q[Len(q)]]_q
====`

// lists computes the steps of the module above, in Go.
func lists(action string, q, r []int, visit func(q, r []int, outs string)) {
	is := func(s ...int) []int { return s }
	told := func() string {
		text := "number7 "
		for _, n := range q {
			text += fmt.Sprintf("number%d ", n)
		}
		return text + map[bool]string{true: "flag1 ", false: "flag0 "}[len(q) == 1]
	}
	switch action {
	case "Appended":
		visit(append(slices.Clone(q), 9), r, "")
	case "Joined":
		visit(slices.Concat(q, r), r, "wordyes ")
	case "Front":
		if len(q) > 0 {
			visit(q[1:], append(slices.Clone(r), q[0]), "")
		}
	case "Last1":
		if len(q) > 0 {
			visit(q[:len(q)-1], is(q[len(q)-1]), "")
		}
	case "First", "Latest":
		for n := 1; n <= 2; n++ {
			i := slices.Index(q, n)
			if i < 0 {
				continue
			}
			if action == "First" {
				visit(slices.Delete(slices.Clone(q), i, i+1), is(n, n), "")
				continue
			}
			for q[i] != n || slices.Contains(q[i+1:], n) {
				i++
			}
			visit(slices.Delete(slices.Clone(q), i, i+1), nil, "")
		}
	case "Changed":
		if len(q) > 0 {
			visit(append(is(5), q[1:]...), r, "")
		}
	case "Raised":
		var more []int
		for _, n := range q {
			more = append(more, n+1)
		}
		visit(more, r, "")
	case "Same":
		if slices.Equal(q, r) {
			visit(nil, is(1, 2), "")
		}
	case "Longer":
		if len(q) > 1 {
			visit(append(slices.Clone(q[1:]), 3), r, "")
		} else {
			visit(append(slices.Clone(q), 1), r, "")
		}
	case "Tells":
		switch {
		case len(r) == 0:
			visit(q, r, told())
		case slices.Contains(r, 2):
			visit(q, r, told()+"wordtwo ")
		default:
			visit(q, r, told()+"none2 ")
		}
	case "Selected":
		text := told()
		visit(q, r, text[strings.Index(text, "flag"):])
	}
}

func readLists(t testing.TB, change func(string) string) *System {
	t.Helper()
	m, err := tla.ReadText("Lists", func(string) (string, error) { return change(sequences1), nil })
	if err != nil {
		t.Fatal(err)
	}
	s := listSystem(m)
	if err := s.read(); err != nil {
		t.Fatal(err)
	}
	return s
}

func listSystem(m *tla.Module) *System {
	return &System{Module: m, Init: "Init", Next: "Next", Constants: []Symbol{{Name: "N", Sort: term.Int}},
		Variables: []Variable{{"q", Sequence(Plain(term.Int))}, {"r", Sequence(Plain(term.Int))}, {"outs", Rows()}}}
}

func numbersOf(w *Small, s State, name string) (all []int) {
	for i := 1; i <= w.Get(s, name+".len", 0, 0); i++ {
		all = append(all, w.Get(s, name, i, 0))
	}
	return all
}

// listDifference compares the steps from all pairs of sequences of up to three numbers with those
// that lists computes.
func listDifference(t testing.TB, s *System) string {
	w := NewSmall(s, Bounds{Constants: map[string]int{"N": 2}, Most: 7})
	var properties []func(now, next State) bool
	for _, name := range []string{"OneFlag", "Sevens", "TellsEnd"} {
		formula, err := s.Step(name)
		if err != nil {
			return err.Error()
		}
		holds, err := w.Predicate(formula)
		if err != nil {
			return err.Error()
		}
		properties = append(properties, holds)
	}
	all := steps(t, w, s.Actions)
	var short [][]int
	for _, length := range []int{0, 1, 2, 3} {
		for n := range 1 << length {
			var q []int
			for i := range length {
				q = append(q, 1+n>>i&1)
			}
			short = append(short, q)
		}
	}
	for _, q := range short {
		for _, r := range short {
			now := w.Blank()
			for name, of := range map[string][]int{"q": q, "r": r} {
				w.Set(now, name+".len", len(of), 0, 0)
				for i, n := range of {
					w.Set(now, name, n, i+1, 0)
				}
			}
			for _, by := range all {
				var want, got []string
				lists(by.Action.Name, q, r, func(q, r []int, outs string) { want = append(want, fmt.Sprint(q, r, outs)) })
				by.Each(now, func(_ []int, next State) {
					outs := ""
					for k := 1; k <= w.Get(next, "outs.len", 0, 0); k++ {
						kind := w.Word(w.Get(next, "outs.1.Word", k, 0))
						outs += kind
						switch kind {
						case "number":
							outs += fmt.Sprint(w.Get(next, "outs.2.Int", k, 0))
						case "flag":
							outs += fmt.Sprint(w.Get(next, "outs.2.Bool", k, 0))
						case "word":
							outs += w.Word(w.Get(next, "outs.2.Word", k, 0))
						}
						outs += " "
					}
					got = append(got, fmt.Sprint(numbersOf(w, next, "q"), numbersOf(w, next, "r"), outs))
					for i, holds := range properties {
						if !holds(now, next) {
							got = append(got, fmt.Sprintf("property %d fails", i+1))
						}
					}
				})
				if !slices.Equal(got, want) {
					return fmt.Sprintf("%s of %v and %v: %q, expected %q", by.Action.Name, q, r, got, want)
				}
			}
		}
	}
	return ""
}

// TestSequences compares the operators of sequences, and claims about outputs of different forms,
// with the same computations in Go.
func TestSequences(t *testing.T) {
	if d := listDifference(t, readLists(t, func(s string) string { return s })); d != "" {
		t.Error(d)
	}
}
