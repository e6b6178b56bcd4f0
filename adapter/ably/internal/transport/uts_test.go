package transport_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// These tests are cases of Ably's unit test specification that no other test covers, with their
// ids.

// RTL6c2/queued-when-initialized-2, RTL6c2/queued-when-connecting-0, RTL6c2/queued-messages-order-4
func TestQueuedMessagesKeepTheirOrder(t *testing.T) {
	w := newWorld(t)
	results := []chan result{w.publish("initialized")}
	gate := w.server.Hold(ablytest.ToClient(ablytest.ActionConnected))
	w.client.Connect()
	must(t, gate.Await(soon(t), 1))
	results = append(results, w.publish("connecting"), w.publish("connecting still"))
	if n := len(serialsOn(w.server, 1)); n > 0 {
		t.Errorf("%d messages were sent before CONNECTED", n)
	}
	gate.Open()
	var data []string
	for i, r := range results {
		w.succeeds(r)
		data = append(data, fmt.Sprint(w.server.Messages(room)[i].Data))
	}
	equal(t, data, "initialized", "connecting", "connecting still")
	equal(t, serialsOn(w.server, 1), room+" 0", room+" 1", room+" 2")
}

// RTN7e/error-represents-reason-4, RTN7e/multiple-pending-fail-3, RTN7e/pending-fail-failed-2
func TestUnansweredMessagesFailWithTheReason(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		w.attach()
		w.server.Hold(ablytest.ToServer(ablytest.ActionMessage).OnConnection(1))
		results := []chan result{w.publish(1), w.publish(2), w.publish(3)}
		must(t, w.server.FailConnection("", ablytest.NewError(80019, 400, "closed by an admin")))
		for _, r := range results {
			var e *wire.ErrorInfo
			if err := w.get(r).err; !errors.As(err, &e) || e.Code != 80019 || e.StatusCode != 400 || e.Message != "closed by an admin" {
				t.Errorf("error %v", err)
			}
		}
		w.await(transport.Failed)
		if reason := w.client.Connection.ErrorReason(); reason == nil || reason.Code != 80019 {
			t.Errorf("ably-go's reason is %v", reason)
		}
		w.fails(w.publish("too late"), 80019)
	})
}

// RTN24/connected-emits-update-0, RTN24/update-event-with-error-1,
// RTN24/no-duplicate-connected-event-3: listeners of ably-go's get the reason, and messages still
// work.
func TestUpdatesOfAConnection(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		w.attach()
		w.succeeds(w.publish("before"))
		must(t, w.client.Channels.Get("own").Publish(soon(t), "m", "before"))
		changes := make(chan ably.ConnectionStateChange, 10)
		defer w.client.Connection.OnAll(func(c ably.ConnectionStateChange) { changes <- c })()
		id := w.client.Connection.ID()
		for _, reason := range []*ablytest.ErrorInfo{nil, ablytest.NewError(40142, 401, "Token expired"), nil} {
			details := &ablytest.ConnectionDetails{ConnectionKey: "another", MaxMessageSize: 100}
			must(t, w.server.Inject(id, &ablytest.ProtocolMessage{
				Action: ablytest.ActionConnected, ConnectionID: id, ConnectionDetails: details, Error: reason}))
			if e := w.await(transport.Updated); (e.Reason != nil) != (reason != nil) || e.Connection.Details.MaxMessageSize != 100 {
				t.Errorf("updated with %v, %+v", e.Reason, e.Connection)
			}
			c := <-changes
			if c.Event != ably.ConnectionEventUpdate || c.Previous != c.Current || (c.Reason != nil) != (reason != nil) {
				t.Errorf("ably-go says %+v", c)
			}
		}
		w.fails(w.publish(make([]byte, 100)), 40009) // RTN21
		w.succeeds(w.publish("after"))
		must(t, w.client.Channels.Get("own").Publish(soon(t), "m", "after"))
		equal(t, serialsOn(w.server, 1), room+" 0", "own 1", room+" 2", "own 3")
	})
}

// RTL6j/batch-publish-serials-1
func TestSerialsOfABatch(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		w.attach()
		r := w.get(w.send(&wire.ProtocolMessage{Action: wire.ActionMessage, Channel: room,
			Messages: []*wire.Message{{Name: "a"}, {Name: "b"}, {Name: "c"}}}))
		if r.err != nil || len(r.serials) != 3 {
			t.Fatalf("result %+v, want three serials", r)
		}
		for i, m := range w.server.Messages(room) {
			if r.serials[i] == nil || *r.serials[i] != m.Serial {
				t.Errorf("message %d has the serial %q, the result %v", i, m.Serial, r.serials[i])
			}
		}
	})
}
