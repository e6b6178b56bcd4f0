package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
)

// tokens are the options of the small configuration as the library knows them.
var tokens = map[string]lifecycle.RoomOptions{"x": lifecycle.DefaultRoomOptions(), "y": withoutPresence()}

func withoutPresence() lifecycle.RoomOptions {
	o := lifecycle.DefaultRoomOptions()
	o.Presence.EnableEvents = false
	return o
}

// patience only keeps a run that fails from hanging.
const patience = 30 * time.Second

// link is an ably-go client with a WebSocket to the embedded server, which holds and refuses the frames of this connection alone.
type link struct {
	server     *ablytest.Server
	connection int // the number of its WebSocket at the server
	client     *ably.Realtime
}

// dial makes a link. One at a time: the server numbers its connections as they come.
func dial(server *ablytest.Server, connection int) (*link, error) {
	// No channel is to be attached again on its own while a trace is recorded.
	client, err := ably.NewRealtime(server.ClientOptions(ably.WithAutoConnect(false), ably.WithLogLevel(ably.LogNone), ably.WithChannelRetryTimeout(time.Hour))...)
	if err != nil {
		return nil, err
	}
	l := &link{server, connection, client}
	if err := l.await(ably.ConnectionStateConnected, client.Connect); err != nil {
		return nil, err
	}
	return l, nil
}

// await waits until what it does has brought the connection to a state.
func (l *link) await(state ably.ConnectionState, do func()) error {
	reached := make(chan struct{}, 8)
	off := l.client.Connection.OnAll(func(c ably.ConnectionStateChange) {
		if c.Current == state {
			reached <- struct{}{}
		}
	})
	defer off()
	do()
	select {
	case <-reached:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("the connection does not become %v", state)
	}
}

func (l *link) close() error { return l.await(ably.ConnectionStateClosed, l.client.Close) }

// hold has the server hold the frames of an action for a room, and refuse them afterwards if so wanted; only where it is asked for, unless
// that is nil.
func (l *link) hold(action ablytest.Action, room string, gate *ablytest.Gate, refuse bool, wanted func() bool) *ablytest.Fault {
	effects := []ablytest.Effect{ablytest.Hold(gate)}
	if refuse {
		effects = append(effects, ablytest.FailChannel(ablytest.NewError(40160, 401, "refused")))
	}
	match := ablytest.ToServer(action).OnChannel(ablychat.ChannelName(room)).OnConnection(l.connection)
	if wanted != nil {
		match = match.If(func(ablytest.Frame) bool { return wanted() })
	}
	return l.server.Fault(match, effects...)
}

var errGaveUp = errors.New("the caller gave up")
