package realtime_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// placeSink records each of its calls, with the serial that the call gets.
type placeSink struct{ *channel }

func (s placeSink) Attached(serial string, resumed bool) { s.add("attached %s %t", serial, resumed) }

func (s placeSink) Messages(messages []chat.WireMessage, serial string) {
	s.add("messages %d %s", len(messages), serial)
}

func (s placeSink) Annotations(annotations []chat.WireAnnotation, serial string) {
	s.add("annotations %d %s", len(annotations), serial)
}

func (s placeSink) Presence(m chat.WirePresence) { s.add("presence %s", m.ClientID) }

// RTL15b, RTL15c: every frame with a serial moves the channel's serial, whatever the frame
// contains, and reaches the sink. A frame that comes while the channel isn't attached does neither
// (RTL17).
func TestEveryFrameHasAPlace(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		s := placeSink{&channel{t: t, log: newLog(t)}}
		s.Channel = w.channels.Channel(name, realtime.Options{Modes: allModes}, s)
		must(t, s.Attach(soon(t)))
		s.is("attached " + w.server.State().Channels[name].Serial + " false")
		inject := func(action ablytest.Action, serial string, more ...map[string]any) {
			t.Helper()
			m := &ablytest.ProtocolMessage{Action: action, Channel: name, ChannelSerial: serial, Presence: more}
			must(t, w.server.Inject("", m))
		}
		inject(ablytest.ActionMessage, "a")
		s.is("messages 0 a")
		inject(ablytest.ActionPresence, "b", map[string]any{"action": 2, "clientId": "bob", "connectionId": "x", "id": "x:0:0"})
		s.is("presence bob", "messages 0 b")
		inject(ablytest.ActionAnnotation, "c")
		s.is("annotations 0 c")
		inject(ablytest.ActionObject, "d")
		s.is("messages 0 d")
		inject(ablytest.ActionMessage, "")
		s.is("messages 0 ")
		w.outage()()
		equal(t, s.await("attached "), "left")
		s.is("presence bob") // bob is not in the service's list, so he leaves
		for _, f := range w.server.Frames() {
			if f.Action == ablytest.ActionAttach && f.Connection == 2 && f.Message.ChannelSerial != "d" {
				t.Errorf("the second ATTACH has the serial %q", f.Message.ChannelSerial)
			}
		}
		must(t, s.Detach(soon(t)))
		s.is("left")
		inject(ablytest.ActionMessage, "e")
		inject(ablytest.ActionSync, "e:", map[string]any{"action": 1, "clientId": "eve", "connectionId": "x", "id": "x:1:0"})
		synctest.Wait()
		s.empty()
		must(t, s.GiveBack(soon(t)))
	})
}

// RTL12: an ATTACHED without a loss is no event of the room. An ATTACHED with a loss is an UPDATE,
// whose reason names the room.
func TestUpdates(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		updates := make(chan lifecycle.ChannelStateChange, 10)
		c.OnStateChange(func(e lifecycle.ChannelStateChange) { updates <- e })
		w.server.UpdateChannel(name, true, nil)
		w.server.UpdateChannel(name, false, nil)
		if e := <-updates; !e.Update || e.Resumed || e.Current != lifecycle.ChannelAttached || e.Reason != nil {
			t.Errorf("got %+v", e)
		}
		w.server.UpdateChannel(name, false, ablytest.NewError(91200, 412, "odd"))
		if e := <-updates; e.Reason == nil || e.Reason.Code != 91200 || e.Reason.StatusCode != 412 ||
			e.Reason.Message != "unable to keep room lounge; odd" {
			t.Errorf("got %+v", e.Reason)
		}
		c.end()
	})
}

// RTP11c1, RTP18: a Get during a sync returns the complete list.
func TestGetDuringASync(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		bob := newWorld(t, w.server, realtime.Config{}, ably.WithClientID("bob"))
		bob.connect()
		his := bob.attached()
		must(t, his.Enter(soon(t), map[string]any{"n": 1}))
		gate := w.server.Hold(ablytest.ToClient(ablytest.ActionSync))
		c := w.attached()
		get := make(chan []string, 1)
		go func() { get <- c.present() }()
		synctest.Wait()
		select {
		case list := <-get:
			t.Errorf("before the list came: %q", list)
		default:
		}
		gate.Open()
		equal(t, <-get, "bob map[n:1]")
		c.is("present bob map[n:1]")
		c.end()
		his.end()
	})
}

// RTP17g1: after a resume, a member is entered again with the id of its entry, also in a later life
// of the channel's name.
func TestTheIDOfAReentry(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		first := w.attached()
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionDetach))
		first.end()
		must(t, gate.Await(soon(t), 1))
		c := w.channel() // its name is not forgotten yet
		gate.Open()
		must(t, c.Attach(soon(t)))
		must(t, c.Enter(soon(t), nil))
		c.await("enter ann")
		w.outage()()
		again := func(f ablytest.Frame) bool {
			return f.Action == ablytest.ActionPresence && f.Direction == ablytest.ClientToServer && f.Connection == 2
		}
		c.await("attached resumed")
		synctest.Wait()
		n := 0
		for _, f := range w.server.Frames() {
			if again(f) {
				n++
				if id := fmt.Sprint(f.Message.Presence[0]["id"]); id != w.client.Connection.ID()+":0:0" {
					t.Errorf("entered again as %q", id)
				}
			}
		}
		if n != 1 {
			t.Errorf("entered again %d times", n)
		}
		c.end()
	})
}

// The room gets the attributes of a message (TM2, TM2s): its sender, time, version and so on.
func TestWhatAMessageSays(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		got := make(chan chat.WireMessage, 10)
		s := messageSink{&channel{t: t, log: newLog(t)}, got}
		s.Channel = w.channels.Channel(name, realtime.Options{Modes: allModes}, s)
		must(t, s.Attach(soon(t)))
		must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: ablytest.ActionMessage, Channel: name,
			ID: "c:7", ConnectionID: "c", Timestamp: 5, Messages: []*ablytest.Message{{
				Name: "n", ClientID: "bob", Data: map[string]any{"a": []any{1, 2.5}}, Serial: "s", Action: 1, Timestamp: 6,
				Extras: map[string]any{"headers": map[string]any{"n": 3}},
				Version: &ablytest.MessageVersion{Serial: "v", Timestamp: 7, ClientID: "eve", Description: "d",
					Metadata: map[string]string{"k": "v"}},
			}, {Serial: "t"}}}))
		want := fmt.Sprintf("%+v", chat.WireMessage{Name: "n", ClientID: "bob", ConnectionID: "c", Serial: "s", Timestamp: 6,
			Data: map[string]any{"a": []any{1.0, 2.5}}, Action: 1, Extras: map[string]any{"headers": map[string]any{"n": 3.0}},
			Version: chat.WireVersion{Serial: "v", Timestamp: 7, ClientID: "eve", Description: "d", Metadata: map[string]string{"k": "v"}}})
		if m := fmt.Sprintf("%+v", <-got); m != want {
			t.Errorf("got  %s\nwant %s", m, want)
		}
		if m := <-got; m.Version.Serial != "t" || m.Version.Timestamp != 5 || m.ConnectionID != "c" {
			t.Errorf("got %+v", m)
		}
		must(t, s.GiveBack(soon(t)))
	})
}

type messageSink struct {
	*channel
	got chan chat.WireMessage
}

func (s messageSink) Messages(messages []chat.WireMessage, _ string) {
	for _, m := range messages {
		s.got <- m
	}
}

// RTL6: Publish doesn't change its arguments, and encodes each message of a call (RSL4).
func TestWhatIsPublished(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.channel() // RTL6c5: the channel need not be attached
		given := []*wire.Message{{Name: "a", Data: map[string]any{"x": 1}}, {Name: "b", Data: "text"}, {Name: "c", Data: 5}}
		must(t, c.Publish(soon(t), given...))
		if _, is := given[0].Data.(map[string]any); !is || given[0].Encoding != "" {
			t.Errorf("it was changed to %+v", given[0])
		}
		var got []string
		for _, f := range w.server.Frames() {
			if f.Action == ablytest.ActionMessage && f.Direction == ablytest.ClientToServer {
				for _, m := range f.Message.Messages {
					got = append(got, fmt.Sprintf("%v %v %v", m.Name, m.Data, m.Encoding))
				}
			}
		}
		if fmt.Sprint(got) != `[a {"x":1} json b text  c 5 json]` {
			t.Errorf("sent %v", got)
		}
		w.server.Fault(ablytest.ToServer(ablytest.ActionMessage), ablytest.Refuse(ablytest.NewError(40160, 401, "no")))
		fails(t, c.Publish(soon(t), given...), 40160)
		c.end()
		fails(t, c.Publish(soon(t), given...), lifecycle.ErrRoomInInvalidState)
	})
}
