package realtime_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// These tests are cases of Ably's unit test specification that no other test covers, with their
// ids.

// named returns a channel of another name, with its own log.
func (w *world) named(name string) *channel {
	c := &channel{t: w.t, log: newLog(w.t)}
	c.Channel = w.channels.Channel(name, realtime.Options{Room: name, Modes: allModes}, c)
	c.OnStateChange(func(e lifecycle.ChannelStateChange) { c.add("%s", e.Current) })
	return c
}

// RTL3d/init-detached-not-reattached-2, RTL3d/multiple-channels-reattached-3,
// RTL14/other-channels-unaffected-3
func TestChannelsAreIndependent(t *testing.T) {
	w := connected(t)
	idle, detached, first, second := w.named("idle::$chat"), w.named("detached::$chat"), w.named("first::$chat"), w.named("second::$chat")
	for _, c := range []*channel{detached, first, second} {
		must(t, c.Attach(soon(t)))
		c.await("attached")
	}
	must(t, detached.Detach(soon(t)))
	detached.await("detached")
	w.outage()()
	first.await("attached")
	second.await("attached")
	idle.empty()
	detached.empty()
	attaches := map[string]int{}
	for _, f := range w.server.Frames() {
		if f.Action == ablytest.ActionAttach {
			attaches[f.Channel]++
		}
	}
	want := map[string]int{"detached::$chat": 1, "first::$chat": 2, "second::$chat": 2}
	if fmt.Sprint(attaches) != fmt.Sprint(want) {
		t.Errorf("ATTACH was sent %v, want %v", attaches, want)
	}
	w.server.FailChannel("first::$chat", ablytest.NewError(40160, 401, "no"))
	first.await("failed")
	must(t, second.Publish(soon(t), &wire.Message{Name: "m"}))
	second.is(`message m <nil> ""`)
	for _, c := range []*channel{idle, detached, first, second} {
		c.end()
	}
}

// RTL14/cancels-pending-timers-4
func TestAnErrorEndsTheWaitForARetry(t *testing.T) {
	w := newWorld(t, newServer(t), realtime.Config{RetryTimeout: time.Hour})
	w.connect()
	c := w.channel()
	w.server.Fault(ablytest.ToServer(ablytest.ActionAttach), ablytest.DetachChannel(ablytest.NewError(50000, 500, "busy")))
	fails(t, c.Attach(soon(t)), 50000)
	if n, _ := w.channels.Running(); n != 1 {
		t.Errorf("%d timers run while the channel is suspended", n)
	}
	must(t, w.server.Inject("", &ablytest.ProtocolMessage{
		Action: ablytest.ActionError, Channel: name, Error: ablytest.NewError(40160, 401, "no")}))
	c.await("failed 40160")
	if n, _ := w.channels.Running(); n != 0 {
		t.Errorf("%d timers run once it failed", n)
	}
	c.end()
}

// RTL15b/channel-serial-from-messages-1, RTL15b/serial-not-updated-empty-2,
// RTL15b/serial-not-updated-irrelevant-3: an ATTACH has the serial of the last frame that counts.
func TestWhichFramesMoveTheSerial(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		c := w.attached()
		want := w.server.State().Channels[name].Serial
		for i, action := range []ablytest.Action{ablytest.ActionSync, ablytest.ActionMessage, ablytest.ActionPresence,
			ablytest.ActionAnnotation, ablytest.ActionObject} {
			serial := fmt.Sprintf("%s%d", want[:len(want)-1], i)
			must(t, w.server.Inject("",
				&ablytest.ProtocolMessage{Action: action, Channel: name, ChannelSerial: serial},
				// a MESSAGE without a serial
				&ablytest.ProtocolMessage{Action: ablytest.ActionMessage, Channel: name}))
			if action != ablytest.ActionSync { // the serial of a SYNC is not the channel's
				want = serial
			}
			attach := w.server.Hold(ablytest.ToServer(ablytest.ActionAttach))
			must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionDetached, Channel: name,
				ChannelSerial: "elsewhere", Error: ablytest.NewError(90198, 400, "moved")}))
			must(t, attach.Await(soon(t), 1))
			frames := w.server.Frames()
			if got := lastAttach(frames).Message.ChannelSerial; got != want {
				t.Errorf("after %v the ATTACH has the serial %q, want %q", action, got, want)
			}
			attach.Open()
			c.await("attached")
			w.server.ClearFaults()
			want = w.server.State().Channels[name].Serial
		}
		c.end()
	})
}

func lastAttach(frames []ablytest.Frame) (last ablytest.Frame) {
	for _, f := range frames {
		if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionAttach {
			last = f
		}
	}
	return last
}

// RTL6c1/publish-when-attaching-1, RTL6c4/fails-channel-suspended-3, RTL6i2/publish-message-array-0
func TestPublishInOtherStates(t *testing.T) {
	w := connected(t)
	c := w.channel()
	lost := w.server.Fault(ablytest.ToClient(ablytest.ActionAttached).Once(), ablytest.Drop())
	attach := later(func() error { return c.Attach(soon(t)) })
	must(t, lost.Await(soon(t), 1))
	must(t, c.Publish(soon(t), &wire.Message{Name: "a"}, &wire.Message{Name: "b"}, &wire.Message{Name: "c"}))
	c.is("attaching")
	c.empty()
	must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionAttached, Channel: name}))
	must(t, <-attach)
	var sizes []string
	for _, f := range w.server.Frames() {
		if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionMessage {
			sizes = append(sizes, fmt.Sprint(len(f.Message.Messages)))
		}
	}
	equal(t, sizes, "3")
	w.server.Fault(ablytest.ToServer(ablytest.ActionAttach), ablytest.DetachChannel(ablytest.NewError(50000, 500, "busy")))
	w.server.DetachChannel(name, ablytest.NewError(90198, 400, "moved"))
	c.await("suspended")
	before := w.server.FrameCount()
	fails(t, c.Publish(soon(t), &wire.Message{Name: "m"}), 90001)
	for _, f := range w.server.Frames()[before:] {
		if f.Action == ablytest.ActionMessage {
			t.Error("a MESSAGE was sent")
		}
	}
	c.end()
}

// RTL5k/attached-while-detached-1, RTL12/no-error-null-reason-2
func TestUnaskedAttached(t *testing.T) {
	w := connected(t)
	c := w.attached()
	w.server.UpdateChannel(name, false, nil)
	c.is("at", "update")
	must(t, c.Detach(soon(t)))
	c.is("left", "detaching", "detached")
	must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionAttached, Channel: name}))
	c.is("detaching", "detached")
	equal(t, sent(w.server, ablytest.ActionDetach), "DETACH", "DETACH")
	c.end()
}

// RTL7f/no-echo-messages-0: with ably-go's option for no echo, rooms get no echo either.
func TestNoEcho(t *testing.T) {
	w := connected(t, ably.WithEchoMessages(false))
	c := w.attached()
	must(t, c.Publish(soon(t), &wire.Message{Name: "own"}))
	_, err := w.server.Publish(name, ablytest.Message{Name: "remote"})
	must(t, err)
	c.is(`message remote <nil> ""`)
	c.end()
}

// RTP8j/enter-wildcard-clientid-errors-1
func TestPresenceOfAnyClientID(t *testing.T) {
	server := newServer(t)
	token, err := server.IssueToken(ablytest.TokenParams{ClientID: "*"})
	must(t, err)
	w := newWorld(t, server, realtime.Config{}, ably.WithClientID(""), ably.WithKey(""), ably.WithToken(token.Token))
	w.connect()
	c := w.attached()
	fails(t, c.Enter(soon(t), nil), lifecycle.ErrInvalidClientID)
	c.end()
}

// RTP10a/leave-with-data-1, RTP8e/enter-with-data-0
func TestDataOfEntries(t *testing.T) {
	w := connected(t)
	c := w.attached()
	must(t, c.Enter(soon(t), "hello world"))
	must(t, c.Leave(soon(t), "goodbye"))
	c.is("enter ann hello world", "leave ann goodbye")
	c.end()
}

// RTP4/bulk-enterclient-diff-connections-1: members of another connection, in a sync of two pages.
func TestManyMembers(t *testing.T) {
	w := connected(t)
	c := w.attached()
	const many = 50
	var all []map[string]any
	var want []string
	for i := range many {
		client := fmt.Sprintf("user-%02d", i)
		all = append(all, map[string]any{"action": 1, "clientId": client, "connectionId": "conn-A",
			"id": fmt.Sprintf("conn-A:%d:0", i), "timestamp": 1000, "data": fmt.Sprintf("data-%d", i)})
		want = append(want, fmt.Sprintf("%s data-%d", client, i))
	}
	must(t, w.server.Inject("",
		&ablytest.ProtocolMessage{Action: ablytest.ActionAttached, Channel: name, Flags: ablytest.Flags(allModes) | ablytest.FlagHasPresence},
		&ablytest.ProtocolMessage{Action: ablytest.ActionSync, Channel: name, ChannelSerial: "s:more", Presence: all[:many/2]},
		&ablytest.ProtocolMessage{Action: ablytest.ActionSync, Channel: name, ChannelSerial: "s:", Presence: all[many/2:]}))
	c.await("present user-49")
	equal(t, c.present(), want...)
	c.end()
}
