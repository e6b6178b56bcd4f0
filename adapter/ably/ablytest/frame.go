package ablytest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// Direction is the direction of a frame.
type Direction int

// The directions of a [Frame]. In a [Match], the zero value stands for both.
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

// Frame is a protocol message that crosses a WebSocket between a client and the server, or an HTTP
// request or response. The server counts each frame at its end of the wire, before any fault is
// applied.
//
// Connection, Direction and Index form the name of a frame of a WebSocket. A scenario that sends
// the same frames in the same order gets the same names in each run, whatever happens in the other
// direction and on other connections in the meantime.
type Frame struct {
	// Seq counts all frames of the server, from 1, in the order in which the server counted them.
	Seq int
	// Connection is the number of the WebSocket, from 1, in the order of opening. A client that
	// resumes opens a new one. It is 0 for HTTP.
	Connection int
	Direction  Direction
	// Index counts the frames of this WebSocket in this direction, from 1. The opening of the
	// WebSocket is frame 1 to the server, with the action CONNECT. Heartbeats that the server sends
	// of its own accord depend on time: they have index 0 and are not counted. For HTTP, Index is
	// the number of the exchange: a request and its response have the same number.
	Index   int
	Action  Action
	Channel string
	// Message is the protocol message; nil for HTTP and for CONNECT. It is shared: don't change it.
	Message *ProtocolMessage
	// Method, Path (still escaped) and Status are set for HTTP frames only. Status is 0 for a
	// request.
	Method string
	Path   string
	Status int
	// Query and Header are set for CONNECT and HTTP frames, as the client sent them: with its
	// credentials, and with its agents. They are shared: don't change them.
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

// frames numbers the frames, remembers the last of them and calls the hooks.
type frames struct {
	mu    sync.Mutex
	seq   int
	http  int
	limit int
	log   []Frame
	hooks []*frameHook
}

type frameHook struct{ f func(Frame) }

// cross numbers the frame f, logs it and calls the hooks.
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

// OnFrame registers f, which is called with each frame from now on, until off is called. The calls
// come from the goroutines that carry the frames: one at a time for each direction of a connection,
// otherwise concurrently. The frame waits until f returns, so f must not wait for an effect of the
// frame.
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

// Frames returns the frames so far, oldest first. [WithFrameLog] sets how many are kept; Seq shows
// how many older ones are missing.
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

// FramesOf returns the frames of [Server.Frames] that match. It ignores [Match.Nth] and
// [Match.First]. Injected frames match too.
func (s *Server) FramesOf(m Match) []Frame {
	return slices.DeleteFunc(s.Frames(), func(f Frame) bool {
		f.Injected = false
		return !m.of(f)
	})
}

// FrameCount returns how many frames the server has counted since its start.
func (s *Server) FrameCount() int {
	s.frames.mu.Lock()
	defer s.frames.mu.Unlock()
	return s.frames.seq
}
