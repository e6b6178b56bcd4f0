package world

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
)

// The size of a crowd.
const (
	crowdWorkers = 6
	crowdNames   = 12
	crowdRounds  = 60 // rounds of each worker
)

// crowd runs workers that use one client at random. Each worker makes one call after another.
func crowd(w *World) {
	c := w.connectLater("crowd", ably.WithUseBinaryProtocol(w.random.IntN(2) == 0))
	var workers sync.WaitGroup
	for range crowdWorkers {
		random := rand.New(rand.NewPCG(w.random.Uint64(), 0))
		workers.Go(func() {
			for range crowdRounds {
				c.round(random)
				time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
			}
		})
	}
	done := make(chan struct{})
	go func() { workers.Wait(); close(done) }()
	for open := true; open; {
		select {
		case <-done:
			open = false
		case <-time.After(w.retry): // open the connection again if it has failed
			if c.realtime.Connection.State() == ably.ConnectionStateFailed {
				c.realtime.Connect()
			}
		}
	}
	if w.random.IntN(2) == 0 {
		w.do("crowd disposes", c.chat.Dispose)
	}
}

// round gets a room, uses it, and sometimes releases it.
func (c *client) round(random *rand.Rand) {
	name := fmt.Sprintf("room-%d", random.IntN(crowdNames))
	var room *ablychat.Room
	c.call("get", name, func(ctx context.Context) (err error) {
		room, err = c.chat.Rooms().Get(ctx, name)
		return err
	})
	if room == nil {
		return
	}
	c.mu.Lock()
	c.named[name] = true
	c.mu.Unlock()
	c.w.mu.Lock()
	c.w.opened++
	c.w.mu.Unlock()
	for range 1 + random.IntN(4) {
		switch random.IntN(10) {
		case 0, 1, 2, 3:
			c.call("attach", name, room.Attach)
		case 4:
			c.call("detach", name, room.Detach)
		case 5:
			c.call("send in", name, func(ctx context.Context) error {
				_, err := room.Messages().Send(ctx, ablychat.MessageContent{Text: "hello"})
				return err
			})
		case 6, 7:
			c.call("reaction in", name, func(ctx context.Context) error {
				// If the ACK was lost, it never comes.
				ctx, cancel := context.WithTimeoutCause(ctx, 2*c.w.request, errGaveUp)
				defer cancel()
				return room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "heart"})
			})
		case 8:
			c.call("keystroke in", name, func(ctx context.Context) error {
				ctx, cancel := context.WithTimeoutCause(ctx, 2*c.w.request, errGaveUp)
				defer cancel()
				return room.Typing().Keystroke(ctx)
			})
		default: // attach, and give up after a short time
			ctx, cancel := context.WithTimeoutCause(context.Background(), time.Duration(random.IntN(20))*time.Millisecond, errGaveUp)
			_ = room.Attach(ctx)
			cancel()
		}
	}
	if random.IntN(2) == 0 {
		c.call("release", name, c.releasing(name))
	}
}

// call makes a call that must settle.
func (c *client) call(what, name string, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.w.settle)
	defer cancel()
	_ = f(ctx)
	if ctx.Err() != nil {
		c.w.problem("%s: %s %s did not settle within %v", c.id, what, name, c.w.settle)
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.ops++
}
