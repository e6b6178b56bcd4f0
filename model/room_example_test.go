package model_test

import (
	"fmt"

	"ablyrooms.example/model"
)

// A release waits for the attach that runs. Then it goes before a detach that was called earlier,
// which finds the room released.
func ExampleRoomState_Step() {
	var s model.RoomState
	for _, in := range []model.RoomInput{
		model.RoomAttach(1),
		model.RoomDetach(2),
		model.RoomRelease(3),
		model.ChannelTurned(model.ChannelAttached, 0),
		model.AttachEnded(0),
		model.DetachEnded(0),
		model.GiveBackEnded(0),
	} {
		next, outputs, err := s.Step(in)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(in, s.Explain(in), outputs)
		s = next
	}
	_, _, err := s.Step(model.GiveBackEnded(0))
	fmt.Println(err)

	// Output:
	// attach(1) [S1 S3 S4 S8 S9] [status(initialized, attaching, 0) attachChannel]
	// detach(2) [S3] []
	// release(3) [S3] []
	// event(attached, 0) [S28] []
	// attachEnded(0) [S1 S4 S5 S16 S17 S21 S24] [status(attaching, attached, 0) settle(1, done) status(attached, releasing, 0) detachChannel]
	// detachEnded(0) [S1 S25 S26] [status(releasing, released, 0) giveBackChannel]
	// giveBackEnded(0) [S4 S5 S11 S27] [settle(3, done) settle(2, invalidState(released))]
	// model: giveBackEnded(0) is refused: the phase is idle
}
