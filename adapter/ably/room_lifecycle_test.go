package ablychat_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// TestEventsAndReturnsComeInOneOrder: an operation returns after its own events. So a status is
// never stale, and a first attach never looks like a discontinuity.
func TestEventsAndReturnsComeInOneOrder(t *testing.T) {
	w := newWorld(t)
	rounds := 10_000
	switch {
	case testing.Short():
		rounds = 100
	case raceDetector:
		rounds = 1000
	}
	for i := range rounds {
		room := w.get()
		seen := newWatch(t, room)
		if err := room.Attach(soon(t)); err != nil || room.Status() != lifecycle.RoomAttached {
			t.Fatalf("round %d: %v, %v", i, err, room.Status())
		}
		if i%2 == 0 {
			if err := room.Detach(soon(t)); err != nil || room.Status() != lifecycle.RoomDetached {
				t.Fatalf("round %d: %v, %v", i, err, room.Status())
			}
		}
		w.release()
		var got []lifecycle.RoomStatus
		for last := lifecycle.RoomInitialized; last != lifecycle.RoomReleased; got = append(got, last) {
			c := <-seen.statuses
			if c.Previous != last {
				t.Fatalf("round %d: the change to %v has the previous status %v, expected %v", i, c.Current, c.Previous, last)
			}
			last = c.Current
		}
		seen.continuous()
		if want := 4; len(got) != want && !(i%2 == 0 && len(got) == 5) {
			t.Fatalf("round %d: the statuses were %v", i, got)
		}
	}
	fmt.Printf("EVIDENCE attaches rounds=%d stale=0 discontinuities=0\n", rounds)
}

// TestOtherOptionsGetTheirModes: if a name is released and got again with other options, its
// channel has the modes and params of the new options.
func TestOtherOptionsGetTheirModes(t *testing.T) {
	w := newWorld(t)
	params := make(chan map[string]string, 4)
	w.server.OnFrame(func(f ablytest.Frame) {
		if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionAttach {
			params <- f.Message.Params
		}
	})
	w.attached()
	w.release()
	w.attached(lifecycle.WithPresenceEvents(false), lifecycle.WithOccupancyEvents(true))
	a, _ := w.attachment()
	if a.Modes.Has(ablytest.ModePresenceSubscribe) {
		t.Errorf("attached with the modes %v, which include PRESENCE_SUBSCRIBE", a.Modes)
	}
	// CHA-O6a, CHA-O6b, CHA-IN1e
	if first, second := <-params, <-params; first["occupancy"] != "" || second["occupancy"] != "metrics" || first["agent"] != "chat-go/"+ablychat.Version {
		t.Errorf("the two ATTACHs have the params %v, then %v", first, second)
	}
}

// TestARevivedChannelGetsItsModes: a late message for a released room reaches no listener. The next
// room of the name has its own modes.
func TestARevivedChannelGetsItsModes(t *testing.T) {
	for what, late := range map[string]*ablytest.ProtocolMessage{
		"message":  {Action: ablytest.ActionMessage, Channel: channelName, Messages: []*ablytest.Message{{Name: "late"}}},
		"attached": {Action: ablytest.ActionAttached, Channel: channelName},
		"detached": {Action: ablytest.ActionDetached, Channel: channelName},
		"error":    {Action: ablytest.ActionError, Channel: channelName, Error: ablytest.NewError(90000, 400, "late")},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			w.attached()
			w.release()
			if err := w.server.Inject(w.server.State().Connections[0].ID, late); err != nil {
				t.Fatal(err)
			}
			// The message of another channel comes after the late message. When it has arrived, the
			// late one has too.
			probe := w.client.Channels.Get("probe")
			if err := probe.Attach(soon(t)); err != nil {
				t.Fatal(err)
			}
			room := w.attached(lifecycle.WithPresenceEvents(false))
			a, ok := w.attachment()
			if !ok || a.Modes.Has(ablytest.ModePresenceSubscribe) || !a.Modes.Has(ablytest.ModePublish) {
				t.Errorf("attached: %t, with the modes %v", ok, a.Modes)
			}
			if room.Status() != lifecycle.RoomAttached {
				t.Errorf("the room is %v", room.Status())
			}
		})
	}
}

// CHA-RL3n1, CHA-RL3h: after the release of a room whose channel failed, the server has no channel
// attached, and the name can be used again.
func TestAFailedChannelLeavesNothingBehind(t *testing.T) {
	w := newWorld(t)
	room := w.attached()
	seen := newWatch(t, room)
	w.server.FailChannel(channelName, ablytest.NewError(90001, 400, "broken"))
	if c := seen.until(lifecycle.RoomFailed); c.Error == nil || lifecycle.AsErrorInfo(c.Error).Code != 90001 {
		t.Errorf("failed with the error %v", c.Error)
	}
	w.release()
	if w.server.State().Attached(channelName) {
		t.Error("the server has the channel attached")
	}
	w.attached(lifecycle.WithPresenceEvents(false))
	if a, _ := w.attachment(); a.Modes.Has(ablytest.ModePresenceSubscribe) {
		t.Errorf("attached with the modes %v", a.Modes)
	}
}

// RTL5l: without a connection nothing is attached, so a release waits for nothing.
func TestReleaseOnAClosedConnection(t *testing.T) {
	w := newWorld(t)
	room := w.attached()
	seen := newWatch(t, room)
	w.client.Close()
	seen.until(lifecycle.RoomDetached)
	w.connection(ably.ConnectionStateClosed)
	w.release()
	again := w.get()
	if err := again.Attach(soon(t)); err == nil || again.Status() != lifecycle.RoomInitialized {
		t.Errorf("attach on a closed connection: %v, %v", err, again.Status())
	}
}

// RTL3b: a closed connection has no attached channel. After it is opened again, an attach sends an
// ATTACH.
func TestAClosedConnection(t *testing.T) {
	w := newWorld(t)
	room := w.attached()
	seen := newWatch(t, room)
	w.client.Close()
	seen.until(lifecycle.RoomDetached)
	w.connection(ably.ConnectionStateClosed)
	w.client.Connect()
	w.connection(ably.ConnectionStateConnected)
	if err := room.Attach(soon(t)); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.attachment(); !ok {
		t.Error("attach succeeded, but the server has no attachment")
	}
}

// RTL3c: a suspended connection suspends its rooms. When the connection is back, they attach again
// and report a discontinuity.
func TestASuspendedConnection(t *testing.T) {
	server := ablytest.NewServer(t, ablytest.WithConnectionStateTTL(50*time.Millisecond))
	w := newWorldOn(t, server, ably.WithDisconnectedRetryTimeout(20*time.Millisecond), ably.WithSuspendedRetryTimeout(50*time.Millisecond))
	room := w.attached()
	seen := newWatch(t, room)
	server.RefuseConnections(nil)
	if err := server.Cut(server.State().Connections[0].ID); err != nil {
		t.Fatal(err)
	}
	if c := seen.until(lifecycle.RoomSuspended); c.Error == nil {
		t.Error("suspended without a reason")
	}
	server.AcceptConnections()
	seen.until(lifecycle.RoomAttached)
	select {
	case e := <-seen.lost:
		if !errors.Is(e.Reason, lifecycle.ErrRoomDiscontinuity) {
			t.Errorf("the reported discontinuity is %v", e)
		}
	case <-soon(t).Done():
		t.Error("no discontinuity was reported")
	}
	if _, ok := w.attachment(); !ok {
		t.Error("the server has not attached the channel")
	}
}

// TestAResumedConnection: a short loss of the connection, which is resumed, doesn't change the
// room's status.
func TestAResumedConnection(t *testing.T) {
	w := newWorld(t, ably.WithDisconnectedRetryTimeout(10*time.Millisecond))
	room := w.attached()
	seen := newWatch(t, room)
	gate := w.server.Hold(ablytest.ToClient(ablytest.ActionAttached).OnChannel(channelName))
	if err := w.server.Cut(w.server.State().Connections[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := gate.Await(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	gate.Open()
	seen.until(lifecycle.RoomAttached)
	seen.continuous()
}

// RTL5f: if the server doesn't answer a detach, the detach fails and the room is attached again.
// Messages in between were dropped, so a discontinuity is reported.
func TestADetachThatFailsIsALoss(t *testing.T) {
	w := newWorld(t, ably.WithRealtimeRequestTimeout(100*time.Millisecond))
	room := w.attached()
	seen := newWatch(t, room)
	fault := w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).OnChannel(channelName), ablytest.Drop())
	err := room.Detach(soon(t))
	if info := (*lifecycle.ErrorInfo)(nil); !errors.As(err, &info) || info.Code == 0 {
		t.Fatalf("detach: %v", err)
	}
	if room.Status() != lifecycle.RoomAttached || room.Error() == nil {
		t.Errorf("the room is %v with the error %v (CHA-RL2k2)", room.Status(), room.Error())
	}
	select {
	case <-seen.lost:
	case <-soon(t).Done():
		t.Error("no discontinuity was reported")
	}
	fault.Remove()
	if err := room.Detach(soon(t)); err != nil {
		t.Error(err)
	}
}

// CHA-RL3n4: a release tries again to detach after a failure.
func TestReleaseTriesAgain(t *testing.T) {
	w := newWorld(t, ably.WithRealtimeRequestTimeout(250*time.Millisecond))
	w.attached()
	fault := w.server.Fault(ablytest.ToServer(ablytest.ActionDetach).OnChannel(channelName).First(2), ablytest.Drop())
	w.release()
	if fault.Hits() != 2 || w.server.State().Attached(channelName) {
		t.Errorf("%d DETACHs were dropped, expected 2; the server has the channel attached: %t", fault.Hits(), w.server.State().Attached(channelName))
	}
}

// RTL13b: if the server refuses an attach, the channel is suspended, not detached: no call asked to
// detach it.
func TestARefusedAttachIsSuspended(t *testing.T) {
	w := newWorld(t)
	room := w.get()
	fault := w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel(channelName), ablytest.Refuse(ablytest.NewError(40160, 401, "no")))
	err := room.Attach(soon(t))
	if info := (*lifecycle.ErrorInfo)(nil); !errors.As(err, &info) || info.Code != 40160 || info.StatusCode != 401 {
		t.Fatalf("attach: %v", err)
	}
	if room.Status() != lifecycle.RoomSuspended || room.Error() == nil || lifecycle.AsErrorInfo(room.Error()).Code != 40160 {
		t.Errorf("the room is %v with the error %v", room.Status(), room.Error())
	}
	fault.Remove()
	if err := room.Attach(soon(t)); err != nil || room.Status() != lifecycle.RoomAttached || room.Error() != nil {
		t.Errorf("attach after the refusals: %v; the room is %v with the error %v", err, room.Status(), room.Error())
	}
}

// TestAContextThatEndsWhileAttaching: when the context of a caller ends, only its wait ends. The
// attach goes on, and ends after the timeout at the latest.
func TestAContextThatEndsWhileAttaching(t *testing.T) {
	w := newWorld(t, ably.WithRealtimeRequestTimeout(300*time.Millisecond))
	room := w.get()
	seen := newWatch(t, room)
	gate := w.server.Hold(ablytest.ToServer(ablytest.ActionAttach).OnChannel(channelName))
	ctx, cancel := context.WithCancelCause(context.Background())
	mine := errors.New("mine")
	go func() {
		if gate.Await(soon(t), 1) == nil {
			cancel(mine)
		}
	}()
	if err := room.Attach(ctx); !errors.Is(err, mine) {
		t.Errorf("attach: %v", err)
	}
	if c := seen.until(lifecycle.RoomSuspended); c.Error == nil || lifecycle.AsErrorInfo(c.Error).Code != 90007 {
		t.Errorf("suspended with the error %v", c.Error)
	}
	gate.Open()
	if err := room.Attach(soon(t)); err != nil {
		t.Errorf("a later attach: %v", err)
	}
}

// TestAttachAfterDetachBeginsAnew: an attach after a detach doesn't continue the earlier
// attachment.
func TestAttachAfterDetachBeginsAnew(t *testing.T) {
	w := newWorld(t)
	room := w.attached()
	if err := room.Detach(soon(t)); err != nil {
		t.Fatal(err)
	}
	serial := make(chan string, 4)
	w.server.OnFrame(func(f ablytest.Frame) {
		if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionAttach {
			serial <- f.Message.ChannelSerial
		}
	})
	seen := newWatch(t, room)
	if err := room.Attach(soon(t)); err != nil {
		t.Fatal(err)
	}
	if s := <-serial; s != "" {
		t.Errorf("the ATTACH of the next room has the old serial %q", s)
	}
	seen.continuous()
}

// RTL12, RTL13a: if the server loses continuity, or detaches the channel of its own accord, the
// room reports one discontinuity.
func TestTheServerBreaksContinuity(t *testing.T) {
	for what, act := range map[string]func(*ablytest.Server){
		"update": func(s *ablytest.Server) { s.UpdateChannel(channelName, false, ablytest.NewError(91000, 400, "lost")) },
		"detach": func(s *ablytest.Server) {
			s.LoseContinuity(channelName)
			s.DetachChannel(channelName, ablytest.NewError(90198, 400, "moved"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			room := w.attached()
			seen := newWatch(t, room)
			act(w.server)
			select {
			case e := <-seen.lost:
				if !errors.Is(e.Reason, lifecycle.ErrRoomDiscontinuity) || lifecycle.AsErrorInfo(e.Reason).StatusCode != 500 {
					t.Errorf("the reported discontinuity is %v", e)
				}
			case <-soon(t).Done():
				t.Fatal("no discontinuity was reported")
			}
			if what == "detach" {
				seen.until(lifecycle.RoomAttached)
			}
			w.release()
			seen.until(lifecycle.RoomReleased)
			seen.continuous()
		})
	}
}
