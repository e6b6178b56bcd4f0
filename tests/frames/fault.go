package main

import (
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// fault is something that befalls one frame.
type fault struct {
	name, says string
	// channel says that the fault is for frames of a channel alone, since for others it would be another of the list.
	channel bool
	effects func(w *world) []ablytest.Effect
}

func faults() []fault {
	one := func(e ablytest.Effect) func(*world) []ablytest.Effect {
		return func(*world) []ablytest.Effect { return []ablytest.Effect{e} }
	}
	// beside lets the frame go on, and does something first.
	beside := func(f func(w *world, frame ablytest.Frame)) func(*world) []ablytest.Effect {
		return func(w *world) []ablytest.Effect {
			return []ablytest.Effect{ablytest.Call(func(frame ablytest.Frame) { f(w, frame) })}
		}
	}
	return []fault{
		{"cut-before", "the transport is cut in place of the frame", false, one(ablytest.CutBefore())},
		{"cut-after", "the transport is cut when the frame has reached its end", false, one(ablytest.CutAfter())},
		{"drop", "the frame is lost, and nothing else", false, one(ablytest.Drop())},
		{"delay", "the frame is held for longer than a request may take", false, one(ablytest.Delay(requestTimeout + 2*time.Second))},
		{"refuse", "the frame is answered with an error in its place", false, one(ablytest.Refuse(refused))},
		{"disconnect", "a DISCONNECTED in place of the frame", false, one(ablytest.Disconnect(ablytest.NewError(80003, 400, "elsewhere")))},
		{"fail-connection", "an ERROR for the connection in place of the frame", false, one(ablytest.FailConnection(ablytest.NewError(50000, 500, "internal")))},
		{"fail-channel", "an ERROR for the channel in place of its frame", true, one(ablytest.FailChannel(broken))},
		{"fail-beside", "all rooms' channels fail as the frame goes by", false, beside(func(w *world, _ ablytest.Frame) {
			w.eachChannel(func(name string) { w.server.FailChannel(name, broken) })
		})},
		{"detach-channel", "a DETACHED of the server's own in place of the channel's frame", true, one(ablytest.DetachChannel(moved))},
		{"detach-beside", "the server detaches all rooms' channels as the frame goes by", false, beside(func(w *world, _ ablytest.Frame) {
			w.eachChannel(func(name string) { w.server.DetachChannel(name, moved) })
		})},
		{"lapse", "the transport is cut, and the connection's state is gone", false, beside(func(w *world, f ablytest.Frame) {
			w.sever(f)
			_ = w.server.Forget("")
		})},
		{"outage", "the transport is cut, and no connection is taken for the rest of the scenario", false, beside(func(w *world, f ablytest.Frame) {
			w.server.RefuseConnections(nil)
			w.sever(f)
		})},
	}
}

// eachChannel calls f with the name of each room's channel to which anybody is attached.
func (w *world) eachChannel(f func(name string)) {
	for _, name := range w.server.State().AttachedChannels() {
		f(name)
	}
}

// sever cuts the transport that a frame is on.
func (w *world) sever(f ablytest.Frame) {
	for _, c := range w.server.State().Connections {
		if c.WebSocket == f.Connection {
			_ = w.server.Cut(c.ID)
		}
	}
}

// connectionFailed tells whether a client was told that its connection failed, or may have been.
func (w *world) connectionFailed(id string) bool {
	for _, f := range w.seenBy(id) {
		if f.Action == ablytest.ActionError && f.Channel == "" {
			return true
		}
	}
	return false
}

// channelFailed tells whether a client was told that a room's channel failed.
func (w *world) channelFailed(id, room string) bool {
	for _, f := range w.seenBy(id) {
		if f.Action == ablytest.ActionError && f.Channel == ablychat.ChannelName(room) {
			return true
		}
	}
	return false
}

// seenBy returns the frames to a client. Those of a socket that never was connected are anybody's.
func (w *world) seenBy(id string) (all []ablytest.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	owner := map[int]string{}
	for _, f := range w.frames {
		if f.Action == ablytest.ActionConnected && f.Message.ConnectionDetails != nil {
			owner[f.Connection] = f.Message.ConnectionDetails.ClientID
		}
	}
	for _, f := range w.frames {
		if o, known := owner[f.Connection]; f.Direction == ablytest.ServerToClient && (!known || o == id) {
			all = append(all, f.Frame)
		}
	}
	return all
}
