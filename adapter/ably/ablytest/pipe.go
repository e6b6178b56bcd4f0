package ablytest

import (
	"context"
	"sync"
	"time"
)

// pipe carries the frames of one direction of a WebSocket, in order, to their receiver. On the way
// it counts them, and applies the hooks and the faults. One goroutine, run, carries them; push
// never blocks.
type pipe struct {
	t         *transport
	direction Direction
	// arrived gets each frame, held or not, when it arrives; deliver brings it to its receiver.
	// Only run calls them, without a lock.
	arrived, deliver func(*crossing)

	mu    sync.Mutex
	queue []any            // values of type *crossing, resumed or finish
	bytes int64            // size of the frames that wait, also of those that run has taken
	room  chan struct{}    // closed and replaced when bytes decreases
	wake  chan struct{}    // holds at most one token
	index int              // used by run only
	lanes map[string]*lane // used by run only
}

// crossing is a frame on its way.
type crossing struct {
	Frame
	at       time.Time // the time of its arrival
	effects  []Effect  // the effects that are still to be applied
	cutAfter bool
	counted  bool   // has an index
	closing  bool   // to client: the transport ends after this frame
	connect  func() // for CONNECT: opens the connection
	size     int64  // bytes, about
}

// lane has the frames of a channel that wait until a held frame has passed.
type lane struct {
	held    *crossing
	leave   func() // removes held from its gate, or stops its timer
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

// push adds x to the queue, and returns how many bytes wait now.
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

// carried records that a frame no longer waits: it was delivered or removed, or a fault holds it.
func (p *pipe) carried(c *crossing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes -= c.size
	close(p.room)
	p.room = make(chan struct{})
}

// awaitRoom waits until at most limit bytes wait. It returns false if ctx ends first.
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

// run carries frames until ctx ends or a finish comes. Frames that are held then are lost.
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

// resume lets the held frame of a channel go on, and then the frames that wait for it.
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

// advance applies the remaining effects and delivers the frame, unless one of them holds or removes
// the frame.
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
