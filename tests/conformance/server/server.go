// Package server starts an embedded Ably server for subjects in processes of their own. Their
// clients connect to it, and it holds the frames that a script tells it to hold.
package server

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// Start starts a server. It is meant for the field Serve of a [conformance.Command].
func Start() (conformance.Server, error) {
	quiet := ablytest.WithLogf(func(string, ...any) {})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("conformance: %w", err)
	}
	srv := &server{contacts: &contacts{}}
	s, err := ablytest.Start(ablytest.WithFrameLog(0), ablytest.WithMaxIdleInterval(0), quiet,
		ablytest.WithListener(watchedListener{ln, srv.contacts}))
	if err != nil {
		_ = ln.Close()
		return nil, err
	}
	srv.Server = s
	srv.off = s.OnFrame(func(f ablytest.Frame) {
		if f.Action == ablytest.ActionConnected {
			srv.contacts.connected.Add(1)
		}
		if f.Action != ablytest.ActionHeartbeat && f.Action != ablytest.ActionAck && f.Channel != conformance.ProbeChannel {
			srv.frames.Add(1)
		}
	})
	return srv, nil
}

type server struct {
	*ablytest.Server
	frames   atomic.Int64
	off      func()
	contacts *contacts

	mu    sync.Mutex
	gates []*ablytest.Gate // since the last reset
}

func (s *server) Frames() int64 { return s.frames.Load() }

func (s *server) Contacts() conformance.Contacts { return s.contacts.get() }

func (s *server) Attached(channel string) bool { return s.State().Attached(channel) }

func (s *server) Hold(channel string, attached bool, end model.Kind) conformance.Held {
	h := &held{gate: ablytest.NewGate()}
	s.mu.Lock()
	s.gates = append(s.gates, h.gate)
	s.mu.Unlock()
	action := ablytest.ActionDetached
	if attached {
		action = ablytest.ActionAttached
	}
	effects := []ablytest.Effect{ablytest.Hold(h.gate)}
	switch end {
	case conformance.KindAttachRefused, conformance.KindFailed:
		effects = append(effects, ablytest.FailChannel(ablytest.NewError(40160, 401, "refused by the script")))
		// a DETACHED follows the ERROR, so that the name's next channel need not wait for it
		if !attached {
			effects[1] = ablytest.Reply(&ablytest.ProtocolMessage{Action: ablytest.ActionError, Channel: channel,
				Error: ablytest.NewError(40160, 401, "refused by the script")},
				&ablytest.ProtocolMessage{Action: ablytest.ActionDetached, Channel: channel})
		}
	case conformance.KindResisted:
		effects = append(effects, ablytest.Reply(&ablytest.ProtocolMessage{
			Action: ablytest.ActionAttached, Channel: channel, Flags: ablytest.ModesDefault,
		}))
	}
	h.fault = s.Fault(ablytest.ToClient(action).OnChannel(channel).Once(), effects...)
	return h
}

type held struct {
	gate  *ablytest.Gate
	fault *ablytest.Fault
}

func (h *held) Waits() bool { return h.gate.Held() > 0 }

func (h *held) Pass() { h.gate.Pass(1) }

func (h *held) Remove() { h.fault.Remove() }

func (s *server) Reset() {
	s.ClearFaults()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.gates {
		g.Open()
	}
	s.gates = nil
}

func (s *server) Forget() {
	for name := range s.State().Channels {
		_ = s.ForgetChannel(name) // fails for a channel that is attached, which stays
	}
}

func (s *server) Close() {
	s.off()
	s.Server.Close()
}
