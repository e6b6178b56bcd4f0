package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/lifecycle"
)

// wireClient is a client whose frames are compared. The results of its operations are not compared.
type wireClient interface {
	// begin begins an operation, and returns a function that waits for its end. The official client
	// begins its operations in the order of the calls of begin.
	begin(ctx context.Context, operation, room string, data any) (end func() error)
	// dispose releases what the client still holds after a close.
	dispose(ctx context.Context) error
}

// wireOptions are the options of a scenario.
type wireOptions struct {
	room           *lifecycle.RoomOptions // nil for the default
	requestTimeout time.Duration          // 0 for the default
	// soonAgain makes clients attach again 10 ms after an attach has failed. Without it, they wait
	// 15 s, the default, which is longer than any scenario takes. So a frame that the server sends
	// meanwhile doesn't race with another attach.
	soonAgain bool
}

const soon = 10 * time.Millisecond

func (o wireOptions) roomOptions() lifecycle.RoomOptions {
	if o.room == nil {
		return lifecycle.DefaultRoomOptions()
	}
	return *o.room
}

// newWireClient returns a client that connects through a relay.
type newWireClient func(ctx context.Context, r *relay, o wireOptions, f format) (wireClient, error)

const (
	alice     = "alice"
	agreeRoom = "agree"
	// barrier is a room whose messages show that a client has processed all frames before them.
	// They are not compared.
	barrier = "barrier"
)

func channelOf(room string) string { return ablychat.ChannelName(room) }

// ourWire is a client of this library.
type ourWire struct {
	client *ablychat.Client
	room   lifecycle.RoomOptions
}

func newOurWire(_ context.Context, r *relay, o wireOptions, f format) (wireClient, error) {
	options := r.clientOptions(alice, ably.WithUseBinaryProtocol(f == inMsgPack))
	if o.soonAgain {
		options = append(options, ably.WithChannelRetryTimeout(soon))
	}
	if o.requestTimeout > 0 {
		options = append(options, ably.WithRealtimeRequestTimeout(o.requestTimeout))
	}
	client, err := ablychat.Connect(ablychat.Ably(options...))
	return &ourWire{client, o.roomOptions()}, err
}

// clientOptions returns the options of a client of this library that connects through the relay.
// Between client and relay there is no TLS and no network.
func (r *relay) clientOptions(id string, more ...ably.ClientOption) []ably.ClientOption {
	return append([]ably.ClientOption{ably.WithClientID(id), ably.WithKey(r.to.key),
		ably.WithEndpoint(loopback), ably.WithPort(r.port), ably.WithTLS(false),
		ably.WithFallbackHosts([]string{}), ably.WithInsecureAllowBasicAuthWithoutTLS(),
		ably.WithLogLevel(ably.LogNone)}, more...)
}

const loopback = "127.0.0.1"

func (w *ourWire) do(ctx context.Context, operation, name string, data any) error {
	switch operation {
	case "connected":
		return w.reaches(ctx, ablychat.ConnectionConnected)
	case "begun":
		return nil
	case "close":
		w.client.Realtime().Close()
		return w.reaches(ctx, ablychat.ConnectionClosed)
	case "release":
		return w.client.Rooms().Release(ctx, name)
	}
	room, err := w.client.Rooms().Get(ctx, name, lifecycle.WithRoomOptions(w.room))
	if err != nil {
		return err
	}
	switch operation {
	case "attach":
		return room.Attach(ctx)
	case "detach":
		return room.Detach(ctx)
	case "publish":
		return w.publish(ctx, room, data.(string))
	case "enter":
		return room.Presence().Enter(ctx, data)
	case "update":
		return room.Presence().Update(ctx, data)
	case "leave":
		return room.Presence().Leave(ctx, data)
	case "members":
		_, err := room.Presence().Get(ctx)
		return err
	}
	return fmt.Errorf("unknown operation %q", operation)
}

// changes returns a channel that gets a value when the connection's status changes.
func (w *ourWire) changes() (changed chan struct{}, off func()) {
	changed = make(chan struct{}, 1)
	s, err := w.client.Connection().Subscribe(func(ablychat.ConnectionStatusChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err != nil { // the client was disposed of, so its status doesn't change any more
		return changed, func() {}
	}
	return changed, s.Unsubscribe
}

// reaches waits until the connection has the status.
func (w *ourWire) reaches(ctx context.Context, status ablychat.ConnectionStatus) error {
	changed, off := w.changes()
	defer off()
	for {
		switch w.client.Connection().Status() {
		case status:
			return nil
		case ablychat.ConnectionFailed:
			return fmt.Errorf("%s: %w", status, w.client.Connection().Error())
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", status, context.Cause(ctx))
		}
	}
}

// publish waits until there is a connection, which the official client does by itself (RTL6c2).
func (w *ourWire) publish(ctx context.Context, room *ablychat.Room, name string) error {
	changed, off := w.changes()
	defer off()
	for {
		err := room.Reactions().Send(ctx, ablychat.ReactionContent{Name: name})
		if !errors.Is(err, lifecycle.ErrDisconnected) {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("publish: %w", context.Cause(ctx))
		}
	}
}

func (w *ourWire) begin(ctx context.Context, operation, room string, data any) func() error {
	return func() error { return w.do(ctx, operation, room, data) }
}

func (w *ourWire) dispose(ctx context.Context) error { return w.client.Dispose(ctx) }

// theirWire is a client of the official library, which runs in the Node process.
type theirWire struct {
	peer   *peer
	number int
	room   lifecycle.RoomOptions
}

func newTheirWire(p *peer) newWireClient {
	return func(ctx context.Context, r *relay, o wireOptions, f format) (wireClient, error) {
		w := &theirWire{p, p.number(), o.roomOptions()}
		options := args{"client": w.number, "clientId": alice,
			"endpoint": loopback, "port": r.port, "key": r.to.key,
			"tls": false, "logLevel": 0, "useBinaryProtocol": f == inMsgPack}
		if o.soonAgain {
			options["channelRetryTimeout"] = soon.Milliseconds()
		}
		if o.requestTimeout > 0 {
			options["realtimeRequestTimeout"] = o.requestTimeout.Milliseconds()
		}
		return w, p.call(ctx, "connect", 0, options, nil)
	}
}

func (w *theirWire) begin(ctx context.Context, operation, room string, data any) func() error {
	modes, params := roomChannel(w.room)
	a := args{"channel": channelOf(room), "modes": modes, "params": params}
	switch operation {
	case "publish":
		a["message"] = args{"name": "roomReaction", "data": args{"name": data, "metadata": args{}},
			"extras": args{"ephemeral": true, "headers": args{}}}
	case "enter", "update", "leave":
		if data != nil {
			a["data"] = data
		}
	}
	end := w.peer.begin(operation, w.number, a)
	return func() error { return end(ctx, nil) }
}

func (w *theirWire) dispose(context.Context) error { return nil }

// roomChannel returns the modes and params of a room's channel (CHA-RC3d, CHA-O6a, CHA-IN1e).
func roomChannel(o lifecycle.RoomOptions) (modes []string, params map[string]string) {
	modes = strings.Fields("PUBLISH SUBSCRIBE PRESENCE ANNOTATION_PUBLISH")
	if o.Presence.EnableEvents {
		modes = append(modes, "PRESENCE_SUBSCRIBE")
	}
	if o.Messages.RawMessageReactions {
		modes = append(modes, "ANNOTATION_SUBSCRIBE")
	}
	params = map[string]string{"agent": "chat-go/" + ablychat.Version}
	if o.Occupancy.EnableEvents {
		params["occupancy"] = "metrics"
	}
	return modes, params
}
