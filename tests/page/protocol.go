package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// protocol is a client of the Chrome DevTools Protocol. It makes calls, and receives the events of
// sessions.
type protocol struct {
	conn *websocket.Conn
	done chan struct{} // closed when the connection has ended

	mu      sync.Mutex
	last    int
	waiting map[int]chan message
	events  map[string]func(method string, params json.RawMessage) // by session
	err     error
}

// message is a message of the protocol, in either direction.
type message struct {
	ID        int             `json:"id,omitempty"`
	SessionID string          `json:"sessionId,omitempty"`
	Method    string          `json:"method,omitempty"`
	Params    json.RawMessage `json:"params,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

func dial(ctx context.Context, url string) (*protocol, error) {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 28)
	p := &protocol{conn: conn, done: make(chan struct{}), waiting: map[int]chan message{},
		events: map[string]func(string, json.RawMessage){}}
	go p.read()
	return p, nil
}

func (p *protocol) read() {
	defer close(p.done)
	for {
		_, data, err := p.conn.Read(context.Background())
		var m message
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		p.mu.Lock()
		if err != nil {
			p.err = err
			for _, ch := range p.waiting {
				close(ch)
			}
			p.waiting = nil
			p.mu.Unlock()
			return
		}
		answer, event := p.waiting[m.ID], p.events[m.SessionID]
		delete(p.waiting, m.ID)
		p.mu.Unlock()
		switch {
		case m.Method == "" && answer != nil:
			answer <- m
		case m.Method != "" && event != nil:
			event(m.Method, m.Params)
		}
	}
}

// listen registers a function that is called with each event of a session, one after another.
func (p *protocol) listen(session string, event func(method string, params json.RawMessage)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events[session] = event
}

// call calls a method and decodes its result into result, which may be nil.
func (p *protocol) call(ctx context.Context, session, method string, params, result any) error {
	m := message{SessionID: session, Method: method}
	var err error
	if params != nil {
		if m.Params, err = json.Marshal(params); err != nil {
			return err
		}
	}
	answer := make(chan message, 1)
	p.mu.Lock()
	if p.waiting == nil {
		p.mu.Unlock()
		return fmt.Errorf("%s: %w", method, p.err)
	}
	p.last++
	m.ID = p.last
	p.waiting[m.ID] = answer
	p.mu.Unlock()
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := p.conn.Write(ctx, websocket.MessageText, data); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case got, ok := <-answer:
		switch {
		case !ok:
			return fmt.Errorf("%s: the browser is gone", method)
		case got.Error != nil:
			return fmt.Errorf("%s: %s", method, got.Error.Message)
		case result != nil:
			return json.Unmarshal(got.Result, result)
		}
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("%s has no answer", method), context.Cause(ctx))
	}
}

// close closes the connection and waits until its goroutine has ended.
func (p *protocol) close() {
	_ = p.conn.CloseNow()
	<-p.done
}
