package realtime_test

import (
	"testing"
	"testing/synctest"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// TO3g, RTP16a, RTP16c, RTL6c4: without queueMessages, neither presence nor messages wait for a
// connection or for the channel. A Get waits, which sends nothing (P28).
func TestNothingWaitsWithoutQueueMessages(t *testing.T) { inBubble(t, "", testWithoutQueue) }

func testWithoutQueue(t *testing.T) {
	w := connected(t, ably.WithQueueMessages(false))
	c := w.channel()
	gate := w.server.Hold(ablytest.ToServer(ablytest.ActionAttach))
	attach := later(func() error { return c.Attach(soon(t)) })
	must(t, gate.Await(soon(t), 1))
	fails(t, c.Enter(soon(t), "early"), lifecycle.ErrRoomInInvalidState)
	get := later(func() error { _, err := c.Get(soon(t)); return err }) // sends nothing
	synctest.Wait()
	gate.Open()
	must(t, <-attach)
	must(t, <-get)
	must(t, c.Enter(soon(t), "x"))
	c.is("attaching", "at", "attached", "enter ann x")
	over := w.outage()
	fails(t, c.Update(soon(t), "y"), 80003)
	fails(t, c.Leave(soon(t), nil), 80003)
	fails(t, c.Publish(soon(t), &wire.Message{Name: "m"}), 80003)
	over()
	c.await("attached")
	equal(t, c.present(), "ann x")
	must(t, c.Update(soon(t), "z"))
	equal(t, c.present(), "ann z")
	c.end()
}
