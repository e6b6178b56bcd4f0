package ablychat

import (
	"context"
	"encoding/json"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/lifecycle"
)

// publish sends a message that is not kept (ephemeral) on the room's channel, and waits until the
// service has taken it. operation is what to call it in errors. The room need not be attached
// (CHA-GP2).
//
// Errors: [ErrDisconnected] without a connection; [ErrRoomInInvalidState] for a room
// that is released; [ErrInvalidArgument] for data that JSON has no form for; the service's;
// the context's error.
func (r *Room) publish(ctx context.Context, operation, name string, data, headers map[string]any) error {
	if err := r.gone(operation); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctxerr.Of(ctx)
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
		return nil, lifecycle.NewErrorInfo(ErrInvalidArgument, "unable to "+operation+"; what is to be sent has no form in JSON", err)
	}
	return plain, nil
}

// identified returns an error for a client without an id, as far as that is known: with the
// connection.
func (r *Room) identified(operation string) error {
	if !r.client.channels.Connected() || r.client.ClientID() != "" {
		return nil
	}
	return lifecycle.NewErrorInfo(ErrInvalidClientID, "unable to "+operation+"; the client has no id: "+
		"give one with ably.WithClientID, or in its token", nil)
}

// online returns an error without a connection.
func (r *Room) online(operation string) error {
	if r.client.channels.Connected() {
		return nil
	}
	return lifecycle.NewErrorInfo(ErrDisconnected, "unable to "+operation+"; there is no connection", nil)
}
