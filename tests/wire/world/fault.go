package world

import (
	"slices"

	"ablyrooms.example/adapter/ably/ablytest"
)

// Fault is what is done to one frame.
type Fault struct {
	Name, Says string
	channel    bool // it is for frames of a channel alone
	effect     func(w *World) ablytest.Effect
}

// Faults returns the faults that a frame can meet.
func Faults() []Fault {
	one := func(e ablytest.Effect) func(*World) ablytest.Effect {
		return func(*World) ablytest.Effect { return e }
	}
	// beside lets the frame go on, and does something first.
	beside := func(f func(w *World, frame ablytest.Frame)) func(*World) ablytest.Effect {
		return func(w *World) ablytest.Effect { return ablytest.Call(func(frame ablytest.Frame) { f(w, frame) }) }
	}
	late := virtual.request * 6 / 5
	elsewhere := ablytest.NewError(80003, 400, "elsewhere")
	internal := ablytest.NewError(50000, 500, "internal")
	return []Fault{
		{"cut-before", "the transport is cut before the frame", false, one(ablytest.CutBefore())},
		{"cut-after", "the transport is cut after the frame", false, one(ablytest.CutAfter())},
		{"drop", "the frame is lost, and nothing else", false, one(ablytest.Drop())},
		{"delay", "the frame comes later than a request may take", false, one(ablytest.Delay(late))},
		{"refuse", "the frame is answered with an error", false, one(ablytest.Refuse(refused))},
		{"disconnect", "a DISCONNECTED in place of the frame", false, one(ablytest.Disconnect(elsewhere))},
		{"fail-connection", "an ERROR for the connection", false, one(ablytest.FailConnection(internal))},
		{"fail-channel", "an ERROR for the channel", true, one(ablytest.FailChannel(broken))},
		{"fail-beside", "all rooms' channels fail as the frame goes by", false, beside(func(w *World, _ ablytest.Frame) {
			w.eachChannel(func(name string) { w.server.FailChannel(name, broken) })
		})},
		{"detach-channel", "a DETACHED in place of the frame", true, one(ablytest.DetachChannel(moved))},
		{"detach-beside", "the server detaches all rooms' channels as the frame goes by", false, beside(func(w *World, _ ablytest.Frame) {
			w.eachChannel(func(name string) { w.server.DetachChannel(name, moved) })
		})},
		{"lapse", "the transport is cut, and the connection's state is gone", false, beside(func(w *World, f ablytest.Frame) {
			w.sever(f)
			_ = w.server.Forget("")
		})},
		{"outage", "the transport is cut, and no connection is taken for the rest of the scenario", false, beside(func(w *World, f ablytest.Frame) {
			w.mu.Lock()
			over := w.resting // the frame comes late, behind one that is delayed
			w.mu.Unlock()
			if !over {
				w.server.RefuseConnections(nil)
			}
			w.sever(f)
		})},
	}
}

// eachChannel calls f with the name of each channel to which a client is attached.
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

// sawError reports whether a client received an ERROR for a channel, or for the connection when
// channel is empty. The frames of a socket that never was connected may be anybody's.
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
