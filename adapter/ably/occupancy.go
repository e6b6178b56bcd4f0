package ablychat

import (
	"context"
	"iter"
	"sync/atomic"

	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle/listen"
)

// Occupancy says how many are in a room (CHA-O). Methods may be called concurrently, and from within listeners.
type Occupancy struct {
	room      *Room
	latest    atomic.Pointer[chat.Occupancy]
	listeners listen.List[chat.Occupancy]
}

// Occupancy returns the room's occupancy.
func (r *Room) Occupancy() *Occupancy { return &r.occupancy }

// Get asks the service how many are in the room at this moment (CHA-O3). The room need not be attached.
//
// Errors: the service's; the context's cause; see [Client] for clients that have no REST client.
func (o *Occupancy) Get(ctx context.Context) (chat.Occupancy, error) {
	const operation = "get occupancy"
	a, err := o.room.client.rest.do(ctx, operation,
		call{method: "GET", path: []string{"rooms", o.room.Name(), "occupancy"}})
	if err != nil {
		return chat.Occupancy{}, err
	}
	body, _ := a.body.(map[string]any)
	for _, name := range []string{"connections", "presenceMembers"} {
		if n, ok := body[name].(float64); !ok || n < 0 {
			return chat.Occupancy{}, fromREST(ctx, operation, a.unexpected("an object with the numbers connections and presenceMembers"))
		}
	}
	return chat.DecodeRESTOccupancy(body), nil
}

const occupancyOption = "occupancy events: lifecycle.WithOccupancyEvents(true)"

// Current returns what was last received; false before the first time (CHA-O7).
//
// Errors: [lifecycle.FeatureNotEnabledInRoom] when the room was got without occupancy events (CHA-O7d).
func (o *Occupancy) Current() (latest chat.Occupancy, known bool, err error) {
	if !o.room.Options().Occupancy.EnableEvents {
		return chat.Occupancy{}, false, disabled("get current occupancy", occupancyOption)
	}
	if p := o.latest.Load(); p != nil {
		return *p, true, nil
	}
	return chat.Occupancy{}, false, nil
}

// Subscribe registers a listener for changes of the occupancy and returns what removes it (CHA-O4). It attaches nothing. At most [MaxPending] may
// wait for it.
//
// Errors: [lifecycle.FeatureNotEnabledInRoom] when the room was got without occupancy events (CHA-O4h).
func (o *Occupancy) Subscribe(listener func(chat.Occupancy)) (off func(), err error) {
	if !o.room.Options().Occupancy.EnableEvents {
		return nil, disabled("subscribe to occupancy", occupancyOption)
	}
	return o.listeners.Add(listener, o.room.listening()), nil
}

// Events is [Occupancy.Subscribe] for those who range: every change from the call on, until the context ends, the loop is left or the room is
// released. A [listen.OverflowError] tells of what was lost.
//
// Errors: those of [Occupancy.Subscribe].
func (o *Occupancy) Events(ctx context.Context) (iter.Seq2[chat.Occupancy, error], error) {
	if !o.room.Options().Occupancy.EnableEvents {
		return nil, disabled("subscribe to occupancy", occupancyOption)
	}
	return o.listeners.Events(ctx, o.room.listening()), nil
}

func (o *Occupancy) receive(w chat.WireMessage) {
	latest := chat.DecodeOccupancy(w)
	o.latest.Store(&latest)
	o.listeners.Publish(latest)
}
