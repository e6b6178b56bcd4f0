package transport_test

import (
	"fmt"
	"testing"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// BenchmarkTransport compares ably-go on the transport, and the rooms' side of the transport, with
// plain ably-go, in one run. An operation "publish" publishes a message and waits until it is
// acknowledged; they run one after another or 50 at once. An operation "receive" receives a message
// that another client published.
func BenchmarkTransport(b *testing.B) {
	for _, format := range []string{"json", "msgpack"} {
		for _, on := range []string{"bare", "ably-go", "rooms"} {
			for _, what := range []string{"publish", "publish50", "receive"} {
				b.Run(fmt.Sprintf("%s/%s/%s", what, format, on), func(b *testing.B) {
					benchmark(b, on, what, ably.WithUseBinaryProtocol(format == "msgpack"))
				})
			}
		}
	}
}

func benchmark(b *testing.B, on, what string, format ably.ClientOption) {
	server := ablytest.NewServer(b, ablytest.WithFrameLog(0), ablytest.WithMessageLimit(1))
	payload := fmt.Sprintf("%0200d", 7)
	received := make(chan struct{}, 1<<16)
	var publish func(done func(error))
	name := "own"
	switch on {
	case "rooms":
		name = room
		client, tr, err := transport.NewRealtime(transport.Options{},
			server.ClientOptions(format, ably.WithEchoMessages(false), ably.WithAutoConnect(false))...)
		must(b, err)
		w := &world{t: b, client: client, transport: tr, change: make(chan struct{}, 1)}
		unbind, _ := tr.Bind(w.handle)
		b.Cleanup(w.close)
		client.Connect()
		w.await(transport.Connected)
		w.attach()
		unbind()
		tr.Bind(func(e transport.Event) {
			if e.Kind == transport.Message && e.Message.Action == wire.ActionMessage {
				received <- struct{}{}
			}
		})
		publish = func(done func(error)) {
			tr.Send(&wire.ProtocolMessage{
				Action: wire.ActionMessage, Channel: room, Messages: []*wire.Message{{Name: "m", Data: payload}},
			}, func(_ []*string, err error) { done(err) })
		}
	default:
		options := server.ClientOptions(format, ably.WithEchoMessages(false), ably.WithLogLevel(ably.LogNone), ably.WithAutoConnect(false))
		client, err := ably.NewRealtime(options...)
		if on == "ably-go" {
			client, _, err = transport.NewRealtime(transport.Options{}, options...)
		}
		must(b, err)
		w := &world{t: b, client: client}
		client.Connect()
		w.state(ably.ConnectionStateConnected)
		b.Cleanup(func() {
			client.Close()
			w.state(ably.ConnectionStateClosed)
		})
		channel := client.Channels.Get(name)
		_, err = channel.SubscribeAll(soon(b), func(*ably.Message) { received <- struct{}{} })
		must(b, err)
		publish = func(done func(error)) { must(b, channel.PublishAsync("m", payload, done)) }
	}
	b.ReportAllocs()
	b.ResetTimer()
	if what == "receive" {
		const ahead = 256
		for i := range b.N {
			if _, err := server.Publish(name, ablytest.Message{Name: "m", Data: payload}); err != nil {
				b.Fatal(err)
			}
			if i >= ahead {
				<-received
			}
		}
		for range min(b.N, ahead) {
			<-received
		}
		return
	}
	window := map[string]int{"publish": 1, "publish50": 50}[what]
	done := make(chan error, window)
	sent := 0
	for range b.N {
		if sent == window {
			must(b, <-done)
			sent--
		}
		publish(func(err error) { done <- err })
		sent++
	}
	for range sent {
		must(b, <-done)
	}
}
