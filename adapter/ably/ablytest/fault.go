package ablytest

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"sync"
	"time"
)

type effectKind int

const (
	effectHold effectKind = iota
	effectDelay
	effectLatency
	effectDrop
	effectCutBefore
	effectCutAfter
	effectRefuse
	effectFailChannel
	effectDetachChannel
	effectFailConnection
	effectDisconnect
	effectReply
	effectCall
)

// Effect is what a fault does to a frame. Several make a sequence, as in
// Hold(gate), CutAfter(): held first, then passed on, then the connection is cut.
// Whatever stands behind an effect that takes the frame away has no effect.
type Effect struct {
	kind  effectKind
	gate  *Gate
	delay time.Duration
	err   *ErrorInfo
	reply []*ProtocolMessage
	call  func(Frame)
	name  string
}

// String returns the name of the effect.
func (e Effect) String() string { return e.name }

// Hold holds the frame at the gate until it may pass.
func Hold(g *Gate) Effect { return Effect{kind: effectHold, gate: g, name: "hold"} }

// Delay holds the frame for d on the server's clock, in order as a [Gate] does.
func Delay(d time.Duration) Effect {
	return Effect{kind: effectDelay, delay: d, name: fmt.Sprintf("delay %v", d)}
}

// Latency has the frame arrive d late on the server's clock, in order. Frames that come together
// are late together; with [Delay] each waits for d when those before it have.
func Latency(d time.Duration) Effect {
	return Effect{kind: effectLatency, delay: d, name: fmt.Sprintf("latency %v", d)}
}

// Drop loses the frame. An HTTP request or response that is dropped leaves the client
// without an answer until it gives up.
func Drop() Effect { return Effect{kind: effectDrop, name: "drop"} }

// CutBefore cuts the transport in place of the frame, without a farewell.
func CutBefore() Effect { return Effect{kind: effectCutBefore, name: "cut before"} }

// CutAfter lets the frame reach its end and then cuts the transport without a farewell.
// What the server answers to a frame of the client is lost.
func CutAfter() Effect { return Effect{kind: effectCutAfter, name: "cut after"} }

// Refuse answers in place of the frame as Ably does when it refuses: CONNECT, CONNECTED,
// AUTH and CLOSE get an ERROR for the connection; ATTACH and ATTACHED a DETACHED with
// the error; DETACH and DETACHED an ERROR for the channel; MESSAGE, PRESENCE and their
// like, and ACK, a NACK; an HTTP request or response the error as its body. Any other
// frame of a channel gets an ERROR for the channel, any other at all one for the
// connection.
func Refuse(err *ErrorInfo) Effect { return Effect{kind: effectRefuse, err: err, name: "refuse"} }

// FailChannel takes the frame away and fails the frame's channel: the client is no more
// attached and gets an ERROR for the channel. For a frame without a channel it does
// what [Refuse] does.
func FailChannel(err *ErrorInfo) Effect {
	return Effect{kind: effectFailChannel, err: err, name: "fail channel"}
}

// DetachChannel takes the frame away and detaches the frame's channel as the server does
// of its own accord: the client gets a DETACHED with the error. For a frame without a
// channel it does what [Refuse] does.
func DetachChannel(err *ErrorInfo) Effect {
	return Effect{kind: effectDetachChannel, err: err, name: "detach channel"}
}

// FailConnection takes the frame away; the client gets an ERROR for the connection,
// whose state is forgotten.
func FailConnection(err *ErrorInfo) Effect {
	return Effect{kind: effectFailConnection, err: err, name: "fail connection"}
}

// Disconnect takes the frame away; the client gets a DISCONNECTED with the error and the
// transport ends. The connection can be resumed.
func Disconnect(err *ErrorInfo) Effect {
	return Effect{kind: effectDisconnect, err: err, name: "disconnect"}
}

// Reply takes the frame away; the client gets the messages given, just as they are.
func Reply(messages ...*ProtocolMessage) Effect {
	return Effect{kind: effectReply, reply: messages, name: "reply"}
}

// Call calls f with the frame, which waits until f returns and then goes on.
func Call(f func(Frame)) Effect { return Effect{kind: effectCall, call: f, name: "call"} }

// Fault is a rule that was added to a server. Its methods may be called by any goroutine.
type Fault struct {
	set   *faults
	match Match
	// pick chooses the effects for a frame that matches, if the fault is for it at all.
	pick func(Frame) ([]Effect, bool)

	// Guarded by set.mu.
	seen, hits int
	changed    chan struct{}
}

// faults is the server's list of rules.
type faults struct {
	mu   sync.Mutex
	list []*Fault
}

// Fault has the effects applied to each frame that matches, until the fault is removed.
// Without effects it only counts.
// If several faults are for one frame, their effects follow each other in the order in
// which the faults were added.
func (s *Server) Fault(m Match, effects ...Effect) *Fault {
	return s.faults.add(m, func(Frame) ([]Effect, bool) { return effects, true })
}

// Hold is Fault(m, Hold(gate)) with a gate of its own.
func (s *Server) Hold(m Match) *Gate {
	g := NewGate()
	s.Fault(m, Hold(g))
	return g
}

// FaultsBySeed has one of the effects applied to a share of the frames that match, from
// 0 for none to 1 for all. Which frames and which effects follows from the seed and the
// frame's name (connection, direction, index, action, channel) alone, so that the same
// frame meets the same fate in each run, whatever else goes on. Frames that don't count
// (index 0) are spared.
func (s *Server) FaultsBySeed(seed uint64, share float64, m Match, effects ...Effect) *Fault {
	return s.faults.add(m, func(f Frame) ([]Effect, bool) {
		if f.Index == 0 || len(effects) == 0 {
			return nil, false
		}
		h := fnv.New64a()
		fmt.Fprint(h, seed, " ", f.Connection, " ", int(f.Direction), " ", f.Index, " ", int(f.Action), " ", f.Channel)
		x := mix(h.Sum64())
		if float64(x>>11)/float64(1<<53) >= math.Min(share, 1) {
			return nil, false
		}
		i := int(mix(x) % uint64(len(effects)))
		return effects[i : i+1], true
	})
}

// mix spreads the bits of x; hashes of like strings differ in few of them.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// ClearFaults removes all faults. Frames that a gate holds stay there.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.list = nil
}

func (fs *faults) add(m Match, pick func(Frame) ([]Effect, bool)) *Fault {
	f := &Fault{set: fs, match: m, pick: pick, changed: make(chan struct{})}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.list = append(slices.Clip(fs.list), f)
	return f
}

// effects returns what is to be done to the frame, and counts.
func (fs *faults) effects(f Frame) []Effect {
	fs.mu.Lock()
	list := fs.list
	fs.mu.Unlock()
	var out []Effect
	for _, x := range list {
		if !x.match.of(f) {
			continue
		}
		picked, ok := x.pick(f)
		if !ok {
			continue
		}
		fs.mu.Lock()
		x.seen++
		if x.match.counts(x.seen) {
			x.hits++
			close(x.changed)
			x.changed = make(chan struct{})
			out = append(out, picked...)
		}
		fs.mu.Unlock()
	}
	return out
}

// Remove takes the fault away. Frames that it already delays or holds are not let go.
func (f *Fault) Remove() {
	f.set.mu.Lock()
	defer f.set.mu.Unlock()
	f.set.list = slices.DeleteFunc(slices.Clone(f.set.list), func(x *Fault) bool { return x == f })
}

// Hits returns how many frames have met the fault.
func (f *Fault) Hits() int {
	f.set.mu.Lock()
	defer f.set.mu.Unlock()
	return f.hits
}

// Await waits until n frames in all have met the fault. If ctx ends first it returns an
// error that wraps the context's cause.
func (f *Fault) Await(ctx context.Context, n int) error {
	for {
		f.set.mu.Lock()
		hits, changed := f.hits, f.changed
		f.set.mu.Unlock()
		if hits >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("ablytest: %d of %d frames have met the fault: %w", hits, n, context.Cause(ctx))
		}
	}
}
