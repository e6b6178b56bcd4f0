package realtime

import (
	"context"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Publish sends messages in one frame and waits until the service has acknowledged them (RTL6). The
// channel need not be attached, and Publish doesn't attach it (RTL6c5). Without a connection the
// messages wait for one, unless the connection is suspended, closed or failed, or the realtime
// client queues no messages (RTL6c2, TO3g). Data is encoded; extras must be of the types that
// [encoding/json] returns.
//
// It returns one of these errors:
//
//   - [lifecycle.ErrRoomInInvalidState] if the channel was given back
//   - the code 90001 if the channel is suspended or failed (RTL6c4)
//   - [lifecycle.ErrInvalidArgument] for data that JSON can't encode
//   - an error of the service, or the context's cause
func (c *Channel) Publish(ctx context.Context, messages ...*wire.Message) error {
	m := &wire.ProtocolMessage{Action: wire.ActionMessage, Channel: c.line.name}
	for _, message := range messages {
		e := *message
		var err *lifecycle.ErrorInfo
		if e.Data, e.Encoding, err = encode(e.Data); err != nil {
			return err
		}
		m.Messages = append(m.Messages, &e)
	}
	done := make(chan error, 1)
	cancel, refused := c.publish(m, done)
	if refused != nil {
		return refused
	}
	select {
	case err := <-done:
		if err != nil {
			return asInfo(err)
		}
		return nil
	case <-ctx.Done():
		cancel()
		return context.Cause(ctx)
	}
}

func (c *Channel) publish(m *wire.ProtocolMessage, done chan error) (cancel func(), refused *lifecycle.ErrorInfo) {
	l := c.line
	l.mu.Lock()
	defer l.unlock()
	if l.channel != c {
		return nil, errGivenBack
	}
	if s, _ := l.core.State(); s == fsm.ChannelSuspended || s == fsm.ChannelFailed {
		return nil, lifecycle.NewErrorInfo(codeInvalidState, "the channel is "+s.String(), nil)
	}
	return l.client.transport.Send(m, func(_ []*string, err error) { done <- err }), nil
}
