// Package trace writes what the core of a [lifecycle.Rooms] does as lines of JSON, each step with
// its input, its outputs and the whole state afterwards, and reads them back. docs/traces.md has
// the schema, and tells how the lines are held against the TLA+ spec.
package trace

import (
	"encoding/json"
	"fmt"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Format and Version stand in the header of a trace.
const (
	Format  = "rooms"
	Version = 1
)

// Header is the first line of a trace. A file may have several traces; each begins with a header.
type Header struct {
	Trace   string `json:"trace"`           // Format
	Version int    `json:"version"`         // Version
	Label   string `json:"label,omitempty"` // what the trace is of; for people
}

// Trace is what one core did from its beginning on.
type Trace struct {
	Label string
	Lines []Line
}

// Line is one step of the core. The words in it are those of docs/rooms.md.
type Line struct {
	Seq     uint64   `json:"seq"`             // 1, 2, 3, …
	Input   Input    `json:"input"`           // what came in
	Outputs []Output `json:"outputs"`         // what came out, in the core's order
	Error   string   `json:"error,omitempty"` // what the backend's work ended with
	State   State    `json:"state"`           // the whole state afterwards
}

// State is the whole state of the core: what is not released, who waits for what, how far disposal
// is.
type State = fsm.RoomsState[lifecycle.RoomOptions]

// Input is what came in. Of the fields, a kind has those that docs/rooms.md gives it, and the name
// that it is about where there is one.
type Input struct {
	// Get, Release, Dispose, ReleaseIf, GiveUp, Opened, OpenFailed, Released, ReleaseFailed
	Kind        string                 `json:"kind"`
	Call        fsm.Call               `json:"call,omitempty"`
	Incarnation fsm.Incarnation        `json:"incarnation,omitempty"`
	Name        string                 `json:"name,omitempty"`
	Options     *lifecycle.RoomOptions `json:"options,omitempty"` // of a Get
}

// Output is what came out: a call is settled, or the backend is notified about an
// incarnation.
type Output struct {
	Kind    string   `json:"kind"` // settle, open, release, abandon
	Call    fsm.Call `json:"call,omitempty"`
	Outcome string   `json:"outcome,omitempty"` // of settle: how the call ended
	// the one told of, or that the outcome is about
	Incarnation fsm.Incarnation `json:"incarnation,omitempty"`
	// of the outcome failed: whose releases failed
	Failed []fsm.Incarnation `json:"failed,omitempty"`
}

// LineOf returns the line of a step. It is an error when the step has no state, which
// [lifecycle.WithObservedStates] adds.
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

// Clone returns a copy that shares nothing with the original.
func (t Trace) Clone() Trace {
	data, err := json.Marshal(t)
	c := Trace{}
	if err == nil {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		// its types have a form in JSON, both ways
		panic(fmt.Sprintf("trace: a trace that can't be copied: %v", err))
	}
	return c
}
