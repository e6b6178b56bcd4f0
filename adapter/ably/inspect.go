package ablychat

import (
	"slices"
	"sync"
	"sync/atomic"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Snapshot is what a [Client] has at one moment, for debug pages and metrics. It has names,
// options, statuses and errors; no message, no key and no token.
type Snapshot struct {
	Connection      ConnectionStatus
	ConnectionError error  // nil for none
	Disposal        string // of the rooms: "no", "disposing" or "disposed"
	Rooms           []RoomSnapshot
	Calls           []lifecycle.CallSnapshot // of Rooms, those that wait
}

// RoomSnapshot is one life of a room's name at one moment: a room that is being released and its
// successor are two.
type RoomSnapshot struct {
	Incarnation uint64 // counts the rooms of the client, from 1
	Name        string
	Room        *Room  // nil before it is opened
	Life        string // initializing, ready or releasing
	Options     RoomOptions
	lifecycle.RoomSnapshot
}

// Snapshot returns what the client has now. It costs time in proportion to the number of rooms.
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

// Observe adds what receives each step of the state machines of the client's rooms from now on, as
// [WithObserver] does from the beginning. It stays for the client's life. It is for debug pages
// that are added to a program that runs; States has no effect. Nil functions receive nothing.
func (c *Client) Observe(o lifecycle.Observer) {
	rooms := c.rooms.rooms
	if o.Rooms != nil {
		rooms.Observe(o.Rooms)
	}
	if o.Room == nil {
		return
	}
	c.observers.add(o.Room) // from here on, rooms are made with the observers
	var mu sync.Mutex
	mu.Lock()
	defer mu.Unlock()
	opening := map[fsm.Incarnation]bool{} // those whose room may have been made before that
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

// observers receive the steps of all rooms.
type observers struct {
	mu  sync.Mutex // of add
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

// handler returns what a room is made with: nil without an observer.
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

// join has the rooms that are open observed that are not.
func (o *observers) join(rooms lifecycle.RoomsSnapshot[*Room]) {
	for _, inc := range rooms.Rooms {
		if inc.Opened {
			inc.Room.core.Observe(inc.Room, o.handle)
		}
	}
}
