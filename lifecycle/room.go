package lifecycle

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/internal/listen"
)

// RoomStatus is the status of a room (CHA-RS1).
type RoomStatus = fsm.Status

// The statuses of a room.
const (
	RoomInitialized = fsm.StatusInitialized // before any attach (CHA-RS1a)
	RoomAttaching   = fsm.StatusAttaching   // attaching (CHA-RS1b)
	RoomAttached    = fsm.StatusAttached    // connected and working (CHA-RS1c)
	RoomDetaching   = fsm.StatusDetaching   // detaching (CHA-RS1d)
	RoomDetached    = fsm.StatusDetached    // detached at the user's request (CHA-RS1e)
	// detached for an extended time, retried by the connection (CHA-RS1f)
	RoomSuspended = fsm.StatusSuspended
	// something is wrong that the user must act on (CHA-RS1g)
	RoomFailed    = fsm.StatusFailed
	RoomReleasing = fsm.StatusReleasing // being released (CHA-RS1h)
	RoomReleased  = fsm.StatusReleased  // released, of no further use; final (CHA-RS1i)
)

// RoomStatusChange is a change of a room's status (CHA-RS4).
type RoomStatusChange struct {
	Current  RoomStatus // the new status (CHA-RS4a)
	Previous RoomStatus // the status before (CHA-RS4b)
	Error    error      // the error that belongs to the new status, or nil (CHA-RS4c, CHA-RS4d)
}

// String prints the change with its error, if it has one: "attaching -> suspended: unable to …".
func (c RoomStatusChange) String() string {
	s := c.Previous.String() + " -> " + c.Current.String()
	if c.Error != nil {
		s += ": " + c.Error.Error()
	}
	return s
}

// Discontinuity reports that a room may have missed messages (CHA-RL12, CHA-RL15).
type Discontinuity struct {
	// has the code [ErrRoomDiscontinuity]; its cause is what led to it, if that is known
	Reason error
}

// RetryPause is the pause between two attempts of a release to detach the channel (CHA-RL3n4).
const RetryPause = 250 * time.Millisecond

// Room is one chat room: its attach and detach, its status and its discontinuities, on a realtime
// channel. It is got from a [Rooms] and released there. All methods may be called concurrently, and
// from within listeners.
//
// Operations run one at a time, in the order in which they are called, but that a release goes
// before those that still wait (CHA-RL7). What they do is decided by [fsm.Room].
type Room struct {
	name    string
	options RoomOptions
	channel Channel
	watch   atomic.Pointer[watch]        // nil without an observer or a log
	gone    func(operation string) error // see [RoomConfig]; nil for an error of its own

	// the last change; the getters read it without the lock
	status          atomic.Pointer[RoomStatusChange]
	statusListeners listen.List[RoomStatusChange]
	discontinuities listen.List[Discontinuity]

	mu      sync.Mutex // guards what follows; never held while foreign code runs
	core    fsm.Room[*ErrorInfo]
	seq     uint64
	calls   []*roomCall    // those that wait
	working sync.WaitGroup // the channel's operations that run
}

// watch carries the steps of a room to its log and to its observer.
type watch struct {
	log     *slog.Logger
	logs    bool                           // steps get lines in the log
	observe atomic.Pointer[func(RoomStep)] // nil without an observer
	of      any                            // what steps name as the room
	steps   observer[RoomStep]
}

type roomCall struct {
	number  fsm.Call
	settled bool
	direct  bool          // the caller itself runs what its steps begin
	work    roomWork      // what it is to run next; none is 0
	done    chan struct{} // closed when settled; made only for a call that has to wait
	outcome fsm.RoomOutcome[*ErrorInfo]
}

// roomWork is an operation of the channel, by the output that begins it; 0 is none.
type roomWork fsm.RoomOutputKind

// ended is the input that tells the core of the end of the work.
func (w roomWork) ended() fsm.RoomInputKind {
	switch fsm.RoomOutputKind(w) {
	case fsm.AttachChannel:
		return fsm.AttachEnded
	case fsm.DetachChannel:
		return fsm.DetachEnded
	}
	return fsm.GiveBackEnded
}

func (w roomWork) do(ctx context.Context, c Channel) error {
	switch fsm.RoomOutputKind(w) {
	case fsm.AttachChannel:
		return c.Attach(ctx)
	case fsm.DetachChannel:
		return c.Detach(ctx)
	}
	return c.GiveBack(ctx)
}

// String returns the name of the channel's method.
func (w roomWork) String() string {
	switch fsm.RoomOutputKind(w) {
	case fsm.AttachChannel:
		return "Channel.Attach"
	case fsm.DetachChannel:
		return "Channel.Detach"
	}
	return "Channel.GiveBack"
}

// RoomConfig configures a [Room] that a backend makes. The zero value is good.
type RoomConfig struct {
	// Logger is where the room logs: status changes at info, discontinuities at warn, panics of
	// listeners and of Observe at error. nil writes errors alone, to [slog.Default].
	Logger *slog.Logger

	// Observe receives each step of the room's core, in order and one at a time, under no lock, and
	// may call back. It runs, as the log's handler does, in the goroutine of a call or of a
	// channel's operation, which it holds up when it blocks, but never in that of a channel's
	// event. A panic in it is logged and does no harm. nil receives nothing.
	Observe func(RoomStep)

	// Of is what the steps name as the room: what users hold of it. nil is for the Room.
	Of any

	// Gone returns the error of what begins, or still waits for events, once the room is released.
	// operation is what could not be done: "subscribe to status changes". It must not block. nil is
	// for an [*ErrorInfo] with the code [ErrRoomInInvalidState].
	Gone func(operation string) error
}

// RoomStep is one step of the core of a [Room], for an observer.
type RoomStep struct {
	Seq  uint64 // 1, 2, 3, … for this room
	Room string // the room's name
	// the room itself: rooms of one name follow each other, and their steps may overlap
	Of       any
	Input    fsm.RoomInput[*ErrorInfo]    // what came in
	Outputs  []fsm.RoomOutput[*ErrorInfo] // what came out
	Status   RoomStatus                   // the status afterwards
	StatusOf *ErrorInfo                   // the error that belongs to it, or nil
}

// NewRoom makes a room in the status initialized, on a channel that is initialized and not used by
// anything else, and the function that releases it. It is for backends: users get rooms from
// [Rooms.Get], and only the backend's Release may release one (CHA-RL3).
//
// release ends the room and returns when its channel has been given back; its error is the
// channel's, from giving it back, or the context's error when ctx ends first: then the release goes
// on. It may be called again.
func NewRoom(name string, options RoomOptions, channel Channel, config RoomConfig) (room *Room, release func(ctx context.Context) error) {
	r := &Room{name: name, options: options, channel: channel, gone: config.Gone, core: *fsm.NewRoom[*ErrorInfo]()}
	if config.Logger != nil || config.Observe != nil {
		r.watch.Store(newWatch(r, config))
	}
	r.status.Store(&initialStatus)
	channel.OnStateChange(r.channelEvent)
	return r, r.release
}

// initialStatus is shared by all rooms.
var initialStatus = RoomStatusChange{Current: RoomInitialized, Previous: RoomInitialized}

func newWatch(r *Room, config RoomConfig) *watch {
	w := &watch{log: config.Logger, logs: config.Logger != nil, of: config.Of}
	if config.Observe != nil {
		w.observe.Store(&config.Observe)
	}
	if w.of == nil {
		w.of = r
	}
	if w.log == nil {
		w.log = listen.ErrorsToDefault()
	}
	w.steps.handle, w.steps.log = w.tell, w.log
	return w
}

// channelEvent takes an event of the channel.
func (r *Room) channelEvent(c ChannelStateChange) {
	r.input(fsm.RoomInput[*ErrorInfo]{Kind: fsm.ChannelEvent, Channel: c.Current, Update: c.Update, Resumed: c.Resumed, Err: c.Reason})
	if w := r.watch.Load(); w != nil {
		// the channel doesn't wait for the log and the observer, which may wait for its next event
		w.steps.flushSoon()
	}
}

func (r *Room) release(ctx context.Context) error {
	err := r.do(ctx, fsm.CallRoomRelease, "release")
	if err == nil {
		r.working.Wait() // the room has settled, so what still runs is on its last line
	}
	return err
}

// Name returns the room's name, as it was got with.
func (r *Room) Name() string { return r.name }

// Options returns the room's options, complete.
func (r *Room) Options() RoomOptions { return r.options }

// Status returns the room's status (CHA-RS2).
func (r *Room) Status() RoomStatus { return r.status.Load().Current }

// Error returns the error that belongs to the present status, or nil (CHA-RS2b).
func (r *Room) Error() error { return r.status.Load().Error }

// over is the error of what begins on a room that is released.
func (r *Room) over(operation string) error {
	if r.gone != nil {
		return r.gone(operation)
	}
	return NewErrorInfo(ErrRoomInInvalidState, fmt.Sprintf("unable to %s; room %q is released", operation, r.name), nil)
}

// Attach attaches the room and returns when it is attached (CHA-RL1). A room that is attached
// already is left as it is.
//
// Errors: [ErrRoomInInvalidState] for a room that was released (CHA-RL1l); the channel's own error
// when it can't be attached (CHA-RL1k3), after which the status tells what became of the channel;
// the context's error when ctx ends first: then an attach that has begun goes on, and one that
// still waits for its turn is not begun.
func (r *Room) Attach(ctx context.Context) error { return r.do(ctx, fsm.CallRoomAttach, "attach") }

// Detach detaches the room and returns when it is detached (CHA-RL2). A room that is detached
// already is left as it is.
//
// Errors: [ErrRoomInInvalidState] for a room that was released or failed (CHA-RL2l, CHA-RL2m); the
// channel's own error when it can't be detached (CHA-RL2k3); the context's error when ctx ends
// first, as for [Room.Attach].
func (r *Room) Detach(ctx context.Context) error { return r.do(ctx, fsm.CallRoomDetach, "detach") }

// do begins a call and waits until it is settled or its context ends.
func (r *Room) do(ctx context.Context, kind fsm.RoomInputKind, operation string) error {
	if ctx.Err() != nil {
		return ctxerr.Of(ctx)
	}
	// A caller who can't give up may as well run the operation itself: nothing but its end settles
	// the call. Not so with an observer of the steps, which may wait for what the caller would
	// do only afterwards.
	c := &roomCall{direct: ctx.Done() == nil && r.watch.Load() == nil}
	r.mu.Lock()
	c.number = r.core.NextCall()
	r.calls = append(r.calls, c)
	r.stepFor(c, fsm.RoomInput[*ErrorInfo]{Kind: kind, Call: c.number})
	r.mu.Unlock()
	r.flush()
	for c.work != 0 {
		w := c.work
		c.work = 0
		r.run(w, c)
	}
	if c.done != nil {
		select {
		case <-c.done:
		case <-ctx.Done():
			r.mu.Lock()
			gaveUp := !c.settled // else it was settled at the very moment, and that counts
			if gaveUp {
				r.step(fsm.RoomInput[*ErrorInfo]{Kind: fsm.RoomGiveUp, Call: c.number}, nil)
			}
			r.mu.Unlock()
			r.flush()
			if gaveUp {
				return ctxerr.Of(ctx)
			}
		}
	}
	switch c.outcome.Kind {
	case fsm.RoomOperationFailed:
		return c.outcome.Err
	case fsm.RoomInvalidState:
		if c.outcome.Status == RoomReleased {
			return r.over(operation + " room")
		}
		return NewErrorInfo(ErrRoomInInvalidState, fmt.Sprintf("unable to %s room; room %q is %v", operation, r.name, c.outcome.Status), nil)
	}
	return nil
}

// flush hands the steps to those who watch them.
func (r *Room) flush() {
	if w := r.watch.Load(); w != nil {
		w.steps.flush()
	}
}

// stepFor puts one input through the core for a call, which runs the operation that it leads to
// itself, if it is direct, and waits where there is none. The lock is held.
func (r *Room) stepFor(c *roomCall, in fsm.RoomInput[*ErrorInfo]) {
	r.step(in, c)
	if !c.settled && c.work == 0 {
		c.done = make(chan struct{})
	}
}

// input puts one input through the core.
func (r *Room) input(in fsm.RoomInput[*ErrorInfo]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step(in, nil)
}

// step puts one input through the core and carries its outputs out, in their order. c is the call
// whose goroutine this is, or nil. The lock is held; nothing that it does runs foreign code: the
// channel's operations get a goroutine, listeners have their own, and a caller is woken by its
// channel.
func (r *Room) step(in fsm.RoomInput[*ErrorInfo], c *roomCall) {
	// on the stack: a buffer that is kept would cost an idle room more than all the rest
	var room [3]fsm.RoomOutput[*ErrorInfo]
	outs, refused := r.core.Step(in, room[:0])
	if refused != nil {
		panic("lifecycle: " + refused.Error())
	}
	for i := range outs {
		switch out := &outs[i]; out.Kind {
		case fsm.SettleRoomCall:
			r.settle(out)
		case fsm.AttachChannel, fsm.DetachChannel, fsm.GiveBackChannel:
			r.work(roomWork(out.Kind), c)
		case fsm.StartRetryPause:
			time.AfterFunc(RetryPause, func() {
				r.input(fsm.RoomInput[*ErrorInfo]{Kind: fsm.RetryDue})
				r.flush()
			})
		case fsm.PublishStatus:
			change := RoomStatusChange{Current: out.Status, Previous: out.Previous, Error: asError(out.Err)}
			r.status.Store(&change)
			r.statusListeners.Publish(change)
			if out.Status == RoomReleased {
				r.endListeners()
			}
		case fsm.PublishDiscontinuity:
			r.publishDiscontinuity(out.Err)
		}
	}
	r.seq++
	if w := r.watch.Load(); w != nil {
		r.record(w, in, outs)
	}
}

// record hands a step to those who watch. The log's handler is foreign code too, so it waits for
// the end of the lock as the observer does.
func (r *Room) record(w *watch, in fsm.RoomInput[*ErrorInfo], outs []fsm.RoomOutput[*ErrorInfo]) {
	if w.observe.Load() != nil || w.logs && slices.ContainsFunc(outs, published) {
		status, err := r.core.Status()
		w.steps.put(RoomStep{Seq: r.seq, Room: r.name, Of: w.of, Input: in, Outputs: slices.Clone(outs), Status: status, StatusOf: err})
	}
}

// settle ends a call. The lock is held.
func (r *Room) settle(out *fsm.RoomOutput[*ErrorInfo]) {
	i := slices.IndexFunc(r.calls, func(c *roomCall) bool { return c.number == out.Call })
	c := r.calls[i]
	if r.calls = slices.Delete(r.calls, i, i+1); len(r.calls) == 0 {
		r.calls = nil
	}
	c.settled, c.outcome = true, out.Outcome
	if c.done != nil {
		close(c.done)
	}
}

// published reports whether an output gets a line in the log.
func published(out fsm.RoomOutput[*ErrorInfo]) bool {
	return out.Kind == fsm.PublishStatus || out.Kind == fsm.PublishDiscontinuity
}

// tell writes a step to the log and to the observer.
func (w *watch) tell(step RoomStep) {
	for _, out := range step.Outputs {
		if !published(out) {
			continue
		}
		level, message, attrs := slog.LevelWarn, "room lost continuity", []slog.Attr{slog.String("room", step.Room)}
		if out.Kind == fsm.PublishStatus {
			level, message = slog.LevelInfo, "room status changed"
			attrs = append(attrs, slog.String("previous", out.Previous.String()), slog.String("current", out.Status.String()))
		}
		if out.Err != nil {
			attrs = append(attrs, slog.String("error", out.Err.Error()))
		}
		w.log.LogAttrs(context.Background(), level, message, attrs...)
	}
	if observe := w.observe.Load(); observe != nil {
		(*observe)(step)
	}
}

func (r *Room) publishDiscontinuity(reason *ErrorInfo) {
	r.discontinuities.Publish(Discontinuity{NewErrorInfo(ErrRoomDiscontinuity,
		fmt.Sprintf("room %q lost continuity; messages may have been missed", r.name), asError(reason))})
}

// work begins an operation of the channel: in the goroutine of the call c, if that is direct, or in
// one of its own. The lock is held.
func (r *Room) work(w roomWork, c *roomCall) {
	r.working.Add(1)
	if c != nil && c.direct && !c.settled { // once the call is settled, what begins is for another
		c.work = w
		return
	}
	go r.run(w, nil)
}

// run runs an operation of the channel and gives its end to the core; one that panics or ends its
// goroutine has an error too. c is the call whose goroutine this is; nil for a goroutine of its
// own.
func (r *Room) run(w roomWork, c *roomCall) {
	returned := false
	defer func() {
		if !returned {
			r.ended(w, c, abnormal(w.String(), recover()))
		}
	}()
	err := w.do(context.Background(), r.channel)
	returned = true
	r.ended(w, c, err)
}

func (r *Room) ended(w roomWork, c *roomCall, err error) {
	in := fsm.RoomInput[*ErrorInfo]{Kind: w.ended(), Err: AsErrorInfo(err)}
	r.mu.Lock()
	if c != nil {
		r.stepFor(c, in)
	} else {
		r.step(in, nil)
	}
	r.mu.Unlock()
	r.working.Done()
	r.flush()
}
