package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/tests/frames/judge"
)

// client is one chat client and the workers that use it.
type client struct {
	s        *soak
	id       string
	realtime *ably.Realtime
	chat     *ablychat.Client
	recorder *judge.Recorder
}

// live makes a client, has it used for a while, and ends it.
func (s *soak) live(ctx context.Context, random *rand.Rand, id string) {
	c := &client{s: s, id: id, recorder: judge.NewRecorder(s.begin)}
	var err error
	c.realtime, err = ably.NewRealtime(s.server.ClientOptions(ably.WithClientID(id), ably.WithLogLevel(ably.LogNone), ably.WithAutoConnect(false),
		ably.WithUseBinaryProtocol(random.IntN(2) == 0), ably.WithRealtimeRequestTimeout(requestTimeout), ably.WithDisconnectedRetryTimeout(retryTimeout),
		ably.WithSuspendedRetryTimeout(retryTimeout), ably.WithChannelRetryTimeout(retryTimeout))...)
	if err == nil {
		c.chat, err = ablychat.New(c.realtime, ablychat.WithRoomObserver(c.recorder.Observe), ablychat.WithRequestTimeout(requestTimeout),
			ablychat.WithChannelRetryTimeout(retryTimeout))
	}
	if err != nil {
		s.problem("%s: %v", id, err)
		return
	}
	s.made.Add(1)
	c.realtime.Connect()
	life, cancel := context.WithTimeout(ctx, lifetime/2+rand.N(lifetime))
	defer cancel()
	var all sync.WaitGroup
	for i := range s.workers {
		seed := random.Uint64()
		all.Go(func() { c.work(life, rand.New(rand.NewPCG(seed, uint64(i)))) })
	}
	all.Go(func() {
		for pause(life, 100*time.Millisecond) {
			c.revive()
			c.judge()
		}
	})
	all.Wait()
	c.end()
}

// revive opens the connection again when it has failed.
func (c *client) revive() {
	if c.realtime.Connection.State() == ably.ConnectionStateFailed {
		c.realtime.Connect()
	}
}

// judge holds the rooms that are released since the last time to the core and the model.
func (c *client) judge() {
	for _, stream := range c.recorder.Forget() {
		c.check(stream)
	}
}

func (c *client) check(stream judge.Stream) {
	c.s.judged.Add(1)
	if err := stream.Check(judge.All()...); err != nil {
		c.s.problem("%s's %v\n%v", c.id, err, stream)
	}
}

// work makes calls, one after the other, until ctx ends. It sends no message: ably-go ends the program by a panic ("Ack called but queue is
// empty") when an answer comes while it sends again, after a loss, what had none.
func (c *client) work(ctx context.Context, random *rand.Rand) {
	for n := 0; ctx.Err() == nil && !c.s.stuck(); n++ {
		name := fmt.Sprintf("room-%d", random.IntN(c.s.names))
		var room *ablychat.Room
		if !c.call("get", name, func(ctx context.Context) (err error) {
			room, err = c.chat.Rooms().Get(ctx, name)
			return err
		}) {
			continue
		}
		c.s.opened.Add(1)
		for range 1 + random.IntN(4) {
			switch random.IntN(5) {
			case 0, 1, 2:
				c.call("attach", name, room.Attach)
			case 3:
				c.call("detach", name, room.Detach)
			case 4:
				_, err := c.s.server.Publish(ablychat.ChannelName(name), message("soak"))
				if err != nil {
					c.s.problem("publish: %v", err)
				}
			}
			if random.IntN(20) == 0 { // a caller who gives up
				ctx, cancel := context.WithTimeout(ctx, time.Duration(random.IntN(20))*time.Millisecond)
				_ = room.Attach(ctx)
				cancel()
			}
		}
		if random.IntN(2) == 0 {
			c.call("release", name, func(ctx context.Context) error { return c.chat.Rooms().Release(ctx, name) })
		}
		pause(ctx, time.Duration(random.IntN(20))*time.Millisecond)
	}
}

func message(text string) ablytest.Message {
	return ablytest.Message{Name: chat.NameMessage, ClientID: "other", Data: `{"text":"` + text + `"}`, Encoding: "json"}
}

// call makes a call that must settle, and tells whether it succeeded.
func (c *client) call(what, name string, f func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(context.Background(), settleBound)
	defer cancel()
	c.s.ops.Add(1)
	err := f(ctx)
	if ctx.Err() != nil {
		c.s.problem("%s: %s of %s did not settle within %v; all goroutines:\n%s", c.id, what, name, settleBound, stacks())
	}
	if err != nil {
		c.s.failed.Add(1)
	}
	return err == nil
}

// end disposes of the client, closes its connection, and looks whether all of it is gone.
func (c *client) end() {
	c.call("dispose", "all rooms", c.chat.Dispose)
	// The last steps may be told by another goroutine, which is still at it.
	for told := time.Now().Add(settleBound); ; time.Sleep(10 * time.Millisecond) {
		c.judge()
		left := c.recorder.Streams()
		if len(left) == 0 {
			break
		}
		if time.Now().After(told) {
			c.s.problem("%s disposed, but a room is not released:\n%v", c.id, left)
			break
		}
	}
	// A CLOSE may be lost, and a DISCONNECTED in place of its answer opens the connection again: that is ably-go's.
	deadline := time.Now().Add(settleBound)
	for try := 0; ; try++ {
		switch c.realtime.Connection.State() {
		case ably.ConnectionStateClosed, ably.ConnectionStateFailed:
			return
		case ably.ConnectionStateClosing:
			if try%10 == 9 {
				_ = c.s.server.Cut(c.realtime.Connection.ID())
			}
		default:
			c.realtime.Close()
		}
		if time.Now().After(deadline) {
			c.s.problem("%s can't be closed: its connection is %v", c.id, c.realtime.Connection.State())
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
