// Package stack compares the whole stack with the reference model: lifecycle on ably-go, over a WebSocket, on the embedded server.
package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stack is one run: a client on the server, the model beside it, and the gates that hold each detach.
type stack struct {
	t      *rapid.T
	server *ablytest.Server
	client *ably.Realtime
	chat   *ablychat.Client
	state  model.State
	script []model.Input

	gates    map[string]*ablytest.Gate // each name's detaches wait at one
	arrivals map[string]int            // how many must have arrived there
	detached map[int]bool              // the incarnations whose detach is counted among them
	refused  int                       // how many frames were to be refused

	mu       sync.Mutex
	moved    chan struct{} // closed and made anew when a call ends, or the core takes a step
	begun    int           // how many calls the core saw begin
	released int           // how many releases it saw end
	calls    []*call
	rooms    map[*ablychat.Room]int  // which incarnation a room is
	attached map[*ablychat.Room]bool // the rooms that could be attached
}

type call struct {
	cancel  context.CancelCauseFunc
	settled bool
	room    *ablychat.Room
	err     error
}

var errGaveUp = errors.New("the caller gave up")

var names = []string{"a", "b"}

// options spells what a token of the script asks for.
func options(token string) []lifecycle.RoomOption {
	if token == "y" {
		return []lifecycle.RoomOption{lifecycle.WithPresenceEvents(false)}
	}
	return nil
}

const patience = 10 * time.Second // only keeps a run that fails from hanging

// begin begins a call and waits until it has begun: until the core has it, or it is over, as that of a ready room is without the core.
func (s *stack) begin(do func(context.Context) (*ablychat.Room, error)) {
	ctx, cancel := context.WithCancelCause(context.Background())
	c := &call{cancel: cancel}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	before := s.begun
	s.mu.Unlock()
	go func() {
		room, err := do(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		c.settled, c.room, c.err = true, room, err
		s.wake()
	}()
	s.await("the call to begin", func() bool { return c.settled || s.begun > before })
}

func (s *stack) wake() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// observe sees the core's steps.
func (s *stack) observe(step lifecycle.RoomsStep) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch step.Input.Kind {
	case fsm.CallGet, fsm.CallRelease, fsm.CallDispose:
		s.begun++
	case fsm.ReleaseDone, fsm.ReleaseFailed:
		s.released++
	}
	s.wake()
}

// await waits until condition, which is asked under the lock, holds.
func (s *stack) await(what string, condition func() bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		s.mu.Lock()
		ok, moved := condition(), s.moved
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			s.fail("waited in vain for " + what)
		}
	}
}

// step takes the model's step, and has the stack do the same. With refuse the server refuses the first frame that a get or a release
// sends for it: its attach, which leaves the room suspended, or its detach, which fails the channel.
func (s *stack) step(in model.Input, refuse bool) {
	next, _, err := s.state.Step(in)
	if err != nil {
		s.t.Fatalf("the model refuses %v: %v", in, err)
	}
	s.state, s.script = next, append(s.script, in)
	rooms := s.chat.Rooms()
	if refuse {
		s.refused++
	}
	s.plan(in, refuse)
	switch in.Kind {
	case model.KindGet:
		s.begin(func(ctx context.Context) (*ablychat.Room, error) {
			room, err := rooms.Get(ctx, in.Name, options(in.Options)...)
			if err == nil { // attached, so that its release has something to detach
				ok := room.Attach(context.Background()) == nil
				s.mu.Lock()
				s.attached[room] = s.attached[room] || ok
				s.mu.Unlock()
			}
			return room, err
		})
	case model.KindRelease:
		s.begin(func(ctx context.Context) (*ablychat.Room, error) { return nil, rooms.Release(ctx, in.Name) })
	case model.KindDispose:
		s.begin(func(ctx context.Context) (*ablychat.Room, error) { return nil, rooms.Dispose(ctx) })
	case model.KindGiveUp:
		s.calls[in.Call-1].cancel(errGaveUp)
	case model.KindReleased:
		s.gates[s.state.Incarnations[in.Incarnation-1].Name].Pass(1)
	}
	// The adapter opens without the network, so what is to be opened is open at once; and a room that nobody attached has nothing to
	// detach, so that its release ends at once.
	for again := true; again; {
		again = false
		for i, inc := range s.state.Incarnations {
			var next model.Input
			switch {
			case inc.Work == model.WorkOpening:
				next = model.Opened(i + 1)
			case inc.Work == model.WorkClosing && !s.gotRoom(i+1):
				next = model.Released(i + 1)
			default:
				continue
			}
			state, _, err := s.state.Step(next)
			if err != nil {
				s.t.Fatal(err)
			}
			s.state, s.script, again = state, append(s.script, next), true
		}
	}
	s.settle()
}

// plan sets what the server does with the frames to come: it refuses the first one, if so wanted, and holds every detach.
func (s *stack) plan(in model.Input, refuse bool) {
	s.server.ClearFaults()
	if refuse {
		action := map[model.Kind]ablytest.Action{model.KindGet: ablytest.ActionAttach, model.KindRelease: ablytest.ActionDetach}[in.Kind]
		s.server.Fault(ablytest.ToServer(action).OnChannel(ablychat.ChannelName(in.Name)).Once(), ablytest.Refuse(ablytest.NewError(40160, 401, "refused")))
	}
	for _, n := range names {
		s.server.Fault(ablytest.ToServer(ablytest.ActionDetach).OnChannel(ablychat.ChannelName(n)), ablytest.Hold(s.gates[n]))
	}
}

// settle waits until the stack shows what the model says, and fails when it doesn't.
func (s *stack) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	released := 0
	for _, in := range s.script {
		if in.Kind == model.KindReleased {
			released++
		}
	}
	s.await("releases to end", func() bool { return s.released >= released })
	difference := ""
	s.await("calls to end", func() bool {
		difference = s.difference()
		return difference == "" || strings.Contains(difference, "ended")
	})
	if difference != "" {
		s.fail(difference)
	}
	// What is being released waits with its detach at the server; what is attached is attached there.
	for i, inc := range s.state.Incarnations {
		if inc.Work != model.WorkClosing {
			continue
		}
		if !s.detached[i+1] {
			s.detached[i+1] = true
			s.arrivals[inc.Name]++
		}
		if err := s.gates[inc.Name].Await(ctx, s.arrivals[inc.Name]); err != nil {
			s.fail(fmt.Sprintf("#%d (%s) does not detach: %v", i+1, inc.Name, err))
		}
	}
	for _, n := range names {
		want := s.state.BeingReleased(n) != 0 || s.isAttached(s.state.InUse(n))
		if err := s.server.Await(ctx, func(state ablytest.State) bool { return state.Attached(ablychat.ChannelName(n)) == want }); err != nil {
			s.fail(fmt.Sprintf("the channel of %s is attached at the server: %t, expected %t", n, !want, want))
		}
	}
}

// isAttached tells whether an incarnation's room could be attached.
func (s *stack) isAttached(incarnation int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for room, i := range s.rooms {
		if i == incarnation && s.attached[room] {
			return true
		}
	}
	return false
}

// gotRoom tells whether a get was settled with the room of an incarnation, and has therefore attached it.
func (s *stack) gotRoom(incarnation int) bool {
	return slices.ContainsFunc(s.state.Calls, func(c model.Call) bool {
		return c.Outcome.Kind == model.OutcomeRoom && c.Outcome.Incarnation == incarnation
	})
}

// difference tells what the calls show otherwise than the model; "" for nothing. The lock is held.
func (s *stack) difference() string {
	for i, c := range s.calls {
		want := s.state.Calls[i]
		if c.settled == want.Pending() {
			return fmt.Sprintf("call %d settled: %t, expected %v", i+1, c.settled, want.Outcome)
		}
		if c.settled {
			if got := s.outcome(c, want); got != want.Outcome.String() {
				return fmt.Sprintf("call %d ended %s, expected %v", i+1, got, want.Outcome)
			}
		}
	}
	return ""
}

func (s *stack) outcome(c *call, want model.Call) string {
	switch {
	case c.err == nil && c.room == nil:
		return model.Outcome{Kind: model.OutcomeDone}.String()
	case c.err == nil:
		if s.rooms[c.room] == 0 {
			s.rooms[c.room] = want.Outcome.Incarnation // the first to see it says which it is; later ones must agree
		}
		return model.Outcome{Kind: model.OutcomeRoom, Incarnation: s.rooms[c.room]}.String()
	case errors.Is(c.err, errGaveUp):
		return model.Outcome{Kind: model.OutcomeGaveUp}.String()
	case errors.Is(c.err, lifecycle.RoomExistsWithDifferentOptions):
		return model.Outcome{Kind: model.OutcomeDifferentOptions}.String()
	case errors.Is(c.err, lifecycle.RoomReleasedBeforeOperationCompleted):
		return model.Outcome{Kind: model.OutcomeReleasedBefore}.String()
	case errors.Is(c.err, lifecycle.ResourceDisposed):
		return model.Outcome{Kind: model.OutcomeDisposed}.String()
	}
	return "with " + c.err.Error()
}

func (s *stack) fail(difference string) {
	s.t.Fatalf("%s\n\nscript:\n%s\n%s", difference, conformance.FormatScript(s.script), conformance.Mermaid(s.script, difference))
}

// run draws and runs one interleaving.
func run(t *rapid.T, server *ablytest.Server, count *counts) {
	client, err := ably.NewRealtime(server.ClientOptions(ably.WithAutoConnect(false), ably.WithChannelRetryTimeout(300*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	// ably-go's Close is lost while it dials, so a run begins with a connection.
	connected := make(chan struct{}, 8)
	off := client.Connection.On(ably.ConnectionEventConnected, func(ably.ConnectionStateChange) { connected <- struct{}{} })
	client.Connect()
	select {
	case <-connected:
	case <-time.After(patience):
		t.Fatal("the client does not connect")
	}
	off()
	s := &stack{t: t, server: server, client: client, moved: make(chan struct{}), gates: map[string]*ablytest.Gate{},
		arrivals: map[string]int{}, detached: map[int]bool{}, rooms: map[*ablychat.Room]int{}, attached: map[*ablychat.Room]bool{}}
	if s.chat, err = ablychat.New(client, ablychat.WithRoomsObserver(s.observe)); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		s.gates[n] = ablytest.NewGate()
	}
	defer s.end()
	bounds := model.Bounds{Calls: 10, Names: names, Options: []string{"x", "y"}}
	t.Repeat(map[string]func(*rapid.T){"step": func(t *rapid.T) {
		enabled := slices.DeleteFunc(s.state.Enabled(bounds), func(in model.Input) bool {
			return in.Kind == model.KindReleaseFailed // the adapter gives a channel back in any case
		})
		if len(enabled) == 0 {
			return
		}
		in := rapid.SampledFrom(enabled).Draw(t, "input")
		refuse := (in.Kind == model.KindGet || in.Kind == model.KindRelease && s.state.InUse(in.Name) != 0 && s.state.BeingReleased(in.Name) == 0) &&
			rapid.IntRange(0, 7).Draw(t, "refuse") == 7
		s.step(in, refuse)
	}})
	count.runs++
	count.steps += len(s.script)
	count.refused += s.refused
}

// end lets everything end, and looks for what was left behind.
func (s *stack) end() {
	s.server.ClearFaults()
	for _, g := range s.gates {
		g.Open()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.chat.Dispose(ctx); err != nil {
		s.t.Errorf("dispose: %v", err)
	}
	if left := s.client.Channels.Iterate(); len(left) > 0 {
		s.t.Errorf("the client has %d channels left: %v, %v", len(left), left[0].Name, left[0].State())
	}
	if left := s.server.State().AttachedChannels(); len(left) > 0 {
		s.t.Errorf("the server has these channels attached: %v", left)
	}
	closed := make(chan struct{}, 8)
	off := s.client.Connection.OnAll(func(c ably.ConnectionStateChange) {
		if c.Current == ably.ConnectionStateClosed {
			closed <- struct{}{}
		}
	})
	defer off()
	s.client.Close()
	if s.client.Connection.State() != ably.ConnectionStateClosed {
		select {
		case <-closed:
		case <-ctx.Done():
			s.t.Errorf("the connection does not close")
		}
	}
}

// counts tells what the runs of a test did, so that a suite that does nothing is seen.
type counts struct{ runs, steps, refused int }

// The whole stack does what the model does, after each step: the same calls settled, with the same outcomes and rooms, the same
// detaches waiting at the server, the same channels attached there.
func TestTheStackAgainstTheModel(t *testing.T) {
	server := ablytest.NewServer(t)
	var count counts
	rapid.Check(t, func(rt *rapid.T) { run(rt, server, &count) })
	t.Logf("EVIDENCE stack runs=%d steps=%d refused=%d frames=%d", count.runs, count.steps, count.refused, server.FrameCount())
	if count.runs == 0 || count.steps < count.runs || count.refused == 0 {
		t.Errorf("too little was tried: %+v", count)
	}
}
