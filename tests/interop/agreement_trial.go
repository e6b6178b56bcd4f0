package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// scenario is what a client of either library does on the wire. Each client has a server of its
// own, so that both servers hold the same.
type scenario struct {
	name    string
	options wireOptions
	run     func(t *wireTrial)
}

// wireTrial is one client's run of a scenario. It belongs to one goroutine; what fails ends it by a
// panic of the type stop.
type wireTrial struct {
	ctx     context.Context
	server  *ablytest.Server
	relay   *relay
	client  wireClient
	channel string // the room's
	calls   sync.WaitGroup
	waiting []chan error
	atEnd   []func(context.Context) error

	connecting *ablytest.Gate // holds the first CONNECTED, in the scenario that asks for it
}

// barrier is the room whose messages show that a client has taken what came before; they are not
// compared.
const barrier = "barrier"

// runScenario returns the frames of both directions.
func runScenario(
	ctx context.Context, s scenario, connect newWireClient, alter func(*wireFrame) bool,
) (frames []wireFrame, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	server, err := ablytest.Start(ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		return nil, err
	}
	defer server.Close()
	r, err := startRelay(server, alter)
	if err != nil {
		return nil, err
	}
	defer r.close()
	t := &wireTrial{ctx: ctx, server: server, relay: r, channel: ablychat.ChannelName(agreeRoom)}
	if s.name == beforeConnected {
		t.connecting = server.Hold(ablytest.ToClient(ablytest.ActionConnected))
	}
	t.client, err = connect(ctx, r, s.options)
	if err != nil {
		return nil, err
	}
	defer func() {
		server.ClearFaults()
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
			frames, _ = r.all()
			err = fmt.Errorf("%w, after\n%s", stopped.err, describe(frames))
		default:
			panic(stopped)
		}
	}()
	s.run(t)
	t.end()
	return r.all()
}

// end closes the connection after all that was called has ended, and its traces are on the wire.
func (t *wireTrial) end() {
	for _, done := range t.waiting {
		select {
		case <-done: // whatever came of it
		case <-t.ctx.Done():
			t.check("a call", context.Cause(t.ctx))
		}
	}
	t.settle()
	t.check("close", t.client.begin(t.ctx, "close", agreeRoom, nil)())
	t.check("CLOSE", t.relay.await(t.ctx, ablytest.ActionClose, true, 1))
}

// check ends the trial when there is an error.
func (t *wireTrial) check(what string, err error) {
	if err != nil {
		panic(stop{fmt.Errorf("%s: %w", what, err)})
	}
}

// start begins operations on the room; what comes of them is not compared.
func (t *wireTrial) start(operations ...string) {
	for _, operation := range operations {
		t.startWith(operation, nil)
	}
}

// startWith begins an operation with data.
func (t *wireTrial) startWith(operation string, data any) {
	done := make(chan error, 1)
	t.waiting = append(t.waiting, done)
	end := t.client.begin(t.ctx, operation, agreeRoom, data)
	t.calls.Go(func() { done <- end() })
	t.check("begun", t.client.begin(t.ctx, "begun", agreeRoom, nil)())
}

// publishing begins to publish the nth message, and waits until it is on the wire.
func (t *wireTrial) publishing(name string, nth int) {
	t.startWith("publish", name)
	t.sent(ablytest.ActionMessage, nth)
}

// do does operations on the room, none of which may fail.
func (t *wireTrial) do(operations ...string) {
	for _, operation := range operations {
		t.with(operation, nil)
	}
}

// with does an operation with data.
func (t *wireTrial) with(operation string, data any) {
	t.check(operation, t.client.begin(t.ctx, operation, agreeRoom, data)())
}

// refused does an operation that must fail.
func (t *wireTrial) refused(operation string, data any) {
	if t.client.begin(t.ctx, operation, agreeRoom, data)() == nil {
		t.check(operation, errors.New("it did not fail"))
	}
}

// connected waits until the client is connected by its nth CONNECTED.
func (t *wireTrial) connected(n int) {
	t.received(ablytest.ActionConnected, n)
	t.do("connected")
}

// settle waits until the client has answered all that it got, and has got the answers: each message
// is acknowledged behind what came before it. It must be connected.
func (t *wireTrial) settle() {
	t.do("connected")
	for range 3 {
		t.check("barrier", t.client.begin(t.ctx, "publish", barrier, "settle")())
	}
}

// attached connects and attaches.
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

// hold holds frames of the room's channel to the client back.
func (t *wireTrial) hold(action ablytest.Action) *ablytest.Gate {
	return t.server.Hold(ablytest.ToClient(action).OnChannel(t.channel).Once())
}

// at waits until a gate holds a frame.
func (t *wireTrial) at(g *ablytest.Gate) { t.check("gate", g.Await(t.ctx, 1)) }

// answerAttach answers the first ATTACH with an ERROR on the channel.
func (t *wireTrial) answerAttach(reason *ablytest.ErrorInfo) {
	t.server.Fault(ablytest.ToServer(ablytest.ActionAttach).Once(),
		ablytest.Reply(&ablytest.ProtocolMessage{
			Action: ablytest.ActionError, Channel: t.channel, Error: reason}))
}

// inject sends frames to the client that the server knows nothing of.
func (t *wireTrial) inject(frames ...*ablytest.ProtocolMessage) {
	t.check("inject", t.server.Inject("", frames...))
}

// whileCut cuts the connection, has f called before it is opened again, and waits for that.
func (t *wireTrial) whileCut(nth int, f func()) {
	gate := t.server.Hold(ablytest.ToServer(ablytest.ActionConnect).Once())
	t.check("cut", t.server.Cut(""))
	t.at(gate)
	f()
	gate.Open()
	t.connected(nth)
}

// member has another client enter the room, and stay in it until the end.
func (t *wireTrial) member(id string) {
	client, err := ablychat.Connect(ablychat.Ably(t.server.ClientOptions(ably.WithClientID(id),
		ably.WithLogLevel(ably.LogNone))...))
	t.check(id, err)
	t.atEnd = append(t.atEnd, client.Dispose)
	room, err := client.Rooms().Get(t.ctx, agreeRoom)
	t.check(id, err)
	t.check(id, room.Attach(t.ctx))
	t.check(id, room.Presence().Enter(t.ctx, nil))
}

// lost has the server forget the connection, which must be cut.
func (t *wireTrial) lost() { t.check("forget", t.server.Forget("")) }

// describe lists frames, for a message.
func describe(frames []wireFrame) string {
	var b strings.Builder
	for _, f := range frames {
		arrow := "<"
		if f.sent {
			arrow = ">"
		}
		text, _ := json.Marshal(f.fields)
		fmt.Fprintf(&b, "%s %v %s\n", arrow, f.action, text)
	}
	return b.String()
}
