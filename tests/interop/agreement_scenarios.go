package main

import (
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// Short names for what scenarios place faults at.
var (
	toServer = ablytest.ToServer
	toClient = ablytest.ToClient
	cutHere  = ablytest.CutBefore
)

var errPlanned = ablytest.NewError(90198, 400, "planned")

const beforeConnected = "attach before connected"

// other is room options, other than the default.
func other(change func(*lifecycle.RoomOptions)) wireOptions {
	o := lifecycle.DefaultRoomOptions()
	change(&o)
	return wireOptions{room: &o}
}

// scenarios are what both libraries do; each ends with a close of the connection. A room can't have
// new options while it is attached (setOptions), enter another member (enterClient), or enter
// before it was attached; these are left out. So is AUTH, which ably-go answers on its own.
var scenarios = []scenario{
	{name: "connect, close", run: func(t *wireTrial) { t.connected(1) }},
	{name: "attach", run: func(t *wireTrial) { t.attached() }},
	{name: beforeConnected, run: func(t *wireTrial) {
		t.at(t.connecting)
		t.start("attach")
		t.connecting.Open()
		t.connected(1)
	}},
	{name: "two attaches at once", run: func(t *wireTrial) {
		t.connected(1)
		gate := t.hold(ablytest.ActionAttached)
		t.start("attach", "attach")
		t.at(gate)
		gate.Open()
	}},
	{name: "attach twice", run: func(t *wireTrial) { t.attached(); t.do("attach") }},
	{name: "attach with other modes and params", options: other(func(o *lifecycle.RoomOptions) {
		o.Presence.EnableEvents, o.Occupancy.EnableEvents = false, true
	}), run: func(t *wireTrial) { t.attached() }},
	{name: "attach with raw reactions", options: other(func(o *lifecycle.RoomOptions) {
		o.Messages.RawMessageReactions = true
	}), run: func(t *wireTrial) { t.attached() }},
	{name: "refused attach, attach", run: func(t *wireTrial) {
		t.connected(1)
		t.answerAttach(ablytest.NewError(40160, 401, "planned"))
		t.refused("attach", nil)
		t.do("attach")
	}},
	{name: "attach answered with 80016", run: func(t *wireTrial) {
		t.connected(1)
		t.answerAttach(ablytest.NewError(80016, 400, "planned"))
		t.do("attach")
	}},
	{name: "attach that is not answered", options: wireOptions{requestTimeout: time.Second},
		run: func(t *wireTrial) {
			t.connected(1)
			t.server.Fault(toServer(ablytest.ActionAttach).Once(), ablytest.Drop())
			t.refused("attach", nil)
			t.sent(ablytest.ActionAttach, 2)
		}},

	{name: "detach", run: func(t *wireTrial) { t.attached(); t.do("detach") }},
	{name: "detach twice", run: func(t *wireTrial) { t.attached(); t.do("detach", "detach") }},
	{name: "detach, attach", run: func(t *wireTrial) { t.attached(); t.do("detach", "attach") }},
	{name: "detach before attach", run: func(t *wireTrial) { t.connected(1); t.do("detach") }},
	{name: "attach, detach at once", run: func(t *wireTrial) {
		t.connected(1)
		gate := t.hold(ablytest.ActionAttached)
		t.start("attach")
		t.at(gate)
		t.start("detach")
		gate.Open()
	}},
	{name: "detach, attach at once", run: func(t *wireTrial) {
		t.attached()
		gate := t.hold(ablytest.ActionDetached)
		t.start("detach")
		t.at(gate)
		t.start("attach")
		gate.Open()
	}},
	{name: "detach that is not answered", options: wireOptions{requestTimeout: time.Second},
		run: func(t *wireTrial) {
			t.attached()
			t.server.Fault(toServer(ablytest.ActionDetach).Once(), ablytest.Drop())
			t.start("detach")
		}},
	{name: "release", run: func(t *wireTrial) { t.attached(); t.do("release") }},
	{name: "release, attach", run: func(t *wireTrial) { t.attached(); t.do("release", "attach") }},

	{name: "publish twice", run: func(t *wireTrial) {
		t.attached()
		t.with("publish", "like")
		t.with("publish", "dislike")
	}},
	{name: "publish without attach", run: func(t *wireTrial) {
		t.connected(1)
		t.with("publish", "like")
	}},
	{name: "publish that is refused", run: func(t *wireTrial) {
		t.attached()
		t.server.Fault(toServer(ablytest.ActionMessage).Once(),
			ablytest.Refuse(ablytest.NewError(40160, 401, "planned")))
		t.refused("publish", "like")
		t.with("publish", "like")
	}},

	{name: "cut, resume", run: func(t *wireTrial) { t.attached(); t.whileCut(2, func() {}) }},
	{name: "cut, resume, one message unanswered", run: func(t *wireTrial) {
		t.attached()
		t.with("publish", "like")
		t.server.Fault(toClient(ablytest.ActionAck).Once(), cutHere())
		t.with("publish", "dislike")
		t.with("publish", "like")
	}},
	{name: "cut, state lost", run: func(t *wireTrial) { t.attached(); t.whileCut(2, t.lost) }},
	{name: "cut, state lost, one message unanswered", run: func(t *wireTrial) {
		t.attached()
		t.with("publish", "like")
		gate := t.server.Hold(toServer(ablytest.ActionConnect).Once())
		t.server.Fault(toClient(ablytest.ActionAck).Once(), cutHere())
		t.publishing("dislike", 2)
		t.at(gate)
		t.lost()
		gate.Open()
		t.connected(2)
		t.with("publish", "like")
	}},
	{name: "cut while attaching", run: func(t *wireTrial) {
		t.connected(1)
		t.server.Fault(toServer(ablytest.ActionAttach).Once(), cutHere())
		t.do("attach")
	}},
	{name: "cut while detaching", run: func(t *wireTrial) {
		t.attached()
		t.server.Fault(toServer(ablytest.ActionDetach).Once(), cutHere())
		t.do("detach")
		t.connected(2)
	}},
	{name: "detach while cut", run: func(t *wireTrial) {
		t.attached()
		t.whileCut(2, func() { t.do("detach") })
	}},
	{name: "DISCONNECTED by the server", run: func(t *wireTrial) {
		t.attached()
		t.check("disconnect", t.server.Disconnect("", ablytest.NewError(80003, 400, "planned")))
		t.connected(2)
	}},

	{name: "DETACHED by the server", run: func(t *wireTrial) {
		t.attached()
		t.server.DetachChannel(t.channel, errPlanned)
	}},
	{name: "DETACHED by the server twice", run: func(t *wireTrial) {
		t.connected(1)
		t.server.Fault(toServer(ablytest.ActionAttach).Nth(2), ablytest.DetachChannel(errPlanned))
		t.do("attach")
		t.server.DetachChannel(t.channel, errPlanned)
		t.sent(ablytest.ActionAttach, 3)
	}},
	{name: "ERROR on the channel, attach", run: func(t *wireTrial) {
		t.attached()
		t.server.FailChannel(t.channel, ablytest.NewError(90021, 400, "planned"))
		t.settle()
		t.do("attach")
	}},
	{name: "ATTACHED again, resumed", run: func(t *wireTrial) {
		t.attached()
		t.do("enter")
		t.server.UpdateChannel(t.channel, true, nil)
	}},
	{name: "ATTACHED again, not resumed", run: func(t *wireTrial) {
		t.attached()
		t.do("enter")
		t.server.UpdateChannel(t.channel, false, ablytest.NewError(80000, 400, "planned"))
		t.sent(ablytest.ActionPresence, 2)
	}},
	{name: "ATTACHED after a detach", run: func(t *wireTrial) {
		t.attached()
		t.do("detach")
		t.inject(&ablytest.ProtocolMessage{Action: ablytest.ActionAttached, Channel: t.channel})
	}},
	{name: "a late message after a detach, attach", run: func(t *wireTrial) {
		t.attached()
		t.do("detach")
		t.inject(&ablytest.ProtocolMessage{Action: ablytest.ActionMessage, Channel: t.channel,
			ChannelSerial: "late", Messages: []*ablytest.Message{{Name: "late"}}})
		t.settle()
		t.do("attach")
	}},
	{name: "a gap in ACKs, then cut", run: func(t *wireTrial) {
		t.attached()
		lost := t.server.Fault(toClient(ablytest.ActionAck).First(2), ablytest.Drop())
		t.publishing("like", 1)
		t.publishing("dislike", 2)
		t.check("lost", lost.Await(t.ctx, 2))
		serial := int64(1)
		t.inject(&ablytest.ProtocolMessage{
			Action: ablytest.ActionAck, MsgSerial: &serial, Count: 1})
		t.received(ablytest.ActionAck, 1)
		t.whileCut(2, func() {})
	}},

	{name: "enter, update, leave", run: func(t *wireTrial) {
		t.attached()
		t.with("enter", args{"mood": "good"})
		t.with("update", args{"mood": "bad", "list": []any{1, nil}})
		t.with("leave", args{"mood": "gone"})
	}},
	{name: "enter, leave without data", run: func(t *wireTrial) {
		t.attached()
		t.do("enter", "leave")
	}},
	{name: "data that is text, data that is a list", run: func(t *wireTrial) {
		t.attached()
		t.with("enter", "text")
		t.with("update", []any{"a", 1})
	}},
	{name: "leave without enter", run: func(t *wireTrial) { t.attached(); t.do("leave") }},
	{name: "enter while detached", run: func(t *wireTrial) {
		t.attached()
		t.do("detach")
		t.start("enter")
	}},
	{name: "presence with sync", run: func(t *wireTrial) {
		t.connected(1)
		t.member("bob")
		t.do("attach", "members", "enter", "members")
	}},
	{name: "presence, detach, attach", run: func(t *wireTrial) {
		t.attached()
		t.do("enter", "detach", "attach")
	}},
	{name: "presence, cut, resume", run: func(t *wireTrial) {
		t.attached()
		t.with("enter", args{"mood": "good"})
		t.whileCut(2, func() {})
	}},
	{name: "presence, cut, state lost", run: func(t *wireTrial) {
		t.attached()
		t.with("enter", args{"mood": "good"})
		t.whileCut(2, t.lost)
	}},
	{name: "presence, state lost, update, state lost", run: func(t *wireTrial) {
		t.attached()
		for _, mood := range []string{"good", "better", "best"} {
			t.with("update", args{"mood": mood})
		}
		t.whileCut(2, t.lost)
		t.sent(ablytest.ActionPresence, 4)
		t.with("update", args{"mood": "bad"})
		t.whileCut(3, t.lost)
	}},
	{name: "presence unanswered, then a message, cut, resume", run: func(t *wireTrial) {
		t.attached()
		t.server.Fault(toServer(ablytest.ActionPresence).Once(), ablytest.Drop())
		t.start("enter")
		t.sent(ablytest.ActionPresence, 1)
		t.server.Fault(toServer(ablytest.ActionMessage).Once(), cutHere())
		t.publishing("like", 1)
		t.connected(2)
	}},
}
