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
	"ablyrooms.example/lifecycle"
)

// site is a server with a realtime client.
type site struct {
	*service
	client *ably.Realtime
}

// maker makes a realtime client, either with ably-go alone or with the adapter.
type maker func(...ably.ClientOption) (*ably.Realtime, error)

func open(b *testing.B, server *service, client maker) *site {
	return &site{server, connect(b, value(client(server.options(ably.WithAutoConnect(false))...)))}
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
	s.service.close()
}

// bareOptions returns the modes and params of a room with default options, so that a bare channel
// sends and receives the same.
func bareOptions() []ably.ChannelOption {
	return []ably.ChannelOption{
		ably.ChannelWithModes(ably.ChannelModePublish, ably.ChannelModeSubscribe, ably.ChannelModePresence, ably.ChannelModePresenceSubscribe),
		ably.ChannelWithParams("agent", "chat-go/"+ablychat.Version),
	}
}

func roomName(i int) string { return fmt.Sprint("room ", i) }

// heap returns the size of the live heap, after garbage collections, and the number of goroutines.
func heap() (bytes float64, goroutines float64) {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc), float64(runtime.NumGoroutine())
}

const idle = 1000

// memoryCases compares the memory and the goroutines of an attached, idle room with those of a bare
// channel, in the client only.
func memoryCases() []comparison {
	measured := func(client maker, fill func(*testing.B, *site) (keep any), unit string) func(*testing.B) {
		return func(b *testing.B) {
			s := open(b, apart(), client)
			defer s.close()
			bytes, goroutines := heap()
			keep := fill(b, s)
			after, running := heap()
			runtime.KeepAlive(keep)
			if unit == "B/room" {
				b.ReportMetric((after-bytes)/idle, unit)
			} else {
				b.ReportMetric((running-goroutines)/idle, unit)
			}
		}
	}
	bare := func(b *testing.B, s *site) any { return attachBare(s, idle) }
	rooms := func(options ...lifecycle.RoomOption) func(*testing.B, *site) any {
		return func(b *testing.B, s *site) any { return attachRooms(s, idle, options...) }
	}
	all := rooms(lifecycle.WithOccupancyEvents(true), lifecycle.WithRawMessageReactions(true))
	return []comparison{
		{"memory of an attached, idle room", measure{"bare channel", measured(ably.NewRealtime, bare, "B/room")},
			[]measure{{"room", measured(ablychat.NewRealtime, rooms(), "B/room")},
				{"room, all options on", measured(ablychat.NewRealtime, all, "B/room")}}, "at most 2048 B"},
		{"goroutines of an attached, idle room", measure{"bare channel", measured(ably.NewRealtime, bare, "goroutines/room")},
			[]measure{{"room", measured(ablychat.NewRealtime, rooms(), "goroutines/room")}}, "0 more"},
	}
}

// together calls do for n rooms, in several workers.
func together(workers, n int, do func(name string)) {
	var group sync.WaitGroup
	work := make(chan string)
	for range workers {
		group.Go(func() {
			for name := range work {
				do(name)
			}
		})
	}
	for i := range n {
		work <- roomName(i)
	}
	close(work)
	group.Wait()
}

// attachBare attaches n channels with ably-go alone.
func attachBare(s *site, n int) *ably.Realtime {
	together(50, n, func(name string) {
		channel := s.client.Channels.Get(ablychat.ChannelName(name), bareOptions()...)
		must(channel.Attach(context.Background()))
	})
	return s.client
}

// attachRooms attaches n rooms with a new chat client.
func attachRooms(s *site, n int, options ...lifecycle.RoomOption) *ablychat.Client {
	client := value(ablychat.New(s.client))
	together(50, n, func(name string) {
		must(value(client.Rooms().Get(context.Background(), name, options...)).Attach(context.Background()))
	})
	return client
}

const batch = 500

// stackCases compares getting, attaching and releasing rooms with the same operations in bare
// ably-go.
func stackCases() (cases []comparison) {
	ctx := context.Background()
	for _, place := range places {
		timed := func(workers int, client maker, one func(*site, *ablychat.Rooms, string) error) func(*testing.B) {
			return func(b *testing.B) {
				s := open(b, place.start(), client)
				defer s.close()
				var rooms *ablychat.Rooms
				if chat, err := ablychat.New(s.client); err == nil { // fails without the adapter
					rooms = chat.Rooms()
					defer func() { must(chat.Dispose(ctx)) }()
				}
				b.ResetTimer()
				m := startMeter()
				for range b.N {
					together(workers, batch, func(name string) { must(one(s, rooms, name)) })
				}
				m.report(b, b.N*batch, "rooms/s")
				b.StopTimer()
			}
		}
		bare := func(s *site, _ *ablychat.Rooms, name string) error {
			name = ablychat.ChannelName(name)
			ch := s.client.Channels.Get(name, bareOptions()...)
			if err := ch.Attach(ctx); err != nil {
				return err
			}
			return s.client.Channels.Release(ctx, name)
		}
		rooms := func(_ *site, rooms *ablychat.Rooms, name string) error {
			room, err := rooms.Get(ctx, name)
			if err != nil {
				return err
			}
			if err := room.Attach(ctx); err != nil {
				return err
			}
			return rooms.Release(ctx, name)
		}
		cases = append(cases,
			comparison{"get + attach + release of 500 rooms, one after another" + place.name,
				measure{"bare ably-go", timed(1, ably.NewRealtime, bare)},
				[]measure{{"rooms", timed(1, ablychat.NewRealtime, rooms)}}, "at least 1.05x"},
			comparison{"get + attach + release of 500 rooms, 50 at once" + place.name,
				measure{"bare ably-go", timed(50, ably.NewRealtime, bare)},
				[]measure{{"rooms", timed(50, ablychat.NewRealtime, rooms)}}, "at least 1.35x"},
			disposeCase(place.name, place.start))
	}
	return cases
}

// disposeCase measures the disposal of a client with many rooms. Bare ably-go has no such call, so
// there each channel is released.
func disposeCase(where string, start func() *service) comparison {
	const many = 10_000
	ctx := context.Background()
	bare := func(workers int) func(*testing.B) {
		return func(b *testing.B) {
			s := open(b, start(), ably.NewRealtime)
			defer s.close()
			attachBare(s, many)
			m := startMeter()
			together(workers, many, func(name string) {
				must(s.client.Channels.Release(ctx, ablychat.ChannelName(name)))
			})
			m.report(b, many, "rooms/s")
		}
	}
	rooms := func(b *testing.B) {
		s := open(b, start(), ablychat.NewRealtime)
		defer s.close()
		client := attachRooms(s, many)
		m := startMeter()
		must(client.Dispose(ctx))
		m.report(b, many, "rooms/s")
	}
	return comparison{"end of 10,000 attached rooms" + where, measure{"bare ably-go, all at once", bare(many)},
		[]measure{{"bare ably-go, one after another", bare(1)}, {"Dispose", rooms}}, "at least 1.3x"}
}
