package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// site is an embedded server and a realtime client on it.
type site struct {
	server *ablytest.Server
	client *ably.Realtime
}

// maker makes a realtime client: ably-go's alone, or one that rooms can be on.
type maker func(...ably.ClientOption) (*ably.Realtime, error)

func open(b *testing.B, client maker) *site {
	server := value(ablytest.Start(ablytest.WithFrameLog(1)))
	return &site{server, connect(b, value(client(server.ClientOptions(ably.WithAutoConnect(false))...)))}
}

func connect(b *testing.B, client *ably.Realtime) *ably.Realtime {
	connected := make(chan struct{}, 8)
	defer client.Connection.On(ably.ConnectionEventConnected, func(ably.ConnectionStateChange) { connected <- struct{}{} })()
	client.Connect()
	select {
	case <-connected:
	case <-time.After(10 * time.Second):
		b.Fatal("the client does not connect")
	}
	return client
}

func (s *site) close() {
	s.client.Close()
	s.server.Close()
}

// bareOptions are the modes and params that a room with the default options has, for the same
// work on the wire.
func bareOptions() []ably.ChannelOption {
	return []ably.ChannelOption{
		ably.ChannelWithModes(ably.ChannelModePublish, ably.ChannelModeSubscribe, ably.ChannelModePresence, ably.ChannelModePresenceSubscribe),
		ably.ChannelWithParams("agent", "chat-go/"+ablychat.Version),
	}
}

func roomName(i int) string { return fmt.Sprint("room ", i) }

// heap returns the live heap and the goroutines, once both are at rest.
func heap() (bytes float64, goroutines float64) {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc), float64(runtime.NumGoroutine())
}

const idle = 1000

// memoryCases measures what an attached, idle room costs beside a bare channel.
func memoryCases() []comparison {
	measured := func(client maker, fill func(context.Context, *testing.B, *site) (keep any), unit string) func(*testing.B) {
		return func(b *testing.B) {
			s := open(b, client)
			defer s.close()
			bytes, goroutines := heap()
			keep := fill(context.Background(), b, s)
			after, running := heap()
			runtime.KeepAlive(keep)
			if unit == "B/room" {
				b.ReportMetric((after-bytes)/idle, unit)
			} else {
				b.ReportMetric((running-goroutines)/idle, unit)
			}
		}
	}
	bare := func(ctx context.Context, b *testing.B, s *site) any {
		for i := range idle {
			must(s.client.Channels.Get(ablychat.ChannelName(roomName(i)), bareOptions()...).Attach(ctx))
		}
		return s.client
	}
	rooms := func(ctx context.Context, b *testing.B, s *site) any {
		chat := value(ablychat.New(s.client))
		for i := range idle {
			room, err := chat.Rooms().Get(ctx, roomName(i))
			if err == nil {
				err = room.Attach(ctx)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		return chat
	}
	return []comparison{
		{"memory of an attached, idle room, the server's share included", measure{"bare channel", measured(ably.NewRealtime, bare, "B/room")},
			[]measure{{"room", measured(ablychat.NewRealtime, rooms, "B/room")}}, "under 1024 B more"},
		{"goroutines of an attached, idle room", measure{"bare channel", measured(ably.NewRealtime, bare, "goroutines/room")},
			[]measure{{"room", measured(ablychat.NewRealtime, rooms, "goroutines/room")}}, "0 more"},
	}
}

const batch = 500

// stackCases measures getting, attaching and releasing rooms through the embedded server, against
// the same in bare ably-go.
func stackCases() []comparison {
	timed := func(workers int, client maker, one func(context.Context, *site, *ablychat.Rooms, string) error) func(*testing.B) {
		return func(b *testing.B) {
			s := open(b, client)
			defer s.close()
			var rooms *ablychat.Rooms
			if chat, err := ablychat.New(s.client); err == nil { // not of ably-go's alone
				rooms = chat.Rooms()
				defer func() { must(chat.Dispose(context.Background())) }()
			}
			ctx := context.Background()
			b.ResetTimer()
			began := time.Now()
			for range b.N {
				var group sync.WaitGroup
				work := make(chan string)
				for range workers {
					group.Go(func() {
						for name := range work {
							must(one(ctx, s, rooms, name))
						}
					})
				}
				for i := range batch {
					work <- roomName(i)
				}
				close(work)
				group.Wait()
			}
			b.ReportMetric(float64(b.N*batch)/time.Since(began).Seconds(), "rooms/s")
			b.StopTimer()
		}
	}
	bare := func(ctx context.Context, s *site, _ *ablychat.Rooms, name string) error {
		name = ablychat.ChannelName(name)
		ch := s.client.Channels.Get(name, bareOptions()...)
		if err := ch.Attach(ctx); err != nil {
			return err
		}
		return s.client.Channels.Release(ctx, name)
	}
	rooms := func(ctx context.Context, _ *site, rooms *ablychat.Rooms, name string) error {
		room, err := rooms.Get(ctx, name)
		if err != nil {
			return err
		}
		if err := room.Attach(ctx); err != nil {
			return err
		}
		return rooms.Release(ctx, name)
	}
	return []comparison{
		{"get + attach + release of 500 rooms, one after another", measure{"bare ably-go", timed(1, ably.NewRealtime, bare)},
			[]measure{{"rooms", timed(1, ablychat.NewRealtime, rooms)}}, "at least 0.9x"},
		{"get + attach + release of 500 rooms, 50 at once", measure{"bare ably-go", timed(50, ably.NewRealtime, bare)},
			[]measure{{"rooms", timed(50, ablychat.NewRealtime, rooms)}}, "at least 0.9x"},
	}
}
