package realtime

import (
	"sync"
	"time"

	"ablyrooms.example/adapter/ably/internal/realtime/presence"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

type (
	input  = fsm.ChannelInput[*lifecycle.ErrorInfo]
	output = fsm.ChannelOutput[*lifecycle.ErrorInfo]
)

// line drives the core of one name. It outlives the [Channel]s of the name for as long as an answer
// to one of them could be taken for an answer to another (T20).
//
// The lock is held while the core takes a step, and while the frames of the step are sent, which
// never blocks. Reports of a step to others go to the queue. One goroutine at a time empties the
// queue, without the lock: the goroutine that releases the lock, mostly one of the transport's.
type line struct {
	client *Client
	name   string

	mu         sync.Mutex
	core       fsm.Channel[*lifecycle.ErrorInfo]
	connection fsm.ConnectionState
	dead       bool // no longer used
	paused     bool // the request timer is stopped until the client has a user again
	draining   bool
	reason     *lifecycle.ErrorInfo // why the connection is in this state, or nil
	socket     uint64               // the connection's WebSocket: nothing is sent on a later one
	channel    *Channel             // the present life; nil if it was given back
	queue      []func()
	steps      uint64 // how many steps the core took

	request, retry, patience alarm
}

// alarm is a timer that fires only for its last start.
type alarm struct {
	timer  *time.Timer
	starts uint64
}

// start starts an alarm, or restarts one that is running. The lock is held, and fire is called with
// the lock held.
func (l *line) start(a *alarm, d time.Duration, fire func()) {
	a.stop()
	n := a.starts
	a.timer = time.AfterFunc(d, func() {
		l.mu.Lock()
		defer l.unlock()
		if a.starts == n {
			a.timer = nil
			fire()
		}
	})
}

func (a *alarm) stop() {
	a.starts++
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

// later adds a function to the queue. The lock is held.
func (l *line) later(f func()) {
	if l.queue == nil {
		l.queue = make([]func(), 0, 4)
	}
	l.queue = append(l.queue, f)
}

// unlock empties the queue, unless another goroutine is emptying it, and releases the lock.
func (l *line) unlock() {
	for !l.draining && len(l.queue) > 0 {
		queue := l.queue
		l.queue, l.draining = nil, true
		l.mu.Unlock()
		for _, f := range queue {
			f()
		}
		l.mu.Lock()
		l.draining = false
	}
	dead := l.dead
	l.mu.Unlock()
	if dead {
		l.client.forget(l)
	}
}

// frame handles a frame of the channel.
func (l *line) frame(m *wire.ProtocolMessage) {
	l.mu.Lock()
	defer l.unlock()
	in := input{Err: fromWire(m.Error)}
	switch m.Action {
	case wire.ActionAttached:
		in.Kind, in.Serial = fsm.FrameAttached, fsm.Serial(m.ChannelSerial)
		in.Resumed = m.Flags.Has(wire.FlagResumed)
	case wire.ActionDetached:
		in.Kind = fsm.FrameDetached
	case wire.ActionError:
		if in.Kind = fsm.FrameError; m.Error.Code == codeOvertaken {
			in = input{Kind: fsm.FrameOvertaken}
		}
	case wire.ActionMessage, wire.ActionPresence, wire.ActionAnnotation, wire.ActionObject:
		in = input{Kind: fsm.FrameMessage, Serial: fsm.Serial(m.ChannelSerial)}
	case wire.ActionSync:
		if l.channel != nil { // presence accepts it only while attached
			l.channel.synced(m)
		}
		return
	default:
		return
	}
	l.step(in, m)
}

// codeOvertaken is the code of an ERROR that says that another request overtook this one (T23).
const codeOvertaken = 80016

// connectionChanged handles a change of the connection. id and socket are the id and the WebSocket
// of the connection.
func (l *line) connectionChanged(in input, id string, socket uint64) {
	l.mu.Lock()
	defer l.unlock()
	l.connection, l.reason, l.socket = in.Connection, in.Err, socket
	if l.channel != nil && in.Connection == fsm.ConnectionConnected {
		l.channel.presence(presenceInput{Kind: presence.Connected, Connection: id}, nil)
	}
	l.step(in, nil)
}

// step passes an input to the core, and carries out the outputs. An input that the core refuses
// came too late and is dropped. The lock is held.
func (l *line) step(in input, frame *wire.ProtocolMessage) {
	if l.dead {
		return
	}
	l.steps++
	was, _ := l.core.State()
	var room [4]output
	outs := room[:0]
	if observe := l.client.config.Load().Observe; observe != nil {
		outs = l.observed(observe, in)
	} else {
		outs, _ = l.core.Step(in, outs)
	}
	applied := false
	for i := range outs {
		switch out := &outs[i]; out.Kind {
		case fsm.SendAttach:
			l.send(l.attach(out))
		case fsm.SendDetach:
			l.send(&wire.ProtocolMessage{Action: wire.ActionDetach, Channel: l.name})
		case fsm.SendSync:
			l.send(&wire.ProtocolMessage{Action: wire.ActionSync, Channel: l.name})
		case fsm.StartRequestTimer:
			l.startRequest()
		case fsm.StopRequestTimer:
			l.request.stop()
			l.paused = false
		case fsm.StartRetryTimer:
			l.start(&l.retry, l.client.retryDelay(out.Retry), func() {
				l.step(input{Kind: fsm.RetryTimeout}, nil)
			})
		case fsm.StopRetryTimer:
			l.retry.stop()
		case fsm.ApplyAttached:
			applied = true
			again := was == fsm.ChannelAttached && out.Resumed
			l.channel.applied(frame, out.Resumed, again)
		case fsm.DeliverMessage:
			l.channel.delivered(frame)
		case fsm.PublishChannelState:
			l.channel.changed(out, applied)
		case fsm.PublishChannelUpdate:
			l.channel.tell(lifecycle.ChannelStateChange{
				Current: fsm.ChannelAttached, Update: true, Reason: l.channel.keep(out.Err)})
		case fsm.SettleChannelCall:
			if l.channel != nil {
				l.channel.settle(out)
			}
		}
	}
	if l.channel != nil {
		l.channel.wait()
	}
	l.dead = l.core.Forgettable() // no timer runs then
}

// send sends a frame that needs no acknowledgement. If there is no connection, the frame is lost;
// the core sends it again when there is one.
func (l *line) send(m *wire.ProtocolMessage) { l.client.transport.SendOn(l.socket, m, nil) }

// attach returns an ATTACH (RTL4c1, RTL4k, RTL4l).
func (l *line) attach(out *output) *wire.ProtocolMessage {
	m := &wire.ProtocolMessage{
		Action: wire.ActionAttach, Channel: l.name, ChannelSerial: string(out.Serial)}
	if out.Resumed { // T2
		m.Flags |= wire.FlagAttachResume
	}
	if c := l.channel; c != nil {
		m.Flags |= c.options.Modes
		m.Params = c.options.Params
	}
	return m
}

// close ends the life of the channel, if there is one, and stops the request timer.
func (l *line) close() {
	l.mu.Lock()
	defer l.unlock()
	if c := l.channel; c != nil {
		l.giveBack(c, errDisposed)
	}
	if l.request.timer != nil { // an answer may still come: the next life waits for it
		l.request.stop()
		l.paused = true
	}
}

// renew begins a life. The lock is held.
func (l *line) renew(c *Channel) {
	l.channel = c
	l.step(input{Kind: fsm.Renew}, nil)
	if l.paused {
		l.startRequest()
	}
}

func (l *line) startRequest() {
	l.paused = false
	l.start(&l.request, l.client.config.Load().RequestTimeout, func() {
		l.step(input{Kind: fsm.RequestTimeout, Err: errNoAnswer}, nil)
	})
}

// giveBack ends a life. Calls that wait end with the error. The lock is held.
func (l *line) giveBack(c *Channel, err *lifecycle.ErrorInfo) {
	c.end(err)
	l.step(input{Kind: fsm.GiveBack}, nil)
	l.channel = nil
}
