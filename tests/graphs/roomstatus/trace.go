package roomstatus

import (
	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// TraceLink returns a link to the playground that shows a counterexample of RoomStatus.tla.
func TraceLink(trace string) (string, error) {
	return graphs.Tracing[model.RoomState, model.RoomInput]{Board: playlink.Room,
		Read: func(vars graphs.Value) (model.RoomState, error) {
			n, err := Spec.State(vars)
			return n.State, err
		},
		Inputs: model.RoomAlphabet(
			model.RoomBounds{Calls: 6, Errors: 2},
		), Same: model.RoomState.Equal,
		Kind: func(in model.RoomInput) string { return in.Kind.String() },
		Step: func(s model.RoomState, in model.RoomInput) (model.RoomState, error) {
			next, _, err := s.Step(in)
			return next, err
		}}.Link(trace)
}
