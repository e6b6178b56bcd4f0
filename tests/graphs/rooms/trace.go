package rooms

import (
	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// traced are bounds that are large enough for every counterexample.
var traced = Bounds{Calls: 6, Names: 2, Options: 2, Conditional: true}

// TraceLink returns a link to the playground that shows a counterexample of Rooms.tla.
func TraceLink(trace string) (string, error) {
	return graphs.Tracing[model.State, model.Input]{
		Board:  playlink.Rooms,
		Read:   Spec{}.State,
		Inputs: model.Alphabet(traced.Model()),
		Kind:   func(in model.Input) string { return in.Kind.String() },
		Same:   model.State.Equal,
		Guess:  inputOf,
		Step: func(s model.State, in model.Input) (model.State, error) {
			next, _, err := s.Step(in)
			return next, err
		},
	}.Link(
		trace,
	)
}

// LeasesTraceLink returns a link to the playground that shows a counterexample of Leases.tla.
func LeasesTraceLink(trace string) (string, error) {
	return graphs.Tracing[model.Leases, model.Input]{
		Board:  playlink.Rooms,
		Read:   LeasesSpec{}.State,
		Inputs: model.LeasesAlphabet(traced.Model()),
		Same:   model.Leases.Equal,
		Kind:   func(in model.Input) string { return in.Kind.String() },
		Step: func(l model.Leases, in model.Input) (model.Leases, error) {
			next, _, err := l.Step(in)
			return next, err
		},
	}.Link(
		trace,
	)
}
