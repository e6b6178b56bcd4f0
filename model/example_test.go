package model_test

import (
	"fmt"

	"ablyrooms.example/model"
)

// A second release rejects a get that waits for the end of the first release, and ends with that
// release.
func ExampleState_Step() {
	var s model.State
	for _, in := range []model.Input{
		model.Get(1, "basketball-stream", "defaults"),
		model.Opened(1),
		model.Release(2, "basketball-stream"),
		model.Get(3, "basketball-stream", "defaults"),
		model.Release(4, "basketball-stream"),
		model.Released(1),
	} {
		next, outputs, err := s.Step(in)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(in, s.Explain(in), outputs)
		s = next
	}
	_, _, err := s.Step(model.Released(1))
	fmt.Println(err)

	// Output:
	// get(1, basketball-stream, defaults) [R5] [open(1)]
	// opened(1) [R17] [settle(1, room(1))]
	// release(2, basketball-stream) [R10] [release(1)]
	// get(3, basketball-stream, defaults) [R6] []
	// release(4, basketball-stream) [R9] [settle(3, releasedBefore)]
	// released(1) [R21] [settle(2, done) settle(4, done)]
	// model: released(1) is refused: the incarnation's work is none, not closing
}
