package lifecycle

import (
	"cmp"
	"slices"

	"ablyrooms.example/fsm"
)

// RoomsSnapshot is the state of a [Rooms] at one moment.
type RoomsSnapshot[R any] struct {
	Rooms    []IncarnationSnapshot[R] // the incarnations that are not released, by number
	Calls    []CallSnapshot           // the calls that wait, by number
	Disposal string                   // "no", "disposing" or "disposed"
}

// IncarnationSnapshot is the state of one life of a name at one moment.
type IncarnationSnapshot[R any] struct {
	Incarnation fsm.Incarnation
	Name        string
	Options     RoomOptions
	Life        string // initializing, ready or releasing
	Work        string // what the backend is doing: none, opening or closing
	Room        R      // the room that the backend opened; the zero value until then
	Opened      bool   // Room is there
}

// CallSnapshot is a call that waits.
type CallSnapshot struct {
	Call        fsm.Call
	Operation   string          // Get, Acquire, Release or Dispose
	Name        string          // empty for Dispose
	Incarnation fsm.Incarnation // the incarnation that it waits for; 0 for Dispose
}

// Snapshot returns the present state of the Rooms, for debug pages and metrics. It holds the lock
// of the Rooms for a time in proportion to the number of rooms and waiting calls.
func (r *Rooms[R]) Snapshot() RoomsSnapshot[R] {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := r.core.State()
	s := RoomsSnapshot[R]{Disposal: state.Disposal}
	waits := map[fsm.Call]fsm.Incarnation{}
	for _, inc := range state.Incarnations {
		i := IncarnationSnapshot[R]{Incarnation: inc.Incarnation, Name: inc.Name, Options: inc.Options,
			Life: inc.Life, Work: inc.Work}
		if l := r.live[inc.Incarnation]; l != nil {
			i.Room, i.Opened = l.room, inc.Life == fsm.Ready.String() || inc.Work == fsm.Closing.String()
		}
		for _, call := range inc.Waiters {
			waits[call] = inc.Incarnation
		}
		s.Rooms = append(s.Rooms, i)
	}
	for call, c := range r.calls {
		s.Calls = append(s.Calls, CallSnapshot{Call: call, Operation: c.in.Kind.String(), Name: c.in.Name,
			Incarnation: waits[call]})
	}
	slices.SortFunc(s.Calls, func(a, b CallSnapshot) int { return cmp.Compare(a.Call, b.Call) })
	return s
}

// Observe adds a function that receives each step from now on. It is like the function of
// [WithObserver], and is called after that function. It can't be removed. It is meant for debug
// pages of a running program.
func (r *Rooms[R]) Observe(observe func(RoomsStep)) {
	r.mu.Lock() // no step is being recorded meanwhile
	defer r.mu.Unlock()
	if o := r.observer.Load(); o != nil {
		o.also(observe)
		return
	}
	r.observer.Store(&observer[RoomsStep]{handle: observe, log: r.log})
}

// RoomSnapshot is the state of a [Room] at one moment.
type RoomSnapshot struct {
	Status    RoomStatus
	Error     error  // the error of the status; nil for none
	Operation string // the operation that runs and its phase: "attach: inChannel"; "" for none
	Calls     []RoomCallSnapshot
}

// RoomCallSnapshot is a call of a [Room] that waits.
type RoomCallSnapshot struct {
	Call      fsm.Call
	Operation string // attach, detach or release
	Running   bool   // its operation runs; if false, it waits in the queue
}

// Snapshot returns the present state of the room. Unlike [Room.Status], it takes the room's lock.
func (r *Room) Snapshot() RoomSnapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	var state fsm.RoomState[*ErrorInfo]
	r.core.StateInto(&state)
	s := RoomSnapshot{Status: state.Status, Error: asError(state.Err)}
	if state.Operation != fsm.NoOperation {
		s.Operation = state.Operation.String() + ": " + state.Phase.String()
		if state.Caller != 0 {
			s.Calls = append(s.Calls, RoomCallSnapshot{state.Caller, state.Operation.String(), true})
		}
	}
	for _, w := range state.Waiting {
		if w.Caller != 0 {
			s.Calls = append(s.Calls, RoomCallSnapshot{w.Caller, w.Operation.String(), false})
		}
	}
	return s
}

// Observe sets the function that receives each step of the room's core from now on, as
// [RoomConfig.Observe] does. It does nothing if the room already has such a function. The parameter
// of is the value of the steps' field Of; if it is nil, the steps have the Room.
func (r *Room) Observe(of any, observe func(RoomStep)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.watch.Load(); w != nil {
		w.observe.CompareAndSwap(nil, &observe)
		return
	}
	r.watch.Store(newWatch(r, RoomConfig{Observe: observe, Of: of}))
}
