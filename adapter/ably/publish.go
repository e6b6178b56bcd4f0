package ablychat

import (
	"context"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// publish sends an ephemeral message, which the history doesn't keep, on the room's channel. It
// waits until the service has accepted the message. operation describes the call in errors. The
// room need not be attached (CHA-GP2).
//
// Errors: [ErrDisconnected] without a connection; [ErrRoomInInvalidState] or [ErrResourceDisposed]
// once the room is released; [ErrInvalidArgument] for a value that can't be sent; errors of the
// service; the context's error.
func (r *Room) publish(
	ctx context.Context, operation, name string, data, headers map[string]any,
) error {
	if err := r.begin(ctx, operation); err != nil {
		return err
	}
	m := &wire.Message{Name: name, Extras: map[string]any{"ephemeral": true}}
	var err error
	if data != nil {
		if m.Data, err = plainObject(operation, data); err != nil {
			return err
		}
	}
	if headers != nil {
		if m.Extras["headers"], err = plainHeaders(operation, headers); err != nil {
			return err
		}
	}
	if err := r.online(operation); err != nil { // CHA-ER3g
		return err
	}
	return failed(ctx, operation, r.channel.Publish(ctx, m))
}

// sendable returns an error if the realtime client doesn't queue messages (TO3g), there is no
// connection, and the room is attaching or attached. A room in another status gets its error from
// attached.
func (r *Room) sendable(operation string) error {
	if r.client.transport.Queues() {
		return nil
	}
	switch r.Status() {
	case RoomAttaching, RoomAttached:
		return r.online(operation)
	}
	return nil
}

// identified returns an error if the client is known to have no id. Without a connection the id is
// not known, and identified returns nil.
func (r *Room) identified(operation string) error {
	if !r.client.channels.Connected() || r.client.ClientID() != "" {
		return nil
	}
	return lifecycle.NewErrorInfo(ErrInvalidClientID, "unable to "+operation+
		"; the client has no id: give one with ably.WithClientID, or in its token", nil)
}

// online returns an error if there is no connection.
func (r *Room) online(operation string) error {
	if r.client.channels.Connected() {
		return nil
	}
	return lifecycle.NewErrorInfo(ErrDisconnected,
		"unable to "+operation+"; there is no connection", nil)
}
