package ablytest

import (
	"context"
	"sync"
	"time"
)

// pipe carries the frames of one direction of a WebSocket, in order, past the counter,
// the hooks and the faults, to their end. One goroutine, run, does the carrying; push
// never blocks.
type pipe struct {
	t         *transport
	direction Direction
	// arrived receives each frame, held or not; deliver brings it to its end. Both
	// are called by run only, without a lock.
	arrived, deliver func(*crossing)

	mu    sync.Mutex
	queue []any            // of *crossing, resumed and finish
	bytes int64            // of the crossings that wait, those that run has taken included
	room  chan struct{}    // closed and replaced when bytes gets less
	wake  chan struct{}    // holds at most one token
	index int              // run only
	lanes map[string]*lane // run only
}

// crossing is a frame on its way.
type crossing struct {
	Frame
	at       time.Time // of its arrival
	effects  []Effect  // what is still to be done
	cutAfter bool
	counted  bool   // takes an index
	closing  bool   // to client: the transport ends after this frame
	connect  func() // of CONNECT: opens the connection
	size     int64  // bytes, about
}

// lane is the line of a channel behind a frame that is held.
type lane struct {
	held    *crossing
	leave   func() // takes held away from what holds it
	waiting []*crossing
}

type (
	resumed struct{ channel string }
	finish  struct{ f func() }
)

func newPipe(t *transport, d Direction, arrived, deliver func(*crossing)) *pipe {
	return &pipe{t: t, direction: d, arrived: arrived, deliver: deliver,
		wake: make(chan struct{}, 1), room: make(chan struct{}), lanes: map[string]*lane{}}
}

// push adds to the queue, and returns how many bytes wait now.
func (p *pipe) push(x any) int64 {
	p.mu.Lock()
	p.queue = append(p.queue, x)
	if c, ok := x.(*crossing); ok {
		p.bytes += c.size
	}
	bytes := p.bytes
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return bytes
}

// carried notes that a frame waits no more: it was brought to its end, or is held by the test.
func (p *pipe) carried(c *crossing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes -= c.size
	close(p.room)
	p.room = make(chan struct{})
}

// awaitRoom waits until no more than limit bytes wait, and returns false if ctx ends before.
func (p *pipe) awaitRoom(ctx context.Context, limit int64) bool {
	for {
		p.mu.Lock()
		bytes, room := p.bytes, p.room
		p.mu.Unlock()
		if bytes <= limit {
			return true
		}
		select {
		case <-room:
		case <-ctx.Done():
			return false
		}
	}
}

func (p *pipe) take() []any {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.queue
	p.queue = nil
	return q
}

// run carries frames until ctx ends or a finish comes along. What is held then is lost.
func (p *pipe) run(ctx context.Context) {
	defer func() {
		for _, l := range p.lanes {
			l.leave()
		}
	}()
	for {
		for _, x := range p.take() {
			if ctx.Err() != nil {
				return
			}
			switch x := x.(type) {
			case *crossing:
				p.arrive(x)
				p.carried(x)
			case resumed:
				p.resume(x.channel)
			case finish:
				x.f()
				return
			}
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
			return
		}
	}
}

func (p *pipe) arrive(c *crossing) {
	c.Connection, c.Direction, c.at = p.t.n, p.direction, p.t.s.now()
	if c.counted {
		p.index++
		c.Index = p.index
	}
	p.t.s.frames.cross(&c.Frame)
	if !c.Injected {
		c.effects = p.t.s.faults.effects(c.Frame)
	}
	p.arrived(c)
	if l := p.lanes[c.Channel]; l != nil {
		l.waiting = append(l.waiting, c)
		return
	}
	p.advance(c)
}

// resume goes on with the frame that was held on a lane, and with those behind it.
func (p *pipe) resume(channel string) {
	l := p.lanes[channel]
	if l == nil {
		return
	}
	delete(p.lanes, channel)
	p.advance(l.held)
	for i, c := range l.waiting {
		if next := p.lanes[channel]; next != nil {
			next.waiting = append(next.waiting, l.waiting[i:]...)
			return
		}
		p.advance(c)
	}
}

// advance applies the effects that are left and delivers the frame, unless one of them
// holds it or takes it away.
func (p *pipe) advance(c *crossing) {
	for len(c.effects) > 0 {
		e := c.effects[0]
		c.effects = c.effects[1:]
		switch e.kind {
		case effectHold:
			channel := c.Channel
			if held, leave := e.gate.enter(func() { p.push(resumed{channel}) }); held {
				p.lanes[channel] = &lane{held: c, leave: leave}
				return
			}
		case effectDelay, effectLatency:
			left := e.delay
			if e.kind == effectLatency {
				if left -= p.t.s.now().Sub(c.at); left <= 0 {
					continue
				}
			}
			channel := c.Channel
			stop := p.t.s.after(left, func() { p.push(resumed{channel}) })
			p.lanes[channel] = &lane{held: c, leave: stop}
			return
		case effectCall:
			e.call(c.Frame)
		case effectCutAfter:
			c.cutAfter = true
		default:
			p.t.s.apply(p.t, c, e)
			return
		}
	}
	p.deliver(c)
}
