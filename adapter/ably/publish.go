package ablychat

import (
	"context"
	"encoding/json"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// publish sends a message that is not kept (ephemeral) on the room's channel, and waits until the
// service has taken it. operation is what to call it in errors. The room need not be attached
// (CHA-GP2).
//
// Errors: [lifecycle.ErrDisconnected] without a connection; [lifecycle.ErrRoomInInvalidState] for a room
// that is released; [lifecycle.ErrInvalidArgument] for data that JSON has no form for; the service's;
// the context's cause.
func (r *Room) publish(ctx context.Context, operation, name string, data, headers map[string]any) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m := &wire.Message{Name: name, Extras: map[string]any{"ephemeral": true}}
	if data != nil {
		m.Data = data
	}
	if headers != nil {
		plain, err := inJSON(operation, headers)
		if err != nil {
			return err
		}
		m.Extras["headers"] = plain
	}
	if err := r.online(operation); err != nil { // CHA-ER3g
		return err
	}
	return failed(ctx, operation, r.channel.Publish(ctx, m))
}

// inJSON returns what JSON makes of a value: objects, lists, strings, float64, bools and nil.
func inJSON(operation string, v any) (plain any, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &plain)
	}
	if err != nil {
		return nil, lifecycle.NewErrorInfo(lifecycle.ErrInvalidArgument, "unable to "+operation+"; what is to be sent has no form in JSON", err)
	}
	return plain, nil
}

// online returns an error without a connection.
func (r *Room) online(operation string) error {
	if r.client.channels.Connected() {
		return nil
	}
	return lifecycle.NewErrorInfo(lifecycle.ErrDisconnected, "unable to "+operation+"; there is no connection", nil)
}
