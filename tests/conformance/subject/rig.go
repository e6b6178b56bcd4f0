package subject

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/tests/conformance"
)

// ProbeChannel is the channel on which a subject may publish to make sure that the wire has carried all before it.
const ProbeChannel = "conformance-probe"

// How long a subject may take for one answer, and to come to rest. They decide nothing but when a subject that hangs is called so.
const patience = 20 * time.Second

var restPatience = patience

// maxRounds is how often a subject may be found moving in a row.
const maxRounds = 500

// errRestless is for a subject that doesn't come to rest.
var errRestless = errors.New("it does not come to rest")

// Rig is a subject's process with the server that its client connects to. It runs one script at a time.
//
// Rest is a fixed point, since no bubble of virtual time can hold another process. A round is one request "settle", which the subject
// answers when it has nothing left to do and a frame of its own has gone to the server and come back. The subject is at rest when two rounds
// in a row have seen no frame besides those and no answer besides their own: what was under way when the first began has passed before it
// ended, in either direction, since the wire keeps its order; the second catches what the first has set off.
type Rig struct {
	command  Command
	promises conformance.Promises
	server   *ablytest.Server
	proc     *Process
	off      func()
	frames   atomic.Int64 // all but those that a round itself makes
	answers  int          // the answers to rounds
	scripts  int          // run so far
	subject  string
}

// NewRig starts a server and a subject, which is held to the promises. The caller closes the rig.
func NewRig(ctx context.Context, command Command, promises conformance.Promises) (*Rig, error) {
	server, err := ablytest.Start(ablytest.WithFrameLog(0), ablytest.WithMaxIdleInterval(0), ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		return nil, err
	}
	r := &Rig{command: command, promises: promises, server: server}
	r.off = server.OnFrame(func(f ablytest.Frame) {
		if f.Action != ablytest.ActionHeartbeat && f.Action != ablytest.ActionAck && f.Channel != ProbeChannel {
			r.frames.Add(1)
		}
	})
	if err := r.start(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// start starts the subject's process.
func (r *Rig) start(ctx context.Context) error {
	proc, err := Start(r.command)
	if err != nil {
		return err
	}
	r.proc, r.answers = proc, 0
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	hello, err := proc.Ask(ctx, Request{
		Op: "hello", Protocol: Version, Host: r.server.Host(), Port: r.server.Port(), Key: r.server.Key(), ClientID: "conformance",
	})
	if err != nil {
		return fmt.Errorf("subject: hello: %w", err)
	}
	if hello.Protocol != Version || hello.Subject == "" {
		return fmt.Errorf("%w: hello was answered with protocol %d and subject %q, expected %d and a name",
			ErrProtocol, hello.Protocol, hello.Subject, Version)
	}
	r.subject = hello.Subject
	return nil
}

// Subject returns the subject's name and version, by its own account.
func (r *Rig) Subject() string { return r.subject }

// Close ends the subject and the server.
func (r *Rig) Close() {
	if r.proc != nil {
		r.proc.Close()
	}
	r.off()
	r.server.Close()
}

// restart replaces a process that is of no more use.
func (r *Rig) restart(ctx context.Context) error {
	r.proc.Close()
	return r.start(ctx)
}

// moves counts what a subject at rest does not do.
func (r *Rig) moves() int64 { return r.frames.Load() + int64(r.proc.Count()-r.answers) }

// rest waits until the subject is at rest.
func (r *Rig) rest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, restPatience)
	defer cancel()
	quiet := 0
	for range maxRounds {
		before := r.moves()
		if _, err := r.proc.Ask(ctx, Request{Op: "settle"}); err != nil {
			return err
		}
		r.answers++
		if r.moves() != before {
			quiet = 0
		} else if quiet++; quiet == 2 {
			return nil
		}
	}
	return errRestless
}

// ask asks for something that is no call, within patience.
func (r *Rig) ask(ctx context.Context, request Request) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := r.proc.Ask(ctx, request)
	return err
}

// room returns the name of a room on the wire. Each script has its own, so that nothing is left over from one to the next.
func (r *Rig) room(name string) string { return fmt.Sprintf("s%d-%s", r.scripts, name) }

// channel returns the channel of a room (CHA-RC3c).
func (r *Rig) channel(name string) string { return r.room(name) + "::$chat" }

// request returns what a call is asked for with.
func (r *Rig) request(s Step) Request {
	switch s.Kind {
	case Get:
		req := Request{Op: "get", Name: r.room(s.Name)}
		if o := spellings[s.Options]; o != "" {
			req.Options = json.RawMessage(o)
		}
		return req
	case Release:
		return Request{Op: "release", Name: r.room(s.Name)}
	}
	return Request{Op: "dispose"}
}
