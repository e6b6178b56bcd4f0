package transport_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
)

// RTL6c2: messages wait while a connection that was closed is opened again.
func TestSendWhileItConnectsAgain(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.client.Close()
		w.state(ably.ConnectionStateClosed)
		w.fails(w.publish("too late"), 80017)
		gate := w.server.Hold(ablytest.ToClient(ablytest.ActionConnected))
		w.client.Connect()
		must(t, gate.Await(soon(t), 1))
		r := w.publish("in time")
		synctest.Wait()
		select {
		case res := <-r:
			t.Errorf("it did not wait: %v", res.err)
		default:
		}
		gate.Open()
		w.succeeds(r)
	})
}

// RTN14b: if the renewed token is refused too, ably-go doesn't renew it again and again.
func TestATokenThatIsAlwaysRefused(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		w := newWorld(t, ably.WithUseTokenAuth(true))
		w.server.RefuseConnections(ablytest.NewError(40142, 401, "expired"))
		w.client.Connect()
		time.Sleep(time.Second)
		if n := w.server.State().WebSockets; n != 2 {
			t.Errorf("%d WebSockets within a second, want 2", n)
		}
		w.client.Close()
	})
}
