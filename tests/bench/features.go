package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// lobby is an attached room, with an equivalent in bare ably-go: a realtime client of its own, and
// a REST client.
type lobby struct {
	*service
	client  *ablychat.Client
	room    *ablychat.Room
	bare    *ably.Realtime
	channel *ably.RealtimeChannel
	rest    *ably.REST
}

func openLobby(ctx context.Context, server *service) *lobby {
	options := server.options(ably.WithClientID("ada"))
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
	l.service.close()
}

// featureCases compares the features of a room with the same operations in bare ably-go.
func featureCases() (cases []comparison) {
	for _, place := range places {
		cases = append(cases, trafficCases(place.name, func() *lobby { return openLobby(context.Background(), place.start()) })...)
	}
	return append(cases, keystrokeCase(), statusCase())
}

func trafficCases(where string, open func() *lobby) []comparison {
	ctx := context.Background()
	in := func(run func(b *testing.B, l *lobby)) func(*testing.B) {
		return func(b *testing.B) {
			l := open()
			defer l.close(ctx)
			b.ResetTimer()
			run(b, l)
			b.StopTimer()
		}
	}
	// repeated measures how many calls of do are possible per second.
	repeated := func(unit string, do func(l *lobby) error) func(*testing.B) {
		return in(func(b *testing.B, l *lobby) {
			m := startMeter()
			for range b.N {
				must(do(l))
			}
			m.report(b, b.N, unit)
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
	// netHTTPSend makes only the request, without a client. No client that uses net/http can be
	// faster.
	netHTTPSend := func(l *lobby) error {
		address := fmt.Sprintf("http://%s:%d/chat/v4/rooms/lobby/messages", l.Host, l.Port)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(`{"text":"hello"}`))
		if err != nil {
			return err
		}
		name, secret, _ := strings.Cut(l.Key, ":")
		request.SetBasicAuth(name, secret)
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Ably-ClientId", base64.StdEncoding.EncodeToString([]byte("ada")))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		if response.StatusCode != http.StatusCreated {
			return errors.New(response.Status)
		}
		return nil
	}
	bareReact := func(l *lobby) error {
		return l.channel.PublishMultiple(ctx, []*ably.Message{{Name: chat.NameRoomReaction,
			Data:   map[string]any{"name": "like", "metadata": map[string]any{}},
			Extras: map[string]any{"headers": map[string]any{}, "ephemeral": true}}})
	}
	roomReact := func(l *lobby) error {
		return l.room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "like"})
	}
	// received publishes some messages at a time from the server, and waits until all listeners
	// have received them. unit selects what to report: messages/s or allocs/message.
	received := func(
		listeners, some int, listen func(b *testing.B, l *lobby, got func()), unit string,
	) func(*testing.B) {
		return in(func(b *testing.B, l *lobby) {
			var count atomic.Int64
			all := make(chan struct{}, 1)
			listen(b, l, func() {
				if count.Add(1)%int64(listeners*some) == 0 {
					all <- struct{}{}
				}
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			m := startMeter()
			n := 0
			for n < max(b.N, some) {
				l.publish(some)
				<-all
				n += some
			}
			if unit == "messages/s" {
				m.report(b, n, unit)
				return
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(n), unit)
		})
	}
	decoded := func(b *testing.B, m *ably.Message) {
		var data struct {
			Text     string
			Metadata map[string]any
		}
		if text, ok := m.Data.(string); !ok || json.Unmarshal([]byte(text), &data) != nil || data.Text == "" {
			b.Error("a listener received a message without its text")
		}
	}
	bareListen := func(listeners int) func(b *testing.B, l *lobby, got func()) {
		return func(b *testing.B, l *lobby, got func()) {
			l.room = nil
			must(l.client.Dispose(ctx)) // otherwise each message would go to two clients
			for range listeners {
				value(l.channel.SubscribeAll(ctx, func(m *ably.Message) {
					if listeners == 1 {
						decoded(b, m)
					}
					got()
				}))
			}
		}
	}
	roomListen := func(listeners int) func(b *testing.B, l *lobby, got func()) {
		return func(b *testing.B, l *lobby, got func()) {
			must(l.channel.Detach(ctx))
			for range listeners {
				l.room.Messages().Subscribe(func(e chat.MessageEvent) {
					if e.Message.Text == "" {
						b.Error("a listener received a message without its text")
					}
					got()
				})
			}
		}
	}
	const some = 200 // messages at a time; with more, the figures would include the time in queues
	return []comparison{
		{"attach + detach of one room" + where, measure{"bare ably-go", repeated("cycles/s", func(l *lobby) error {
			if err := l.channel.Attach(ctx); err != nil {
				return err
			}
			return l.channel.Detach(ctx)
		})}, []measure{{"room", repeated("cycles/s", func(l *lobby) error {
			if err := l.room.Attach(ctx); err != nil {
				return err
			}
			return l.room.Detach(ctx)
		})}}, "at least 1.1x"},
		{"messages sent, one after another" + where, measure{"bare ably-go", repeated("messages/s", bareSend)},
			[]measure{{"room", repeated("messages/s", roomSend)}, {"net/http alone", repeated("messages/s", netHTTPSend)}}, "at least 1.1x"},
		{"room reactions sent, one after another" + where, measure{"bare ably-go", repeated("messages/s", bareReact)},
			[]measure{{"room", repeated("messages/s", roomReact)}}, "at least 1.1x"},
		{"messages received" + where,
			measure{"bare ably-go, payload decoded", received(1, some, bareListen(1), "messages/s")},
			[]measure{{"room", received(1, some, roomListen(1), "messages/s")}}, "at least 1.2x"},
		{"allocations for each message received" + where,
			measure{"bare ably-go, payload decoded", received(1, some, bareListen(1), "allocs/message")},
			[]measure{{"room", received(1, some, roomListen(1), "allocs/message")}}, "at most 0.8x"},
		{"one message to 1,000 listeners" + where,
			measure{"bare ably-go, payload as it came", received(1000, 1, bareListen(1000), "messages/s")},
			[]measure{{"room", received(1000, 1, roomListen(1000), "messages/s")}}, "CPU at most 2x"},
	}
}

// keystrokeCase measures a keystroke that is throttled, so that nothing is sent.
func keystrokeCase() comparison {
	ctx := context.Background()
	call := func(b *testing.B) {
		f := func(context.Context) error { return nil }
		for b.Loop() {
			_ = f(ctx)
		}
	}
	keystroke := func(b *testing.B) {
		l := openLobby(ctx, here())
		defer l.close(ctx)
		must(l.room.Typing().Keystroke(ctx))
		b.ReportAllocs()
		b.ResetTimer()
		for range b.N {
			must(l.room.Typing().Keystroke(ctx))
		}
		b.StopTimer()
	}
	return comparison{"a keystroke that is throttled", measure{"a function call", call},
		[]measure{{"typing", keystroke}}, "under 100 ns, no allocation"}
}

// eventChannel is a channel that reports attached at once, and otherwise only the states that the
// test emits.
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

// statusCase measures the time from a status change until all listeners have received it.
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
