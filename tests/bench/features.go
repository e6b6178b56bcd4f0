package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// lobby is a room that is attached, with the same in bare ably-go beside it: a realtime client of
// its own, and a REST client.
type lobby struct {
	server  *ablytest.Server
	client  *ablychat.Client
	room    *ablychat.Room
	bare    *ably.Realtime
	channel *ably.RealtimeChannel
	rest    *ably.REST
}

func openLobby(ctx context.Context) *lobby {
	server := value(ablytest.Start(ablytest.WithFrameLog(1), ablytest.WithMessageLimit(100)))
	options := server.ClientOptions(ably.WithClientID("ada"))
	client := value(ablychat.Connect(ablychat.Ably(options...)))
	room := value(client.Rooms().Get(ctx, "lobby"))
	must(room.Attach(ctx))
	rest := value(ably.NewREST(options...))
	bare := value(ably.NewRealtime(append(options, ably.WithAutoConnect(false))...))
	bare.Connect()
	channel := bare.Channels.Get(ablychat.ChannelName("lobby"), bareOptions()...)
	must(channel.Attach(ctx))
	return &lobby{server, client, room, bare, channel, rest}
}

func (l *lobby) close(ctx context.Context) {
	_ = l.client.Dispose(ctx)
	l.bare.Close()
	l.server.Close()
}

// featureCases measures a room's features against the same in bare ably-go, on the embedded server.
func featureCases() []comparison {
	ctx := context.Background()
	in := func(run func(b *testing.B, l *lobby)) func(*testing.B) {
		return func(b *testing.B) {
			l := openLobby(ctx)
			defer l.close(ctx)
			b.ResetTimer()
			run(b, l)
			b.StopTimer()
		}
	}
	// repeated counts how often a second something is done.
	repeated := func(unit string, do func(l *lobby) error) func(*testing.B) {
		return in(func(b *testing.B, l *lobby) {
			began := time.Now()
			for range b.N {
				must(do(l))
			}
			b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), unit)
		})
	}
	body := map[string]any{"text": "hello"}
	bareSend := func(l *lobby) error {
		pages, err := l.rest.Request("POST", "/chat/v4/rooms/lobby/messages", ably.RequestWithBody(body)).Pages(ctx)
		if err != nil {
			return err
		}
		var items []map[string]any
		if pages.Next(ctx) {
			return pages.Items(&items)
		}
		return fmt.Errorf("status %d", pages.StatusCode())
	}
	roomSend := func(l *lobby) error {
		_, err := l.room.Messages().Send(ctx, ablychat.MessageContent{Text: "hello"})
		return err
	}
	// received publishes at the server, and waits until the listener has had all. unit says what
	// to report.
	received := func(listen func(b *testing.B, l *lobby, got chan<- struct{}), unit string) func(*testing.B) {
		return in(func(b *testing.B, l *lobby) {
			got := make(chan struct{}, 1<<20)
			listen(b, l, got)
			message := ablytest.Message{Name: chat.NameMessage, ClientID: "bob", Encoding: "json", Data: `{"text":"hello","metadata":{"a":1}}`,
				Extras: map[string]any{"headers": map[string]any{"h": "v"}}}
			const batch = 200 // more would be what the queues cost
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			n := 0
			for n < max(b.N, batch) {
				for range batch {
					value(l.server.Publish(ablychat.ChannelName("lobby"), message))
				}
				for range batch {
					<-got
				}
				n += batch
			}
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			if unit == "messages/s" {
				b.ReportMetric(float64(n)/took.Seconds(), unit)
			} else {
				b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n), unit)
			}
		})
	}
	bareListen := func(b *testing.B, l *lobby, got chan<- struct{}) {
		l.room = nil
		must(l.client.Dispose(ctx)) // so that each message goes to one client
		_, err := l.channel.SubscribeAll(ctx, func(m *ably.Message) {
			var data struct {
				Text     string
				Metadata map[string]any
			}
			if text, ok := m.Data.(string); !ok || json.Unmarshal([]byte(text), &data) != nil || data.Text == "" {
				b.Error("not the message")
			}
			got <- struct{}{}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	roomListen := func(b *testing.B, l *lobby, got chan<- struct{}) {
		must(l.channel.Detach(ctx))
		l.room.Messages().Subscribe(func(e chat.MessageEvent) {
			if e.Message.Text == "" {
				b.Error("not the message")
			}
			got <- struct{}{}
		})
	}
	return []comparison{
		{"attach + detach of one room", measure{"bare ably-go", repeated("cycles/s", func(l *lobby) error {
			if err := l.channel.Attach(ctx); err != nil {
				return err
			}
			return l.channel.Detach(ctx)
		})}, []measure{{"room", repeated("cycles/s", func(l *lobby) error {
			if err := l.room.Attach(ctx); err != nil {
				return err
			}
			return l.room.Detach(ctx)
		})}}, "at least 0.9x"},
		{"messages sent, one after another", measure{"bare ably-go", repeated("messages/s", bareSend)}, []measure{{"room", repeated("messages/s", roomSend)}}, "at least 0.9x"},
		{"messages received", measure{"bare ably-go, payload decoded", received(bareListen, "messages/s")},
			[]measure{{"room", received(roomListen, "messages/s")}}, "at least 0.9x"},
		{"allocations for each message received, the server's share included", measure{"bare ably-go, payload decoded", received(bareListen, "allocs/message")},
			[]measure{{"room", received(roomListen, "allocs/message")}}, "none stated"},
		{"a keystroke that is throttled", measure{"a function call", func(b *testing.B) {
			f := func(context.Context) error { return nil }
			for b.Loop() {
				_ = f(ctx)
			}
		}}, []measure{{"typing", in(func(b *testing.B, l *lobby) {
			must(l.room.Typing().Keystroke(ctx))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				must(l.room.Typing().Keystroke(ctx))
			}
		})}}, "under 100 ns, no allocation"},
		statusCase(),
	}
}

// eventChannel is a port that does nothing but tell what it is told to.
type eventChannel struct {
	emit func(lifecycle.ChannelStateChange)
}

func (c *eventChannel) OnStateChange(emit func(lifecycle.ChannelStateChange)) { c.emit = emit }
func (c *eventChannel) Attach(context.Context) error {
	c.emit(lifecycle.ChannelStateChange{Current: fsm.ChannelAttached})
	return nil
}
func (c *eventChannel) Detach(context.Context) error   { return nil }
func (c *eventChannel) GiveBack(context.Context) error { return nil }

// statusCase measures a status change until all listeners have had it.
func statusCase() comparison {
	told := func(listeners int) func(*testing.B) {
		return func(b *testing.B) {
			c := &eventChannel{}
			room, release := lifecycle.NewRoom("lobby", lifecycle.DefaultRoomOptions(), c, lifecycle.RoomConfig{})
			must(room.Attach(context.Background()))
			got := make(chan struct{}, listeners)
			for range listeners {
				value(room.SubscribeStatus(func(lifecycle.RoomStatusChange) { got <- struct{}{} }))
			}
			b.ResetTimer()
			for i := range b.N {
				state := fsm.ChannelSuspended
				if i%2 == 1 {
					state = fsm.ChannelAttached
				}
				c.emit(lifecycle.ChannelStateChange{Current: state, Resumed: true})
				for range listeners {
					<-got
				}
			}
			b.StopTimer()
			for range listeners {
				value(room.SubscribeStatus(func(lifecycle.RoomStatusChange) {}))
			}
			go func() {
				for range got {
				}
			}()
			must(release(context.Background()))
		}
	}
	return comparison{"a status change, until all listeners have had it", measure{"1 listener", told(1)},
		[]measure{{"10 listeners", told(10)}, {"1000 listeners", told(1000)}}, "in proportion"}
}
