package main

import (
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// unanswered is how long a client waits for an answer that never comes. Every other answer must
// come within this time.
const unanswered = 2 * time.Second

// planned is the reason in frames that the relay sends in place of the server.
var planned = fields{"error": failure(90198, 400)}

// other returns options with changed room options.
func other(change func(*lifecycle.RoomOptions)) wireOptions {
	o := lifecycle.DefaultRoomOptions()
	change(&o)
	return wireOptions{room: &o}
}

// scenarios are run with both libraries. Each ends by closing the connection. Some things that a
// channel can do are left out, since a room can't do them: to get new options while it is attached
// (setOptions), to enter another member (enterClient), and to enter before it was attached. AUTH is
// left out too, since ably-go answers it by itself.
var scenarios = []scenario{
	{name: "connect, close", run: func(t *wireTrial) { t.connected(1) }},
	{name: "attach", run: func(t *wireTrial) { t.attached() }},
	{name: "attach before connected", before: func(t *wireTrial) {
		t.connecting = t.hold(ablytest.ActionConnected)
	}, run: func(t *wireTrial) {
		t.at(t.connecting)
		t.start("attach")
		t.connecting.open()
		t.connected(1)
	}},
	{name: "two attaches at once", run: func(t *wireTrial) {
		t.connected(1)
		gate := t.hold(ablytest.ActionAttached)
		t.start("attach", "attach")
		t.at(gate)
		gate.open()
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
		t.answerAttach(40160, 401)
		t.refused("attach", nil)
		t.do("attach")
	}},
	{name: "attach answered with 80016", run: func(t *wireTrial) {
		t.connected(1)
		t.answerAttach(80016, 400)
		t.do("attach")
	}},
	{name: "attach that is not answered",
		options: wireOptions{requestTimeout: unanswered, soonAgain: true}, run: func(t *wireTrial) {
			t.connected(1)
			t.first(fromClient(ablytest.ActionAttach), drop())
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
		gate.open()
	}},
	{name: "detach, attach at once", run: func(t *wireTrial) {
		t.attached()
		gate := t.hold(ablytest.ActionDetached)
		t.start("detach")
		t.at(gate)
		t.start("attach")
		gate.open()
	}},
	{name: "detach that is not answered", options: wireOptions{requestTimeout: unanswered},
		run: func(t *wireTrial) {
			t.attached()
			t.first(fromClient(ablytest.ActionDetach), drop())
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
		t.first(fromServer(ablytest.ActionAck), refuse(failure(40160, 401)))
		t.refused("publish", "like")
		t.with("publish", "like")
	}},

	{name: "cut, resume", run: func(t *wireTrial) { t.attached(); t.whileCut(2, func() {}) }},
	{name: "cut, resume, one message unanswered", run: func(t *wireTrial) {
		t.attached()
		t.with("publish", "like")
		t.first(fromServer(ablytest.ActionAck), cutBefore())
		t.with("publish", "dislike")
		t.with("publish", "like")
	}},
	{name: "cut, state lost", run: func(t *wireTrial) { t.attached(); t.whileCut(2, t.lost) }},
	{name: "cut, state lost, one message unanswered", run: func(t *wireTrial) {
		t.attached()
		t.with("publish", "like")
		gate := t.relay.hold(fromClient(ablytest.ActionConnect))
		t.first(fromServer(ablytest.ActionAck), cutBefore())
		t.publishing("dislike", 2)
		t.at(gate)
		t.lost()
		gate.open()
		t.reconnected(2)
		t.with("publish", "like")
	}},
	{name: "cut while attaching", run: func(t *wireTrial) {
		t.connected(1)
		t.first(fromClient(ablytest.ActionAttach), cutBefore())
		t.do("attach")
	}},
	{name: "cut while detaching", run: func(t *wireTrial) {
		t.attached()
		t.first(fromClient(ablytest.ActionDetach), cutBefore())
		t.do("detach")
		t.reconnected(2)
	}},
	{name: "detach while cut", run: func(t *wireTrial) {
		t.attached()
		t.whileCut(2, func() { t.do("detach") })
	}},
	{name: "DISCONNECTED by the server", run: func(t *wireTrial) {
		t.attached()
		t.check("DISCONNECTED", t.relay.disconnect(failure(80003, 400)))
		t.reconnected(2)
	}},

	{name: "DETACHED by the server", run: func(t *wireTrial) {
		t.attached()
		t.inject(ablytest.ActionDetached, planned)
	}},
	{name: "DETACHED by the server twice", options: wireOptions{soonAgain: true},
		run: func(t *wireTrial) {
			t.connected(1)
			t.relay.fault(fromClient(ablytest.ActionAttach), 2, 1,
				answer(t.relay.onChannel(ablytest.ActionDetached, planned)))
			t.do("attach")
			t.inject(ablytest.ActionDetached, planned)
			t.sent(ablytest.ActionAttach, 3)
		}},
	{name: "ERROR on the channel, attach", run: func(t *wireTrial) {
		t.attached()
		t.inject(ablytest.ActionError, fields{"error": failure(90021, 400)})
		t.settle()
		t.do("attach")
	}},
	{name: "ATTACHED again, resumed", run: func(t *wireTrial) {
		t.attached()
		t.do("enter")
		t.attachedAgain(true, nil)
	}},
	{name: "ATTACHED again, not resumed", run: func(t *wireTrial) {
		t.attached()
		t.do("enter")
		t.attachedAgain(false, fields{"error": failure(80000, 400)})
		t.sent(ablytest.ActionPresence, 2)
	}},
	{name: "ATTACHED after a detach", run: func(t *wireTrial) {
		t.attached()
		t.do("detach")
		t.inject(ablytest.ActionAttached, nil)
	}},
	{name: "a late message after a detach, attach", run: func(t *wireTrial) {
		t.attached()
		t.do("detach")
		t.inject(ablytest.ActionMessage, fields{"channelSerial": "late",
			"messages": []any{fields{"name": "late"}}})
		t.settle()
		t.do("attach")
	}},
	{name: "a gap in ACKs, then cut", run: func(t *wireTrial) {
		t.attached()
		lost := t.relay.fault(fromServer(ablytest.ActionAck), 1, 2, drop())
		t.publishing("like", 1)
		t.publishing("dislike", 2)
		t.check("lost", t.relay.hit(t.ctx, lost, 2))
		t.received(ablytest.ActionMessage, 2)
		t.check("ACK", t.relay.inject(fields{"action": int64(ablytest.ActionAck),
			"msgSerial": int64(1), "count": int64(1)}))
		t.cutNow(2, func() {})
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
		t.received(ablytest.ActionPresence, 3)
		t.cutNow(2, t.lost)
		t.received(ablytest.ActionPresence, 4)
		t.with("update", args{"mood": "bad"}) // the serial must not be higher than the last one's
		t.received(ablytest.ActionPresence, 5)
		t.cutNow(3, t.lost)
	}},
	{name: "presence unanswered, then a message, cut, resume", run: func(t *wireTrial) {
		t.attached()
		t.first(fromClient(ablytest.ActionPresence), drop())
		t.start("enter")
		t.sent(ablytest.ActionPresence, 1)
		t.first(fromClient(ablytest.ActionMessage), cutBefore())
		t.publishing("like", 1)
		t.reconnected(2)
	}},
}
