package world

import (
	"slices"

	"ablyrooms.example/adapter/ably/ablytest"
)

// Fault is a fault that can be injected at a frame.
type Fault struct {
	Name, Says string
	channel    bool // only for frames of a channel
	effect     func(w *World) ablytest.Effect
}

// Faults returns all faults that can be injected at a frame.
func Faults() []Fault {
	one := func(e ablytest.Effect) func(*World) ablytest.Effect {
		return func(*World) ablytest.Effect { return e }
	}
	// beside returns an effect that calls f and then passes the frame on.
	beside := func(f func(w *World, frame ablytest.Frame)) func(*World) ablytest.Effect {
		return func(w *World) ablytest.Effect { return ablytest.Call(func(frame ablytest.Frame) { f(w, frame) }) }
	}
	late := virtual.request * 6 / 5
	elsewhere := ablytest.NewError(80003, 400, "elsewhere")
	internal := ablytest.NewError(50000, 500, "internal")
	return []Fault{
		{"cut-before", "the transport is cut before the frame", false, one(ablytest.CutBefore())},
		{"cut-after", "the transport is cut after the frame", false, one(ablytest.CutAfter())},
		{"drop", "the frame is lost", false, one(ablytest.Drop())},
		{"delay", "the frame is delayed for longer than a request may take", false, one(ablytest.Delay(late))},
		{"refuse", "the frame is answered with an error", false, one(ablytest.Refuse(refused))},
		{"disconnect", "a DISCONNECTED replaces the frame", false, one(ablytest.Disconnect(elsewhere))},
		{"fail-connection", "an ERROR for the connection replaces the frame", false, one(ablytest.FailConnection(internal))},
		{"fail-channel", "an ERROR for the channel replaces the frame", true, one(ablytest.FailChannel(broken))},
		{"fail-beside", "the channels of all rooms fail just before the frame", false, beside(func(w *World, _ ablytest.Frame) {
			w.eachChannel(func(name string) { w.server.FailChannel(name, broken) })
		})},
		{"detach-channel", "a DETACHED replaces the frame", true, one(ablytest.DetachChannel(moved))},
		{"detach-beside", "the server detaches the channels of all rooms just before the frame", false, beside(func(w *World, _ ablytest.Frame) {
			w.eachChannel(func(name string) { w.server.DetachChannel(name, moved) })
		})},
		{"lapse", "the transport is cut, and the connection's state is lost", false, beside(func(w *World, f ablytest.Frame) {
			w.sever(f)
			_ = w.server.Forget("")
		})},
		{"outage", "the transport is cut, and connections are refused for the rest of the scenario", false, beside(func(w *World, f ablytest.Frame) {
			w.mu.Lock()
			over := w.resting // the scenario ended while an earlier frame was delayed
			w.mu.Unlock()
			if !over {
				w.server.RefuseConnections(nil)
			}
			w.sever(f)
		})},
	}
}

// eachChannel calls f with the name of each channel that has an attached client.
func (w *World) eachChannel(f func(name string)) {
	for _, name := range w.server.State().AttachedChannels() {
		f(name)
	}
}

// sever cuts the transport that a frame is on.
func (w *World) sever(f ablytest.Frame) {
	for _, c := range w.server.State().Connections {
		if c.WebSocket == f.Connection {
			_ = w.server.Cut(c.ID)
		}
	}
}

// sawError reports whether a client may have received an ERROR for a channel, or for the connection
// if channel is "". A frame of a WebSocket that was never connected may belong to any client.
func (w *World) sawError(id, channel string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	owner := map[int]string{}
	for _, f := range w.frames {
		if f.Action == ablytest.ActionConnected && f.Message.ConnectionDetails != nil {
			owner[f.Connection] = f.Message.ConnectionDetails.ClientID
		}
	}
	return slices.ContainsFunc(w.frames, func(f frame) bool {
		of, known := owner[f.Connection]
		return f.Action == ablytest.ActionError && f.Channel == channel && f.Direction == ablytest.ServerToClient && (!known || of == id)
	})
}
