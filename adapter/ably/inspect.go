package ablychat

import (
	"slices"
	"sync"
	"sync/atomic"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Snapshot describes a [Client] at one moment, for debug pages and metrics. It contains names,
// options, statuses and errors, but no message, no key and no token.
type Snapshot struct {
	Connection      ConnectionStatus
	ConnectionError error  // the error of the connection's status, or nil
	Disposal        string // whether the rooms are disposed of: "no", "disposing" or "disposed"
	Rooms           []RoomSnapshot
	Calls           []lifecycle.CallSnapshot // the calls on Rooms that wait
}

// RoomSnapshot describes one incarnation of a room's name at one moment. A room that is being
// released and the room that follows it under the same name are two incarnations.
type RoomSnapshot struct {
	Incarnation uint64 // the number of the incarnation among all of the client, from 1
	Name        string
	Room        *Room  // nil until the room is opened
	Life        string // "initializing", "ready" or "releasing"
	Options     RoomOptions
	lifecycle.RoomSnapshot
}

// Snapshot returns the present state of the client. Its cost is proportional to the number of
// rooms.
func (c *Client) Snapshot() Snapshot {
	rooms := c.rooms.rooms.Snapshot()
	s := Snapshot{Connection: c.connection.Status(), ConnectionError: c.connection.Error(),
		Disposal: rooms.Disposal, Calls: rooms.Calls}
	for _, inc := range rooms.Rooms {
		room := RoomSnapshot{Incarnation: uint64(inc.Incarnation), Name: inc.Name, Life: inc.Life, Options: inc.Options}
		if inc.Opened {
			room.Room = inc.Room
			room.RoomSnapshot = inc.Room.core.Snapshot()
		}
		s.Rooms = append(s.Rooms, room)
	}
	return s
}

// Observe adds an observer, which receives each step of the state machines of the client's rooms
// from now on. [WithObserver] does the same from the beginning. An observer can't be removed.
// Observe lets a debug page be added to a running program. o.States has no effect, and nil
// functions receive nothing.
func (c *Client) Observe(o lifecycle.Observer) {
	rooms := c.rooms.rooms
	if o.Rooms != nil {
		rooms.Observe(o.Rooms)
	}
	if o.Room == nil {
		return
	}
	c.observers.add(o.Room) // rooms that are made after this have the observers
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	// incarnations whose room may have been made before the observer was added
	opening := map[fsm.Incarnation]bool{}
	rooms.Observe(func(step lifecycle.RoomsStep) {
		mu.Lock()
		defer mu.Unlock()
		if step.Input.Kind == fsm.Opened && opening[step.Input.Incarnation] {
			c.observers.join(rooms.Snapshot())
			delete(opening, step.Input.Incarnation)
		}
	})
	now := rooms.Snapshot()
	c.observers.join(now)
	for _, inc := range now.Rooms {
		if !inc.Opened {
			opening[inc.Incarnation] = true
		}
	}
}

// observers holds the functions that receive the steps of all rooms.
type observers struct {
	mu  sync.Mutex // held by add
	all atomic.Pointer[[]func(lifecycle.RoomStep)]
}

func (o *observers) add(observe func(lifecycle.RoomStep)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []func(lifecycle.RoomStep)
	if before := o.all.Load(); before != nil {
		all = slices.Clone(*before)
	}
	all = append(all, observe)
	o.all.Store(&all)
}

// handler returns the function that a new room reports its steps to, or nil if there is no
// observer.
func (o *observers) handler() func(lifecycle.RoomStep) {
	if o.all.Load() == nil {
		return nil
	}
	return o.handle
}

func (o *observers) handle(step lifecycle.RoomStep) {
	for _, observe := range *o.all.Load() {
		observe(step)
	}
}

// join makes every open room report its steps, unless the room does so already.
func (o *observers) join(rooms lifecycle.RoomsSnapshot[*Room]) {
	for _, inc := range rooms.Rooms {
		if inc.Opened {
			inc.Room.core.Observe(inc.Room, o.handle)
		}
	}
}
