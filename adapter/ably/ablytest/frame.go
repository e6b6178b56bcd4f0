package ablytest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// Direction tells which way a frame goes.
type Direction int

// The directions of a [Frame]; the zero value stands for both in a [Match].
const (
	BothWays Direction = iota
	ClientToServer
	ServerToClient
)

// String returns "to server", "to client" or "both ways".
func (d Direction) String() string {
	switch d {
	case ClientToServer:
		return "to server"
	case ServerToClient:
		return "to client"
	}
	return "both ways"
}

// Frame is one crossing between a client and the server: a protocol message on a
// WebSocket, or an HTTP request or response. Each is counted when it meets the server's
// end of the wire, before any fault is applied.
//
// Connection, Direction and Index name a frame of a WebSocket. A scenario that sends
// the same things in the same order gets the same names in each run, whatever the other
// direction and the other connections do meanwhile.
type Frame struct {
	// Seq counts all frames of the server from 1, in the order in which it met them.
	Seq int
	// Connection is the number of the WebSocket, from 1 in the order of opening. A
	// client that resumes does so on a new one. 0 marks HTTP.
	Connection int
	Direction  Direction
	// Index counts the frames of this WebSocket in this direction from 1. The opening
	// of the WebSocket is frame 1 to the server, with action CONNECT. Heartbeats that
	// the server sends of its own accord depend on time: they have index 0 and count
	// for nothing. A request and its response share the number of the HTTP exchange.
	Index   int
	Action  Action
	Channel string
	// Message is the protocol message, shared and not to be changed; nil for HTTP and
	// for CONNECT.
	Message *ProtocolMessage
	// Method, Path (still escaped) and Status are of HTTP frames only; Status is 0 in
	// a request.
	Method string
	Path   string
	Status int
	// Query and Header are those of CONNECT and of HTTP frames, as the client sent them,
	// credentials included: what it says of itself, such as its agents. They are shared and not to
	// be changed.
	Query  url.Values
	Header http.Header
	// Injected marks a frame that a fault or the test made. No fault applies to it.
	Injected bool
}

// String returns the frame's name and purpose, without its payload.
func (f Frame) String() string {
	if f.Action == ActionHTTP {
		s := fmt.Sprintf("http %d %s: %s %s", f.Index, f.Direction, f.Method, f.Path)
		if f.Status != 0 {
			s += fmt.Sprintf(" = %d", f.Status)
		}
		return s
	}
	s := fmt.Sprintf("connection %d frame %d %s: %s", f.Connection, f.Index, f.Direction, f.Action)
	if f.Channel != "" {
		s += fmt.Sprintf(" %q", f.Channel)
	}
	return s
}

// frames numbers what crosses, remembers the last of it and calls the hooks.
type frames struct {
	mu    sync.Mutex
	seq   int
	http  int
	limit int
	log   []Frame
	hooks []*frameHook
}

type frameHook struct{ f func(Frame) }

// cross gives f its place in the order, logs it and calls the hooks.
func (fs *frames) cross(f *Frame) {
	fs.mu.Lock()
	fs.seq++
	f.Seq = fs.seq
	if fs.limit > 0 {
		if len(fs.log) >= 2*fs.limit {
			fs.log = append(fs.log[:0:0], fs.log[len(fs.log)-fs.limit:]...)
		}
		fs.log = append(fs.log, *f)
	}
	hooks := fs.hooks
	fs.mu.Unlock()
	for _, h := range hooks {
		h.f(*f)
	}
}

func (fs *frames) nextHTTP() int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.http++
	return fs.http
}

// OnFrame has f called for each frame that crosses from now on, until off is called.
// Calls come from the goroutines that carry the frames: one at a time for a direction
// of a connection, concurrent otherwise. The frame waits until f returns, so f must not
// wait for what the frame leads to.
func (s *Server) OnFrame(f func(Frame)) (off func()) {
	h := &frameHook{f}
	fs := &s.frames
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.hooks = append(slices.Clip(fs.hooks), h)
	return func() {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		fs.hooks = slices.DeleteFunc(slices.Clone(fs.hooks), func(x *frameHook) bool { return x == h })
	}
}

// Frames returns the frames that crossed, oldest first. The log keeps as many as
// [WithFrameLog] says; Seq shows where older ones are missing.
func (s *Server) Frames() []Frame {
	fs := &s.frames
	fs.mu.Lock()
	defer fs.mu.Unlock()
	log := fs.log
	if len(log) > fs.limit {
		log = log[len(log)-fs.limit:]
	}
	return slices.Clone(log)
}

// FramesOf returns those of [Server.Frames] that match, of which [Match.Nth] and [Match.First] pick
// none. Frames that were injected match too.
func (s *Server) FramesOf(m Match) []Frame {
	return slices.DeleteFunc(s.Frames(), func(f Frame) bool {
		f.Injected = false
		return !m.of(f)
	})
}

// FrameCount returns how many frames have crossed since the start.
func (s *Server) FrameCount() int {
	s.frames.mu.Lock()
	defer s.frames.mu.Unlock()
	return s.frames.seq
}
