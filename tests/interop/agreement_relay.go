package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"ablyrooms.example/adapter/ably/ablytest"
)

// place is a server that scenarios run on.
type place struct {
	name     string
	address  string        // address of its WebSockets, without path: ws://127.0.0.1:1234
	key      string        // a secret
	http     *http.Client  // the client that dials WebSockets; nil for the default
	suffix   string        // added to the names of rooms
	quiet    time.Duration // after this time without a frame, no more are expected
	patience time.Duration // the maximum time for a scenario
}

// onServer returns an embedded server as a place.
func onServer(server *ablytest.Server) place {
	return place{name: "the embedded server", address: "ws://" + server.Addr(), key: server.Key(),
		patience: patience}
}

// relay is between one client and a server. It records the frames of both directions. It plays the
// part of the network or of the server for events that can't be requested from these: see
// agreement_faults.go. Its methods may be called concurrently.
type relay struct {
	to      place
	room    string                // the room's channel
	barrier string                // the barrier's channel
	alter   func(*wireFrame) bool // changes or drops frames before all else; may be nil
	http    *http.Server
	port    int
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed and replaced with each frame
	frames  []wireFrame
	faults  []*fault
	played  []string // what the relay did in place of the network or the server
	link    *link    // the newest link
	lost    bool     // the next resume gets a key that the server doesn't know
	err     error    // for a frame that could not be read
	noDial  error    // why the last attempt to reach the server failed; nil if it succeeded
}

// link is one WebSocket of the client, and the WebSocket to the server that belongs to it.
type link struct {
	r         *relay
	near, far *websocket.Conn
	format    format
	ctx       context.Context
	cut       context.CancelFunc

	mu sync.Mutex // held while a frame goes to the client, so that frames are recorded in order
}

// startRelay starts a relay for a room.
func startRelay(to place, room string, alter func(*wireFrame) bool) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := newRelay(to, room, alter)
	r.port = listener.Addr().(*net.TCPAddr).Port
	r.http = &http.Server{Handler: r}
	r.done.Go(func() { _ = r.http.Serve(listener) })
	return r, nil
}

// newRelay returns a relay as an HTTP handler. The caller must close it.
func newRelay(to place, room string, alter func(*wireFrame) bool) *relay {
	r := &relay{to: to, alter: alter, changed: make(chan struct{}),
		room: channelOf(room + to.suffix), barrier: channelOf(barrier + to.suffix)}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// ServeHTTP relays WebSockets. It refuses REST requests, which no scenario makes.
func (r *relay) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Header.Get("Upgrade") == "" {
		http.NotFound(w, q)
		return
	}
	r.done.Add(1)
	defer r.done.Done()
	r.carry(w, q)
}

// close ends the relay, and waits for its goroutines.
func (r *relay) close() {
	r.cancel()
	if r.http != nil {
		_ = r.http.Close()
	}
	r.done.Wait()
}

// carry relays one WebSocket until either side ends it. It doesn't record the key in the address.
func (r *relay) carry(w http.ResponseWriter, q *http.Request) {
	query := q.URL.Query()
	opening := wireFrame{action: ablytest.ActionConnect, sent: true, format: inJSON,
		fields: map[string]any{}}
	for name, values := range query {
		opening.fields[name] = values[0]
	}
	if query.Has("key") {
		opening.fields["key"] = "the key"
	}
	l := &link{r: r, format: inJSON}
	if query.Get("format") == string(inMsgPack) {
		l.format = inMsgPack
	}
	l.ctx, l.cut = context.WithCancel(r.ctx)
	defer l.cut()
	r.record(opening)
	if !r.meet(l, &opening) {
		panic(http.ErrAbortHandler)
	}
	if key := query.Get("resume"); key != "" && r.takeLost() {
		query.Set("resume", unknown(key))
	}
	var err error
	l.far, _, err = websocket.Dial(l.ctx, r.to.address+q.URL.Path+"?"+query.Encode(),
		&websocket.DialOptions{HTTPClient: r.to.http,
			HTTPHeader: http.Header{"Ably-Agent": q.Header.Values("Ably-Agent")}})
	if err != nil {
		r.unreachable(err)
		panic(http.ErrAbortHandler) // closes the client's connection, as the server did
	}
	defer l.far.CloseNow()
	l.near, err = websocket.Accept(w, q, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer l.near.CloseNow()
	l.near.SetReadLimit(1 << 20)
	l.far.SetReadLimit(1 << 20)
	r.mu.Lock()
	r.link = l
	r.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { defer l.cut(); l.copy(true) })
	both.Go(func() { defer l.cut(); l.copy(false) })
	both.Wait()
}

// copy relays the frames of one direction.
func (l *link) copy(sent bool) {
	from := l.far
	if sent {
		from = l.near
	}
	for {
		_, data, err := from.Read(l.ctx)
		if err != nil {
			return
		}
		f, err := l.format.decode(data, sent)
		if err != nil {
			l.r.broken(err)
			return
		}
		if l.r.alter != nil {
			if !l.r.alter(&f) {
				continue
			}
			f.data = nil
		}
		if sent {
			l.r.record(f)
		}
		if !l.r.meet(l, &f) {
			continue
		}
		if sent {
			err = l.write(l.far, f)
		} else {
			err = l.deliver(f, false)
		}
		if err != nil {
			return
		}
	}
}

// deliver records a frame and sends it to the client. With last, it then ends the link.
func (l *link) deliver(f wireFrame, last bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last {
		defer l.cut()
	}
	if l.ctx.Err() != nil {
		return context.Cause(l.ctx)
	}
	l.r.record(f)
	return l.write(l.near, f)
}

func (l *link) write(to *websocket.Conn, f wireFrame) (err error) {
	data := f.data
	if data == nil {
		if data, err = l.format.encode(f.fields); err != nil {
			l.r.broken(err)
			return err
		}
	}
	return to.Write(l.ctx, l.format.kind(), data)
}

func (r *relay) record(f wireFrame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, f)
	r.wake()
}

// wake makes waiting goroutines check their conditions. The caller holds the lock.
func (r *relay) wake() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *relay) broken(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// unreachable records why the server could not be reached, without the address, which contains the
// key.
func (r *relay) unreachable(err error) {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noDial = fmt.Errorf("%s can't be reached: %w", r.to.name, err)
	r.wake()
}

// all returns the recording so far.
func (r *relay) all() (recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return recording{slices.Clone(r.frames), r.room, r.barrier, slices.Clone(r.played)}, r.err
}

// await waits until n frames of an action have passed in a direction. The barrier's frames don't
// count.
func (r *relay) await(ctx context.Context, action ablytest.Action, sent bool, n int) error {
	passed := 0
	err := r.until(ctx, func() bool {
		passed = 0
		for _, f := range r.frames {
			if f.action == action && f.sent == sent && !r.ofBarrier(f) {
				passed++
			}
		}
		return passed >= n
	})
	if err != nil {
		return fmt.Errorf("%d of %d frames %v have passed: %w", passed, n, action, err)
	}
	return nil
}

func (r *relay) ofBarrier(f wireFrame) bool { return f.channel == r.barrier }

// others returns the number of frames that belong neither to the barrier nor to its answers.
func (r *relay) others() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.frames {
		if f.action != ablytest.ActionAck && f.action != ablytest.ActionHeartbeat &&
			!r.ofBarrier(f) {
			n++
		}
	}
	return n
}

// hopeless returns why the client will never be connected, or nil. The caller holds the lock.
func (r *relay) hopeless() error {
	if r.link == nil && r.noDial != nil {
		return r.noDial
	}
	for _, f := range r.frames {
		if f.action == ablytest.ActionError && f.channel == "" {
			return errors.New("the server has refused the connection")
		}
	}
	return nil
}

// until waits until a condition holds. The condition is checked under the lock.
func (r *relay) until(ctx context.Context, holds func() bool) error {
	for {
		r.mu.Lock()
		held, hopeless, changed := holds(), r.hopeless(), r.changed
		r.mu.Unlock()
		if held {
			return nil
		}
		if hopeless != nil {
			return hopeless
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// calm waits until no frame has passed for the time that the place requires.
func (r *relay) calm(ctx context.Context) {
	for r.to.quiet > 0 {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(r.to.quiet):
			return
		case <-ctx.Done():
			return
		}
	}
}
