package main

import (
	"ablyrooms.example/adapter/ably/ablytest"

	ablychat "ablyrooms.example/adapter/ably"
)

var lifecycleChecks = of("room lifecycle", []row{
	// Both clients follow the other's attach and detach.
	{"statuses of attach, detach, attach, release", func(t *trial, do, see person) {
		d, s := do.room(t, t.room, ""), see.room(t, t.room, occupied)
		s.attach()
		count, statuses := s.occupancies(), d.statuses()
		t.same("at first", "initialized", d.status())
		arrive := func(n int) {
			for count.next(t).Connections != n {
			}
		}
		d.attach()
		t.same("attach", []string{"attaching", "attached"}, statuses.take(t, 2))
		t.same("after attach", "attached", d.status())
		arrive(2)
		d.detach()
		t.same("detach", []string{"detaching", "detached"}, statuses.take(t, 2))
		t.same("after detach", "detached", d.status())
		arrive(1)
		d.attach()
		t.same("attach again", []string{"attaching", "attached"}, statuses.take(t, 2))
		arrive(2)
		d.release()
		t.same("release", []string{"releasing", "released"}, statuses.take(t, 2))
		t.same("after release", "released", d.status())
		arrive(1)
	}},
	{"a released name can be got again", attached("", func(t *trial, d, s *room) {
		old := d.messages()
		d.release()
		again := d.room(t, t.room, `{"typing":{"heartbeatThrottleMs":1000}}`)
		again.attach()
		events := again.messages()
		sentAndSeen(t, s, full, events)
		t.same("events of the old room", 0, len(old.left()))
	})},
	{"one name with two options", func(t *trial, do, _ person) {
		do.room(t, t.room, "")
		t.refused("get with other options", code{102107, 400}, func() { do.room(t, t.room, occupied) })
	}},
	{"an attach that is refused with DETACHED", checkNoAttach("suspended",
		func(_ string, no *ablytest.ErrorInfo) ablytest.Effect { return ablytest.Refuse(no) })},
	{"an attach that is refused with ERROR", checkNoAttach("failed", failedBy)},
	{"calls of a released room", apart("", func(t *trial, d, _ *room) {
		d.release()
		t.refused("a released room", code{102112, 400}, d.attach, d.detach)
	})},
	// The server tells both clients that continuity is lost.
	{"a discontinuity", attached("", func(t *trial, d, s *room) {
		mine, others := d.discontinuities(), s.discontinuities()
		t.server.UpdateChannel(ablychat.ChannelName(t.room), false, ablytest.NewError(50000, 500, "lost"))
		t.same("the code", 102100, mine.next(t))
		t.same("the other's code", 102100, others.next(t))
		t.same("the statuses", []string{"attached", "attached"}, []string{d.status(), s.status()})
		events := s.messages()
		sentAndSeen(t, d, full, events)
	})},
}...)

// failedBy returns an effect that answers a frame with an ERROR for the channel.
func failedBy(channel string, no *ablytest.ErrorInfo) ablytest.Effect {
	return ablytest.Reply(&ablytest.ProtocolMessage{Action: ablytest.ActionError, Channel: channel, Error: no})
}

// checkNoAttach checks an ATTACH that the server refuses with answer, and then an attach that
// succeeds.
func checkNoAttach(status string, answer func(channel string, no *ablytest.ErrorInfo) ablytest.Effect) runner {
	return func(t *trial, do, _ person) {
		channel := ablychat.ChannelName(t.room)
		fault := t.server.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel(channel),
			answer(channel, ablytest.NewError(40160, 401, "no")))
		t.atEnd(fault.Remove)
		d := do.room(t, t.room, "")
		statuses := d.statuses()
		t.same("the code", code{40160, 401}, codeOf(t, t.refusal("attach", d.attach)))
		t.same("the statuses", []string{"attaching", status}, statuses.take(t, 2))
		fault.Remove()
		d.attach()
		t.same("after another attach", "attached", d.status())
	}
}
