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
	// detached for an extended time; the connection retries (CHA-RS1f)
	RoomSuspended = fsm.StatusSuspended
	// an error that the user must act on (CHA-RS1g)
	RoomFailed    = fsm.StatusFailed
	RoomReleasing = fsm.StatusReleasing // being released (CHA-RS1h)
	RoomReleased  = fsm.StatusReleased  // released, of no further use; final (CHA-RS1i)
)

// RoomStatusChange is a change of a room's status (CHA-RS4).
type RoomStatusChange struct {
	Current  RoomStatus // the new status (CHA-RS4a)
	Previous RoomStatus // the status before (CHA-RS4b)
	Error    error      // the error of the new status, or nil (CHA-RS4c, CHA-RS4d)
}

// String returns the change with its error, if it has one: "attaching -> suspended: unable to …".
func (c RoomStatusChange) String() string {
	s := c.Previous.String() + " -> " + c.Current.String()
	if c.Error != nil {
		s += ": " + c.Error.Error()
	}
	return s
}

// Discontinuity reports that a room may have missed messages (CHA-RL12, CHA-RL15).
type Discontinuity struct {
	// an error with the code [ErrRoomDiscontinuity]; its cause is the channel's error, if there is
	// one
	Reason error
}

// RetryPause is the pause between two attempts of a release to detach the channel (CHA-RL3n4).
const RetryPause = 250 * time.Millisecond

// Room is one chat room on a realtime channel: its attach and detach, its status and its
// discontinuities. A [Rooms] returns it and releases it. All methods may be called concurrently,
// and from within listeners.
//
// Operations run one at a time, in the order of their calls, except that a release goes before
// operations that still wait (CHA-RL7). [fsm.Room] decides what they do.
type Room struct {
	name    string
	options RoomOptions
	channel Channel
	watch   atomic.Pointer[watch]        // nil without an observer or a log
	gone    func(operation string) error // see [RoomConfig]; nil for the default error

	// the last change; the getters read it without the lock
	status          atomic.Pointer[RoomStatusChange]
	statusListeners listen.List[RoomStatusChange]
	discontinuities listen.List[Discontinuity]

	mu      sync.Mutex // guards the fields below; never held while foreign code runs
	core    fsm.Room[*ErrorInfo]
	seq     uint64
	calls   []*roomCall    // the calls that wait
	working sync.WaitGroup // the running operations of the channel
}

// watch passes the steps of a room on to its log and its observer.
type watch struct {
	log     *slog.Logger
	logs    bool                           // the steps are logged
	observe atomic.Pointer[func(RoomStep)] // nil without an observer
	of      any                            // see [RoomConfig]; never nil
	steps   observer[RoomStep]
}

type roomCall struct {
	number  fsm.Call
	settled bool
	direct  bool          // the caller itself runs the operations that its steps begin
	work    roomWork      // the operation that the caller must run next; 0 for none
	done    chan struct{} // closed when the call is settled; made only if the call has to wait
	outcome fsm.RoomOutcome[*ErrorInfo]
}

// roomWork is an operation of the channel, named by the output that begins it; 0 is none.
type roomWork fsm.RoomOutputKind

// ended returns the input that reports the end of the operation to the core.
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

// RoomConfig configures a [Room] that a backend makes. The zero value is usable.
type RoomConfig struct {
	// Logger receives status changes at info, discontinuities at warn, and panics of listeners and
	// of Observe at error. If it is nil, only errors are logged, to [slog.Default].
	Logger *slog.Logger

	// Observe receives each step of the room's core, one at a time, in order, while no lock is
	// held. It may call methods of the room. Like the log's handler, it runs in the goroutine of a
	// call or of a channel's operation, which it delays if it blocks, but never in the goroutine of
	// a channel's event. A panic in it is logged and has no other effect. If it is nil, nothing is
	// observed.
	Observe func(RoomStep)

	// Of is the value of the steps' field Of, for a backend that wraps the Room: the value that
	// users hold. If it is nil, the steps have the Room.
	Of any

	// Gone returns the error of calls on the room after its release, and of calls that still wait
	// for events then. operation says what the call can't do: "subscribe to status changes". Gone
	// must not block. If it is nil, the error is an [*ErrorInfo] with the code
	// [ErrRoomInInvalidState].
	Gone func(operation string) error
}

// RoomStep is one step of the core of a [Room], for an observer.
type RoomStep struct {
	Seq  uint64 // 1, 2, 3, … for this room
	Room string // the room's name
	// the room itself; a name may have several rooms, one after the other, whose steps overlap
	Of       any
	Input    fsm.RoomInput[*ErrorInfo]    // the input of the step
	Outputs  []fsm.RoomOutput[*ErrorInfo] // the outputs of the step
	Status   RoomStatus                   // the status afterwards
	StatusOf *ErrorInfo                   // the error of the status, or nil
}

// NewRoom returns a room in the status initialized, and the function that releases it. The channel
// must be initialized, and used by nothing else. NewRoom is for backends: users get rooms from
// [Rooms.Get], and only the backend's Release may release a room (CHA-RL3).
//
// release releases the room and returns when its channel was given back. It returns the error of
// the channel's GiveBack, or the context's error if ctx ends first: then the release goes on. It
// may be called again.
func NewRoom(name string, options RoomOptions, channel Channel, config RoomConfig) (room *Room, release func(ctx context.Context) error) {
	r := &Room{name: name, options: options, channel: channel, gone: config.Gone, core: *fsm.NewRoom[*ErrorInfo]()}
	if config.Logger != nil || config.Observe != nil {
		r.watch.Store(newWatch(r, config))
	}
	r.status.Store(&initialStatus)
	channel.OnStateChange(r.channelEvent)
	return r, r.release
}

// initialStatus is the first status of every room.
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

// channelEvent receives an event of the channel.
func (r *Room) channelEvent(c ChannelStateChange) {
	r.input(fsm.RoomInput[*ErrorInfo]{Kind: fsm.ChannelEvent, Channel: c.Current, Update: c.Update, Resumed: c.Resumed, Err: c.Reason})
	if w := r.watch.Load(); w != nil {
		// The channel must not wait for the log or the observer: they may wait for the channel's
		// next event.
		w.steps.flushSoon()
	}
}

func (r *Room) release(ctx context.Context) error {
	err := r.do(ctx, fsm.CallRoomRelease, "release")
	if err == nil {
		r.working.Wait() // the room is released: operations that still run are about to return
	}
	return err
}

// Name returns the name of the room, as given to Get.
func (r *Room) Name() string { return r.name }

// Options returns all options of the room.
func (r *Room) Options() RoomOptions { return r.options }

// Status returns the room's status (CHA-RS2).
func (r *Room) Status() RoomStatus { return r.status.Load().Current }

// Error returns the error of the present status, or nil (CHA-RS2b).
func (r *Room) Error() error { return r.status.Load().Error }

// over returns the error of a call on a room that is released.
func (r *Room) over(operation string) error {
	if r.gone != nil {
		return r.gone(operation)
	}
	return NewErrorInfo(ErrRoomInInvalidState, fmt.Sprintf("unable to %s; room %q is released", operation, r.name), nil)
}

// Attach attaches the room and returns when it is attached (CHA-RL1). It does nothing if the room
// is already attached.
//
// Errors: [ErrRoomInInvalidState] if the room was released (CHA-RL1l); the channel's own error if
// it can't be attached (CHA-RL1k3), after which the room has the status of the channel; the
// context's error if ctx ends first. Then an attach that has begun goes on, and one that still
// waits for its turn doesn't begin.
func (r *Room) Attach(ctx context.Context) error { return r.do(ctx, fsm.CallRoomAttach, "attach") }

// Detach detaches the room and returns when it is detached (CHA-RL2). It does nothing if the room
// is already detached.
//
// Errors: [ErrRoomInInvalidState] if the room was released or failed (CHA-RL2l, CHA-RL2m); the
// channel's own error if it can't be detached (CHA-RL2k3); the context's error if ctx ends first,
// as for [Room.Attach].
func (r *Room) Detach(ctx context.Context) error { return r.do(ctx, fsm.CallRoomDetach, "detach") }

// do begins a call and waits until it is settled or its context ends.
func (r *Room) do(ctx context.Context, kind fsm.RoomInputKind, operation string) error {
	if ctx.Err() != nil {
		return ctxerr.Of(ctx)
	}
	// A caller that can't give up runs the operation itself: only the operation's end settles the
	// call. With an observer it doesn't, since the observer, which runs first, may wait for the
	// operation.
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
			gaveUp := !c.settled // if settled just before, its outcome counts
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

// flush passes the queued steps on to the log and the observer.
func (r *Room) flush() {
	if w := r.watch.Load(); w != nil {
		w.steps.flush()
	}
}

// stepFor gives one input to the core for a call. If the step neither settles the call nor gives it
// an operation to run, the call will have to wait. The lock is held.
func (r *Room) stepFor(c *roomCall, in fsm.RoomInput[*ErrorInfo]) {
	r.step(in, c)
	if !c.settled && c.work == 0 {
		c.done = make(chan struct{})
	}
}

// input gives one input to the core.
func (r *Room) input(in fsm.RoomInput[*ErrorInfo]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.step(in, nil)
}

// step gives one input to the core and carries out its outputs, in their order. c is the call whose
// goroutine this is, or nil. The lock is held, so step runs no foreign code: the channel's
// operations and the listeners run in goroutines of their own, and a caller is woken by a channel.
func (r *Room) step(in fsm.RoomInput[*ErrorInfo], c *roomCall) {
	// on the stack: a buffer in the Room would be most of the memory of an idle room
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

// record queues a step for the log and the observer. Both are foreign code, so they receive it when
// the lock is free.
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

// published reports whether an output is logged.
func published(out fsm.RoomOutput[*ErrorInfo]) bool {
	return out.Kind == fsm.PublishStatus || out.Kind == fsm.PublishDiscontinuity
}

// tell passes a step on to the log and the observer.
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

// work begins an operation of the channel: in the goroutine of the call c, if c is direct, else in
// a goroutine of its own. The lock is held.
func (r *Room) work(w roomWork, c *roomCall) {
	r.working.Add(1)
	if c != nil && c.direct && !c.settled { // else for another call
		c.work = w
		return
	}
	go r.run(w, nil)
}

// run runs an operation of the channel and reports its end to the core, as an error too if it
// panics or ends its goroutine. c is the call whose goroutine this is, or nil.
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
