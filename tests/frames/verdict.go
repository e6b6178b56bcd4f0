package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/frames/judge"
)

// rest ends all faults, and waits until nothing is on its way any more.
func (w *world) rest() {
	w.server.ClearFaults()
	w.server.AcceptConnections()
	for _, g := range w.gates {
		g.Open()
	}
	w.settleFor(atRest)
	w.mu.Lock()
	calls := slices.Clone(w.calls)
	w.mu.Unlock()
	for _, c := range calls {
		select {
		case <-c.done:
		default:
			w.problem("%s has not settled after %v", c.what, w.now()-c.began)
		}
	}
}

// truth compares, at rest, what each room says with what its channel is to ably-go and to the server.
func (w *world) truth(when string) {
	state := w.server.State()
	for _, c := range w.clients {
		connection := c.realtime.Connection.State()
		connected := connection == ably.ConnectionStateConnected
		if !connected && !w.connects && !(connection == ably.ConnectionStateFailed && w.connectionFailed(c.id)) {
			w.problem("%s, %s's connection is %v", when, c.id, connection)
		}
		holds := map[string]bool{}
		for _, h := range c.present() {
			name := ablychat.ChannelName(h.room.Name())
			holds[name] = true
			status, real := h.room.Status(), ably.ChannelStateInitialized
			if c.realtime.Channels.Exists(name) {
				real = c.realtime.Channels.Get(name).State()
			}
			attachment, there := state.Channels[name].Attached[c.realtime.Connection.ID()]
			there = there && attachment.Live && connected
			good := false
			switch status {
			case lifecycle.StatusAttached:
				good = there && real == ably.ChannelStateAttached
			case lifecycle.StatusInitialized, lifecycle.StatusDetached:
				// Without a connection ably-go may still hold for attached what the room knows is not.
				good = !there && (!connected || real != ably.ChannelStateAttached && real != ably.ChannelStateAttaching)
			case lifecycle.StatusFailed:
				good = !there && (w.channelFailed(c.id, h.room.Name()) || w.connectionFailed(c.id))
			}
			if !good {
				w.problem("%s, %s's room %s is %v (%v) while its channel is %v, attached at the server: %t, and the connection %v",
					when, c.id, h.room.Name(), status, h.room.Error(), real, there, connection)
			}
		}
		w.leftovers(when, c, holds)
	}
}

// leftovers notes channels that belong to no room.
func (w *world) leftovers(when string, c *client, holds map[string]bool) {
	for _, ch := range c.realtime.Channels.Iterate() {
		if !holds[ch.Name] && c.realtime.Connection.State() == ably.ConnectionStateConnected {
			w.problem("%s, %s's client still has the channel %s, which is %v", when, c.id, ch.Name, ch.State())
		}
	}
	for name, info := range w.server.State().Channels {
		// One that is not live waits for the client to continue it, and nothing goes to it.
		if a, there := info.Attached[c.realtime.Connection.ID()]; there && a.Live && !holds[name] {
			w.problem("%s, the server still has %s attached to %s", when, c.id, name)
		}
	}
}

// usable shows that all works again once the fault is over: each room there is, and each name anew.
func (w *world) usable() {
	for _, c := range w.clients {
		if s := c.realtime.Connection.State(); s == ably.ConnectionStateFailed || s == ably.ConnectionStateClosed {
			c.realtime.Connect()
			w.connects = false
			if !w.reach(c, ably.ConnectionStateConnected) {
				w.problem("%s can't connect again: the connection is %v", c.id, c.realtime.Connection.State())
				continue
			}
			w.settleFor(time.Minute)
		}
		names := map[string]bool{room: true}
		if c.disposed() {
			// Another chat client can be made on the connection, and finds it as good as new.
			c.open()
			for _, h := range c.rooms() {
				names[h.room.Name()] = true
			}
		}
		for _, h := range c.present() {
			names[h.room.Name()] = true
			c.works(h)
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			w.must(c.id+" releases "+name+" after the fault", func(ctx context.Context) error { return c.chat.Rooms().Release(ctx, name) })
			before := len(c.rooms())
			h := c.get(name, lifecycle.WithTypingHeartbeatThrottle(time.Second))
			if h == nil || len(c.rooms()) == before {
				w.problem("%s can't get %s anew after the fault", c.id, name)
				continue
			}
			c.works(h)
			w.must(c.id+" releases "+name+" in the end", func(ctx context.Context) error { return c.chat.Rooms().Release(ctx, name) })
		}
	}
}

// works shows that a room can be attached, and then gets what is published.
func (c *client) works(h *held) {
	name := h.room.Name()
	if !c.w.must(c.id+" attaches "+name+" after the fault", h.room.Attach) {
		return
	}
	if text := c.w.publish(name); h.last() != text {
		c.w.problem("%s's room %s is %v, and got no message after the fault", c.id, name, h.room.Status())
	}
}

// disposed tells whether the scenario has disposed of the client.
func (c *client) disposed() bool {
	got, err := c.chat.Rooms().Get(context.Background(), room)
	if err == nil {
		c.watch(got)
	}
	return errors.Is(err, lifecycle.ResourceDisposed)
}

// end disposes of the clients, and holds all that was seen to the judges.
func (w *world) end() {
	for _, c := range w.clients {
		w.must(c.id+" disposes in the end", c.chat.Dispose)
	}
	w.settleFor(time.Minute)
	for _, c := range w.clients {
		w.leftovers("in the end", c, nil)
		streams := c.recorder.Streams()
		for _, s := range streams {
			if err := s.Check(judge.All()...); err != nil {
				w.problem("%s's %v", c.id, err)
			}
		}
		c.told(streams)
		w.close(c)
	}
	if left := w.server.State().AttachedChannels(); len(left) > 0 {
		w.problem("in the end the server has these channels attached: %v", left)
	}
}

// told compares what a room's listeners were told with its steps, and what it got with what was published.
func (c *client) told(streams []judge.Stream) {
	rooms := c.rooms()
	used := make([]bool, len(streams))
	for _, h := range rooms {
		i := c.streamOf(h, streams, used)
		if i < 0 {
			continue // nothing ever happened to it
		}
		used[i] = true
		var statuses []lifecycle.Status
		losses := 0
		for _, step := range streams[i].Steps {
			for _, out := range step.Outputs {
				switch out.Kind {
				case fsm.PublishStatus:
					statuses = append(statuses, out.Status)
				case fsm.PublishDiscontinuity:
					losses++
				}
			}
		}
		h.mu.Lock()
		var got []lifecycle.Status
		for _, change := range h.statuses {
			got = append(got, change.Current)
		}
		lost := len(h.losses)
		h.mu.Unlock()
		if !slices.Equal(got, statuses) || lost != losses {
			c.w.problem("%s's listeners of %s were told %v and %d discontinuities, expected %v and %d", c.id, h.room.Name(), got, lost, statuses, losses)
		}
		h.mu.Lock()
		messages := slices.Clone(h.messages)
		h.mu.Unlock()
		for _, problem := range continuity(streams[i], messages, c.w.lossy) {
			c.w.problem("%s's %s", c.id, problem)
		}
	}
}

// streamOf finds the stream of a room: the first of its name that is not another room's yet. Rooms of a name follow each other.
func (c *client) streamOf(h *held, streams []judge.Stream, used []bool) int {
	for i, s := range streams {
		if s.Room == h.room.Name() && !used[i] {
			return i
		}
	}
	return -1
}

// continuity returns what is wrong with the messages that a room got: that it missed some without being told, or got one twice, while it was
// attached and not detached by its user. Where the service tells less than it did, lossy, there is nothing to expect.
func continuity(s judge.Stream, messages []received, lossy bool) (problems []string) {
	if lossy {
		return nil
	}
	seen := map[string]bool{}
	for _, m := range messages {
		if m.serial != "" && seen[m.serial] {
			problems = append(problems, fmt.Sprintf("room %s got message %s twice", s.Room, m.text))
		}
		seen[m.serial] = true
	}
	last, losses := 0, 0
	begun := time.Duration(-1)
	once := false // what CHA-RL12b asks for: an attach has succeeded (CHA-RL13), and no detach since (CHA-RL14)
	for _, e := range events(s, messages) {
		switch {
		case e.begins:
			last, losses, begun, once = 0, 0, e.at, true
		case e.ends:
			once = false
		case e.at == begun: // it may have come before the attach ended
		case e.loss:
			losses++
		default:
			n, _ := strconv.Atoi(e.text)
			if once && last > 0 && n > last+1 && losses == 0 {
				problems = append(problems, fmt.Sprintf("room %s missed the messages between %d and %d, and was not told", s.Room, last, n))
			}
			if n <= last {
				problems = append(problems, fmt.Sprintf("room %s got message %d after %d", s.Room, n, last))
			}
			last, losses = max(n, last), 0
		}
	}
	return problems
}

// event is what matters for continuity.
type event struct {
	at     time.Duration
	begins bool // the end of an attach that continues from nothing
	ends   bool // the end of a detach
	loss   bool // a discontinuity
	text   string
}

// events puts what matters in the order of time; what falls together goes in the order ends and begins, loss, message.
func events(s judge.Stream, messages []received) (all []event) {
	fresh := true
	for _, step := range s.Steps {
		switch {
		case step.Input.Kind == fsm.DetachEnded && step.Input.Err == nil:
			fresh = true
			all = append(all, event{at: step.At, ends: true})
		case step.Input.Kind == fsm.AttachEnded && step.Input.Err == nil && fresh:
			fresh = false
			all = append(all, event{at: step.At, begins: true})
		}
		for _, out := range step.Outputs {
			if out.Kind == fsm.PublishDiscontinuity {
				all = append(all, event{at: step.At, loss: true})
			}
		}
	}
	for _, m := range messages {
		all = append(all, event{at: m.at, text: m.text})
	}
	slices.SortStableFunc(all, func(a, b event) int { return int(a.at - b.at) })
	return all
}
