// Package gallery checks that the harnesses catch bugs. It has a good registry of rooms. A slip
// changes the registry so that it has one of the bugs that registries often have. The registry
// shares no code with the implementation of this project.
package gallery

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"sync"

	"ablyrooms.example/tests/conformance"
)

var (
	errOptions  = errors.New("the room exists with other options")
	errReleased = errors.New("the room was released before")
	errDisposed = errors.New("disposed")
)

// token returns options without their spelling, for registries that fill in defaults.
func token(options string) string {
	t, _ := conformance.Spelling(options)
	return t
}

// slip is a bug of a [promises].
type slip uint8

const (
	none         slip = iota
	failureKept       // a release that failed is kept for ever, so the name can't be used again
	disposeEarly      // Dispose waits only for the releases that it began
	disposedFlag      // a second Dispose finds a flag set and returns at once
	// Dispose works like an errgroup with a context: the first error cancels the other releases
	firstErrorEnds
	waiterForgotten // a get that waits for a release is not rejected by another release
	// a release by name, but not a disposal, doesn't reject a get that waits for an earlier release
	waitersStay
	orphan           // a room whose opening ends after its release is never released
	lastErrorOnly    // Dispose returns only the last error
	abandonedTooSoon // a release of a room that is being opened doesn't wait for anything
	optionsIgnored   // gets join an opening, whatever their options are
	// the opening runs with the context of the first caller; if that caller gives up, the opening
	// ends for all
	firstContext
	eachTriesAgain    // when the opening fails, each get that joined it opens the room again
	spellingsDiffer   // options are compared as written, without filling in the defaults
	noPredecessor     // a name is opened again while its last room is still being released
	ghost             // a get after the disposal opens a room
	unfilled          // gets that join an opening return at once, with no room
	failedOpeningKept // an opening that failed stays, and later gets return its error
	// a release only decreases a count; the room is released when all of its users have released it
	counted
	checkThenAct // a get doesn't see a room that is being opened, and opens another
	lockHeld     // a mutex is held while the backend works, so one name blocks all
	// a mutex is held while the backend closes a room, and every get needs this mutex
	lockOverClose
	ownTurn        // a get waits for the get before it, even if it must be refused at once
	oneLoop        // one goroutine does everything, and also waits for the backend
	waitsOn        // a release continues to wait after its context ends
	endedRefused   // a release or a disposal whose context has already ended does nothing
	causeLost      // a call that gives up returns the context's error, not its cause
	openingGoesOn  // the context of an opening that is no longer wanted isn't cancelled
	failuresHidden // Dispose returns no error when releases failed
	// leases are counted by name, so the last lease of a room that was released by name releases
	// the name's next room
	leasesForgotten
	// when the opening ends, only one of the gets that wait is woken, as with sync.Cond's Signal
	signalledOnce

	stale           // gets still return a room that was released
	releasedEarly   // a release returns before the room is released
	stuck           // a release waits for ever
	goroutineLeft   // a release leaves a goroutine behind
	releasePanics   // a release panics
	newPanics       // making the registry panics
	disposeGoexits  // Dispose ends its goroutine
	roomLost        // a get returns no room and no error
	roomCopied      // every get but the first returns a copy of the room
	openedTwice     // the backend opens each room twice
	optionsReplaced // a room is opened with other options
	contextEnded    // a room is opened with a context that has ended
	firstReleased   // every release passes the first opened room to the backend
	copyReleased    // every release passes a copy of the room to the backend
	nilReleased     // every release passes nil to the backend
)

// promises is a registry that works like golang.org/x/sync/singleflight: gets of a name that is
// being opened share one opening. It has a mutex, and for each life of a name a [promise] with
// channels that are closed when something has happened. Without a slip it keeps all rules.
type promises struct {
	slip
	backend *conformance.Backend

	whole sync.Mutex           // for lockHeld and lockOverClose
	turns map[string]chan bool // for ownTurn: for each name, with capacity 1
	inbox chan func()          // for oneLoop

	mu       sync.Mutex
	use      map[string]*promise // by name: initializing or ready
	leaving  map[string]*promise // by name: being released
	disposal context.Context     // nil until the disposal begins
	cancel   context.CancelFunc
	failures []error
	leases   map[string]int    // by name, for leasesForgotten: the number of leases
	waitsFor map[*promise]bool // for disposeEarly: the releases that Dispose began
	gone     chan struct{}     // closed when the disposal has ended
	gets     int               // for roomCopied: the number of gets that have returned
	first    *conformance.Room // for firstReleased: the first room that was opened
}

// promise is one life of a name, with the channels that gets and releases of its room wait for.
type promise struct {
	name, options string
	users         int           // for counted: how many gets use it
	waiting       int           // for waitersStay: how many gets wait
	leases        int           // how many leases are open
	kept          bool          // a Get has the room, so closing leases doesn't release it
	settled       chan struct{} // closed when the gets have room or err
	dropped       chan struct{} // closed when the room will never be opened
	released      chan struct{} // closed when the room has been released
	ctx           context.Context
	cancel        context.CancelFunc // cancels the opening
	left          bool               // the name was released, or Dispose was called
	room          *conformance.Room
	err           error // the error that gets return
	end           error // the error that releases return
}

func newPromises(b *conformance.Backend, s slip) *promises {
	if s == newPanics {
		panic("oh")
	}
	r := &promises{slip: s, backend: b, use: map[string]*promise{}, leaving: map[string]*promise{},
		gone: make(chan struct{}), waitsFor: map[*promise]bool{}, turns: map[string]chan bool{}, inbox: make(chan func()),
		leases: map[string]int{}}
	if s == oneLoop {
		go func() {
			for act := range r.inbox {
				act()
			}
		}()
	}
	return r
}

// Close ends the goroutine of the slip oneLoop.
func (r *promises) Close() { close(r.inbox) }

func (r *promises) Get(ctx context.Context, name, options string) (room *conformance.Room, err error) {
	switch r.slip {
	case lockHeld:
		r.whole.Lock()
		defer r.whole.Unlock()
	case lockOverClose:
		r.whole.Lock()
		r.whole.Unlock()
	case ownTurn:
		turn := r.turn(name)
		turn <- true
		defer func() { <-turn }()
	case oneLoop:
		done := make(chan struct{})
		r.inbox <- func() {
			defer close(done)
			room, err = r.get(ctx, name, options, nil)
		}
		<-done
		return room, err
	}
	room, err = r.get(ctx, name, options, nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gets++; r.slip == roomCopied && err == nil && r.gets > 1 {
		other := *room
		room = &other
	}
	if r.slip == roomLost {
		room = nil
	}
	return room, err
}

// turn returns a channel that holds a value while a get of the name runs.
func (r *promises) turn(name string) chan bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turns[name] == nil {
		r.turns[name] = make(chan bool, 1)
	}
	return r.turns[name]
}

// lease is a lease of one owner.
type lease struct {
	registry *promises
	promise  *promise
	once     sync.Once
}

// Acquire gets a room for one of several owners.
func (r *promises) Acquire(ctx context.Context, name, options string) (conformance.Lease, error) {
	l := &lease{registry: r}
	if _, err := r.get(ctx, name, options, l); err != nil {
		if l.promise != nil {
			l.Close()
		}
		return nil, err
	}
	return l, nil
}

// Room returns the room.
func (l *lease) Room() *conformance.Room { return l.promise.room }

// Close closes the lease. If it is the last one, Close releases the room.
func (l *lease) Close() {
	l.once.Do(func() {
		r, p := l.registry, l.promise
		r.mu.Lock()
		defer r.mu.Unlock()
		p.leases--
		r.leases[p.name]--
		over := p.leases == 0 && !p.kept
		if r.slip == leasesForgotten {
			over, p = r.leases[p.name] == 0, r.use[p.name]
		}
		if over && p != nil && r.use[p.name] == p {
			r.leave(context.Background(), p.name)
		}
	})
}

func (r *promises) get(ctx context.Context, name, options string, l *lease) (*conformance.Room, error) {
	if r.slip != spellingsDiffer {
		options = token(options)
	}
	r.mu.Lock()
	if r.disposal != nil && r.slip != ghost {
		r.mu.Unlock()
		return nil, errDisposed
	}
	p := r.use[name]
	joined := p != nil && !(r.slip == checkThenAct && p.room == nil)
	if !joined {
		p = &promise{name: name, options: options, settled: make(chan struct{}, 1),
			dropped: make(chan struct{}), released: make(chan struct{})}
		with := context.Background()
		if r.slip == firstContext {
			with = ctx
		}
		p.ctx, p.cancel = context.WithCancel(with)
		r.use[name] = p
		before := r.leaving[name]
		if r.slip == noPredecessor {
			before = nil
		}
		go r.open(p, before)
	}
	if p.users++; p.options == options {
		if l == nil {
			p.kept = true
		} else {
			l.promise = p
			p.leases++
			r.leases[name]++
		}
	}
	opening := p.room == nil
	p.waiting++
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		p.waiting--
		r.mu.Unlock()
	}()
	switch {
	case p.options != options && !(opening && r.slip == optionsIgnored):
		return nil, errOptions
	case !opening && r.slip == signalledOnce:
		return p.room, nil
	case joined && opening && r.slip == unfilled:
		return nil, nil
	}
	if err := r.wait(ctx, p.settled); err != nil {
		return nil, err
	}
	if r.slip == eachTriesAgain && joined && p.err != nil && p.err != errReleased {
		return r.Get(ctx, name, options)
	}
	return p.room, p.err
}

// wait waits for a channel to be closed, or for the context to end.
func (r *promises) wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done: // even if the context has ended too
		return nil
	default:
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		if r.slip == causeLost {
			return ctx.Err()
		}
		return context.Cause(ctx)
	}
}

func (r *promises) open(p, before *promise) {
	if before != nil {
		select {
		case <-before.released:
		case <-p.dropped:
		}
		select {
		case <-p.dropped: // even if before is released too
			return
		default:
		}
	}
	ctx, options := p.ctx, token(p.options)
	switch r.slip {
	case openedTwice:
		go func() { _, _ = r.backend.Open(ctx, p.name, options) }()
	case optionsReplaced:
		options = "x"
	case contextEnded:
		p.cancel()
	}
	room, err := r.backend.Open(ctx, p.name, options)
	r.mu.Lock()
	r.first = cmp.Or(r.first, room)
	switch {
	case !p.left:
		if p.room, p.err = room, err; err != nil && r.slip != failedOpeningKept {
			delete(r.use, p.name)
		}
		if r.slip == signalledOnce {
			p.settled <- struct{}{}
		} else {
			close(p.settled)
		}
		r.mu.Unlock()
	case err != nil || r.slip == orphan:
		r.ended(p, nil)
		r.mu.Unlock()
	default:
		r.mu.Unlock()
		r.close(context.Background(), p, room)
	}
}

func (r *promises) close(ctx context.Context, p *promise, room *conformance.Room) {
	switch r.slip {
	case firstReleased:
		r.mu.Lock()
		room = r.first
		r.mu.Unlock()
	case copyReleased:
		other := *room
		room = &other
	case nilReleased:
		room = nil
	}
	if r.slip == lockOverClose {
		r.whole.Lock()
		defer r.whole.Unlock()
	}
	err := r.backend.Release(ctx, room)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended(p, err)
}

// ended records that a release has ended. It is called with the lock held.
func (r *promises) ended(p *promise, err error) {
	p.end = err
	if err == nil || r.slip != failureKept {
		delete(r.leaving, p.name)
	}
	close(p.released)
	if r.disposal == nil {
		return
	}
	if err != nil {
		switch r.slip {
		case failuresHidden:
		case lastErrorOnly:
			r.failures = []error{err}
		case firstErrorEnds:
			r.cancel()
			fallthrough
		default:
			r.failures = append(r.failures, err)
		}
	}
	delete(r.waitsFor, p)
	if len(r.leaving) == 0 || r.slip == disposeEarly && len(r.waitsFor) == 0 {
		select {
		case <-r.gone:
		default:
			close(r.gone)
		}
	}
}

func (r *promises) Release(ctx context.Context, name string) error {
	switch r.slip {
	case stuck:
		select {}
	case goroutineLeft:
		go func() { select {} }()
	case releasePanics:
		panic("oh")
	case endedRefused:
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	r.mu.Lock()
	if p := r.use[name]; p != nil && r.slip == counted {
		if p.users--; p.users > 0 {
			r.mu.Unlock()
			return nil
		}
	}
	p := r.leave(context.Background(), name)
	tooSoon := r.slip == releasedEarly || r.slip == abandonedTooSoon && p != nil && p.room == nil
	r.mu.Unlock()
	if p == nil || tooSoon {
		return nil
	}
	if r.slip == waitsOn {
		ctx = context.WithoutCancel(ctx)
	}
	if err := r.wait(ctx, p.released); err != nil {
		return err
	}
	return p.end
}

// leave takes a name's room out of use. It returns the promise whose release the caller must wait
// for. It is called with the lock held.
func (r *promises) leave(ctx context.Context, name string) *promise {
	p, leaving := r.use[name], r.leaving[name]
	if p == nil || p.left {
		return leaving
	}
	if leaving != nil && (r.slip == waiterForgotten || r.slip == waitersStay && p.waiting > 0 && r.disposal == nil) {
		return leaving
	}
	if r.slip != stale {
		delete(r.use, name)
	}
	select {
	case <-p.settled:
	default:
		p.err = errReleased
		close(p.settled)
	}
	p.left = true
	if leaving != nil {
		close(p.dropped)
		return leaving
	}
	r.leaving[name] = p
	if p.room != nil {
		go r.close(ctx, p, p.room)
	} else if r.slip != openingGoesOn {
		p.cancel()
	}
	return p
}

func (r *promises) Dispose(ctx context.Context) error {
	if r.slip == disposeGoexits {
		runtime.Goexit()
	}
	if r.slip == endedRefused && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.mu.Lock()
	switch {
	case r.disposal == nil:
		r.disposal, r.cancel = context.WithCancel(context.Background())
		for name := range r.use {
			r.waitsFor[r.leave(r.disposal, name)] = true
		}
		if len(r.leaving) == 0 || r.slip == disposeEarly && len(r.waitsFor) == 0 {
			close(r.gone)
		}
	case r.slip == disposedFlag:
		r.mu.Unlock()
		return nil
	}
	r.mu.Unlock()
	if err := r.wait(ctx, r.gone); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.failures...)
}
