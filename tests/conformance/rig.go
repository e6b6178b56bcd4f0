package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"ablyrooms.example/model"
)

// ProbeChannel is the channel on which a subject may publish to make sure that the wire has carried
// all before it.
const ProbeChannel = "conformance-probe"

// Server is what a subject's client connects to, and what holds frames for a script. Package
// tests/conformance/server has one.
type Server interface {
	// Host, Port and Key are where and as whom clients connect, without TLS.
	Host() string
	Port() int
	Key() string
	// Frames returns how many frames have crossed the wire, but for those of pings, of
	// acknowledgements and of [ProbeChannel].
	Frames() int64
	// Contacts returns what has reached the server so far.
	Contacts() Contacts
	// Attached reports whether a client is attached to a channel.
	Attached(channel string) bool
	// Hold has the next ATTACHED of a channel held, or the next DETACHED. What becomes of it when
	// it is let go is said by the kind of the step that does it; 0 when there is none.
	Hold(channel string, attached bool, end model.Kind) Held
	// Reset lets go all that is held, and holds nothing any more.
	Reset()
	// Forget drops channels that no client is attached to.
	Forget()
	// Close ends the server and its connections.
	Close()
}

// Contacts counts what has reached a [Server].
type Contacts struct {
	Sockets   int // network connections that it accepted
	TLS       int // of these, how many began with TLS, which it does not speak
	Connected int // Ably connections that it opened: CONNECTED was sent
}

// String says how far a client has come, and what to look at.
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

// Held is an answer of a [Server] that is held when it is due.
type Held interface {
	Waits() bool // it is due
	Pass()       // lets it go
	Remove()     // has it not held
}

// maxRounds is how often a subject may be found moving in a row.
const maxRounds = 500

// errRestless is for a subject that doesn't come to rest.
var errRestless = errors.New("it does not come to rest")

// Rig is a subject's process with the server that its client connects to. It runs one script at a
// time.
//
// Rest is a fixed point, since no bubble of virtual time can hold another process. A round is one
// request "settle", which the subject answers when it has nothing left to do and a frame of its own
// has gone to the server and come back. The subject is at rest when two rounds in a row have seen
// no frame but those and no answer but their own: what was under way when the first began
// has passed before it ended, in either direction, since the wire keeps its order; the second
// catches what the first has set off.
type Rig struct {
	command  Command
	promises Promises
	server   Server
	proc     *process
	answers  int64  // the answers to rounds
	scripts  int    // run so far
	subject  string // its name and version, by its own account
}

// NewRig starts a server and a subject, which is held to the promises. The caller closes the rig.
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

// Run runs a script on a fresh system of the subject, and afterwards lets all end that the script
// left waiting. Its error is for what keeps the script from being run at all, not for what is
// found.
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

// moves counts what a subject at rest does not do.
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

// ask asks for something that is no call, and waits for the answer within patience.
func (r *Rig) ask(ctx context.Context, request Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.command.patience())
	defer cancel()
	q, err := r.proc.send(request)
	if err != nil {
		return Answer{}, err
	}
	return r.proc.await(ctx, q)
}

// room returns the name of a room on the wire. Each script has its own, so that nothing is left
// over from one to the next.
func (r *Rig) room(name string) string { return fmt.Sprintf("s%d-%s", r.scripts, name) }

// channel returns the channel of a room (CHA-RC3c).
func (r *Rig) channel(name string) string { return r.room(name) + "::$chat" }

// request returns what a call is asked for with.
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
