package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/lifecycle"
)

// peer is the Node process that runs an official client: js/chat.mjs or js/agreement.mjs. These
// files describe the lines. Its methods may be called concurrently.
type peer struct {
	process *exec.Cmd
	in      io.WriteCloser
	gone    chan struct{} // closed at the end of the process's output; cause is set by then
	cause   error

	mu    sync.Mutex
	last  int
	heard map[int]func(reply) // by the number of the call or subscription
}

// reply is a line of the process: the answer to a call, or an event of a subscription.
type reply struct {
	ID, Sub       int
	Result, Event json.RawMessage
	Error         *struct {
		Code, StatusCode int
		Message          string
		Detail           map[string]any
	}
}

// startPeer starts Node with a script of a folder. The process ends with ctx, or by close.
func startPeer(ctx context.Context, dir, script string) (*peer, error) {
	p := &peer{process: exec.CommandContext(ctx, "node", script), gone: make(chan struct{}),
		heard: map[int]func(reply){}}
	p.process.Dir, p.process.Stderr = dir, os.Stderr
	in, err1 := p.process.StdinPipe()
	out, err2 := p.process.StdoutPipe()
	if err := errors.Join(err1, err2, p.process.Start()); err != nil {
		return nil, fmt.Errorf("starting Node: %w", err)
	}
	p.in = in
	go p.read(out)
	return p, nil
}

// close ends the process, and waits until it has ended.
func (p *peer) close() error {
	p.in.Close()
	<-p.gone
	return p.process.Wait()
}

func (p *peer) read(out io.Reader) {
	defer close(p.gone)
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var r reply
		err := json.Unmarshal(lines.Bytes(), &r)
		p.mu.Lock()
		hear := p.heard[r.ID+r.Sub]
		delete(p.heard, r.ID)
		p.mu.Unlock()
		if err != nil || hear == nil {
			p.cause = fmt.Errorf("the Node process printed %q, which answers no call and no subscription: %w", lines.Text(), err)
			io.Copy(io.Discard, out) // so that the process can end
			return
		}
		hear(r)
	}
	p.cause = errors.Join(errors.New("the Node process has ended"), lines.Err())
}

// number returns an unused number for a client, a room, a call or a subscription.
func (p *peer) number() int { return p.listen(nil) }

// listen returns the number of a call or a subscription. hear is called with its lines, one at a
// time.
func (p *peer) listen(hear func(reply)) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	if hear != nil {
		p.heard[p.last] = hear
	}
	return p.last
}

// call runs an operation, and stores its result in result unless that is nil. Errors of the
// official client are *lifecycle.ErrorInfo.
func (p *peer) call(ctx context.Context, op string, room int, args, result any) error {
	return p.begin(op, room, args)(ctx, result)
}

// begin begins an operation. It returns a function that waits for the end and reads the result, as
// call does. Operations begin in the order of the calls of begin.
func (p *peer) begin(op string, room int, args any) (end func(ctx context.Context, result any) error) {
	done := make(chan reply, 1)
	id := p.listen(func(r reply) { done <- r })
	line, err := json.Marshal(map[string]any{"id": id, "op": op, "room": room, "args": args})
	if err == nil {
		p.mu.Lock()
		_, err = p.in.Write(append(line, '\n'))
		p.mu.Unlock()
	}
	return func(ctx context.Context, result any) error {
		if err != nil {
			return fmt.Errorf("writing to the Node process: %w", err)
		}
		select {
		case r := <-done:
			return r.read(result)
		case <-p.gone:
			return p.cause
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", op, context.Cause(ctx))
		}
	}
}

// read stores the result in result unless that is nil, or returns the error.
func (r reply) read(result any) error {
	if r.Error != nil {
		e := lifecycle.NewErrorInfo(lifecycle.ErrorCode(r.Error.Code), r.Error.Message, nil)
		if e.StatusCode = r.Error.StatusCode; r.Error.Detail != nil {
			e.Cause = &ablychat.Rejection{Detail: r.Error.Detail}
		}
		return e
	}
	if result == nil {
		return nil
	}
	return decode(r.Result, result)
}

// decode decodes JSON, and returns an error for an unknown field, since no check would compare it.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	return nil
}
