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

// peer is the Node process that runs the official client: js/chat.mjs, which says what the lines
// are. Its methods may be called concurrently.
type peer struct {
	process *exec.Cmd
	in      io.WriteCloser
	gone    chan struct{} // closed at the end of the process's output; cause is set then
	cause   error

	mu            sync.Mutex
	last          int
	waiting       map[int]chan<- answer
	subscriptions map[int]func(json.RawMessage)
}

type answer struct {
	result json.RawMessage
	err    error
}

// startPeer starts Node in the folder of chat.mjs. It ends with ctx, or by close.
func startPeer(ctx context.Context, dir string) (*peer, error) {
	p := &peer{
		process: exec.CommandContext(ctx, "node", "chat.mjs"), gone: make(chan struct{}),
		waiting: map[int]chan<- answer{}, subscriptions: map[int]func(json.RawMessage){},
	}
	p.process.Dir, p.process.Stderr = dir, os.Stderr
	var err error
	if p.in, err = p.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.process.Start(); err != nil {
		return nil, fmt.Errorf("starting Node: %w", err)
	}
	go p.read(out)
	return p, nil
}

// close ends the process and waits for that.
func (p *peer) close() error {
	p.in.Close()
	<-p.gone
	return p.process.Wait()
}

func (p *peer) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		if err := p.line(lines.Bytes()); err != nil {
			p.cause = fmt.Errorf("the Node process printed %q: %w", lines.Text(), err)
			break
		}
	}
	io.Copy(io.Discard, out) // so that the process can end
	if p.cause == nil {
		p.cause = errors.Join(errors.New("the Node process has ended"), lines.Err())
	}
	close(p.gone)
}

// line takes one line; what it gives to others are copies.
func (p *peer) line(text []byte) error {
	var line struct {
		ID     int
		Sub    int
		Result json.RawMessage
		Event  json.RawMessage
		Error  *struct {
			Code, StatusCode int
			Message          string
			Detail           map[string]any
		}
	}
	if err := json.Unmarshal(text, &line); err != nil {
		return err
	}
	p.mu.Lock()
	waiting, tell := p.waiting[line.ID], p.subscriptions[line.Sub]
	delete(p.waiting, line.ID)
	p.mu.Unlock()
	switch {
	case tell != nil:
		tell(line.Event)
	case waiting == nil:
		return errors.New("nobody waits for that")
	case line.Error != nil:
		e := lifecycle.NewErrorInfo(lifecycle.ErrorCode(line.Error.Code), line.Error.Message, nil)
		if e.StatusCode = line.Error.StatusCode; line.Error.Detail != nil {
			e.Cause = &ablychat.Rejection{Detail: line.Error.Detail}
		}
		waiting <- answer{err: e}
	default:
		waiting <- answer{result: line.Result}
	}
	return nil
}

// number returns one that was not used before, for a client, a room or a subscription.
func (p *peer) number() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	return p.last
}

// subscribe has the events of a subscription told to a function, one at a time.
func (p *peer) subscribe(tell func(json.RawMessage)) (sub int) {
	sub = p.number()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.subscriptions[sub] = tell
	return sub
}

// call has an operation done and reads its result into a variable, if that is not nil. The
// official client's errors are *lifecycle.ErrorInfo.
func (p *peer) call(ctx context.Context, op string, room int, args, result any) error {
	id, done := p.number(), make(chan answer, 1)
	line, err := json.Marshal(map[string]any{"id": id, "op": op, "room": room, "args": args})
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.waiting[id] = done
	_, err = p.in.Write(append(line, '\n'))
	p.mu.Unlock()
	if err != nil {
		return fmt.Errorf("writing to the Node process: %w", err)
	}
	select {
	case a := <-done:
		if a.err != nil || result == nil {
			return a.err
		}
		return decode(a.result, result)
	case <-p.gone:
		return p.cause
	case <-ctx.Done():
		return fmt.Errorf("%s by the official client: %w", op, context.Cause(ctx))
	}
}

// decode knows every field: what the official client tells and nobody looks at is an error.
func decode(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	return nil
}
