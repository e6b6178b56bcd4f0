package realtime_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/lifecycle"
)

// present returns the members that are present, with their data.
func (c *channel) present() (out []string) {
	c.t.Helper()
	members, err := c.Get(soon(c.t))
	must(c.t, err)
	for _, m := range members {
		out = append(out, fmt.Sprint(m.ClientID, " ", m.Data))
	}
	slices.Sort(out)
	return out
}

// RTP8, RTP9, RTP10, RTP11: two clients see each other.
func TestPresence(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		bob := newWorld(t, w.server, realtime.Config{}, format, ably.WithClientID("bob"))
		bob.connect()
		hers := w.attached()
		must(t, hers.Enter(soon(t), map[string]any{"mood": "ok"}))
		hers.is("enter ann map[mood:ok]")
		his := bob.channel()
		must(t, his.Attach(soon(t)))
		equal(t, his.present(), "ann map[mood:ok]")
		his.is("attaching", "at", "attached", "present ann map[mood:ok]")
		must(t, his.Enter(soon(t), "hi"))
		hers.is("enter bob hi")
		his.is("enter bob hi")
		equal(t, hers.present(), "ann map[mood:ok]", "bob hi")
		must(t, hers.Update(soon(t), 5))
		his.is("update ann 5")
		must(t, hers.Leave(soon(t), nil))
		his.await("leave ann")
		equal(t, his.present(), "bob hi")
		his.end()
		hers.await("leave bob")
		fails(t, his.Enter(soon(t), nil), lifecycle.ErrRoomInInvalidState)
		must(t, hers.Detach(soon(t)))
		fails(t, hers.Enter(soon(t), nil), lifecycle.ErrRoomInInvalidState)
		_, err := hers.Get(soon(t))
		fails(t, err, lifecycle.ErrRoomInInvalidState)
		hers.end()
	})
}

// RTP8j: a client without an id can't be present.
func TestPresenceWithoutAClientID(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t, ably.WithClientID(""))
		c := w.attached()
		fails(t, c.Enter(soon(t), nil), lifecycle.ErrInvalidClientID)
		if _, err := c.Get(soon(t)); err != nil {
			t.Error(err)
		}
		c.end()
	})
}

// RTP17i, RTP17g, RTP17g1: own members are entered again, with the same data, after a cut.
func TestMembersAreEnteredAgain(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(map[bool]string{false: "resumed", true: "lost"}[lost], func(t *testing.T) {
			eachFormat(t, func(t *testing.T, format ably.ClientOption) {
				w := connected(t, format)
				c := w.attached()
				must(t, c.Enter(soon(t), map[string]any{"n": 1}))
				entered := w.server.Fault(ablytest.ToServer(ablytest.ActionPresence))
				over := w.outage()
				if lost {
					must(t, w.server.Forget(""))
				}
				over()
				must(t, entered.Await(soon(t), 1))
				must(t, w.server.Await(soon(t), func(s ablytest.State) bool { return len(s.Channels[name].Members) == 1 }))
				frames := w.server.Frames()
				var last ablytest.Frame
				for _, f := range frames {
					if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionPresence {
						last = f
					}
				}
				p := last.Message.Presence[0]
				if p["clientId"] != "ann" || p["encoding"] != "json" || p["connectionId"] != nil || (p["id"] == nil) != lost {
					t.Errorf("the member was entered again with %+v", p)
				}
				c.end()
			})
		})
	}
}

// P10 (RTP17i): when an attached channel receives another ATTACHED without the RESUMED flag, the
// client enters all its members again. With the flag, it enters none.
func TestAnotherATTACHED(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		must(t, c.Enter(soon(t), nil))
		w.server.UpdateChannel(name, true, nil)
		synctest.Wait()
		equal(t, sent(w.server, ablytest.ActionPresence), "PRESENCE")
		w.server.UpdateChannel(name, false, nil)
		synctest.Wait()
		equal(t, sent(w.server, ablytest.ActionPresence), "PRESENCE", "PRESENCE")
		c.end()
	})
}

// A channel without members keeps no presence set, whatever its state and that of its connection.
// Most rooms have no members.
func TestNothingIsHeldWithoutMembers(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		w.outage()()
		c.await("attached")
		w.server.UpdateChannel(name, false, nil)
		c.await("update")
		must(t, c.Detach(soon(t)))
		must(t, c.Attach(soon(t)))
		if c.HoldsMembers() {
			t.Error("the channel keeps a presence set, although it has no members")
		}
		must(t, c.Enter(soon(t), nil))
		if !c.HoldsMembers() {
			t.Error("the channel keeps no presence set, although it has a member")
		}
		c.end()
	})
}

// RTP17e: a member that can't be entered again is reported, with no other effect.
func TestAReentryThatIsRefused(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		must(t, c.Enter(soon(t), nil))
		c.await("enter ann")
		over := w.outage()
		w.server.Fault(ablytest.ToServer(ablytest.ActionPresence), ablytest.Refuse(ablytest.NewError(40160, 401, "no")))
		over()
		c.await("update resumed 91004")
		c.end()
	})
}

// RTP16a, T10: an Enter without a connection waits until the channel is attached.
func TestEnterDuringAnOutage(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		over := w.outage()
		enter := later(func() error { return c.Enter(soon(t), "x") })
		over()
		must(t, <-enter)
		equal(t, c.present(), "ann x")
		c.end()
	})
}

// An Enter fails with the error that the service answers.
func TestARefusedEntry(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		w.server.Fault(ablytest.ToServer(ablytest.ActionPresence), ablytest.Refuse(ablytest.NewError(40160, 401, "no")))
		err := c.Enter(soon(t), nil)
		var info *lifecycle.ErrorInfo
		if !errors.As(err, &info) || info.Code != 40160 || info.StatusCode != 401 {
			t.Errorf("enter returned %v", err)
		}
		c.end()
	})
}

// RTP8c, RTP9d, RTP10c: each call is one PRESENCE with one entry, without the client's own id.
func TestEntriesOnTheWire(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		must(t, c.Enter(soon(t), []any{1}))
		must(t, c.Update(soon(t), "x"))
		must(t, c.Leave(soon(t), nil))
		c.end()
		var got []string
		for _, f := range w.server.Frames() {
			if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionPresence {
				got = append(got, fmt.Sprint(*f.Message.MsgSerial, f.Message.Presence))
			}
		}
		equal(t, got, "0 [map[action:2 data:[1] encoding:json]]", "1 [map[action:4 data:x]]", "2 [map[action:3]]")
	})
}
