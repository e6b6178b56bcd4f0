package world

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/wire/judge"
)

// holds adds the problems that look finds. In a bubble, look is called once, since no frame is on
// its way any more. On the real clock, holds calls look again until it finds no problem or the time
// is over.
func (w *World) holds(when string, look func() []string) {
	found := look()
	w.mu.Lock()
	good := len(w.problems) == 0
	w.mu.Unlock()
	if !w.bubble && good { // after a first problem, don't wait again
		w.until(w.settle/8, func() bool { found = look(); return len(found) == 0 })
	}
	for _, what := range found {
		w.problem("%s, %s", when, what)
	}
}

// rest ends all faults, and waits until no frame is on its way any more.
func (w *World) rest() {
	w.server.ClearFaults()
	w.mu.Lock()
	w.resting = true
	w.mu.Unlock()
	w.server.AcceptConnections()
	for _, g := range w.gates {
		g.Open()
	}
	w.settleFor(w.times.rest)
	w.holds("at rest", func() (found []string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, c := range w.calls {
			if !c.settled() {
				found = append(found, fmt.Sprintf("%s has not settled after %v", c.what, w.now()-c.began))
			}
		}
		return found
	})
}

func (c *client) connected() bool {
	return c.realtime.Connection.State() == ably.ConnectionStateConnected
}

// truth compares, at rest, the status of each room with the state of its channel at the server.
func (w *World) truth() (found []string) {
	state := w.server.State()
	for _, c := range w.clients {
		connection := c.realtime.Connection.State()
		failed := !w.bubble || w.sawError(c.id, "")
		if !c.connected() && !w.closes && !(connection == ably.ConnectionStateFailed && failed) {
			found = append(found, fmt.Sprintf("%s's connection is %v", c.id, connection))
		}
		holds := map[string]bool{}
		for _, h := range c.present() {
			name := ablychat.ChannelName(h.room.Name())
			holds[name] = true
			status := h.room.Status()
			attachment, there := state.Channels[name].Attached[c.realtime.Connection.ID()]
			there = there && attachment.Live && c.connected()
			good := false
			switch status {
			case lifecycle.RoomAttached:
				good = there
			case lifecycle.RoomInitialized, lifecycle.RoomDetached:
				good = !there
			case lifecycle.RoomFailed:
				good = !there && (failed || w.sawError(c.id, name))
			}
			if err := c.recorder.Rest(h.room); err != nil {
				found = append(found, fmt.Sprintf("%s's %v", c.id, err))
			}
			if !good {
				found = append(found, fmt.Sprintf("%s's room %s is %v (%v), attached at the server: %t, and the connection %v",
					c.id, h.room.Name(), status, h.room.Error(), there, connection))
			}
		}
		// If one fault comes soon after another, a released channel may stay attached until its
		// DETACH is sent again.
		if w.bubble || w.used {
			found = append(found, w.leftovers(c, holds)...)
		}
	}
	return found
}

// leftovers returns the channels that are attached but belong to no room.
func (w *World) leftovers(c *client, holds map[string]bool) []string {
	found := c.stale(holds)
	for name, info := range w.server.State().Channels {
		// An attachment that is not live receives no messages until the client resumes it.
		if a, there := info.Attached[c.realtime.Connection.ID()]; there && a.Live && !holds[name] {
			found = append(found, fmt.Sprintf("the server still has %s attached to %s", c.id, name))
		}
	}
	return found
}

// usable checks that everything works once the faults are over: each room, and each name again.
func (w *World) usable() {
	w.used = true
	for _, c := range w.clients {
		if s := c.realtime.Connection.State(); s == ably.ConnectionStateFailed || s == ably.ConnectionStateClosed {
			c.realtime.Connect()
			w.closes = false
			if !w.reach(c, ably.ConnectionStateConnected) {
				w.problem("%s can't connect again, and is %v", c.id, c.realtime.Connection.State())
				continue
			}
			w.settleFor(2 * w.suspended)
		}
		c.named[room] = true
		if c.disposed() { // a new chat client can use the same connection
			c.open()
		}
		for _, h := range c.present() {
			c.works(h)
		}
		for _, name := range slices.Sorted(maps.Keys(c.named)) {
			w.must(c.id+" releases "+name+" after the fault", c.releasing(name))
			before := len(c.rooms())
			h := c.get(name, lifecycle.WithTypingHeartbeatThrottle(time.Second))
			if h == nil || len(c.rooms()) == before {
				w.problem("%s can't get %s again after the fault", c.id, name)
				continue
			}
			c.works(h)
			w.must(c.id+" releases "+name+" in the end", c.releasing(name))
		}
	}
}

// works checks that a room can be attached, and then receives what is published.
func (c *client) works(h *held) {
	name := h.room.Name()
	if !c.w.must(c.id+" attaches "+name+" after the fault", h.room.Attach) {
		return
	}
	text := c.w.publish(name)
	got := func() bool { return h.last() == text }
	if !got() && (c.w.bubble || !c.w.until(c.w.settle, got)) {
		c.w.problem("%s's room %s is %v, and received no message", c.id, name, h.room.Status())
	}
}

// disposed reports whether the scenario has disposed the chat client.
func (c *client) disposed() bool {
	got, err := c.chat.Rooms().Get(context.Background(), room)
	if err == nil {
		c.watch(got)
	}
	return errors.Is(err, lifecycle.ErrResourceDisposed)
}

// end disposes the clients, and checks all that was observed.
func (w *World) end(r *Result) {
	for _, c := range w.clients {
		w.must(c.id+" disposes in the end", c.chat.Dispose)
	}
	if w.bubble {
		w.settleFor(time.Minute)
	}
	for _, c := range w.clients {
		w.holds("in the end", func() []string { return w.leftovers(c, nil) })
		w.holds("in the end", c.recorder.Unreleased)
		for _, s := range c.recorder.Streams() {
			if err := s.Err(); err != nil {
				w.problem("%s's %v", c.id, err)
			}
		}
		for _, s := range c.recorder.Channels() {
			if err := s.Err(); err != nil {
				w.problem("%s's %v", c.id, err)
			}
		}
		for _, h := range c.rooms() {
			c.checkListeners(h)
		}
		w.checkTraces(c, r)
		w.close(c)
	}
	w.holds("in the end", func() (found []string) {
		for _, name := range w.server.State().AttachedChannels() {
			found = append(found, fmt.Sprintf("the server has the channel %s attached", name))
		}
		return found
	})
}

// checkTraces lets the reference model check the steps of the client's Rooms. It leaves out crowds,
// whose traces are too long to be checked quickly.
func (w *World) checkTraces(c *client, r *Result) {
	if !w.bubble || r.Plan.Scenario.Random {
		return
	}
	traces, err := c.recorder.Traces(r.Plan.String())
	for _, t := range traces {
		_, refused := judge.Lines(judge.NewNaming().Lines(t))
		err = errors.Join(err, refused)
	}
	if err != nil {
		w.problem("%s's Rooms: %v", c.id, err)
	}
	r.Traces = append(r.Traces, traces...)
}

// checkListeners compares the events that listeners received with the room's steps, and the
// messages that the room received with those that were published.
func (c *client) checkListeners(h *held) {
	s := c.recorder.Of(h.room)
	if s == nil {
		return // the room took no step
	}
	var statuses []lifecycle.RoomStatus
	losses := 0
	for _, step := range s.Steps {
		for _, out := range step.Outputs {
			switch out.Kind {
			case fsm.PublishStatus:
				statuses = append(statuses, out.Status)
			case fsm.PublishDiscontinuity:
				losses++
			}
		}
	}
	c.w.holds("in the end", func() []string {
		h.mu.Lock()
		defer h.mu.Unlock()
		if slices.Equal(h.statuses, statuses) && h.losses == losses {
			return nil
		}
		return []string{fmt.Sprintf("%s's listeners of %s received the statuses %v and %d discontinuities, expected %v and %d", c.id, h.room.Name(),
			h.statuses, h.losses, statuses, losses)}
	})
	if c.w.lossy {
		return // messages may be lost without a notice from the service
	}
	for _, problem := range continuity(s, h.messages) {
		c.w.problem("%s's %s", c.id, problem)
	}
}
