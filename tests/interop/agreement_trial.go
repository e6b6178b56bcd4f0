package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// scenario is what a client of either library does. Its frames are compared.
type scenario struct {
	name    string
	options wireOptions
	before  func(t *wireTrial) // runs before the client connects; may be nil
	run     func(t *wireTrial)
}

// wireTrial is one run of a scenario with one client. It belongs to one goroutine. A failure ends
// it by a panic with a value of type stop.
type wireTrial struct {
	ctx     context.Context
	relay   *relay
	client  wireClient
	calls   sync.WaitGroup
	waiting []chan error
	atEnd   []func(context.Context) error

	connecting wireGate // holds the first CONNECTED, in the scenario that needs that
}

// runAlone runs a scenario on an embedded server of its own, so that all runs begin with the same
// state.
func runAlone(
	ctx context.Context, s scenario, connect newWireClient, f format, alter func(*wireFrame) bool,
) (recording, error) {
	server, err := ablytest.Start(ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		return recording{}, err
	}
	defer server.Close()
	return runScenario(ctx, s, onServer(server), connect, f, alter)
}

// runScenario runs a scenario, and returns the frames of both directions.
func runScenario(
	ctx context.Context, s scenario, on place, connect newWireClient, f format,
	alter func(*wireFrame) bool,
) (rec recording, err error) {
	ctx, cancel := context.WithTimeout(ctx, on.patience)
	defer cancel()
	r, err := startRelay(on, agreeRoom, alter)
	if err != nil {
		return rec, err
	}
	defer r.close()
	t := &wireTrial{ctx: ctx, relay: r}
	if s.before != nil {
		s.before(t)
	}
	t.client, err = connect(ctx, r, s.options, f)
	if err != nil {
		return rec, err
	}
	defer func() {
		for _, end := range append(t.atEnd, t.client.dispose) {
			err = errors.Join(err, end(ctx))
		}
		cancel()
		t.calls.Wait()
	}()
	defer func() {
		switch stopped := recover().(type) {
		case nil:
		case stop:
			rec, _ = r.all()
			err = fmt.Errorf("on %s: %w, after\n%v", on.name, stopped.err, rec)
		default:
			panic(stopped)
		}
	}()
	s.run(t)
	t.end()
	return r.all()
}

// end waits until all calls have ended, and all their frames have passed. Then it closes the
// connection.
func (t *wireTrial) end() {
	for _, done := range t.waiting {
		select {
		case <-done: // with or without an error
		case <-t.ctx.Done():
			t.check("waiting for the end of a call", context.Cause(t.ctx))
		}
	}
	t.settle()
	t.check("a fault was not applied", t.relay.unmet())
	t.check("close", t.begin("close", nil)())
	t.check("CLOSE", t.relay.await(t.ctx, ablytest.ActionClose, true, 1))
}

// check ends the trial if there is an error.
func (t *wireTrial) check(what string, err error) {
	if err != nil {
		panic(stop{fmt.Errorf("%s: %w", what, err)})
	}
}

// begin begins an operation on the room.
func (t *wireTrial) begin(operation string, data any) (end func() error) {
	return t.client.begin(t.ctx, operation, agreeRoom+t.relay.to.suffix, data)
}

// start begins operations on the room. Their results are not compared.
func (t *wireTrial) start(operations ...string) {
	for _, operation := range operations {
		t.startWith(operation, nil)
	}
}

// startWith begins an operation with data.
func (t *wireTrial) startWith(operation string, data any) {
	done := make(chan error, 1)
	t.waiting = append(t.waiting, done)
	end := t.begin(operation, data)
	t.calls.Go(func() { done <- end() })
	t.check("begun", t.begin("begun", nil)())
}

// publishing begins to publish the nth message, and waits until the message is on the wire.
func (t *wireTrial) publishing(name string, nth int) {
	t.startWith("publish", name)
	t.sent(ablytest.ActionMessage, nth)
}

// do runs operations on the room. None of them may fail.
func (t *wireTrial) do(operations ...string) {
	for _, operation := range operations {
		t.with(operation, nil)
	}
}

// with runs an operation with data.
func (t *wireTrial) with(operation string, data any) {
	t.check(operation, t.begin(operation, data)())
}

// refused runs an operation that must fail.
func (t *wireTrial) refused(operation string, data any) {
	if t.begin(operation, data)() == nil {
		t.check(operation, errors.New("the operation did not fail"))
	}
}

// connected waits until the client has received its nth CONNECTED and is connected.
func (t *wireTrial) connected(n int) {
	t.received(ablytest.ActionConnected, n)
	t.do("connected")
}

// reconnected is like connected, and then waits until the client has done everything that it does
// on its own after connecting.
func (t *wireTrial) reconnected(n int) {
	t.connected(n)
	t.settle()
}

// settle waits until the client has processed all frames that it received, and has received all
// answers. For this it publishes messages to the barrier, each acknowledged after the frames before
// it. Since answers may cause more frames, it repeats this until only the barrier's frames pass.
// The client must be connected.
func (t *wireTrial) settle() {
	t.do("connected")
	for round, before := 0, -1; round < 3 || before != t.relay.others(); round++ {
		before = t.relay.others()
		name := barrier + t.relay.to.suffix
		t.check("barrier", t.client.begin(t.ctx, "publish", name, "settle")())
		t.relay.calm(t.ctx)
	}
}

// attached waits until the client is connected, and attaches the room.
func (t *wireTrial) attached() {
	t.connected(1)
	t.do("attach")
}

// sent waits until the client has sent n frames of an action.
func (t *wireTrial) sent(action ablytest.Action, n int) {
	t.check("sent", t.relay.await(t.ctx, action, true, n))
}

// received waits until n frames of an action are on their way to the client.
func (t *wireTrial) received(action ablytest.Action, n int) {
	t.check("received", t.relay.await(t.ctx, action, false, n))
}

// hold holds the next frame of an action that the server sends.
func (t *wireTrial) hold(action ablytest.Action) wireGate {
	return t.relay.hold(fromServer(action))
}

// at waits until g holds a frame.
func (t *wireTrial) at(g wireGate) { t.check("gate", t.relay.hit(t.ctx, g.fault, 1)) }

// first adds a fault for the next frame of a crossing.
func (t *wireTrial) first(at crossing, e effect) { t.relay.fault(at, 1, 1, e) }

// answerAttach answers the next ATTACH with an ERROR on the channel.
func (t *wireTrial) answerAttach(code, status int64) {
	t.first(fromClient(ablytest.ActionAttach),
		answer(t.relay.onChannel(ablytest.ActionError, fields{"error": failure(code, status)})))
}

// inject sends a frame of the room's channel to the client.
func (t *wireTrial) inject(action ablytest.Action, more fields) {
	t.check("inject", t.relay.inject(t.relay.onChannel(action, more)))
}

// attachedAgain sends the last ATTACHED once more, although the client has not requested it.
func (t *wireTrial) attachedAgain(resumed bool, more fields) {
	f, err := t.relay.last(ablytest.ActionAttached)
	t.check("ATTACHED", err)
	flags, _ := whole(f["flags"])
	flags &^= int64(ablytest.FlagResumed)
	if resumed {
		flags |= int64(ablytest.FlagResumed)
	}
	again := fields{"flags": flags, "channelSerial": f["channelSerial"]}
	for name, v := range more {
		again[name] = v
	}
	t.inject(ablytest.ActionAttached, again)
}

// whileCut waits until no frames are under way, and cuts the connection. It calls f before the
// client connects again. Then it waits for the nth CONNECTED, and for what the client does by
// itself after that.
func (t *wireTrial) whileCut(nth int, f func()) {
	t.settle()
	t.cutNow(nth, f)
	t.settle()
}

// cutNow is like whileCut, but doesn't wait for frames. So it publishes no messages to the barrier,
// which would use up serials.
func (t *wireTrial) cutNow(nth int, f func()) {
	gate := t.relay.hold(fromClient(ablytest.ActionConnect))
	t.check("cut", t.relay.cut())
	t.at(gate)
	f()
	gate.open()
	t.connected(nth)
}

// lost makes the next resume fail, as if the server had dropped the connection's state. The
// connection must be cut.
func (t *wireTrial) lost() { t.relay.loseState() }

// member makes another client enter the room. It stays there until the end.
func (t *wireTrial) member(id string) {
	r, err := startRelay(t.relay.to, agreeRoom, nil)
	t.check(id, err)
	client, err := ablychat.Connect(ablychat.Ably(r.clientOptions(id)...))
	t.atEnd = append(t.atEnd, func(ctx context.Context) (err error) {
		if client != nil {
			err = client.Dispose(ctx)
		}
		r.close()
		return err
	})
	t.check(id, err)
	room, err := client.Rooms().Get(t.ctx, agreeRoom+t.relay.to.suffix)
	t.check(id, err)
	t.check(id, room.Attach(t.ctx))
	t.check(id, room.Presence().Enter(t.ctx, nil))
}
