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

// Effect is what a fault does to a frame. Several effects form a sequence: Hold(gate), CutAfter()
// holds the frame, then passes it on, and then cuts the connection. Effects after one that removes
// the frame do nothing.
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

// Hold holds the frame until the gate lets it pass.
func Hold(g *Gate) Effect { return Effect{kind: effectHold, gate: g, name: "hold"} }

// Delay holds the frame for d on the server's clock. Frames keep their order as with a [Gate].
func Delay(d time.Duration) Effect {
	return Effect{kind: effectDelay, delay: d, name: fmt.Sprintf("delay %v", d)}
}

// Latency lets the frame arrive d late on the server's clock, in order. Frames that come together
// are late together. With [Delay], in contrast, each frame waits for d after the frames before it.
func Latency(d time.Duration) Effect {
	return Effect{kind: effectLatency, delay: d, name: fmt.Sprintf("latency %v", d)}
}

// Drop loses the frame. If it is an HTTP request or response, the client gets no answer, and waits
// until its own timeout.
func Drop() Effect { return Effect{kind: effectDrop, name: "drop"} }

// CutBefore cuts the transport, and loses the frame. The client gets no closing frame.
func CutBefore() Effect { return Effect{kind: effectCutBefore, name: "cut before"} }

// CutAfter passes the frame on to its receiver and then cuts the transport, without a closing
// frame. If the frame came from the client, the server's answers to it are lost.
func CutAfter() Effect { return Effect{kind: effectCutAfter, name: "cut after"} }

// Refuse removes the frame, and answers as Ably does when it refuses:
//
//   - CONNECT, CONNECTED, AUTH and CLOSE get an ERROR for the connection.
//   - ATTACH and ATTACHED get a DETACHED with the error.
//   - DETACH and DETACHED get an ERROR for the channel.
//   - MESSAGE, PRESENCE and other frames that need an ACK, and ACK itself, get a NACK.
//   - An HTTP request or response gets the error as its body.
//   - Any other frame gets an ERROR, for its channel if it has one, or else for the connection.
func Refuse(err *ErrorInfo) Effect { return Effect{kind: effectRefuse, err: err, name: "refuse"} }

// FailChannel removes the frame and fails the frame's channel: the client's attachment ends, and
// the client gets an ERROR for the channel. For a frame without a channel it does what [Refuse]
// does.
func FailChannel(err *ErrorInfo) Effect {
	return Effect{kind: effectFailChannel, err: err, name: "fail channel"}
}

// DetachChannel removes the frame and detaches the frame's channel, of the server's own accord: the
// client gets a DETACHED with the error. For a frame without a channel it does what [Refuse] does.
func DetachChannel(err *ErrorInfo) Effect {
	return Effect{kind: effectDetachChannel, err: err, name: "detach channel"}
}

// FailConnection removes the frame and fails the connection: the client gets an ERROR for the
// connection, and the server forgets the connection's state.
func FailConnection(err *ErrorInfo) Effect {
	return Effect{kind: effectFailConnection, err: err, name: "fail connection"}
}

// Disconnect removes the frame and ends the transport with a DISCONNECTED that has the error. The
// connection can be resumed.
func Disconnect(err *ErrorInfo) Effect {
	return Effect{kind: effectDisconnect, err: err, name: "disconnect"}
}

// Reply removes the frame, and sends the client the given messages, exactly as they are.
func Reply(messages ...*ProtocolMessage) Effect {
	return Effect{kind: effectReply, reply: messages, name: "reply"}
}

// Call calls f with the frame. The frame waits until f returns, and then goes on.
func Call(f func(Frame)) Effect { return Effect{kind: effectCall, call: f, name: "call"} }

// Fault is a fault that was added to a server: it applies effects to the frames that match. Its
// methods may be called by any goroutine.
type Fault struct {
	set   *faults
	match Match
	// pick returns the effects for a frame that matches, and whether the fault applies to it.
	pick func(Frame) ([]Effect, bool)

	// Guarded by set.mu.
	seen, hits int
	changed    chan struct{}
}

// faults is the server's list of faults.
type faults struct {
	mu   sync.Mutex
	list []*Fault
}

// Fault adds a fault: the effects are applied to each frame that matches, until the fault is
// removed. Without effects it only counts frames. If several faults match one frame, their effects
// are applied in the order in which the faults were added.
func (s *Server) Fault(m Match, effects ...Effect) *Fault {
	return s.faults.add(m, func(Frame) ([]Effect, bool) { return effects, true })
}

// Hold adds a fault that holds the frames that match at a new gate, and returns the gate.
func (s *Server) Hold(m Match) *Gate {
	g := NewGate()
	s.Fault(m, Hold(g))
	return g
}

// FaultsBySeed adds a fault that applies one of the effects to a share of the frames that match;
// share is from 0, for none, to 1, for all. The seed and the frame's name (connection, direction,
// index, action, channel) alone decide whether a frame is affected, and by which effect. So the
// same frame gets the same effect in each run, whatever else happens. Frames with index 0 are not
// affected.
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

// mix spreads the bits of x: hashes of similar strings differ in few bits.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// ClearFaults removes all faults. Frames that a gate holds stay at the gate.
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

// effects returns the effects that apply to the frame. It counts the frame for each fault.
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

// Remove removes the fault. Frames that it already delays or holds are not released.
func (f *Fault) Remove() {
	f.set.mu.Lock()
	defer f.set.mu.Unlock()
	f.set.list = slices.DeleteFunc(slices.Clone(f.set.list), func(x *Fault) bool { return x == f })
}

// Hits returns the number of frames to which the fault was applied.
func (f *Fault) Hits() int {
	f.set.mu.Lock()
	defer f.set.mu.Unlock()
	return f.hits
}

// Await waits until the fault was applied to n frames in all. If ctx ends first, it returns an
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
			return fmt.Errorf("ablytest: the fault was applied to %d of %d frames: %w", hits, n, context.Cause(ctx))
		}
	}
}
