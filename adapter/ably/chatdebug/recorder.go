package chatdebug

import (
	"fmt"
	"sync"
	"time"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// kept is the number of events that are kept.
const kept = 200

// Event is something that happened to a room.
type Event struct {
	At   time.Time `json:"at"`
	Room string    `json:"room,omitempty"` // empty for an event of all rooms
	Text string    `json:"text"`
}

// callKey identifies a call: room is nil for a call of the registry of rooms, such as Get.
type callKey struct {
	room any
	call fsm.Call
}

// recorder records the last events, and the times at which waiting calls began.
type recorder struct {
	now   func() time.Time
	since time.Time

	mu     sync.Mutex
	events []Event // the last events; a ring when it is full
	next   int     // the index of the oldest event, when the ring is full
	began  map[callKey]time.Time
}

func newRecorder(now func() time.Time) *recorder {
	return &recorder{now: now, since: now(), began: map[callKey]time.Time{}}
}

// rooms records a step of the registry of rooms.
func (r *recorder) rooms(step lifecycle.RoomsStep) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, in := r.now(), step.Input
	switch in.Kind {
	case fsm.CallGet, fsm.CallRelease, fsm.CallDispose:
		r.began[callKey{nil, in.Call}] = at
		r.note(at, step.Name, fmt.Sprintf("call %d, %v, began", in.Call, in.Kind))
	case fsm.CallReleaseIf:
		r.note(at, step.Name, fmt.Sprintf("the last lease of incarnation %d was closed", in.Incarnation))
	case fsm.Opened, fsm.ReleaseDone:
		what := map[bool]string{true: "is open", false: "is released"}[in.Kind == fsm.Opened]
		r.note(at, step.Name, fmt.Sprintf("incarnation %d %s", in.Incarnation, what))
	case fsm.OpenFailed, fsm.ReleaseFailed:
		what := map[bool]string{true: "could not be opened", false: "could not be released"}[in.Kind == fsm.OpenFailed]
		r.note(at, step.Name, fmt.Sprintf("incarnation %d %s: %s", in.Incarnation, what, redacted(step.Err)))
	}
	for _, out := range step.Outputs {
		switch out.Kind {
		case fsm.Settle:
			r.ended(at, callKey{nil, out.Call}, step.Name, words(out.Outcome))
		case fsm.Open:
			r.note(at, step.Name, fmt.Sprintf("incarnation %d is being opened", out.Incarnation))
		case fsm.Release:
			r.note(at, step.Name, fmt.Sprintf("incarnation %d is being released", out.Incarnation))
		}
	}
}

// room records a step of a room.
func (r *recorder) room(step lifecycle.RoomStep) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, in := r.now(), step.Input
	switch in.Kind {
	case fsm.CallRoomAttach, fsm.CallRoomDetach:
		r.began[callKey{step.Of, in.Call}] = at
		r.note(at, step.Room, fmt.Sprintf("the room's call %d, %v, began", in.Call, in.Kind))
	case fsm.CallRoomRelease:
		r.began[callKey{step.Of, in.Call}] = at
	}
	for _, out := range step.Outputs {
		switch out.Kind {
		case fsm.SettleRoomCall:
			outcome := map[fsm.RoomOutcomeKind]string{fsm.RoomDone: "is done", fsm.RoomOperationFailed: "has failed",
				fsm.RoomInvalidState: "is not possible in this status", fsm.RoomGaveUp: "stopped waiting"}[out.Outcome.Kind]
			r.ended(at, callKey{step.Of, out.Call}, step.Room, outcome)
		case fsm.PublishStatus:
			text := fmt.Sprintf("status %v, was %v", out.Status, out.Previous)
			if out.Err != nil {
				text += ": " + redacted(out.Err)
			}
			r.note(at, step.Room, text)
		case fsm.PublishDiscontinuity:
			r.note(at, step.Room, "discontinuity: messages may have been missed")
		}
	}
}

// ended records the end of a call, if its beginning was recorded. The lock is held.
func (r *recorder) ended(at time.Time, key callKey, room, outcome string) {
	began, seen := r.began[key]
	delete(r.began, key)
	if seen {
		whose := map[bool]string{true: "call", false: "the room's call"}[key.room == nil]
		r.note(at, room, fmt.Sprintf("%s %d %s, after %v", whose, key.call, outcome, rounded(at.Sub(began))))
	}
}

// words returns the outcome of a call as text.
func words(o fsm.Outcome) string {
	switch o.Kind {
	case fsm.GotRoom:
		return fmt.Sprintf("got the room of incarnation %d", o.Incarnation)
	case fsm.Done:
		return "is done"
	case fsm.RejectedDisposed:
		return "was refused: the rooms are disposed of"
	case fsm.RejectedOptions:
		return "was refused: the room exists with different options"
	case fsm.RejectedReleased:
		return "was refused: the name was released while it waited"
	case fsm.GaveUp:
		return "stopped waiting"
	}
	return "has failed"
}

// note adds an event. If the ring is full, it replaces the oldest one. The lock is held.
func (r *recorder) note(at time.Time, room, text string) {
	e := Event{at, room, text}
	if len(r.events) < kept {
		r.events = append(r.events, e)
		return
	}
	r.events[r.next] = e
	r.next = (r.next + 1) % kept
}

// last returns the events, newest first, and the times at which waiting calls began.
func (r *recorder) last() ([]Event, map[callKey]time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := make([]Event, 0, len(r.events))
	for i := len(r.events) - 1; i >= 0; i-- {
		events = append(events, r.events[(r.next+i)%len(r.events)])
	}
	began := make(map[callKey]time.Time, len(r.began))
	for key, at := range r.began {
		began[key] = at
	}
	return events, began
}
