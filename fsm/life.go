package fsm

import (
	"fmt"
	"sync"

	looplab "github.com/looplab/fsm"
)

// Life is the state of one incarnation of a name in [Rooms], a state of the room lifecycle machine.
type Life uint8

// The states of the room lifecycle.
const (
	// not yet opened: the backend opens it, or it waits for its predecessor (CHA-RC1f4)
	Initializing Life = iota
	Ready             // opened and in use (CHA-RC1f2)
	Releasing         // released by a call; the backend still works on it (CHA-RC1g5)
	Released          // gone; final
)

// LifeEvent is an event of the room lifecycle machine.
type LifeEvent uint8

// The events of the room lifecycle.
const (
	LifeOpened     LifeEvent = iota // the backend opened it
	LifeOpenFailed                  // the backend could not open it
	LifeRelease                     // a call releases it while the backend opens or holds it
	// a call releases it while it waits for its predecessor; the backend was not asked to open it
	// (CHA-RC1g4)
	LifeDrop
	LifeReleased // the backend has released it
)

var lifeNames = [...]string{"initializing", "ready", "releasing", "released"}

var lifeEventNames = [...]string{"opened", "openFailed", "release", "drop", "released"}

// String returns the state's name, in lower case.
func (l Life) String() string { return enumName(lifeNames[:], uint8(l)) }

// String returns the event's name.
func (e LifeEvent) String() string { return enumName(lifeEventNames[:], uint8(e)) }

// RoomLifecycle returns the room lifecycle machine, compiled once. It may be called concurrently.
func RoomLifecycle() *Table[Life, LifeEvent] { return roomLifecycle() }

var roomLifecycle = sync.OnceValue(func() *Table[Life, LifeEvent] {
	return mustCompile(Definition[Life, LifeEvent]{
		Machine:   "room lifecycle",
		States:    []Life{Initializing, Ready, Releasing, Released},
		Events:    []LifeEvent{LifeOpened, LifeOpenFailed, LifeRelease, LifeDrop, LifeReleased},
		StateName: Life.String,
		EventName: LifeEvent.String,
		Transitions: looplab.Events{
			{Name: "opened", Src: []string{"initializing"}, Dst: "ready"},
			{Name: "openFailed", Src: []string{"initializing"}, Dst: "released"},
			{Name: "drop", Src: []string{"initializing"}, Dst: "released"},
			{Name: "release", Src: []string{"initializing", "ready"}, Dst: "releasing"},
			{Name: "released", Src: []string{"releasing"}, Dst: "released"},
		},
		Final: map[Life]bool{Released: true},
	})
})

func enumName(names []string, v uint8) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown(%d)", v)
}
