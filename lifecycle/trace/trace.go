// Package trace writes the steps of the core of a [lifecycle.Rooms] as lines of JSON, and reads
// them back. A line has the step's input, its outputs and the whole state afterwards.
// docs/traces.md contains the schema, and shows how to check the lines against the TLA+ spec.
package trace

import (
	"encoding/json"
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// The values of a header's fields Format and Version.
const (
	Format  = "rooms"
	Version = 1
)

// Header is the first line of a trace. A file may have several traces; each begins with a header.
type Header struct {
	Trace   string `json:"trace"`           // Format
	Version int    `json:"version"`         // Version
	Label   string `json:"label,omitempty"` // what was traced, for the reader of the file
}

// Trace has all steps of one core, from its beginning on.
type Trace struct {
	Label string
	Lines []Line
}

// Line is one step of the core. Its strings are terms of docs/rooms.md.
type Line struct {
	Seq     uint64   `json:"seq"`             // 1, 2, 3, …
	Input   Input    `json:"input"`           // what came in
	Outputs []Output `json:"outputs"`         // the step's outputs, in the core's order
	Error   string   `json:"error,omitempty"` // of the backend's work, if the input is its end
	State   State    `json:"state"`           // the whole state afterwards
}

// State is the whole state of the core: the incarnations that are not released, the calls that wait
// and for what, and the state of disposal.
type State = fsm.RoomsState[lifecycle.RoomOptions]

// Input is the input of a step. It has the fields that docs/rooms.md gives to its kind, and the
// name that it is about, if there is one.
type Input struct {
	// Get, Release, Dispose, ReleaseIf, GiveUp, Opened, OpenFailed, Released, ReleaseFailed
	Kind        string                 `json:"kind"`
	Call        fsm.Call               `json:"call,omitempty"`
	Incarnation fsm.Incarnation        `json:"incarnation,omitempty"`
	Name        string                 `json:"name,omitempty"`
	Options     *lifecycle.RoomOptions `json:"options,omitempty"` // of a Get
}

// Output is an output of a step: it settles a call, or is for the backend and about an incarnation.
type Output struct {
	Kind    string   `json:"kind"` // settle, open, release, abandon
	Call    fsm.Call `json:"call,omitempty"`
	Outcome string   `json:"outcome,omitempty"` // for settle: how the call ended
	// the incarnation that the output or its outcome is about
	Incarnation fsm.Incarnation `json:"incarnation,omitempty"`
	// for the outcome failed: the incarnations whose release failed
	Failed []fsm.Incarnation `json:"failed,omitempty"`
}

// LineOf returns the line of a step. It returns an error if the step has no state: use
// [lifecycle.WithObservedStates].
func LineOf(step lifecycle.RoomsStep) (Line, error) {
	if step.State == nil {
		return Line{}, fmt.Errorf("trace: step %d has no state; the Rooms needs the option WithObservedStates", step.Seq)
	}
	l := Line{
		Seq:     step.Seq,
		Input:   Input{Kind: step.Input.Kind.String(), Call: step.Input.Call, Incarnation: step.Input.Incarnation, Name: step.Name},
		Outputs: make([]Output, 0, len(step.Outputs)),
		State:   *step.State,
	}
	if step.Input.Kind == fsm.CallGet {
		l.Input.Options = &step.Input.Options
	}
	if step.Err != nil {
		if l.Error = step.Err.Error(); l.Error == "" {
			l.Error = "an error without a text"
		}
	}
	for _, out := range step.Outputs {
		o := Output{Kind: out.Kind.String(), Call: out.Call, Incarnation: out.Incarnation}
		if out.Kind == fsm.Settle {
			o.Outcome, o.Incarnation, o.Failed = out.Outcome.Kind.String(), out.Outcome.Incarnation, out.Outcome.Failed
		}
		l.Outputs = append(l.Outputs, o)
	}
	return l, nil
}

// Clone returns a copy that shares no memory with the original.
func (t Trace) Clone() Trace {
	data, err := json.Marshal(t)
	c := Trace{}
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		// can't happen: all its types can be written as JSON and read
		panic(fmt.Sprintf("trace: a trace that can't be copied: %v", err))
	}
	return c
}
