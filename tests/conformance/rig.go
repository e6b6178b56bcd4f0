package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"ablyrooms.example/model"
)

// ProbeChannel is a channel on which a subject may publish a message, to make sure that the wire
// has carried everything before it.
const ProbeChannel = "conformance-probe"

// Server is the server that a subject's client connects to. It holds frames for a script. Package
// tests/conformance/server has an implementation.
type Server interface {
	// Host, Port and Key say where clients connect, without TLS, and with which key.
	Host() string
	Port() int
	Key() string
	// Frames returns the number of frames that have crossed the wire. It doesn't count pings,
	// acknowledgements and frames of [ProbeChannel].
	Frames() int64
	// Contacts returns what has reached the server so far.
	Contacts() Contacts
	// Attached reports whether a client is attached to a channel.
	Attached(channel string) bool
	// Hold makes the server hold the next ATTACHED of a channel or, with attached false, its next
	// DETACHED. The argument end is the kind of the step that will let the frame go. It decides
	// what the server sends then; it is 0 if the script has no such step.
	Hold(channel string, attached bool, end model.Kind) Held
	// Reset lets all held frames go, and stops holding.
	Reset()
	// Forget drops the channels that no client is attached to.
	Forget()
	// Close ends the server and its connections.
	Close()
}

// Contacts counts what has reached a [Server].
type Contacts struct {
	Sockets   int // network connections that the server accepted
	TLS       int // how many of these began with TLS, which the server does not support
	Connected int // Ably connections that the server opened: it sent CONNECTED
}

// String says how far a client has come, and what to check.
func (c Contacts) String() string {
	switch {
	case c.Sockets == 0:
		return "no connection reached the server: give the client the host and the port of hello"
	case c.Connected == 0 && c.TLS > 0:
		return fmt.Sprintf("connections that reached the server: %d, of them with TLS, which it does not speak: %d;"+
			" switch TLS off in the client", c.Sockets, c.TLS)
	case c.Connected == 0:
		return fmt.Sprintf("connections that reached the server: %d; none of them was opened as an Ably connection:"+
			" check the key and the path", c.Sockets)
	}
	return "the client is connected to the server: only the answer to hello is missing"
}

// Held is a frame that a [Server] holds once it is due.
type Held interface {
	Waits() bool // reports whether the frame is due, and so is being held
	Pass()       // ends the hold: see [Server.Hold]
	Remove()     // cancels the hold
}

// maxRounds is the number of rounds after which a subject that is not at rest is reported.
const maxRounds = 500

// errRestless is the error for a subject that doesn't come to rest.
var errRestless = errors.New("it does not come to rest")

// Rig is a subject's process, with the server that its client connects to. It runs one script at a
// time.
//
// A bubble of virtual time can't contain another process, so the rig finds out by rounds whether
// the subject is at rest. In a round, the rig sends the request "settle". The subject answers it
// when it has nothing left to do, and a frame of its own has gone to the server and come back. A
// round is quiet if no other frame crossed the wire and no other answer came. After two quiet
// rounds in a row the subject is at rest. The wire keeps its order, so whatever was under way when
// the first round began has arrived, in either direction, before that round ended. The second round
// notices what such arrivals started.
type Rig struct {
	command  Command
	promises Promises
	server   Server
	proc     *process
	answers  int64  // how many rounds have been answered
	scripts  int    // how many scripts were run so far
	subject  string // the name and version that the subject gives itself
}

// NewRig starts a server and a subject. The rig doesn't judge what the promises leave out: see
// [Promises]. The caller must close the rig.
func NewRig(ctx context.Context, command Command, promises Promises) (*Rig, error) {
	server, err := command.Serve()
	if err != nil {
		return nil, err
	}
	r := &Rig{command: command, promises: promises, server: server}
	if err := r.start(ctx); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// start starts the subject's process.
func (r *Rig) start(ctx context.Context) error {
	proc, err := start(r.command)
	if err != nil {
		return err
	}
	r.proc, r.answers = proc, 0
	hello, err := r.ask(ctx, Request{Op: "hello", Protocol: Version, Host: r.server.Host(), Port: r.server.Port(),
		Key: r.server.Key(), ClientID: "conformance"})
	if err != nil {
		return fmt.Errorf("conformance: hello, to %s:%d: %w (%v)", r.server.Host(), r.server.Port(), err,
			r.server.Contacts())
	}
	if hello.Protocol != Version || hello.Subject == "" {
		return fmt.Errorf("%w: hello was answered with protocol %d and subject %q, expected %d and a name",
			ErrProtocol, hello.Protocol, hello.Subject, Version)
	}
	r.subject = hello.Subject
	return nil
}

// Close ends the subject and the server.
func (r *Rig) Close() {
	if r.proc != nil {
		r.proc.close()
	}
	r.server.Close()
}

// Run runs a script on a fresh system of the subject. Then it ends everything that still waits. The
// error says why the script could not be run; violations are in the outcome.
func (r *Rig) Run(ctx context.Context, script []model.Input) (Outcome, error) {
	end, err := machine{wired: true}.after(script)
	if err != nil {
		return Outcome{}, err
	}
	r.scripts++
	if _, err := r.ask(ctx, Request{Op: "new"}); err != nil {
		return Outcome{}, fmt.Errorf("conformance: new: %w", err)
	}
	x := &atWire{Rig: r, ctx: ctx, rooms: map[int]int{}, handles: map[int]int{}}
	x.run = &run{transport: x, promises: r.promises, script: append(slices.Clone(script), end.drain()...), wired: true, note: true}
	if err = x.play(); err == nil {
		err = x.cleanup()
	}
	switch {
	case err == nil:
		return x.out, nil
	case ctx.Err() != nil || errors.Is(err, ErrProtocol):
		return x.out, err
	case errors.Is(err, ErrEnded):
		x.find(difference{kind: Panic, want: "the subject's process to go on", got: err.Error(), class: "process ended"}, true)
	default:
		x.find(difference{kind: Hang, want: "rest", got: err.Error(), class: "hang"}, true)
	}
	r.proc.close()
	return x.out, r.start(ctx)
}

// moves counts frames and answers other than those of rounds. A subject at rest adds none.
func (r *Rig) moves() int64 { return r.server.Frames() + r.proc.answered.Load() - r.answers }

// awaitRest waits until the subject is at rest.
func (r *Rig) awaitRest(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.command.patience())
	defer cancel()
	quiet := 0
	for range maxRounds {
		before := r.moves()
		if _, err := r.ask(ctx, Request{Op: "settle"}); err != nil {
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

// ask sends a request that is not a call, and waits for the answer, but not longer than patience.
func (r *Rig) ask(ctx context.Context, request Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.command.patience())
	defer cancel()
	q, err := r.proc.send(request)
	if err != nil {
		return Answer{}, err
	}
	return r.proc.await(ctx, q)
}

// room returns the name that a room has on the wire. The name is different for each script, so no
// script uses the rooms of an earlier script.
func (r *Rig) room(name string) string { return fmt.Sprintf("s%d-%s", r.scripts, name) }

// channel returns the channel of a room (CHA-RC3c).
func (r *Rig) channel(name string) string { return r.room(name) + "::$chat" }

// request returns the request that begins a call.
func (r *Rig) request(in model.Input) Request {
	req := Request{Op: in.Kind.String()}
	if in.Name != "" {
		req.Name = r.room(in.Name)
	}
	if o := spellings[in.Options]; o != "" {
		req.Options = json.RawMessage(o)
	}
	return req
}
