package roomsmachine

import (
	"fmt"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/chain"
)

// Bounds make the machine finite: so many calls, on so many names, with so many different options.
type Bounds struct{ Calls, Names, Options int }

// String prints the bounds as they are cited: "(4 calls, 2 names, 2 options)".
func (b Bounds) String() string {
	return fmt.Sprintf("(%d calls, %d names, %d options)", b.Calls, b.Names, b.Options)
}

var (
	names   = []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	options = []string{"x", "y", "z", "u", "v", "w", "s", "t"}
)

// Check returns an error for bounds that are out of range: up to 8 calls, 8 names and 8 options, and at least one of each.
func (b Bounds) Check() error {
	if min(b.Calls, b.Names, b.Options) < 1 || b.Calls > MaxCalls || b.Names > len(names) || b.Options > len(options) {
		return fmt.Errorf("bounds %v are out of range: 1 to 8 of each", b)
	}
	return nil
}

// Model returns the bounds as the reference model has them.
func (b Bounds) Model() model.Bounds {
	return model.Bounds{Calls: b.Calls, Names: names[:b.Names], Options: options[:b.Options]}
}

// Input is an input of both machines.
type Input struct {
	Model model.Input
	Core  fsm.RoomsInput[string]
}

// String prints the input as a line of a script.
func (in *Input) String() string { return in.Model.String() }

// base is what the machines have in common.
type base struct {
	bounds   Bounds
	alphabet []*Input
}

func newBase(b Bounds) base {
	if err := b.Check(); err != nil {
		panic(err)
	}
	m := base{bounds: b}
	for _, in := range model.Alphabet(b.Model()) {
		m.alphabet = append(m.alphabet, &Input{Model: in, Core: chain.ToCore(in)})
	}
	return m
}

// Alphabet returns every input within the bounds.
func (m base) Alphabet() []*Input { return m.alphabet }

// Action returns the kind of an input.
func (m base) Action(in *Input) string { return in.Core.Kind.String() }

// InputText prints an input as the reference model does.
func (m base) InputText(in *Input) string { return in.Model.String() }

// StateText prints a state as the reference model does.
func (m base) StateText(s *State) string { return s.Model().String() }

func nameOf(name string) uint8 { return index(names, name) }

func optionsOf(o string) uint8 { return index(options, o) }

func index(list []string, s string) uint8 {
	i := slices.Index(list, s)
	if i < 0 {
		panic(fmt.Sprintf("roomsmachine: %q is outside the bounds", s))
	}
	return uint8(i)
}

func members(s Set) (list []int) {
	for n := 1; n <= MaxCalls; n++ {
		if s.Has(n) {
			list = append(list, n)
		}
	}
	return list
}
