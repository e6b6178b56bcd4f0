package ablychat

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/lifecycle"
)

// publish sends a message that is not kept (ephemeral) on the room's channel, and waits until the service has taken it. operation is what to
// call it in errors. The room need not be attached (CHA-GP2): messages are sent on channels that are not.
//
// Errors: [lifecycle.Disconnected] without a connection; [lifecycle.RoomInInvalidState] for a room that is released;
// [lifecycle.InvalidArgument] for data that JSON has no form for; the service's; the context's cause.
func (c *channel) publish(ctx context.Context, operation, name string, data, headers map[string]any) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m := &ably.Message{Name: name, Extras: map[string]any{"ephemeral": true}}
	if data != nil {
		text, err := json.Marshal(data)
		if err != nil {
			return lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; what is to be sent has no form in JSON", err)
		}
		m.Data, m.Encoding = string(text), "json" // ably-go encodes nothing
	}
	if headers != nil {
		plain, err := inJSON(operation, headers)
		if err != nil {
			return err
		}
		m.Extras["headers"] = plain
	}
	if err := c.online(operation); err != nil { // CHA-ER3g
		return err
	}
	ch, err := c.publisher(operation)
	if err != nil {
		return err
	}
	if err := ch.PublishMultiple(ctx, []*ably.Message{m}); err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return context.Cause(ctx)
		}
		return fromAbly(operation, err)
	}
	return nil
}

// inJSON makes of a value what its form in JSON is made of: objects, lists, strings, float64, bools and nil. ably-go hands values to the encoder
// of the connection's format, which may have a form for them that is not JSON's, or none: then the call would have no answer.
func inJSON(operation string, v any) (plain any, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &plain)
	}
	if err != nil {
		return nil, lifecycle.NewErrorInfo(lifecycle.InvalidArgument, "unable to "+operation+"; what is to be sent has no form in JSON", err)
	}
	return plain, nil
}

// publisher returns the channel to publish on, and takes one when the room holds none.
func (c *channel) publisher(operation string) (*ably.RealtimeChannel, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over && c.ch == nil {
		c.begin("publish")
		defer c.end()
		if !c.over {
			if err := c.acquire(); err != nil {
				return nil, err
			}
		}
	}
	if c.over {
		return nil, lifecycle.NewErrorInfo(lifecycle.RoomInInvalidState, "unable to "+operation+"; the room is released", nil)
	}
	return c.ch, nil
}

// online returns an error without a connection.
func (c *channel) online(operation string) error {
	state := c.client.realtime.Connection.State()
	if state == ably.ConnectionStateConnected {
		return nil
	}
	return lifecycle.NewErrorInfo(lifecycle.Disconnected, "unable to "+operation+"; the connection is "+connectionStatus(state).String(), nil)
}
