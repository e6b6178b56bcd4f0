package ablychat_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// patient returns a world in which a request times out only after an hour. So a call that ends in
// the test doesn't end by its timeout.
func patient(t *testing.T, server *ablytest.Server, options ...ably.ClientOption) *world {
	return newWorldOn(t, server, append([]ably.ClientOption{
		ably.WithRealtimeRequestTimeout(time.Hour), ably.WithDisconnectedRetryTimeout(20 * time.Millisecond),
		ably.WithSuspendedRetryTimeout(20 * time.Millisecond)}, options...)...)
}

// cut cuts the connection, and refuses new ones.
func (w *world) cut() {
	w.t.Helper()
	w.server.RefuseConnections(nil)
	if err := w.server.Cut(w.server.State().Connections[0].ID); err != nil {
		w.t.Fatal(err)
	}
}

// roundTrip returns when the server has received everything that the client sent before, and the
// client has received the answers.
func (w *world) roundTrip() {
	w.t.Helper()
	probe := w.client.Channels.Get(fmt.Sprint("probe ", len(w.client.Channels.Iterate())))
	if err := probe.Attach(soon(w.t)); err != nil {
		w.t.Fatal(err)
	}
}

// RTL3: when the connection ends, a running attach ends at once, with the connection's reason.
func TestAnAttachEndsWithTheConnection(t *testing.T) {
	for what, gone := range map[string]struct {
		act    func(w *world)
		codes  []lifecycle.ErrorCode
		status lifecycle.RoomStatus
	}{
		"closed":    {func(w *world) { w.client.Close() }, []lifecycle.ErrorCode{80017}, lifecycle.RoomDetached},
		"suspended": {(*world).cut, []lifecycle.ErrorCode{80002}, lifecycle.RoomSuspended},
		"failed": {func(w *world) {
			if err := w.server.FailConnection(w.server.State().Connections[0].ID, ablytest.NewError(40400, 404, "gone")); err != nil {
				t.Error(err)
			}
			// ably-go fails the channel, too.
		}, []lifecycle.ErrorCode{80000, 40400}, lifecycle.RoomFailed},
	} {
		t.Run(what, func(t *testing.T) {
			server := ablytest.NewServer(t, ablytest.WithConnectionStateTTL(50*time.Millisecond))
			w := patient(t, server)
			room := w.get()
			lost := server.Fault(ablytest.ToServer(ablytest.ActionAttach).OnChannel(channelName), ablytest.Drop())
			attached := make(chan error, 1)
			go func() { attached <- room.Attach(soon(t)) }()
			if err := lost.Await(soon(t), 1); err != nil {
				t.Fatal(err)
			}
			gone.act(w)
			if err := <-attached; !slices.Contains(gone.codes, lifecycle.AsErrorInfo(err).Code) {
				t.Errorf("attach: %v, expected one of the codes %d", err, gone.codes)
			}
			if s := room.Status(); s != gone.status {
				t.Errorf("the room is %v, expected %v", s, gone.status)
			}
			w.release()
		})
	}
}

// TestAnAttachThatWaitsEndsWithTheConnection: an attach that waits for the connection ends when the
// connection is closed, with the connection's reason.
func TestAnAttachThatWaitsEndsWithTheConnection(t *testing.T) {
	server := ablytest.NewServer(t)
	server.RefuseConnections(nil)
	w := patient(t, server, ably.WithDisconnectedRetryTimeout(300*time.Millisecond))
	w.connection(ably.ConnectionStateDisconnected)
	room := w.get()
	seen := newWatch(t, room)
	attached := make(chan error, 1)
	go func() { attached <- room.Attach(soon(t)) }()
	seen.until(lifecycle.RoomAttaching)
	w.client.Close()
	if err := <-attached; lifecycle.AsErrorInfo(err).Code != 80017 {
		t.Errorf("attach: %v, expected the code 80017", err)
	}
	if err := room.Attach(soon(t)); lifecycle.AsErrorInfo(err).Code != 80017 { // RTL4b
		t.Errorf("attach on a closed connection: %v, expected the code 80017", err)
	}
}

// RTL5l: a detach without a connection doesn't wait for one. When the connection is back, the
// channel is detached at the server.
func TestADetachWithoutAConnection(t *testing.T) {
	for _, under := range []bool{false, true} {
		t.Run(map[bool]string{false: "no connection", true: "connection lost"}[under], func(t *testing.T) {
			server := ablytest.NewServer(t)
			w := patient(t, server)
			room := w.attached()
			detached := make(chan error, 1)
			detach := func() { detached <- room.Detach(soon(t)) }
			if under {
				lost := server.Fault(ablytest.ToServer(ablytest.ActionDetach).OnChannel(channelName), ablytest.Drop())
				go detach()
				if err := lost.Await(soon(t), 1); err != nil {
					t.Fatal(err)
				}
				lost.Remove()
			}
			w.cut()
			if !under {
				w.connection(ably.ConnectionStateDisconnected)
				go detach()
			}
			if err := <-detached; err != nil || room.Status() != lifecycle.RoomDetached {
				t.Errorf("detach: %v, and the room is %v", err, room.Status())
			}
			server.AcceptConnections()
			w.connection(ably.ConnectionStateConnected)
			w.roundTrip()
			if err := server.Await(soon(t), func(s ablytest.State) bool { return !s.Attached(channelName) }); err != nil {
				t.Errorf("the server still has the channel attached: %v", err)
			}
			if s := room.Status(); s != lifecycle.RoomDetached {
				t.Errorf("the room is %v", s)
			}
		})
	}
}

// A room that is suspended without a connection, and then detached, stays detached when the
// connection comes back (CHA-RL2).
func TestADetachOfARoomThatWaits(t *testing.T) {
	server := ablytest.NewServer(t)
	server.RefuseConnections(nil)
	w := newWorldOn(t, server, ably.WithRealtimeRequestTimeout(300*time.Millisecond), ably.WithChannelRetryTimeout(50*time.Millisecond), ably.WithDisconnectedRetryTimeout(20*time.Millisecond))
	room := w.get()
	if err := room.Attach(soon(t)); lifecycle.AsErrorInfo(err).Code != 90007 {
		t.Fatalf("attach: %v", err)
	}
	if err := room.Detach(soon(t)); err != nil || room.Status() != lifecycle.RoomDetached {
		t.Fatalf("detach: %v, and the room is %v", err, room.Status())
	}
	server.AcceptConnections()
	w.connection(ably.ConnectionStateConnected)
	w.roundTrip()
	if s := room.Status(); s != lifecycle.RoomDetached || server.State().Attached(channelName) {
		t.Errorf("the room is %v, attached at the server: %t", s, server.State().Attached(channelName))
	}
}

// RTL12: an update without a reason also reports lost continuity, each time, after any sort of
// attach.
func TestAnUpdateWithoutAReasonIsADiscontinuity(t *testing.T) {
	for _, waits := range []bool{false, true} {
		t.Run(map[bool]string{false: "attached while connected", true: "attached when the connection came"}[waits], func(t *testing.T) {
			server := ablytest.NewServer(t)
			if waits {
				server.RefuseConnections(nil)
			}
			w := newWorldOn(t, server, ably.WithDisconnectedRetryTimeout(20*time.Millisecond))
			room := w.get()
			seen := newWatch(t, room)
			attached := make(chan error, 1)
			go func() { attached <- room.Attach(soon(t)) }()
			if waits {
				seen.until(lifecycle.RoomAttaching)
				server.AcceptConnections()
			}
			if err := <-attached; err != nil {
				t.Fatal(err)
			}
			// The attach may have been sent twice, if the connection came just then. Both answers
			// have come now.
			w.roundTrip()
			told := func() {
				t.Helper()
				server.UpdateChannel(channelName, false, nil)
				select {
				case <-seen.lost:
				case <-soon(t).Done():
					t.Error("no discontinuity was reported")
				}
			}
			told()
			w.cut()
			w.connection(ably.ConnectionStateDisconnected)
			server.AcceptConnections()
			w.connection(ably.ConnectionStateConnected)
			w.roundTrip()
			seen.continuous()
			told()
			seen.continuous()
		})
	}
}
