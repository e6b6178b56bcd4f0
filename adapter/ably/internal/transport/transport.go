// Package transport is the connection below ably-go, which the rooms' channels share with ably-go.
//
// ably-go decides when to dial, authenticates, renews tokens, tries fallback hosts, sends
// heartbeats and resumes. The transport, which is passed to ably-go by [ably.WithDial], owns the
// WebSocket: a queue and a writer for the frames to be sent, and a reader for the frames that are
// received. Frames of channels whose names end in "::$chat" go to the handler that [Transport.Bind]
// sets; ably-go doesn't see them. All others go to ably-go. The transport repairs those that would
// make ably-go panic or deadlock. The messages of both are numbered in one sequence: see package
// sequence.
//
// docs/transport.md lists the decisions behind it.
package transport

import (
	"context"
	"errors"
	"fmt"
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

// RoomSuffix is the end of the names of the rooms' channels.
const RoomSuffix = "::$chat"

// IsRoomChannel reports whether a channel belongs to a room. Its frames don't go to ably-go.
func IsRoomChannel(name string) bool { return strings.HasSuffix(name, RoomSuffix) }

// Options configure a [Transport]. The zero value is usable.
type Options struct {
	// HTTPClient opens the WebSockets. By default, a copy of the [http.Transport] of
	// [ably.WithHTTPClient] opens them, if that client has one, else [http.DefaultClient], which
	// uses the proxy variables of the environment.
	HTTPClient *http.Client
	// DialContext opens the network connections of the WebSockets, if HTTPClient is nil. Everything
	// else is as in [http.DefaultTransport], including proxies.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// ReadLimit is the size in bytes of the largest frame that is received. A larger frame ends the
	// socket. The default is ably-go's, 2 MiB.
	ReadLimit int64
	// QueueLimit is how many frames may wait to be written; if there are more, the socket is
	// closed. It is also how many frames may wait to be acknowledged while there is no connection;
	// if there are more, Send fails. The default is 16384.
	QueueLimit int
	// Logger gets a line when the transport drops or repairs a frame, once for each kind of fault.
	// The default is [slog.Default].
	Logger *slog.Logger
	// Token is called with each token that ably-go connects with, or sends to the server on a
	// connection (RSA10). ably-go holds its lock during the call, which must not block. It may be
	// nil.
	Token func(token string)
	// User is a value that [Transport.User] returns.
	User any
}

// Transport is the connection below one realtime client. Its methods may be called concurrently,
// also by the handler.
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
	pending map[any]struct{} // ably-go's frames that await an answer: pointers to its type
	owed    []received       // answers that ably-go gets before its next CONNECTED
	sock    *socket          // the newest socket, or nil
	asking  *socket          // the socket whose AUTH ably-go is handling, or nil
	info    Connection       // the last connection; zero after SUSPENDED, CLOSED, FAILED
	ended   *Event           // the event of SUSPENDED, CLOSING, CLOSED or FAILED; else nil
	refusal *wire.ErrorInfo  // why the server refused the last connection; ably-go loses it
	// tokenRefused reports whether the last connection was refused because of its token.
	tokenRefused bool
	again        bool               // connect again after the next DISCONNECTED
	off          func()             // removes the listener for ably-go's state
	dialling     context.Context    // the context of the last dial
	abort        context.CancelFunc // cancels that context
	busy         bool               // a dial is running
	loopLeft     bool               // ably-go was closed between dials: its loop may still dial
	spare        chan struct{}      // gets a value when a second loop of ably-go's has dialled
	state        ably.ConnectionState
	last         Event           // the last event of kind Status, or the client's first state
	life         context.Context // ends when ably-go's HTTP requests must end
	endLife      context.CancelFunc
	sockets      uint64        // how many sockets were connected
	stateChanged chan struct{} // closed and replaced at each change of state
	stream       stream
	kept         any
	drops        map[string]int
	running      int           // how many goroutines run
	idle         chan struct{} // closed when running is 0; nil before any ran
}

// item is a frame to be sent, either ably-go's or a room's.
type item struct {
	native any
	ours   *wire.ProtocolMessage
	done   func([]*string, error)
	frame  *sequence.Frame[*item, answer] // nil if no acknowledgement is awaited
}

// answer is the answer to a frame that awaited an acknowledgement.
type answer struct {
	serials []*string // the serials of an ACK
	err     *wire.ErrorInfo
	notSent bool
}

// newTransport returns a transport that no client uses yet.
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

// Timeouts holds timeouts of the realtime client: those of its options, or the defaults.
type Timeouts struct {
	Request      time.Duration // realtimeRequestTimeout (TO3l11)
	ChannelRetry time.Duration // channelRetryTimeout (TO3l7)
}

// Timeouts returns the timeouts of the realtime client.
func (t *Transport) Timeouts() Timeouts { return t.timeouts }

// Queues reports whether messages wait while there is no connection (TO3g), as the options of the
// realtime client say. If they don't wait, they fail at once; and when a connection ends, those
// that are unanswered fail (RTN7d).
func (t *Transport) Queues() bool { return !t.unqueued }

// Status returns the last event of the kind [Status]. Before the first one, it returns an event
// with the client's first state. Unlike ably-go's own State, it doesn't wait for a running auth
// callback.
func (t *Transport) Status() Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// EndRequests ends the HTTP requests of ably-go's realtime client, and those that it begins later.
// ably-go holds its lock while it gets a token; without EndRequests, a call of its Close would wait
// for the token.
func (t *Transport) EndRequests() { t.endLife() }

// Connection describes a connection to Ably.
type Connection struct {
	ID string
	// Key is a secret (RTN9).
	Key     string
	Details wire.ConnectionDetails
	// Resumed reports whether the transport resumed the previous connection, so that msgSerials go
	// on (RTN15c6). Whether a channel was resumed is in its ATTACHED.
	Resumed bool
	// Socket is the number of the WebSocket, from 1. Only WebSockets that were connected count.
	Socket uint64
}

// Send sends a frame of a room's channel. It never blocks.
//
// A frame that awaits an acknowledgement is a MESSAGE, PRESENCE or ANNOTATION. It waits for a
// connection if there is none, and is sent again on the next connection until it is answered
// (RTL6c2, RTN19a). There are two exceptions. PRESENCE that was never written ends with
// [ErrNotSent] when the connection ends, or at once if there is none. If [Transport.Queues] is
// false, every frame that awaits an acknowledgement ends with an error when the connection ends, or
// at once if there is none.
//
// done is called with the serials of an ACK, one for each message, or with the error: an
// [*wire.ErrorInfo] or ErrNotSent. It is called once, in the order of the [Event] stream, unless it
// is nil or cancel was called before. cancel doesn't take the frame back.
//
// Any other frame is written on the present connection or not at all. If there is no connection,
// done is called with ErrNotSent; otherwise it is not called.
//
// msg must not be changed after the call. Its MsgSerial is ignored.
func (t *Transport) Send(msg *wire.ProtocolMessage, done func([]*string, error)) (cancel func()) {
	return t.SendOn(0, msg, done)
}

// SendOn is [Transport.Send] for a frame that is meant for one WebSocket, whose number is in
// [Connection]. If that WebSocket is no longer the newest, a frame that needs no acknowledgement
// isn't sent, and neither is PRESENCE.
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
		t.finish(it, answer{err: errTooLarge(max)})
	case !up && t.seq.Len() >= t.options.QueueLimit:
		t.finish(it, answer{err: errTooMany(t.options.QueueLimit)})
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

// sendNative sends a frame of ably-go's. ably-go holds its lock.
func (t *Transport) sendNative(s *socket, v any) {
	action, channel := t.native.header(v)
	if action == wire.ActionAuth {
		t.tokenUsed(t.native.token(v))
	}
	t.mu.Lock()
	defer t.unlock()
	if _, again := t.pending[v]; again {
		return // ably-go sends an unanswered frame again; the transport does that itself (RTN19a)
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
	errUnqueued = newError(codeDisconnected, 400,
		"there is no connection, and messages are not queued")
	errRoomChannel = newError(codeBadRequest, 400,
		"a channel whose name ends in "+RoomSuffix+" belongs to the chat client")
)

func errTooLarge(limit int64) *wire.ErrorInfo {
	return newError(codeMessageTooLarge, 400,
		fmt.Sprintf("the message is larger than the account's limit of %d bytes", limit))
}

func errTooMany(limit int) *wire.ErrorInfo {
	return newError(codeBadRequest, 400,
		fmt.Sprintf("too many messages wait for the connection: the limit is %d", limit))
}

// deliver passes answers to the senders of the frames. The lock is held.
func (t *Transport) deliver(answers []sequence.Answer[*item, answer]) {
	for i := 0; i < len(answers); {
		a := answers[i]
		if a.Owner == sequence.Rooms {
			t.finish(a.Item, a.Result)
			i++
			continue
		}
		// Consecutive answers for ably-go with the same error, or with none, become one frame.
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

// finish calls the function that was passed to Send, as an entry of the stream. The lock is held.
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

// fail answers all frames that await an acknowledgement (RTN7d, RTN7e). The lock is held.
func (t *Transport) fail(reason *wire.ErrorInfo) { t.deliver(t.seq.Fail(answer{err: reason})) }

// User returns the field User of the options.
func (t *Transport) User() any { return t.options.User }

// Keep returns the value that the rooms' side stores in the transport. The first call stores
// value().
func (t *Transport) Keep(value func() any) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil {
		t.kept = value()
	}
	return t.kept
}

// Dropped returns how many frames or parts of frames were dropped or repaired, by the kind of
// fault.
func (t *Transport) Dropped() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(map[string]int, len(t.drops))
	for k, n := range t.drops {
		out[k] = n
	}
	return out
}

// drop counts n frames that are dropped or repaired, and logs the first of its kind. The lock is
// held.
func (t *Transport) drop(kind string, n int) {
	if n == 0 {
		return
	}
	if t.drops[kind] == 0 {
		t.then(entry{call: func() {
			t.log.Warn("transport: a frame was dropped or repaired; further faults of this kind are only counted", "kind", kind)
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

// Close ends the socket, if there is one, and waits until all goroutines of the transport have
// ended. If ctx ends first, Close returns its cause. Close the realtime client first; otherwise it
// dials again. The handler must not call Close.
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

// tokenUsed calls Options.Token with a token that ably-go uses, unless the token is "".
func (t *Transport) tokenUsed(token string) {
	if token != "" && t.options.Token != nil {
		t.options.Token(token)
	}
}

// reasonOf returns an error as an error of Ably's: the ErrorInfo in it, or one with this code and
// status.
func reasonOf(err error, code, status int) *wire.ErrorInfo {
	var e *wire.ErrorInfo
	if errors.As(err, &e) {
		return e
	}
	return newError(code, status, err.Error())
}
