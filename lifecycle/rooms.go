package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/ctxerr"
	"ablyrooms.example/internal/listen"
)

// Rooms registers rooms by name: a name has at most one room at a time, which [Rooms.Get] returns
// and [Rooms.Release] releases (CHA-RC1). Several owners share a room by [Rooms.Acquire]. R is the
// type of the rooms that the backend opens.
//
// All methods may be called concurrently, and from within the backend, a listener or an observer.
// [fsm.Leases] and [fsm.Rooms] decide what they do; docs/rooms.md and docs/leases.md state the
// rules.
type Rooms[R any] struct {
	backend  Backend[R]
	log      *slog.Logger
	observer atomic.Pointer[observer[RoomsStep]] // nil without an observer
	states   bool                                // the observer receives states

	disposed atomic.Bool // disposal has begun

	// ready has the rooms that a Get returns without a lock, as *live[R] by name. Each is ready and
	// kept by a Get, so that closing a lease doesn't release it.
	ready sync.Map

	mu      sync.Mutex // guards the fields below; never held while foreign code runs
	leases  *fsm.Leases[RoomOptions]
	core    *fsm.Rooms[RoomOptions] // the core that leases uses, for reading
	seq     uint64
	workErr error // the error of the backend's work that the present step ends, or nil
	calls   map[fsm.Call]*roomsCall[R]
	live    map[fsm.Incarnation]*live[R]
	failed  map[fsm.Incarnation]error // the errors of releases that ended since disposal began
	working sync.WaitGroup            // the goroutines that run the backend
	direct  bool                      // the step's caller runs the release that the step begins
}

// live holds the data of an incarnation from its opening to the end of its release.
type live[R any] struct {
	id        fsm.Incarnation
	name      string
	options   RoomOptions
	defaults  bool // the options are the defaults
	room      R
	err       error           // the error of the backend's last work on it, or nil
	ctx       context.Context // the context of its opening; nil afterwards
	abandon   context.CancelCauseFunc
	published bool
}

// roomsCall is a call that waits. The lock of the Rooms guards its fields until it is settled.
type roomsCall[R any] struct {
	in      fsm.RoomsInput[RoomOptions]
	settled bool
	done    chan struct{} // closed when the call is settled; made only if the call has to wait
	outcome fsm.Outcome
	work    *live[R] // the room that the caller itself must release; nil for none
	room    R        // set for GotRoom
	err     error    // set for outcomes that are errors
}

// RoomsOption configures a [Rooms].
type RoomsOption func(*roomsConfig)

type roomsConfig struct {
	log     *slog.Logger
	observe func(RoomsStep)
	states  bool
}

// WithLogger sets the logger of the Rooms, which receives panics of observers, at error. Without
// it, or if log is nil, only errors are logged, to the logger that is [slog.Default] when NewRooms
// is called.
func WithLogger(log *slog.Logger) RoomsOption { return func(c *roomsConfig) { c.log = log } }

// WithObserver sets a function that receives each step of the core, one at a time, in order, while
// no lock is held. It runs in the goroutine of a call or of the backend, which it delays if it
// blocks. It may call methods of the Rooms; it receives the steps of such calls after it returns. A
// panic in it is logged and has no other effect.
func WithObserver(observe func(RoomsStep)) RoomsOption {
	return func(c *roomsConfig) { c.observe = observe }
}

// WithObservedStates adds the whole state of the core to each step that the observer receives. This
// takes time in proportion to the number of rooms: it is for tests and traces.
func WithObservedStates() RoomsOption { return func(c *roomsConfig) { c.states = true } }

// RoomsStep is one step of the core of a [Rooms], for an observer.
type RoomsStep struct {
	Seq   uint64                      // 1, 2, 3, …
	Input fsm.RoomsInput[RoomOptions] // the input of the step
	// the name that the input is about; "" for Dispose and GiveUp
	Name    string
	Outputs []fsm.RoomsOutput            // the outputs of the step
	Err     error                        // the error of the backend's work, if the input is its end
	State   *fsm.RoomsState[RoomOptions] // the state afterwards; nil without [WithObservedStates]
}

// NewRooms returns a Rooms without rooms. It starts no goroutine. It panics if backend is nil.
func NewRooms[R any](backend Backend[R], options ...RoomsOption) *Rooms[R] {
	if backend == nil {
		panic("lifecycle: NewRooms was given a nil backend")
	}
	c := roomsConfig{}
	for _, o := range options {
		o(&c)
	}
	if c.log == nil {
		c.log = listen.ErrorsToDefault()
	}
	leases := fsm.NewLeases[RoomOptions]()
	r := &Rooms[R]{
		backend: backend,
		log:     c.log,
		states:  c.states,
		leases:  leases,
		core:    leases.Rooms(),
		calls:   map[fsm.Call]*roomsCall[R]{},
		live:    map[fsm.Incarnation]*live[R]{},
		failed:  map[fsm.Incarnation]error{},
	}
	if c.observe != nil {
		r.observer.Store(&observer[RoomsStep]{handle: c.observe, log: c.log})
	}
	return r
}

// Get returns the room of a name, and opens it if there is none (CHA-RC1f). With the same options,
// defaults filled in, every Get of a name returns the same room until the name is released. While
// the name's last room is being released, Get waits for the end of the release. Get of a ready room
// allocates nothing and takes no lock that other names share.
//
// Errors: [ErrInvalidArgument] for an empty name or invalid options, whatever the state of the name
// (CHA-RC2a); [ErrResourceDisposed] after [Rooms.Dispose] began (CHA-RC1f8);
// [ErrRoomExistsWithDifferentOptions] (CHA-RC1f1); [ErrRoomReleasedBeforeOperationCompleted] if the
// name is released, or the Rooms disposed, while Get waits (CHA-RC1g4); the backend's own error if
// it can't open the room; the context's error if ctx ends first.
func (r *Rooms[R]) Get(ctx context.Context, name string, options ...RoomOption) (R, error) {
	var none R
	if ctx.Err() != nil {
		return none, ctxerr.Of(ctx)
	}
	// A room in ready doesn't change until it is removed, so it may be read without the lock.
	var ready *live[R]
	if v, ok := r.ready.Load(name); ok {
		ready = v.(*live[R])
		if ready.defaults && len(options) == 0 {
			return ready.room, nil
		}
	}
	o, err := ResolveRoomOptions(options...)
	if err != nil {
		return none, err
	}
	if ready != nil && ready.options == o {
		return ready.room, nil
	}
	if name == "" {
		return none, invalidArgument(`unable to get room; the name is "", expected at least one character`)
	}
	c := r.do(ctx, fsm.RoomsInput[RoomOptions]{Kind: fsm.CallGet, Name: name, Options: o})
	return c.room, c.err
}

// Release releases the room of a name and returns when it is gone (CHA-RC1g). A new Get of the name
// may be called at once, and waits for the end of the release. Release returns nil if the name has
// no room, and joins a release that is under way.
//
// A context that has ended before the call doesn't stop the release, only the wait for it: Release
// then returns without waiting.
//
// Errors: [ErrInvalidArgument] for an empty name; the backend's own error if it can't release the
// room, which is removed from the Rooms even then; the context's error if ctx ends first: then the
// release goes on.
func (r *Rooms[R]) Release(ctx context.Context, name string) error {
	if name == "" {
		return invalidArgument(`unable to release room; the name is "", expected at least one character`)
	}
	return r.do(ctx, fsm.RoomsInput[RoomOptions]{Kind: fsm.CallRelease, Name: name}).err
}

// Dispose releases all rooms at once and returns when they are gone, also those whose release began
// before (CHA-RD1). Once Dispose has begun, every Get fails with [ErrResourceDisposed], and gets
// that wait fail with [ErrRoomReleasedBeforeOperationCompleted]. Dispose may be called again and
// concurrently: every call returns the same outcome.
//
// A context that has ended before the call doesn't stop the disposal, only the wait for it: Dispose
// then returns without waiting. So a program that shuts down because its context was cancelled may
// pass that context to Dispose.
//
// Errors: the backend's errors of all releases that failed, joined ([errors.Join]); the context's
// error if ctx ends first: then the disposal goes on.
func (r *Rooms[R]) Dispose(ctx context.Context) error {
	c := r.do(ctx, fsm.RoomsInput[RoomOptions]{Kind: fsm.CallDispose})
	if c.outcome.Kind != fsm.GaveUp {
		r.working.Wait() // nothing will be opened: goroutines that still run are about to return
	}
	return c.err
}

// Disposed reports whether [Rooms.Dispose] was called. It takes no lock.
func (r *Rooms[R]) Disposed() bool { return r.disposed.Load() }

// do begins a call and waits until it is settled or its context ends. If the context has already
// ended, the call is given up right after it begins, with no other step between them.
func (r *Rooms[R]) do(ctx context.Context, in fsm.RoomsInput[RoomOptions]) *roomsCall[R] {
	var ended error
	if ctx.Err() != nil {
		ended = ctxerr.Of(ctx)
	}
	r.mu.Lock()
	in.Call = r.core.NextCall()
	c := &roomsCall[R]{in: in}
	r.calls[in.Call] = c
	// If the caller can't give up, only the end of the release can settle the call: then the caller
	// does the work itself. With an observer it doesn't, since the observer, which runs before the
	// work, may wait for the end of the work.
	r.direct = in.Kind == fsm.CallRelease && ctx.Done() == nil && r.observer.Load() == nil
	r.step(&c.in, nil)
	r.direct = false
	if ended != nil {
		r.giveUp(c, ended)
	}
	if !c.settled && c.work == nil {
		c.done = make(chan struct{})
	}
	r.mu.Unlock()
	r.observer.Load().flush()
	if c.work != nil {
		r.runRelease(c.work)
	}
	if c.done == nil {
		return c
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		cause := ctxerr.Of(ctx)
		r.mu.Lock()
		r.giveUp(c, cause)
		// L4: the call was settled with a room just before its context ended.
		if in.Kind == fsm.CallAcquire && c.err == nil {
			r.step(&fsm.RoomsInput[RoomOptions]{Kind: fsm.CloseLease, Call: in.Call}, nil)
			c.err = cause
		}
		r.mu.Unlock()
		r.observer.Load().flush()
	}
	return c
}

// giveUp gives up a call that is not settled. The lock is held.
func (r *Rooms[R]) giveUp(c *roomsCall[R], cause error) {
	// A settled call keeps its outcome: its own step settled it, or a step just before.
	if !c.settled {
		r.step(&fsm.RoomsInput[RoomOptions]{Kind: fsm.GiveUp, Call: c.in.Call}, nil)
		c.err = cause
	}
}

// step gives one input to the cores and carries out the outputs. The lock is held, so step runs no
// foreign code: the backend's work runs in a goroutine of its own, and a caller is woken by a
// channel. If the input is the end of the backend's work, err is its error.
func (r *Rooms[R]) step(in *fsm.RoomsInput[RoomOptions], err error) {
	r.workErr = err
	if in.Kind == fsm.CallDispose {
		r.disposed.Store(true)
	}
	refused := r.leases.Step(*in, r.carryOut)
	if r.workErr = nil; refused != nil {
		panic("lifecycle: " + refused.Error())
	}
}

// carryOut carries out the outputs of one input of the core.
func (r *Rooms[R]) carryOut(in fsm.RoomsInput[RoomOptions], outs []fsm.RoomsOutput) {
	l := r.live[in.Incarnation]
	if l != nil && r.core.Disposal() != fsm.NotDisposed && in.Kind == fsm.ReleaseFailed {
		r.failed[in.Incarnation] = r.workErr
	}
	for i := range outs {
		switch out := &outs[i]; out.Kind {
		case fsm.Settle:
			r.settle(out.Call, out.Outcome)
		case fsm.Open:
			r.open(out.Incarnation)
		case fsm.Abandon:
			l := r.live[out.Incarnation]
			l.abandon(releasedBefore("open", l.name))
		case fsm.Release:
			r.release(in.Call, out.Incarnation)
		}
	}
	switch in.Kind {
	case fsm.CallGet:
		r.publish(in.Name)
	case fsm.Opened:
		r.publish(l.name)
	case fsm.OpenFailed, fsm.ReleaseDone, fsm.ReleaseFailed:
		delete(r.live, in.Incarnation)
	}
	r.record(in, l, outs)
}

// publish adds the room of a name to ready, if the room is ready and kept.
func (r *Rooms[R]) publish(name string) {
	id, life, ok := r.core.InUse(name)
	if l := r.live[id]; ok && life == fsm.Ready && !l.published && r.leases.Kept(id) {
		l.published = true
		r.ready.Store(name, l)
	}
}

// settle ends a call.
func (r *Rooms[R]) settle(call fsm.Call, out fsm.Outcome) {
	c := r.calls[call]
	if c == nil && (out.Kind == fsm.Done || out.Kind == fsm.GaveUp) {
		return // the call is the release that closing a lease began: no caller waits for it
	}
	delete(r.calls, call)
	c.settled, c.outcome = true, out
	switch out.Kind {
	case fsm.GotRoom:
		c.room = r.live[out.Incarnation].room
	case fsm.Done, fsm.GaveUp:
	default:
		c.err = r.outcomeError(&c.in, out)
	}
	if c.done != nil {
		close(c.done)
	}
}

// outcomeError returns the error of a call whose outcome is an error. It is called in the step that
// settles the call, when the incarnations that the outcome names are still known.
func (r *Rooms[R]) outcomeError(in *fsm.RoomsInput[RoomOptions], out fsm.Outcome) error {
	switch out.Kind {
	case fsm.RejectedDisposed:
		return NewErrorInfo(ErrResourceDisposed, fmt.Sprintf("unable to get room; rooms instance has been disposed: room %q", in.Name), nil)
	case fsm.RejectedOptions:
		_, options := r.core.Describe(out.Incarnation)
		return NewErrorInfo(ErrRoomExistsWithDifferentOptions, fmt.Sprintf("unable to get room; room already exists with different options: "+
			"room %q has %v, asked for %v", in.Name, options, in.Options), nil)
	case fsm.RejectedReleased:
		return releasedBefore("get", in.Name)
	case fsm.DisposeFailed:
		errs := make([]error, len(out.Failed))
		for i, id := range out.Failed {
			errs[i] = r.failed[id]
		}
		return errors.Join(errs...)
	}
	return r.live[out.Incarnation].err // RejectedOpenFailed, RejectedReleaseFailed
}

func releasedBefore(operation, name string) *ErrorInfo {
	return NewErrorInfo(ErrRoomReleasedBeforeOperationCompleted,
		fmt.Sprintf("unable to %s room; room released before operation could complete: room %q", operation, name), nil)
}

// open starts a goroutine in which the backend opens an incarnation.
func (r *Rooms[R]) open(id fsm.Incarnation) {
	name, options := r.core.Describe(id)
	l := &live[R]{id: id, name: name, options: options, defaults: options == DefaultRoomOptions()}
	l.ctx, l.abandon = context.WithCancelCause(context.Background())
	r.live[id] = l
	r.working.Add(1)
	go r.runOpen(l)
}

// release starts the backend's release of an incarnation.
func (r *Rooms[R]) release(call fsm.Call, id fsm.Incarnation) {
	l := r.live[id]
	if l.published {
		r.ready.Delete(l.name)
	}
	r.working.Add(1)
	if r.direct {
		r.calls[call].work = l
		return
	}
	go r.runRelease(l)
}

func (r *Rooms[R]) runOpen(l *live[R]) {
	room, err := r.callOpen(l)
	r.opened(l, room, err)
}

// callOpen calls Backend.Open. It is a function of its own so that its stack frame is gone when the
// room has been opened.
func (r *Rooms[R]) callOpen(l *live[R]) (room R, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		value := recover()
		if err = abnormal("Backend.Open", value); value == nil { // Open ended the goroutine
			r.opened(l, room, err)
		}
	}()
	room, err = r.backend.Open(l.ctx, l.name, l.options)
	returned = true
	return room, err
}

func (r *Rooms[R]) opened(l *live[R], room R, err error) {
	l.abandon(nil)
	r.mu.Lock()
	l.ctx, l.abandon = nil, nil
	if err == nil {
		l.room = room
		r.ended(fsm.Opened, l, nil)
	} else {
		r.ended(fsm.OpenFailed, l, err)
	}
}

func (r *Rooms[R]) runRelease(l *live[R]) { r.released(l, r.callRelease(l)) }

// callRelease calls Backend.Release, as callOpen calls Open.
func (r *Rooms[R]) callRelease(l *live[R]) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		value := recover()
		if err = abnormal("Backend.Release", value); value == nil {
			r.released(l, err)
		}
	}()
	err = r.backend.Release(context.Background(), l.name, l.room)
	returned = true
	return err
}

func (r *Rooms[R]) released(l *live[R], err error) {
	r.mu.Lock()
	if err == nil {
		r.ended(fsm.ReleaseDone, l, nil)
	} else {
		r.ended(fsm.ReleaseFailed, l, err)
	}
}

// ended gives the end of the backend's work to the core. Its caller has taken the lock, and ended
// releases it.
func (r *Rooms[R]) ended(kind fsm.RoomsInputKind, l *live[R], err error) {
	l.err = err
	r.step(&fsm.RoomsInput[RoomOptions]{Kind: kind, Incarnation: l.id}, err)
	r.mu.Unlock()
	r.working.Done() // before the observer is called, which may call Dispose
	r.observer.Load().flush()
}

// abnormal returns the error of an operation that didn't return. value is the value of its panic,
// or nil. If the operation returned, don't call abnormal, nor recover before it: both calls make
// the stack of a new goroutine grow.
func abnormal(operation string, value any) error {
	e := &PanicError{Operation: operation, Value: value}
	if value != nil {
		e.Stack = string(debug.Stack())
	}
	return e
}

// record queues a step for the observer.
func (r *Rooms[R]) record(in fsm.RoomsInput[RoomOptions], l *live[R], outs []fsm.RoomsOutput) {
	r.seq++
	observer := r.observer.Load()
	if observer == nil {
		return
	}
	step := RoomsStep{Seq: r.seq, Input: in, Name: in.Name, Outputs: slices.Clone(outs), Err: r.workErr}
	if l != nil {
		step.Name = l.name
	}
	if r.states {
		state := r.core.State()
		step.State = &state
	}
	observer.put(step)
}
