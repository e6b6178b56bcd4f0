package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"ablyrooms.example/lifecycle"
)

type room struct{ name string }

// instant is a backend that opens and releases at once, so that the figures are those of the
// registry alone.
type instant struct{}

func (instant) Open(_ context.Context, name string, _ lifecycle.RoomOptions) (*room, error) {
	return &room{name}, nil
}

func (instant) Release(context.Context, string, *room) error { return nil }

const name = "basketball-stream"

// registryCases measures Rooms without the adapter.
func registryCases() []comparison {
	ctx := context.Background()
	get := func(options ...lifecycle.RoomOption) func(*testing.B) {
		return func(b *testing.B) {
			r := lifecycle.NewRooms(instant{})
			value(r.Get(ctx, name, options...))
			names := []string{name} // so that the compiler can't treat the name as a constant
			b.ReportAllocs()
			for b.Loop() {
				_, _ = r.Get(ctx, names[0], options...)
			}
		}
	}
	load := func(b *testing.B) {
		var m sync.Map
		m.Store(name, &room{name})
		names := []string{name}
		b.ReportAllocs()
		for b.Loop() {
			_, _ = m.Load(names[0])
		}
	}
	getRelease := func(rooms int, canEnd bool) func(*testing.B) {
		return func(b *testing.B) {
			ctx := ctx
			if canEnd {
				var cancel context.CancelFunc
				ctx, cancel = context.WithCancel(ctx)
				defer cancel()
			}
			r := lifecycle.NewRooms(instant{})
			for i := range rooms - 1 {
				value(r.Get(ctx, fmt.Sprint("room ", i)))
			}
			b.ReportAllocs()
			cpu := processTime()
			for b.Loop() {
				_, err := r.Get(ctx, name)
				if err != nil || r.Release(ctx, name) != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processTime()-cpu).Nanoseconds())/float64(b.N)/1000, cpuUnit)
		}
	}
	// parallel measures operations per second on the given number of processors.
	parallel := func(procs int) func(*testing.B) {
		return func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			r := lifecycle.NewRooms(instant{})
			value(r.Get(ctx, name))
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _ = r.Get(ctx, name)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mget/s")
		}
	}
	return []comparison{
		{"ready get", measure{"sync.Map load", load}, []measure{
			{"get", get()}, {"get, options given", get(lifecycle.WithOccupancyEvents(true))}}, "at most 2x, 0 allocations"},
		{"ready get, throughput", measure{"1 processor", parallel(1)}, []measure{
			{fmt.Sprint(runtime.NumCPU(), " processors"), parallel(runtime.NumCPU())}}, "grows with the processors"},
		{"get + release, never attached", measure{"get + release", getRelease(1, false)}, []measure{
			{"with a context that can end", getRelease(1, true)}}, "under 5000 ns/op, and 8000 with a context that can end"},
		{"get + release, by the number of rooms", measure{"10 rooms", getRelease(10, false)}, []measure{
			{"1,000 rooms", getRelease(1000, false)}, {"100,000 rooms", getRelease(100_000, false)}}, "flat"},
	}
}
