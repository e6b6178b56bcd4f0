package realtime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// RTL6c4: a suspended channel refuses messages. RTP16c: a channel that is neither attached nor
// attaching refuses Enter. Data that JSON can't encode is refused first.
func TestWhatAChannelRefuses(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := newWorld(t, newServer(t), realtime.Config{RetryTimeout: time.Minute})
		w.connect()
		c := w.channel()
		fails(t, c.Enter(soon(t), nil), lifecycle.ErrRoomInInvalidState)
		fails(t, c.Enter(soon(t), func() {}), lifecycle.ErrInvalidArgument)
		w.server.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(),
			ablytest.DetachChannel(ablytest.NewError(50000, 500, "busy")))
		fails(t, c.Attach(soon(t)), 50000)
		fails(t, c.Publish(soon(t), &wire.Message{Name: "m"}), 90001)
		fails(t, c.Enter(soon(t), nil), lifecycle.ErrRoomInInvalidState)
		c.end()
	})
}

// P14 (RTP5a): a channel that fails forgets its own members.
func TestAFailedChannelForgetsItsMembers(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		must(t, c.Enter(soon(t), nil))
		w.server.FailChannel(name, ablytest.NewError(40160, 401, "no"))
		c.await("failed")
		fails(t, c.Enter(soon(t), nil), lifecycle.ErrRoomInInvalidState)
		must(t, c.Attach(soon(t)))
		synctest.Wait()
		equal(t, sent(w.server, ablytest.ActionPresence), "PRESENCE")
		c.end()
	})
}

// C38 (T23): the server reports that a request was overtaken, although it has answered the request.
// The client then requests the members again.
func TestAnOvertakenRequestOfAnAttachedChannel(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := connected(t)
		c := w.attached()
		must(t, w.server.Inject("", &ablytest.ProtocolMessage{
			Action: ablytest.ActionError, Channel: name, Error: ablytest.NewError(80016, 400, "overtaken"),
		}))
		synctest.Wait()
		equal(t, sent(w.server, ablytest.ActionSync), "SYNC")
		c.end()
	})
}
