// Package transport is the connection below ably-go, and the way of the rooms' channels to it.
//
// ably-go decides when to dial, authenticates, renews tokens, tries fallback hosts, sends
// heartbeats and resumes. The transport, which ably-go is given by [ably.WithDial], owns the
// WebSocket: a queue and a writer for what is sent, a reader for what is received. Frames of
// channels whose names end in "::$chat" go to the handler that [Transport.Bind] sets, and
// ably-go doesn't see them; all others go to ably-go, mended where it would panic or lock
// itself up. Both number their messages in one sequence, see package sequence.
//
// docs/transport.md lists the decisions behind it.
package transport

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport/sequence"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// RoomSuffix ends the names of the rooms' channels.
const RoomSuffix = "::$chat"

// IsRoomChannel reports whether a channel is the rooms', so that ably-go doesn't hear of it.
func IsRoomChannel(name string) bool { return strings.HasSuffix(name, RoomSuffix) }

// Options configure a [Transport]. The zero value is usable.
type Options struct {
	// HTTPClient opens the WebSockets. The default is one with a copy of the [http.Transport] of
	// [ably.WithHTTPClient], if that has one, else [http.DefaultClient], which obeys the proxy
	// variables of the environment.
	HTTPClient *http.Client
	// DialContext opens the network connections of the WebSockets, if HTTPClient is nil; the
	// rest is as in [http.DefaultTransport], proxies included.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// ReadLimit is the size in bytes of the largest frame that is received. A larger one ends
	// the socket. The default is ably-go's, 2 MiB.
	ReadLimit int64
	// QueueLimit is how many frames may wait to be written, and how many to be acknowledged
	// while there is no connection. At the first bound the socket is closed, at the second
	// Send fails. The default is 16384.
	QueueLimit int
	// Logger receives what the transport drops or mends, once for each kind. The default is
	// [slog.Default].
	Logger *slog.Logger
	// Token receives each token that ably-go connects with, or gives the server on a connection
	// (RSA10). ably-go holds its lock meanwhile. It must not block. nil is for no receiver.
	Token func(token string)
	// User is a value of the user's own; see [Transport.User].
	User any
}

// Transport is the connection below one realtime client. Its methods may be called
// concurrently, and by the handler.
type Transport struct {
	options Options
	native  *native
	log     *slog.Logger
	agent   string // the Ably-Agent header
	// renewable reports whether ably-go can renew the token (RSA4a2).
	renewable bool
	timeouts  Timeouts
	// unqueued says that messages don't wait for a connection (TO3g).
	unqueued bool

	mu      sync.Mutex
	client  weak.Pointer[ably.Realtime]
	seq     sequence.Sequence[*item, answer]
	pending map[any]struct{} // ably-go's frames that await an answer, by their pointers
	owed    []received       // answers that ably-go gets before its next CONNECTED
	sock    *socket          // the newest socket, or nil
	asking  *socket          // on which ably-go has got an AUTH that it answers just now, or nil
	info    Connection       // of the last connection; zero after SUSPENDED, CLOSED, FAILED
	ended   *Event           // SUSPENDED, CLOSING, CLOSED or FAILED, while that is the state
	refusal *wire.ErrorInfo  // why the server refused the last connection, which ably-go forgets
	// tokenRefused reports whether the last connection was refused for its token.
	tokenRefused bool
	again        bool               // connect again after the next DISCONNECTED
	off          func()             // ends listening to ably-go
	dialling     context.Context    // of the last dial
	abort        context.CancelFunc // ends it
	busy         bool               // a dial is running
	loopLeft     bool               // ably-go was closed while it waited to dial again
	spare        chan struct{}      // gets a token when a dial is one too many
	state        ably.ConnectionState
	last         Event           // the last of kind Status, or what the client began with
	life         context.Context // of ably-go's requests
	endLife      context.CancelFunc
	sockets      uint64        // how many were connected
	stateChanged chan struct{} // closed and replaced at each change of state
	stream       stream
	kept         any
	drops        map[string]int
	running      int           // goroutines
	idle         chan struct{} // closed when running is 0; nil before any ran
}

// item is a frame to be sent: ably-go's or ours.
type item struct {
	native any
	ours   *wire.ProtocolMessage
	done   func([]*string, error)
	frame  *sequence.Frame[*item, answer] // nil if no acknowledgement is awaited
}

// answer is the end of a frame that awaited an acknowledgement.
type answer struct {
	serials []*string // of an ACK
	err     *wire.ErrorInfo
	notSent bool
}

// newTransport makes a transport that no client uses yet.
func newTransport(options Options) *Transport {
	if options.ReadLimit <= 0 {
		options.ReadLimit = 2 << 20
	}
	if options.QueueLimit <= 0 {
		options.QueueLimit = 16384
	}
	t := &Transport{
		options: options, log: options.Logger,
		pending: map[any]struct{}{}, drops: map[string]int{},
		spare: make(chan struct{}, 1), stateChanged: make(chan struct{}),
	}
	t.life, t.endLife = context.WithCancel(context.Background())
	if t.log == nil {
		t.log = slog.Default()
	}
	if options.HTTPClient == nil && options.DialContext != nil {
		over := http.DefaultTransport.(*http.Transport).Clone()
		over.DialContext = options.DialContext
		t.openBy(over)
	}
	t.begin(ably.ConnectionStateInitialized)
	return t
}

func (t *Transport) begin(state ably.ConnectionState) {
	t.last = Event{Kind: Status, Change: &ably.ConnectionStateChange{Current: state, Previous: state}}
}

// Timeouts are times that the options of the realtime client give, or their defaults.
type Timeouts struct {
	Request      time.Duration // realtimeRequestTimeout (TO3l11)
	ChannelRetry time.Duration // channelRetryTimeout (TO3l7)
}

// Timeouts returns the times that the options of the realtime client give.
func (t *Transport) Timeouts() Timeouts { return t.timeouts }

// Queues reports whether messages wait for the connection while it is not there (TO3g), as the
// options of the realtime client say. Without that they fail at once, and those that are unanswered
// when it goes fail then (RTN7d).
func (t *Transport) Queues() bool { return !t.unqueued }

// Status returns the last event of the kind [Status]; before the first one, what the client begins
// with. ably-go's own State waits for an auth callback that runs.
func (t *Transport) Status() Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// EndRequests ends the HTTP requests of ably-go's realtime client, those to come too. ably-go holds
// its lock while it gets a token, and so would have a call of its Close wait.
func (t *Transport) EndRequests() { t.endLife() }

// Connection describes a connection to Ably.
type Connection struct {
	ID string
	// Key is a secret (RTN9).
	Key     string
	Details wire.ConnectionDetails
	// Resumed reports whether the transport continues the connection before it, so that
	// msgSerials go on (RTN15c6). Whether channels go on is in their ATTACHED.
	Resumed bool
	// Socket numbers the WebSockets that were connected, from 1.
	Socket uint64
}

// Send sends a frame of a rooms' channel. It never blocks.
//
// A frame that awaits an acknowledgement (MESSAGE, PRESENCE, ANNOTATION) may be given while
// the connection comes and goes: it waits for it, and is sent again until it is answered
// (RTL6c2, RTN19a). But PRESENCE that was never written ends with [ErrNotSent] when the
// connection goes or isn't there; and without [Transport.Queues] all of them end with an error
// then. done gets the serials of an ACK, one for each message, or
// the error: an [*wire.ErrorInfo], or ErrNotSent. It is called once, in the order of the
// [Event] stream, unless it is nil or cancel was called before. cancel doesn't take the frame
// back.
//
// Any other frame is written on the present connection or not at all; done gets ErrNotSent
// at once if there is none, and is not called otherwise.
//
// msg must not be changed after the call; its MsgSerial is not used.
func (t *Transport) Send(msg *wire.ProtocolMessage, done func([]*string, error)) (cancel func()) {
	return t.SendOn(0, msg, done)
}

// SendOn is [Transport.Send] for what was decided on a WebSocket, given by its number in
// [Connection]. On another one a frame that needs no acknowledgement, or PRESENCE, isn't sent.
func (t *Transport) SendOn(
	socket uint64, msg *wire.ProtocolMessage, done func([]*string, error),
) (cancel func()) {
	it := &item{ours: msg, done: done}
	t.mu.Lock()
	defer t.unlock()
	up := t.sock.usable()
	gone := !up || socket != 0 && socket != t.sockets
	switch max := t.info.Details.MaxMessageSize; {
	case t.ended != nil:
		t.finish(it, answer{err: t.ended.reason()})
	case gone && t.unqueued && msg.Action.Acknowledged(): // RTL6c4
		t.finish(it, answer{err: errUnqueued})
	case gone && (msg.Action == wire.ActionPresence || !msg.Action.Acknowledged()):
		t.finish(it, answer{notSent: true})
	case !msg.Action.Acknowledged(): // done is not called
		t.sock.queueItem(it)
	case max > 0 && msg.Exceeds(max): // CD2c
		t.finish(it, answer{err: errTooLarge})
	case !up && t.seq.Len() >= t.options.QueueLimit:
		t.finish(it, answer{err: errTooMany})
	default:
		it.frame = t.seq.Push(sequence.Rooms, it)
		if up {
			t.sock.queueItem(it)
		}
	}
	return t.cancel(it)
}

func (t *Transport) cancel(it *item) func() {
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		it.done = nil
	}
}

// sendNative sends a frame of ably-go's, which holds its lock.
func (t *Transport) sendNative(s *socket, v any) {
	action, channel := t.native.header(v)
	if action == wire.ActionAuth {
		t.tokenUsed(t.native.token(v))
	}
	t.mu.Lock()
	defer t.unlock()
	if _, again := t.pending[v]; again {
		return // ably-go resends what awaits an answer; so does the transport (RTN19a)
	}
	it := &item{native: v}
	refuse := IsRoomChannel(channel)
	if !action.Acknowledged() {
		switch {
		case !s.usable():
		case refuse:
			s.give(t.native.from(&wire.ProtocolMessage{
				Action: wire.ActionError, Channel: channel, Error: errRoomChannel,
			}))
		default:
			s.queueItem(it)
			if action == wire.ActionClose {
				s.awaitClosed()
			}
		}
		return
	}
	t.pending[v] = struct{}{}
	var answers []sequence.Answer[*item, answer]
	reason := errRoomChannel
	if t.unqueued && !t.sock.usable() {
		refuse, reason = true, errUnqueued
	}
	if refuse {
		it.frame, answers = t.seq.PushRefused(sequence.Ably, it, answer{err: reason})
	} else {
		it.frame = t.seq.Push(sequence.Ably, it)
	}
	t.native.setSerial(v, it.frame.Number)
	t.native.clearConnectionIDs(v)
	t.deliver(answers)
	if !refuse && t.sock.usable() {
		t.sock.queueItem(it)
	}
}

// Reasons for the failure of a frame.
var (
	errSkipped = newError(codeInternal, 500,
		"the server acknowledged a later message and not this one")
	errTooLarge = newError(codeMessageTooLarge, 400,
		"the message is larger than the account allows")
	errTooMany  = newError(codeBadRequest, 400, "too many messages wait for the connection")
	errUnqueued = newError(codeDisconnected, 400,
		"there is no connection, and messages are not queued")
	errRoomChannel = newError(codeBadRequest, 400,
		"a channel whose name ends in "+RoomSuffix+" belongs to the chat client")
)

// deliver brings answers to their owners. The lock is held.
func (t *Transport) deliver(answers []sequence.Answer[*item, answer]) {
	for i := 0; i < len(answers); {
		a := answers[i]
		if a.Owner == sequence.Rooms {
			t.finish(a.Item, a.Result)
			i++
			continue
		}
		// Those of ably-go that follow each other with the same outcome are one frame.
		var r received
		var results [][]*string
		same := func(b sequence.Answer[*item, answer]) bool {
			return b.Owner == a.Owner && b.Result.err == a.Result.err
		}
		for ; i < len(answers) && same(answers[i]); i++ {
			r.answers = append(r.answers, answers[i].Item.native)
			results = append(results, answers[i].Result.serials)
		}
		if a.Result.err == nil {
			r.v = t.native.ack(a.Number, results)
		} else {
			r.v = t.native.from(&wire.ProtocolMessage{
				Action: wire.ActionNack, MsgSerial: &a.Number, Count: len(results), Error: a.Result.err,
			})
		}
		if t.sock.usable() {
			t.sock.giveAll(r)
		} else {
			t.owed = append(t.owed, r)
		}
	}
}

// finish has the caller of Send notified. The lock is held.
func (t *Transport) finish(it *item, a answer) {
	if it.done == nil {
		return
	}
	t.then(entry{call: func() {
		t.mu.Lock()
		done := it.done // nil if it was cancelled meanwhile
		t.mu.Unlock()
		switch {
		case done == nil:
		case a.notSent:
			done(nil, ErrNotSent)
		case a.err != nil:
			done(nil, a.err)
		default:
			done(a.serials, nil)
		}
	}})
}

// fail ends all that awaits an acknowledgement (RTN7d, RTN7e). The lock is held.
func (t *Transport) fail(reason *wire.ErrorInfo) { t.deliver(t.seq.Fail(answer{err: reason})) }

// User returns the value that the options have for it.
func (t *Transport) User() any { return t.options.User }

// Keep returns the value that the rooms' side keeps with the transport; it is made at the first
// call.
func (t *Transport) Keep(value func() any) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil {
		t.kept = value()
	}
	return t.kept
}

// Dropped returns how many frames or parts of frames were dropped or mended, by kind.
func (t *Transport) Dropped() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[string]int, len(t.drops))
	for k, n := range t.drops {
		out[k] = n
	}
	return out
}

// drop counts what is dropped or mended, and logs the first of its kind. The lock is held.
func (t *Transport) drop(kind string, n int) {
	if n == 0 {
		return
	}
	if t.drops[kind] == 0 {
		t.then(entry{call: func() {
			t.log.Warn("transport: dropped or mended; further ones are only counted", "kind", kind)
		}})
	}
	t.drops[kind] += n
}

// run runs f on a goroutine that Close waits for. The lock is held.
func (t *Transport) run(f func()) {
	if t.running == 0 {
		t.idle = make(chan struct{})
	}
	t.running++
	go func() {
		defer func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			if t.running--; t.running == 0 {
				close(t.idle)
			}
		}()
		f()
	}()
}

// Close ends the socket, if there is one, and waits until all goroutines of the transport
// have ended. Close the realtime client before: it would dial again. Not for the handler. If
// ctx ends first, Close returns its cause.
func (t *Transport) Close(ctx context.Context) error {
	t.mu.Lock()
	s := t.sock
	t.mu.Unlock()
	if s != nil {
		s.end(errClosedByClient)
	}
	for {
		t.mu.Lock()
		idle, running := t.idle, t.running
		t.mu.Unlock()
		if running == 0 {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// tokenUsed reports a token that ably-go uses; "" is none.
func (t *Transport) tokenUsed(token string) {
	if token != "" && t.options.Token != nil {
		t.options.Token(token)
	}
}

// reasonOf returns an error as Ably's.
func reasonOf(err error, code, status int) *wire.ErrorInfo {
	var e *wire.ErrorInfo
	if errors.As(err, &e) {
		return e
	}
	return newError(code, status, err.Error())
}
