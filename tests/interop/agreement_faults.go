package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"ablyrooms.example/adapter/ably/ablytest"
)

// The relay's faults are between a client and a server. The server may be the embedded one or Ably
// itself, so all scenarios can run on both. If a server has to do something of its own accord, such
// as to send DETACHED, the relay does it instead, and the server doesn't notice.

// crossing selects frames of the room's channel, or of the connection, by direction and action.
type crossing struct {
	sent   bool // by the client
	action ablytest.Action
}

func fromClient(action ablytest.Action) crossing { return crossing{true, action} }
func fromServer(action ablytest.Action) crossing { return crossing{false, action} }

func (c crossing) String() string {
	if c.sent {
		return c.action.String() + " of the client"
	}
	return c.action.String() + " of the server"
}

// effect is what a fault does to a frame. do reports whether the frame is passed on.
type effect struct {
	name string
	do   func(l *link, f *wireFrame) bool
}

// fault applies an effect to frames at a crossing: to the nth frame and those after it, times in
// all.
type fault struct {
	at         crossing
	nth, times int
	effect     effect
	seen, hits int // the frames seen, and those that had the effect; guarded by relay.mu
}

// fault adds a fault, which counts frames from now on.
func (r *relay) fault(at crossing, nth, times int, e effect) *fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := &fault{at: at, nth: nth, times: times, effect: e}
	r.faults = append(r.faults, f)
	r.played = append(r.played, fmt.Sprintf("%s %v", e.name, at))
	return f
}

// hit waits until the fault has been applied to n frames.
func (r *relay) hit(ctx context.Context, f *fault, n int) error {
	return r.until(ctx, func() bool { return f.hits >= n })
}

// unmet returns an error for each fault that was not applied as often as it should have been.
func (r *relay) unmet() (err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.faults {
		if f.hits < f.times {
			err = errors.Join(err, fmt.Errorf("%s %v: %d times of %d",
				f.effect.name, f.at, f.hits, f.times))
		}
	}
	return err
}

// meet applies the faults to a frame, and reports whether the frame is passed on.
func (r *relay) meet(l *link, f *wireFrame) bool {
	r.mu.Lock()
	var met []*fault
	for _, fault := range r.faults {
		if fault.at != (crossing{f.sent, f.action}) || r.ofBarrier(*f) {
			continue
		}
		if fault.seen++; fault.seen >= fault.nth && fault.hits < fault.times {
			fault.hits++
			met = append(met, fault)
		}
	}
	r.wake()
	r.mu.Unlock()
	for _, fault := range met {
		if !fault.effect.do(l, f) {
			return false
		}
	}
	return true
}

// drop returns an effect that drops the frame.
func drop() effect { return effect{"drops", func(*link, *wireFrame) bool { return false }} }

// cutBefore returns an effect that ends the WebSocket instead of passing the frame on.
func cutBefore() effect {
	return effect{"cuts before", func(l *link, _ *wireFrame) bool { l.cut(); return false }}
}

// answer returns an effect that keeps the frame from the server, and sends these frames to the
// client.
func answer(frames ...fields) effect {
	return effect{"answers itself", func(l *link, _ *wireFrame) bool {
		for _, f := range frames {
			if err := l.inject(f); err != nil && l.ctx.Err() == nil {
				l.r.broken(err)
			}
		}
		return false
	}}
}

// refuse returns an effect that turns the ACK of a message into a NACK.
func refuse(reason fields) effect {
	return effect{"makes a NACK of", func(_ *link, f *wireFrame) bool {
		f.action, f.data = ablytest.ActionNack, nil
		f.fields = maps.Clone(f.fields)
		f.fields["action"], f.fields["error"] = int64(ablytest.ActionNack), map[string]any(reason)
		delete(f.fields, "res")
		return true
	}}
}

// wireGate holds a frame, and the frames after it, until open is called.
type wireGate struct {
	fault *fault
	open  func()
}

// hold holds the next frame of a crossing.
func (r *relay) hold(at crossing) wireGate {
	opened := make(chan struct{})
	return wireGate{open: sync.OnceFunc(func() { close(opened) }),
		fault: r.fault(at, 1, 1, effect{"holds", func(l *link, _ *wireFrame) bool {
			select {
			case <-opened:
				return true
			case <-l.ctx.Done():
				return false
			}
		}})}
}

// fields are the fields of a frame that the relay makes. Whole numbers are int64.
type fields = map[string]any

func failure(code, status int64) fields {
	return fields{"code": code, "statusCode": status, "message": "planned"}
}

// onChannel returns the fields of a frame of the room's channel.
func (r *relay) onChannel(action ablytest.Action, more fields) fields {
	f := fields{"action": int64(action), "channel": r.room}
	maps.Copy(f, more)
	return f
}

// inject sends a frame to the client. The server doesn't know about it.
func (l *link) inject(frame fields) error {
	action, _ := whole(frame["action"])
	channel, _ := frame["channel"].(string)
	return l.deliver(wireFrame{action: ablytest.Action(action), channel: channel, format: l.format,
		fields: frame}, false)
}

// inject sends a frame to the client, on its newest connection.
func (r *relay) inject(frame fields) error {
	action, _ := whole(frame["action"])
	l, err := r.act(fmt.Sprintf("sends %v", ablytest.Action(action)))
	if err != nil {
		return err
	}
	return l.inject(frame)
}

// disconnect sends DISCONNECTED to the client and ends its WebSocket.
func (r *relay) disconnect(reason fields) error {
	l, err := r.act("sends DISCONNECTED and cuts")
	if err != nil {
		return err
	}
	return l.deliver(wireFrame{action: ablytest.ActionDisconnected, format: l.format,
		fields: fields{"action": int64(ablytest.ActionDisconnected), "error": reason}}, true)
}

// cut ends the client's WebSocket without a frame.
func (r *relay) cut() error {
	l, err := r.act("cuts")
	if err == nil {
		l.cut()
	}
	return err
}

// act records what the relay does to the newest WebSocket, and returns that WebSocket.
func (r *relay) act(what string) (*link, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.played = append(r.played, what)
	if r.link == nil {
		return nil, errors.New("the client has not connected")
	}
	return r.link, nil
}

// last returns the fields of the last frame of an action that the server sent on the room's
// channel.
func (r *relay) last(action ablytest.Action) (fields, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range slices.Backward(r.frames) {
		if !f.sent && f.action == action && f.channel == r.room {
			return maps.Clone(f.fields), nil
		}
	}
	return nil, fmt.Errorf("the server has not sent %v", action)
}

// loseState makes the next resume fail: the relay replaces the key by one that the server doesn't
// know.
func (r *relay) loseState() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = true
	r.played = append(r.played, "asks for an unknown connection")
}

func (r *relay) takeLost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.lost
	r.lost = false
	return lost
}

// unknown returns a key that has the form of a connection's key, and belongs to no connection.
func unknown(key string) string {
	b := []byte(key)
	slices.Reverse(b)
	return string(b)
}
