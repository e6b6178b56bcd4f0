package ablychat

import (
	"context"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// publish sends a message that is not kept (ephemeral) on the room's channel, and waits until the
// service has taken it. operation is what to call it in errors. The room need not be attached
// (CHA-GP2).
//
// Errors: [ErrDisconnected] without a connection; [ErrRoomInInvalidState] for a room
// that is released; [ErrInvalidArgument] for a value that can't be sent as it is; the service's;
// the context's error.
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

// sendable returns an error without a connection, for a room that could send on it, if the realtime
// client does not queue messages (TO3g).
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

// identified returns an error for a client without an id, as far as that is known: with the
// connection.
func (r *Room) identified(operation string) error {
	if !r.client.channels.Connected() || r.client.ClientID() != "" {
		return nil
	}
	return lifecycle.NewErrorInfo(ErrInvalidClientID, "unable to "+operation+
		"; the client has no id: give one with ably.WithClientID, or in its token", nil)
}

// online returns an error without a connection.
func (r *Room) online(operation string) error {
	if r.client.channels.Connected() {
		return nil
	}
	return lifecycle.NewErrorInfo(ErrDisconnected,
		"unable to "+operation+"; there is no connection", nil)
}
