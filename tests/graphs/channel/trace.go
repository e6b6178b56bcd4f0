package channel

import (
	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// TraceLink returns a link to the playground that shows a counterexample of Channel.tla.
func TraceLink(trace string) (string, error) {
	return graphs.Tracing[model.Channel, model.ChannelInput]{Board: playlink.Channel,
		Read: func(vars graphs.Value) (model.Channel, error) {
			n, err := Spec(1).State(vars)
			return n.State, err
		},
		Inputs: model.ChannelAlphabet(
			model.ChannelBounds{Calls: 6, Errors: 1, Serials: 2, Wire: 6},
		), Same: model.Channel.Equal,
		Kind: func(in model.ChannelInput) string { return in.Kind.String() },
		Step: func(c model.Channel, in model.ChannelInput) (model.Channel, error) {
			next, _, err := c.Step(in)
			return next, err
		}}.Link(trace)
}
