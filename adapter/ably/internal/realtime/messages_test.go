package realtime_test

import (
	"fmt"
	"testing"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// RSL4, RSL6: payloads are received as they were sent, in both formats.
func TestPayloads(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		c := w.attached()
		for _, data := range []any{
			nil, "", "text", []byte{0, 255}, map[string]any{"n": 1.5, "list": []any{"x", nil, true}}, []any{1.0},
		} {
			must(t, c.Publish(soon(t), &wire.Message{Name: "m", Data: data}))
			c.is(fmt.Sprintf("message m %#v %q", data, ""))
		}
		fails(t, c.Publish(soon(t), &wire.Message{Data: map[string]any{"f": func() {}}}), lifecycle.ErrInvalidArgument)
		// RSL6b: an encoding that isn't known stays on the message; the message is still delivered.
		_, err := w.server.Publish(name,
			ablytest.Message{Name: "a", Data: "eyJhIjoxfQ==", Encoding: "json/utf-8/base64"},
			ablytest.Message{Name: "b", Data: "eA==", Encoding: "json/cipher/base64"},
			ablytest.Message{Name: "c", Data: "{", Encoding: "json"})
		must(t, err)
		c.is(`message a map[string]interface {}{"a":1} ""`, `message b []byte{0x78} "json/cipher"`, `message c "{" "json"`)
		c.end()
	})
}

// RTL17, RTL15b: messages come in order while the channel is attached. A resumed channel gets the
// messages that it missed.
func TestMessagesOverACut(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		c := w.attached()
		n := 0
		publish := func() {
			_, err := w.server.Publish(name, ablytest.Message{Name: fmt.Sprint(n)})
			must(t, err)
			n++
		}
		for range 3 {
			publish()
			over := w.outage()
			publish()
			over()
			publish()
		}
		for i := range n {
			if before := c.await(fmt.Sprintf("message %d ", i)); i%3 != 1 && len(before) != 0 && len(before) != 4 {
				t.Errorf("before message %d: %q", i, before)
			}
		}
		must(t, c.Detach(soon(t)))
		publish()
		c.end()
		c.is("left", "detaching", "detached")
		c.empty()
	})
}

// RTAN4, TM8a: annotations and summaries come in the order of the wire.
func TestAnnotations(t *testing.T) {
	eachFormat(t, func(t *testing.T, format ably.ClientOption) {
		w := connected(t, format)
		c := w.attached()
		serials, err := w.server.Publish(name, ablytest.Message{Name: "m"})
		must(t, err)
		c.await("message m")
		done := make(chan error, 1)
		w.transport.Send(&wire.ProtocolMessage{Action: wire.ActionAnnotation, Channel: name, Annotations: []*wire.Annotation{
			{Type: "reaction:distinct.v1", Name: "👍", MessageSerial: serials[0]},
		}}, func(_ []*string, err error) { done <- err })
		must(t, <-done)
		c.is("annotation "+serials[0]+" reaction:distinct.v1 👍",
			"summary "+serials[0]+" map[reaction:distinct.v1:map[👍:map[clientIds:[ann] clipped:false total:1]]]")
		c.end()
	})
}
