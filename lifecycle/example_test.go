package lifecycle_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"ablyrooms.example/lifecycle"
)

// Stream is the resource that the backend opens. A Rooms works for any type.
type Stream struct {
	Name    string
	Options lifecycle.RoomOptions
}

// streams is the backend. It prints its calls.
type streams struct{}

func (streams) Open(_ context.Context, name string, options lifecycle.RoomOptions) (*Stream, error) {
	fmt.Println("open", name)
	return &Stream{Name: name, Options: options}, nil
}

func (streams) Release(_ context.Context, name string, _ *Stream) error {
	fmt.Println("release", name)
	return nil
}

// All callers get the same room of a name until it is released.
func ExampleRooms() {
	ctx := context.Background()
	rooms := lifecycle.NewRooms[*Stream](streams{})

	first, err := rooms.Get(ctx, "basketball-stream")
	if err != nil {
		fmt.Println(err)
		return
	}
	second, _ := rooms.Get(ctx, "basketball-stream")
	fmt.Println("the same room:", first == second)

	if err := rooms.Release(ctx, "basketball-stream"); err != nil {
		fmt.Println(err)
	}
	third, _ := rooms.Get(ctx, "basketball-stream")
	fmt.Println("the same room after a release:", first == third)

	if err := rooms.Dispose(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// open basketball-stream
	// the same room: true
	// release basketball-stream
	// open basketball-stream
	// the same room after a release: false
	// release basketball-stream
}

// Options start from the defaults. Two gets with the same resulting options get the same room.
func ExampleRooms_Get_options() {
	ctx := context.Background()
	rooms := lifecycle.NewRooms[*Stream](streams{})

	room, err := rooms.Get(ctx, "game", lifecycle.WithOccupancyEvents(true), lifecycle.WithPresenceEvents(false))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(room.Options)

	_, err = rooms.Get(ctx, "game", lifecycle.WithOccupancyEvents(false))
	fmt.Println(errors.Is(err, lifecycle.ErrRoomExistsWithDifferentOptions))
	// Output:
	// open game
	// {presence.enableEvents: false, typing.heartbeatThrottleMs: 10000, occupancy.enableEvents: true, messages.rawMessageReactions: false, messages.defaultMessageReactionType: distinct}
	// true
}

// A configuration file has the field names of Ably's documentation; a field that it doesn't name
// gets its default.
func ExampleRoomOptions_UnmarshalJSON() {
	var options lifecycle.RoomOptions
	err := json.Unmarshal([]byte(`{"typing": {"heartbeatThrottleMs": 5000}, "occupancy": {"enableEvents": true}}`), &options)
	fmt.Println(options.Typing.HeartbeatThrottle, options.Occupancy.EnableEvents, options.Presence.EnableEvents, err)

	err = json.Unmarshal([]byte(`{"typing": {"timeoutMs": 5000}}`), &options)
	fmt.Println(err)
	// Output:
	// 5s true true <nil>
	// unable to read room options; unknown field "typing.timeoutMs", expected typing.heartbeatThrottleMs (code 40003, status 400)
}

// errors.Is finds a code, and errors.As the whole error, however they are wrapped.
func ExampleErrorInfo() {
	rooms := lifecycle.NewRooms[*Stream](streams{})
	_, err := rooms.Get(context.Background(), "game", lifecycle.WithTypingHeartbeatThrottle(0))
	err = fmt.Errorf("starting up: %w", err)

	if errors.Is(err, lifecycle.ErrInvalidArgument) {
		fmt.Println("bad options")
	}
	var info *lifecycle.ErrorInfo
	if errors.As(err, &info) {
		fmt.Println(int(info.Code), info.StatusCode, info.Message)
	}
	// Output:
	// bad options
	// 40003 400 unable to create room; invalid room configuration: typing.heartbeatThrottleMs is 0s, expected more than 0
}

// An observer receives each step of the core: its input and its outputs.
func ExampleWithObserver() {
	rooms := lifecycle.NewRooms[*Stream](streams{}, lifecycle.WithObserver(func(s lifecycle.RoomsStep) {
		fmt.Println(s.Seq, s.Input.Kind, s.Name, s.Outputs)
	}))
	if err := rooms.Dispose(context.Background()); err != nil {
		fmt.Println(err)
	}
	_, err := rooms.Get(context.Background(), "game")
	fmt.Println(errors.Is(err, lifecycle.ErrResourceDisposed))
	// Output:
	// 1 Dispose  [settle(1, done)]
	// 2 Get game [settle(2, disposed)]
	// true
}
