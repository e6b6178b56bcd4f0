package ablychat

import (
	"context"
	"iter"
	"sync/atomic"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
)

// Occupancy reports how many connections and presence members a room has (CHA-O). Methods may be
// called concurrently, and from within listeners.
type Occupancy struct {
	room      *Room
	latest    atomic.Pointer[OccupancyData]
	listeners listen.List[OccupancyData]
}

var occupancyEvents = events{name: "occupancy events", newest: true,
	enabled: func(o RoomOptions) bool { return o.Occupancy.EnableEvents },
	option:  "occupancy events: ablychat.WithOccupancyEvents(true)"}

// Occupancy returns the room's occupancy.
func (r *Room) Occupancy() *Occupancy { return &r.occupancy }

// Get asks the service for the room's occupancy at this moment (CHA-O3). The room need not be
// attached.
//
// Errors: the service's; [ErrRoomInInvalidState] and [ErrResourceDisposed], see [Room]; the
// context's.
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

// Current returns the occupancy that was received last; known is false if there was none (CHA-O7).
//
// Errors: [ErrFeatureNotEnabledInRoom] when the room was got without occupancy events (CHA-O7d);
// [ErrRoomInInvalidState]; [ErrResourceDisposed].
func (o *Occupancy) Current() (latest OccupancyData, known bool, err error) {
	if err := available(o.room, occupancyEvents, "get current occupancy"); err != nil {
		return OccupancyData{}, false, err
	}
	if p := o.latest.Load(); p != nil {
		return *p, true, nil
	}
	return OccupancyData{}, false, nil
}

// Subscribe registers a listener for changes of the occupancy (CHA-O4). It doesn't attach the
// room. While the listener is busy, the newest events wait for it: see [MaxPending].
//
// Errors: [ErrFeatureNotEnabledInRoom] when the room was got without occupancy events (CHA-O4h);
// [ErrInvalidArgument] for a nil listener; [ErrRoomInInvalidState]; [ErrResourceDisposed].
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
