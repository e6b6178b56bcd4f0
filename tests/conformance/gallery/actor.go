package gallery

import (
	"context"
	"errors"

	"ablyrooms.example/tests/conformance"
)

// actor is a good registry in which one goroutine owns everything: calls and the ends of works are
// messages to it, and those who wait have a channel that takes their answer.
type actor struct {
	backend *conformance.Backend
	inbox   chan func()
	quit    chan struct{}

	rooms     map[string]*rooms
	releasing int
	disposing bool
	disposers []chan answer
	failures  []error
}

// rooms is what a name has: the newest life, and the one before it that is still being released.
type rooms struct{ now, before *life }

type life struct {
	name, options string
	room          *conformance.Room
	waiting       []chan answer // gets while it opens or waits, then releases
	cancel        context.CancelFunc
	abandoned     bool
}

type answer struct {
	room *conformance.Room
	err  error
}

func newActor(b *conformance.Backend) conformance.System {
	a := &actor{backend: b, inbox: make(chan func()), quit: make(chan struct{}), rooms: map[string]*rooms{}}
	go func() {
		for {
			select {
			case act := <-a.inbox:
				act()
			case <-a.quit:
				return
			}
		}
	}()
	return a
}

// Close ends the goroutine.
func (a *actor) Close() { close(a.quit) }

// tell hands something to the actor to do.
func (a *actor) tell(act func()) {
	select {
	case a.inbox <- act:
	case <-a.quit:
	}
}

// ask hands a question to the actor and waits for the answer. One that no caller waits for any more
// stays in its channel.
func (a *actor) ask(ctx context.Context, question func(to chan answer)) answer {
	to := make(chan answer, 1)
	a.tell(func() { question(to) })
	select {
	case got := <-to:
		return got
	case <-ctx.Done():
		return answer{err: context.Cause(ctx)}
	}
}

func reply(all []chan answer, with answer) {
	for _, to := range all {
		to <- with
	}
}

func (a *actor) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	got := a.ask(ctx, func(to chan answer) { a.get(to, name, token(options)) })
	return got.room, got.err
}

func (a *actor) get(to chan answer, name, options string) {
	if a.disposing {
		to <- answer{err: errDisposed}
		return
	}
	n := a.rooms[name]
	if n == nil {
		n = &rooms{}
		a.rooms[name] = n
	}
	switch {
	case n.now == nil:
		n.now = &life{name: name, options: options, waiting: []chan answer{to}}
		if n.before == nil {
			a.open(n.now)
		}
	case n.now.options != options:
		to <- answer{err: errOptions}
	case n.now.room != nil:
		to <- answer{room: n.now.room}
	default:
		n.now.waiting = append(n.now.waiting, to)
	}
}

func (a *actor) open(l *life) {
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(context.Background())
	go func() {
		room, err := a.backend.Open(ctx, l.name, l.options)
		a.tell(func() { a.opened(l, room, err) })
	}()
}

func (a *actor) opened(l *life, room *conformance.Room, err error) {
	l.room = room
	switch {
	case l.abandoned && err == nil:
		a.close(l)
	case l.abandoned:
		a.closed(l, nil)
	default:
		if err != nil {
			delete(a.rooms, l.name)
		}
		reply(l.waiting, answer{room, err})
		l.waiting = nil
	}
}

func (a *actor) Release(ctx context.Context, name string) error {
	return a.ask(ctx, func(to chan answer) {
		n := a.rooms[name]
		if n == nil {
			to <- answer{}
			return
		}
		a.leave(n)
		n.before.waiting = append(n.before.waiting, to)
	}).err
}

// leave ends the newest life of a name, if there is one.
func (a *actor) leave(n *rooms) {
	l := n.now
	if l == nil {
		return
	}
	n.now = nil
	reply(l.waiting, answer{err: errReleased})
	l.waiting = nil
	if n.before != nil {
		return
	}
	n.before = l
	a.releasing++
	if l.room != nil {
		a.close(l)
		return
	}
	l.abandoned = true
	l.cancel()
}

func (a *actor) close(l *life) {
	go func() {
		err := a.backend.Release(context.Background(), l.room)
		a.tell(func() {
			if err != nil && a.disposing {
				a.failures = append(a.failures, err)
			}
			a.closed(l, err)
		})
	}()
}

func (a *actor) closed(l *life, err error) {
	a.releasing--
	reply(l.waiting, answer{err: err})
	n := a.rooms[l.name]
	if n.before = nil; n.now != nil {
		a.open(n.now)
	} else {
		delete(a.rooms, l.name)
	}
	a.endDisposal()
}

func (a *actor) Dispose(ctx context.Context) error {
	return a.ask(ctx, func(to chan answer) {
		if !a.disposing {
			a.disposing = true
			for _, n := range a.rooms {
				a.leave(n)
			}
		}
		a.disposers = append(a.disposers, to)
		a.endDisposal()
	}).err
}

func (a *actor) endDisposal() {
	if a.disposing && a.releasing == 0 {
		reply(a.disposers, answer{err: errors.Join(a.failures...)})
		a.disposers = nil
	}
}
