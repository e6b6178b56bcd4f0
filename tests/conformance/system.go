package conformance

import (
	"context"
	"errors"
	"strings"
)

// System is what the harness tries: anything that gets, releases and disposes of rooms by name. Its methods are called concurrently.
type System interface {
	// Get returns the room of a name: the *Room that [Backend.Open] returned, the very pointer. Options are tokens: two gets ask for the
	// same room when their tokens are equal, or with [Promises.EqualAfterDefaults] when they are equal by [Spelling].
	Get(ctx context.Context, name, options string) (*Room, error)
	// Release ends the room of a name.
	Release(ctx context.Context, name string) error
	// Dispose ends all rooms, for good.
	Dispose(ctx context.Context) error
}

// A System that keeps goroutines beyond Dispose has a method Close() as well, which is called when a script is over.
type closer interface{ Close() }

// Subject tells the harness how to make a System, how to read its errors, and what to hold it to.
type Subject struct {
	// New makes a fresh System that opens and releases rooms with the backend, and with nothing else. It is called once for each
	// script, inside its bubble, so that what it starts belongs there.
	New func(*Backend) System
	// Classify tells what an error of the System means. Errors that a Backend method returned, and those of contexts, need not be told;
	// they must be found in the System's error with errors.Is and errors.As. It must be pure.
	Classify func(error) Rejection
	// Promises says what the System is held to. The zero value is the least.
	Promises Promises
	// Inspect, if it is not nil, looks inside the System after each input, when nothing moves any more, and returns what is wrong.
	Inspect func(System, Step) error
}

// Rejection is what an error of a System means.
type Rejection uint8

// The rejections.
const (
	Unknown          Rejection = iota // none of those below
	DifferentOptions                  // the name has a room with other options (CHA-RC1f1)
	ReleasedBefore                    // the room was released before the get was done (CHA-RC1g4)
	Disposed                          // the system was disposed of (CHA-RC1f8)
)

// spelledOut marks options whose defaults are written out.
const spelledOut = "+defaults"

// Spelling takes the options of a [System.Get] apart, where [Promises.EqualAfterDefaults] is promised: the token, and whether the get
// writes every default out rather than leaving it away. Two gets with the same token ask for the same room.
func Spelling(options string) (token string, out bool) { return strings.CutSuffix(options, spelledOut) }

// ClassifyBy returns a [Subject.Classify] for a System whose errors are found with errors.Is: those for different options, for a room
// that was released before the get was done, and for a system that was disposed of.
func ClassifyBy(differentOptions, releasedBefore, disposed error) func(error) Rejection {
	return func(err error) Rejection {
		switch {
		case errors.Is(err, differentOptions):
			return DifferentOptions
		case errors.Is(err, releasedBefore):
			return ReleasedBefore
		case errors.Is(err, disposed):
			return Disposed
		}
		return Unknown
	}
}
