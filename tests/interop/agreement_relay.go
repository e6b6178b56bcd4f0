package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"

	"github.com/coder/websocket"

	"ablyrooms.example/adapter/ably/ablytest"
)

// wireFrame is one frame as its text stands on the wire: a missing field, a null and a zero are
// three things. The opening of a WebSocket is a frame too, with the parameters of its address.
type wireFrame struct {
	action  ablytest.Action
	channel string
	sent    bool // by the client
	fields  map[string]any
}

// relay stands between one client and the server, and records the frames of both directions. Its
// methods may be called concurrently.
type relay struct {
	server *ablytest.Server
	alter  func(*wireFrame) bool // changes what the client sends, or drops it; nil for neither
	http   *http.Server
	port   int
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	changed chan struct{} // closed and replaced with each frame
	frames  []wireFrame
	err     error // of a frame that could not be read
}

func startRelay(server *ablytest.Server, alter func(*wireFrame) bool) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{server: server, alter: alter, changed: make(chan struct{}),
		port: listener.Addr().(*net.TCPAddr).Port}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	rest := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: server.Addr()})
	r.http = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Header.Get("Upgrade") == "" {
			rest.ServeHTTP(w, q)
			return
		}
		r.done.Add(1)
		defer r.done.Done()
		r.carry(w, q)
	})}
	r.done.Go(func() { _ = r.http.Serve(listener) })
	return r, nil
}

// close ends the relay and waits for all that it runs.
func (r *relay) close() {
	r.cancel()
	_ = r.http.Close()
	r.done.Wait()
}

// carry relays one WebSocket until either side ends it.
func (r *relay) carry(w http.ResponseWriter, q *http.Request) {
	opening := wireFrame{action: ablytest.ActionConnect, sent: true, fields: map[string]any{}}
	for name, values := range q.URL.Query() {
		opening.fields[name] = values[0]
	}
	r.record(opening)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	far, _, err := websocket.Dial(ctx, "ws://"+r.server.Addr()+q.URL.RequestURI(), nil)
	if err != nil {
		panic(http.ErrAbortHandler) // as the server did
	}
	defer far.CloseNow()
	near, err := websocket.Accept(w, q, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer near.CloseNow()
	near.SetReadLimit(1 << 20)
	far.SetReadLimit(1 << 20)
	var both sync.WaitGroup
	both.Go(func() { defer cancel(); r.copy(ctx, far, near, true) })
	both.Go(func() { defer cancel(); r.copy(ctx, near, far, false) })
	both.Wait()
}

func (r *relay) copy(ctx context.Context, to, from *websocket.Conn, sent bool) {
	for {
		kind, text, err := from.Read(ctx)
		if err != nil {
			return
		}
		f := wireFrame{sent: sent}
		var head struct {
			Action  ablytest.Action
			Channel string
		}
		if err := json.Unmarshal(text, &head); err != nil {
			r.broken(fmt.Errorf("frame %q: %w", text, err))
			return
		}
		if err := json.Unmarshal(text, &f.fields); err != nil {
			r.broken(fmt.Errorf("frame %q: %w", text, err))
			return
		}
		f.action, f.channel = head.Action, head.Channel
		if sent && r.alter != nil {
			if !r.alter(&f) {
				continue
			}
			if text, err = json.Marshal(f.fields); err != nil {
				r.broken(err)
				return
			}
		}
		r.record(f)
		if to.Write(ctx, kind, text) != nil {
			return
		}
	}
}

func (r *relay) record(f wireFrame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frames = append(r.frames, f)
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *relay) broken(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// all returns the frames so far.
func (r *relay) all() ([]wireFrame, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.frames), r.err
}

// await waits until n frames of an action have passed in a direction.
func (r *relay) await(ctx context.Context, action ablytest.Action, sent bool, n int) error {
	for {
		r.mu.Lock()
		passed, changed := 0, r.changed
		for _, f := range r.frames {
			if f.action == action && f.sent == sent {
				passed++
			}
		}
		r.mu.Unlock()
		if passed >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d frames %v: %w", passed, n, action, context.Cause(ctx))
		}
	}
}
