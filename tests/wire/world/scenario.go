package world

import (
	"context"
	"fmt"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// Scenario is a script for clients on a server. Unless it is Random, its frames cross the wire in
// the same order in each run, so they have the same names. If a fault makes a call fail, the
// scenario continues.
type Scenario struct {
	Name, Says string
	Random     bool
	play       func(w *World)
}

const room = "lobby"

// Scenarios returns all scenarios. The command frames plays them with a fault at each frame, and
// soak with random faults. The command traces lets TLC check the steps of their Rooms.
func Scenarios() []Scenario {
	return []Scenario{
		{"get-attach-release", "a room is got, attached, used and released", false, func(w *World) {
			ada, h := w.attached()
			ada.react(h)
			w.publish(room)
			ada.release(room)
		}},
		{"two-clients", "two clients have the same room, talk, and leave one after the other", false, func(w *World) {
			ada, grace := w.connect("ada"), w.connect("grace", ably.WithUseBinaryProtocol(false))
			one := ada.get(room)
			ada.attach(one)
			two := grace.get(room, lifecycle.WithPresenceEvents(false))
			grace.attach(two)
			w.publish(room)
			ada.react(one)
			grace.react(two)
			ada.release(room)
			w.publish(room)
			grace.detach(two)
			grace.release(room)
		}},
		{"again-and-again", "a room is attached and detached, released, and got again with other options", false, func(w *World) {
			ada, h := w.attached()
			ada.detach(h)
			w.publish(room)
			ada.attach(h)
			w.publish(room)
			ada.release(room)
			h = ada.get(room, lifecycle.WithPresenceEvents(false), lifecycle.WithOccupancyEvents(true))
			ada.attach(h)
			w.publish(room)
			ada.release(room)
		}},
		{"reattach-after-loss", "the connection is lost for a short time, and resumed", false, func(w *World) {
			ada, h := w.attached()
			w.cut()
			w.publish(room)
			w.settleFor(2 * w.retry)
			w.publish(room)
			ada.detach(h)
			ada.attach(h)
			ada.release(room)
		}},
		{"reattach-after-suspension", "the connection is lost for so long that its state is lost too", false, func(w *World) {
			ada, _ := w.attached()
			w.server.RefuseConnections(nil)
			w.cut()
			w.publish(room)
			w.settleFor(w.stateTTL * 3 / 2)
			w.server.AcceptConnections()
			w.settleFor(2 * w.suspended)
			w.publish(room)
			ada.release(room)
		}},
		{"loss-while-working", "the connection is lost while a room attaches, and while another is released", false, func(w *World) {
			ada := w.connect("ada")
			one, two := ada.get(room), ada.get("other")
			ada.attach(two)
			attached := w.hold(answers(ablytest.ActionAttached, room))
			detached := w.hold(answers(ablytest.ActionDetached, "other"))
			var calls []*call
			if one != nil {
				calls = append(calls, w.start("ada attaches "+room, one.room.Attach))
			}
			calls = append(calls, w.start("ada releases other", ada.releasing("other")))
			w.cut()
			attached.Open()
			detached.Open()
			w.settleFor(2 * w.retry)
			w.finishAll(calls...)
			ada.release(room)
		}},
		{"the-server-acts", "the server detaches the channel, loses continuity, and fails the channel", false, func(w *World) {
			ada, h := w.attached()
			w.server.DetachChannel(ablychat.ChannelName(room), moved)
			w.pause()
			w.publish(room)
			w.server.UpdateChannel(ablychat.ChannelName(room), false, moved)
			w.pause()
			w.server.FailChannel(ablychat.ChannelName(room), broken)
			w.pause()
			ada.attach(h)
			w.publish(room)
			ada.release(room)
		}},
		{"calls-that-meet", "attach, detach and release wait for each other, and callers give up", false, func(w *World) {
			ada := w.connect("ada")
			h := ada.get(room)
			if h == nil {
				return
			}
			attached := w.hold(answers(ablytest.ActionAttached, room))
			ctx, giveUp := context.WithCancelCause(context.Background())
			calls := []*call{w.start("ada attaches", h.room.Attach), w.startWith(ctx, "ada attaches, to give up", h.room.Attach),
				w.start("ada detaches", h.room.Detach), w.start("ada attaches again", h.room.Attach)}
			giveUp(errGaveUp)
			w.pause()
			attached.Open()
			w.finishAll(calls...)
			detached := w.hold(answers(ablytest.ActionDetached, room))
			release := ada.releasing(room)
			calls = []*call{w.start("ada detaches", h.room.Detach), w.start("ada attaches", h.room.Attach), w.start("ada releases", release),
				w.start("ada releases too", release)}
			again := w.start("ada gets it again", func(ctx context.Context) error {
				room, err := ada.chat.Rooms().Get(ctx, room)
				if err == nil {
					ada.watch(room)
				}
				return err
			})
			detached.Open()
			w.finishAll(append(calls, again)...)
			for _, h := range ada.present() {
				ada.attach(h)
			}
			ada.release(room)
		}},
		{"closed-and-opened", "the connection is closed while a room uses it, and opened again", false, func(w *World) {
			ada, h := w.attached()
			w.close(ada)
			ada.attach(h)
			ada.realtime.Connect()
			w.reach(ada, ably.ConnectionStateConnected)
			ada.attach(h)
			w.publish(room)
			w.close(ada)
			ada.release(room)
		}},
		{"before-the-connection", "a room is attached before the client is connected", false, func(w *World) {
			w.server.RefuseConnections(nil)
			ada := w.connectLater("ada")
			h := ada.get(room)
			if h == nil {
				return
			}
			attach := w.start("ada attaches", h.room.Attach)
			w.server.AcceptConnections()
			w.settleFor(2 * w.retry)
			w.finish(attach)
			ada.attach(h)
			w.publish(room)
			ada.release(room)
		}},
		{"dispose", "a client is disposed with a room in each status, and its connection is closed", false, dispose},
		{"crowd", "many goroutines use one client at random", true, crowd},
	}
}

// attached returns a client that got and attached the room. Another client has published to the
// room.
func (w *World) attached() (*client, *held) {
	ada := w.connect("ada")
	h := ada.get(room)
	ada.attach(h)
	w.publish(room)
	return ada, h
}

// answers returns a match for the server's answers to the attaches or detaches of a room.
func answers(action ablytest.Action, room string) ablytest.Match {
	return ablytest.ToClient(action).OnChannel(ablychat.ChannelName(room))
}

var (
	moved   = ablytest.NewError(90198, 400, "moved")
	broken  = ablytest.NewError(90001, 400, "broken")
	refused = ablytest.NewError(40160, 401, "refused")
)

// dispose disposes a client that has a room in each status.
func dispose(w *World) {
	ada := w.connect("ada")
	rooms := map[lifecycle.RoomStatus]*held{}
	for status := lifecycle.RoomInitialized; status <= lifecycle.RoomReleased; status++ {
		h := ada.get(status.String())
		if h == nil {
			return
		}
		rooms[status] = h
	}
	channel := func(s lifecycle.RoomStatus) string { return ablychat.ChannelName(s.String()) }
	for _, s := range []lifecycle.RoomStatus{lifecycle.RoomAttached, lifecycle.RoomDetached, lifecycle.RoomDetaching, lifecycle.RoomFailed,
		lifecycle.RoomReleasing, lifecycle.RoomReleased} {
		ada.attach(rooms[s])
		w.publish(s.String())
	}
	ada.detach(rooms[lifecycle.RoomDetached])
	w.server.FailChannel(channel(lifecycle.RoomFailed), broken)
	w.pause()
	w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel(channel(lifecycle.RoomSuspended)), ablytest.Refuse(refused))
	ada.attach(rooms[lifecycle.RoomSuspended])
	ada.release(lifecycle.RoomReleased.String())
	gates := []*ablytest.Gate{
		w.hold(answers(ablytest.ActionAttached, lifecycle.RoomAttaching.String())),
		w.hold(answers(ablytest.ActionDetached, lifecycle.RoomDetaching.String())),
		w.hold(answers(ablytest.ActionDetached, lifecycle.RoomReleasing.String())),
	}
	calls := []*call{
		w.start("ada attaches attaching", rooms[lifecycle.RoomAttaching].room.Attach),
		w.start("ada detaches detaching", rooms[lifecycle.RoomDetaching].room.Detach),
		w.start("ada releases releasing", ada.releasing(lifecycle.RoomReleasing.String())),
	}
	for status, h := range rooms {
		if h.room.Status() != status {
			w.astray = append(w.astray, fmt.Sprintf("the room %v is %v", status, h.room.Status()))
		}
	}
	calls = append(calls, w.start("ada disposes", ada.chat.Dispose))
	for _, gate := range gates {
		gate.Open()
	}
	w.finishAll(calls...)
	w.close(ada)
}
