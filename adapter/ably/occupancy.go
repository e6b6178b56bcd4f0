package ablychat

import (
	"context"
	"iter"
	"sync/atomic"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
)

// Occupancy reports how many connections and presence members a room has (CHA-O). [Room.Occupancy]
// returns it. Methods may be called concurrently, and from within listeners.
type Occupancy struct {
	room      *Room
	latest    atomic.Pointer[OccupancyData]
	listeners listen.List[OccupancyData]
}

var occupancyEvents = events{name: "occupancy events", newest: true,
	enabled: func(o RoomOptions) bool { return o.Occupancy.EnableEvents },
	option:  "occupancy events: use ablychat.WithOccupancyEvents(true)"}

// Occupancy returns the room's [Occupancy]. It is always the same value.
func (r *Room) Occupancy() *Occupancy { return &r.occupancy }

// Get requests the room's present occupancy from the service (CHA-O3). The room need not be
// attached.
//
// Errors: errors of the service; [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is
// released, see [Room]; the context's error.
func (o *Occupancy) Get(ctx context.Context) (OccupancyData, error) {
	const operation = "get occupancy"
	a, err := o.room.do(ctx, operation,
		call{method: "GET", path: []string{"rooms", o.room.Name(), "occupancy"}})
	if err != nil {
		return OccupancyData{}, err
	}
	body, _ := a.body.(map[string]any)
	for _, name := range []string{"connections", "presenceMembers"} {
		if n, ok := body[name].(float64); !ok || n < 0 {
			return OccupancyData{}, fromREST(ctx, operation, a.unexpected("an object with the numbers connections and presenceMembers"))
		}
	}
	return chat.DecodeRESTOccupancy(body), nil
}

// Current returns the occupancy of the last event that was received, without a request. known is
// false if there was no event yet (CHA-O7).
//
// Errors: [ErrFeatureNotEnabledInRoom] if the room's options don't enable occupancy events
// (CHA-O7d), see [WithOccupancyEvents]; [ErrRoomInInvalidState] or [ErrResourceDisposed] once the
// room is released.
func (o *Occupancy) Current() (latest OccupancyData, known bool, err error) {
	if err := available(o.room, occupancyEvents, "get current occupancy"); err != nil {
		return OccupancyData{}, false, err
	}
	if p := o.latest.Load(); p != nil {
		return *p, true, nil
	}
	return OccupancyData{}, false, nil
}

// Subscribe registers a listener for changes of the occupancy (CHA-O4). It doesn't attach the room.
// At most 16 events wait for the listener, the newest: see [MaxPending].
//
// Errors: [ErrFeatureNotEnabledInRoom] if the room's options don't enable occupancy events
// (CHA-O4h), see [WithOccupancyEvents]; [ErrInvalidArgument] for a nil listener;
// [ErrRoomInInvalidState] or [ErrResourceDisposed] once the room is released.
func (o *Occupancy) Subscribe(listener func(OccupancyData)) (*Subscription, error) {
	return subscribe(o.room, &o.listeners, occupancyEvents, listener)
}

// Events is [Occupancy.Subscribe] for a loop. It also yields the errors of Subscribe. In all else
// it works like [Messages.Events].
func (o *Occupancy) Events(ctx context.Context) iter.Seq2[OccupancyData, error] {
	return sequence(ctx, o.room, &o.listeners, occupancyEvents)
}

func (o *Occupancy) receive(w chat.WireMessage) {
	latest := chat.DecodeOccupancy(w)
	o.latest.Store(&latest)
	o.listeners.Publish(latest)
}
