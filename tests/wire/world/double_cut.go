package world

import (
	"context"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// DoubleCut returns a scenario for the real clock. In one room, the given number of senders send
// reactions, type and update presence. Meanwhile the connection is cut; after it has come back, and
// a pause, it is cut again. The calls may fail, but each must return when its context ends.
func DoubleCut(senders int, pause time.Duration) Scenario {
	return Scenario{"double-cut", "the connection is cut again just after it came back, under load", true, func(w *World) {
		ada := w.connect("ada")
		h := ada.get(room)
		ada.attach(h)
		if h == nil {
			return
		}
		ctx, over := context.WithCancel(context.Background())
		defer over()
		var calls []*call
		for n := range senders {
			calls = append(calls, w.start("ada sends", func(context.Context) error {
				for i := n; ctx.Err() == nil; i++ {
					ada.sendOne(h.room, i)
				}
				return nil
			}))
		}
		w.settleFor(20 * w.moment)
		before := w.server.State().WebSockets
		w.cut()
		back, cancel := context.WithTimeout(ctx, w.settle)
		err := w.server.Await(back, func(s ablytest.State) bool { return s.WebSockets > before && s.Connected() > 0 })
		cancel()
		if err != nil {
			w.problem("the connection is not back within %v: %v", w.settle, err)
		}
		time.Sleep(pause)
		w.cut()
		w.settleFor(w.retry + 50*w.moment)
		over()
		w.finishAll(calls...)
	}}
}

// sendOne sends a reaction, types, or updates presence, depending on turn. It waits at most for the
// time of two requests.
func (c *client) sendOne(room *ablychat.Room, turn int) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 2*c.w.request, errGaveUp)
	defer cancel()
	switch turn % 3 {
	case 0:
		_ = room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "heart"})
	case 1:
		_ = room.Typing().Keystroke(ctx)
	default:
		_ = room.Presence().Update(ctx, turn)
	}
	time.Sleep(c.w.moment)
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.ops++
}

// Within plays a scenario like [Live]. It returns the result, and whether the run ended within the
// limit. A run that is deadlocked stays in the background.
func Within(limit time.Duration, s Scenario, seed uint64) (r Result, ended bool) {
	result := make(chan Result, 1)
	go func() { result <- Live(s, seed, func(*ablytest.Server) func() { return func() {} }) }()
	select {
	case r = <-result:
		return r, true
	case <-time.After(limit):
		return Result{}, false
	}
}
