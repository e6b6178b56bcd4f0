// Package world runs scenarios. A world has an embedded server and chat clients on it, either in a
// bubble of virtual time on a network in memory, or on real sockets and the real clock. The package
// has the list of scenarios and the list of faults. It checks each run: that every call settled,
// that the rooms took only steps of the core and of the reference models, that the status of each
// room is that of its channel at the server, that all channels are detached and all goroutines have
// ended, and that everything works again once the faults are over.
package world

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing/synctest"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// times has the timeouts of ably-go, the adapter and the server, and the times that follow from
// them.
type times struct {
	request   time.Duration // how long a request may take (RTL4f)
	retry     time.Duration // the time until a lost connection or a suspended channel is retried
	suspended time.Duration // the time until a suspended connection is retried
	stateTTL  time.Duration // how long the server keeps a lost connection's state
	moment    time.Duration // the pause between two actions of a scenario
	tick      time.Duration // the pause between two checks of a condition
	settle    time.Duration // the time within which every call must settle, with up to two faults
	rest      time.Duration // the time after the faults within which all frames must have arrived
}

var (
	// virtual has the default timeouts. In a bubble, they take no real time.
	virtual = times{request: 10 * time.Second, retry: 15 * time.Second, suspended: 30 * time.Second, stateTTL: 2 * time.Minute,
		moment: 10 * time.Millisecond, tick: time.Second, settle: 90 * time.Second, rest: 3 * time.Minute}
	// short has short timeouts for the real clock; settle is long, since faults may make a release
	// retry many times.
	short = times{request: 500 * time.Millisecond, retry: 200 * time.Millisecond, suspended: 200 * time.Millisecond, stateTTL: 2 * time.Second,
		moment: 2 * time.Millisecond, tick: 5 * time.Millisecond, settle: 40 * time.Second}
)

// mostFrames is the number of frames at which a run is reported as endless. No run in a bubble that
// ends sends as many.
const mostFrames = 20_000

// World is the server and the clients of one run.
type World struct {
	times
	bubble bool
	server *ablytest.Server
	random *rand.Rand // for the choices of a crowd
	begin  time.Time

	// Used by the scenario's own goroutine.
	clients   []*client
	gates     []*ablytest.Gate
	published map[string]int // number of messages published, by room
	closes    bool           // the scenario closes connections
	used      bool           // the method usable has attached each name again
	lossy     bool           // a fault loses messages, which no real transport does
	astray    []string       // problems that count only if the run has no fault

	mu       sync.Mutex
	resting  bool // the scenario and its faults are over
	problems []string
	calls    []*call
	frames   []frame
	opened   int // number of rooms that a crowd got
	ops      int // number of calls of a crowd
}

// frame is a frame with the time at which it crossed the wire.
type frame struct {
	at time.Duration
	ablytest.Frame
}

// call is a call that a scenario made.
type call struct {
	what         string
	began, ended time.Duration
	done         chan struct{}
	err          error
}

func newWorld(t times, seed uint64, options ...ablytest.Option) (*World, error) {
	options = append(options, ablytest.WithConnectionStateTTL(t.stateTTL), ablytest.WithLogf(func(string, ...any) {}))
	server, err := ablytest.Start(options...)
	if err != nil {
		return nil, err
	}
	w := &World{times: t, bubble: t == virtual, server: server, random: rand.New(rand.NewPCG(seed, 0)), begin: time.Now(),
		published: map[string]int{}}
	if w.bubble {
		server.OnFrame(w.note)
	}
	return w, nil
}

func (w *World) note(f ablytest.Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.frames = append(w.frames, frame{w.now(), f}); len(w.frames) == mostFrames {
		w.problems = append(w.problems, fmt.Sprintf("client and server have sent %d frames, and seem to go on for ever", mostFrames))
		go w.server.Close()
	}
}

func (w *World) now() time.Duration { return time.Since(w.begin) }

// problem adds a problem of the run.
func (w *World) problem(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.problems = append(w.problems, fmt.Sprintf(format, args...))
}

// wait lets time pass. In a bubble, it also waits until everything is idle.
func (w *World) wait(d time.Duration) {
	if w.bubble {
		synctest.Wait()
	}
	time.Sleep(d)
	if w.bubble {
		synctest.Wait()
	}
}

// pause lets a moment pass, so that the frames of actions keep the order of the actions.
func (w *World) pause() { w.wait(w.moment) }

// settleFor lets d pass, and then a moment.
func (w *World) settleFor(d time.Duration) {
	time.Sleep(d)
	w.pause()
}

// until waits for a condition, at most for d, and reports whether it holds.
func (w *World) until(d time.Duration, condition func() bool) bool {
	for end := w.now() + d; w.now() < end && !condition(); {
		w.wait(w.tick)
	}
	w.pause()
	return condition()
}

// start begins a call.
func (w *World) start(what string, f func(context.Context) error) *call {
	return w.startWith(context.Background(), what, f)
}

func (w *World) startWith(ctx context.Context, what string, f func(context.Context) error) *call {
	c := &call{what: what, began: w.now(), done: make(chan struct{})}
	w.mu.Lock()
	w.calls = append(w.calls, c)
	w.mu.Unlock()
	go func() {
		defer close(c.done)
		c.err = f(ctx)
		c.ended = w.now()
		if own := (*lifecycle.ErrorInfo)(nil); c.err != nil && !errors.Is(c.err, errGaveUp) && (!errors.As(c.err, &own) || own.Code == 0) {
			w.problem("%s returned an error without a code: %v", what, c.err)
		}
	}()
	w.pause()
	return c
}

func (c *call) settled() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

var (
	errStuck  = errors.New("the call did not settle")
	errGaveUp = errors.New("the caller gave up")
)

// finish waits until a call has settled, and adds a problem if it doesn't settle in time.
func (w *World) finish(c *call) error {
	select {
	case <-c.done:
		w.pause()
		return c.err
	case <-time.After(time.Until(w.begin.Add(c.began + w.settle))):
	}
	w.problem("%s did not settle within %v", c.what, w.settle)
	return errStuck
}

func (w *World) finishAll(calls ...*call) {
	for _, c := range calls {
		w.finish(c)
	}
}

// do makes a call and waits for it.
func (w *World) do(what string, f func(context.Context) error) error {
	return w.finish(w.start(what, f))
}

// must is do for a call that has to succeed. It reports whether it did.
func (w *World) must(what string, f func(context.Context) error) bool {
	err := w.do(what, f)
	if err != nil && !errors.Is(err, errStuck) {
		w.problem("%s: %v", what, err)
	}
	return err == nil
}

// publish publishes the next message to a room's channel, as another client.
func (w *World) publish(room string) string {
	w.published[room]++
	text := fmt.Sprint(w.published[room])
	_, err := w.server.Publish(ablychat.ChannelName(room), ablytest.Message{Name: chat.NameMessage, ClientID: "other",
		Data: `{"text":"` + text + `"}`, Encoding: "json"})
	if err != nil {
		w.problem("publish: %v", err)
	}
	w.pause()
	return text
}

// hold holds the frames that match until the gate is opened, at the latest at the end of the
// scenario.
func (w *World) hold(m ablytest.Match) *ablytest.Gate {
	gate := w.server.Hold(m)
	w.gates = append(w.gates, gate)
	return gate
}

// cut cuts all connections.
func (w *World) cut() {
	_ = w.server.Cut("")
	w.pause()
}
