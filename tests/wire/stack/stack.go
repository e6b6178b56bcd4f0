// Package stack plays scripts of the reference model of Rooms on the whole stack: lifecycle, on
// ably-go, on the embedded server, in a bubble of virtual time. Calls begin and are cancelled, the
// server holds detaches and lets them pass, and it refuses attaches and detaches.
package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/wire/judge"
)

// Link is an ably-go client that is connected to its own embedded server.
type Link struct {
	Server *ablytest.Server
	Client *ably.Realtime
}

// NewLink returns a link in the caller's bubble. Its client doesn't attach channels again on its
// own.
func NewLink(network *memnet.Net) (*Link, error) {
	server, err := ablytest.Start(ablytest.WithListener(network.Listen()), ablytest.WithFrameLog(0))
	if err != nil {
		return nil, err
	}
	l := &Link{Server: server}
	l.Client, err = ablychat.NewRealtime(server.ClientOptions(ably.WithLogLevel(ably.LogNone), ably.WithChannelRetryTimeout(time.Hour))...)
	if err == nil && !await(func() bool { return l.Client.Connection.State() == ably.ConnectionStateConnected }) {
		err = errors.New("the client does not connect")
	}
	return l, err
}

// Close closes the connection and the server.
func (l *Link) Close() error {
	defer l.Server.Close()
	l.Client.Close()
	if !await(func() bool { return l.Client.Connection.State() == ably.ConnectionStateClosed }) {
		return errors.New("the connection does not close")
	}
	return nil
}

// await waits up to ten seconds of virtual time for a condition.
func await(condition func() bool) bool {
	for range 100 {
		if synctest.Wait(); condition() {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return condition()
}

// Step is a step of a script.
type Step struct {
	Input  model.Input
	Refuse bool // the server refuses the first attach of a get, or the first detach of a release
	Hurry  bool // the script goes on without waiting for the effects of this step
}

// Draw returns a random script with up to length steps of the model. choose returns a number below
// its argument. If hurry is true, some steps hurry; the stack may then differ from the model.
func Draw(bounds model.Bounds, length int, hurry bool, choose func(n int) int) (script []Step) {
	state := model.State{}
	for range length {
		enabled := slices.DeleteFunc(state.Enabled(bounds), func(in model.Input) bool {
			return in.Kind == model.KindReleaseFailed // the adapter's release never fails
		})
		if len(enabled) == 0 {
			break
		}
		s := Step{Input: enabled[choose(len(enabled))]}
		first := s.Input.Kind == model.KindRelease && state.InUse(s.Input.Name) != 0 && state.BeingReleased(s.Input.Name) == 0
		s.Refuse = (s.Input.Kind == model.KindGet || first) && choose(8) == 7
		s.Hurry = hurry && choose(2) == 0
		script = append(script, s)
		for _, in := range follow(s.Input, state) {
			state, _, _ = state.Step(in)
		}
	}
	return script
}

// follow returns an input and the inputs that follow it without a further action. The adapter opens
// a room without the network, so an opening ends at once. A room that no caller attached has
// nothing to detach, so its release ends at once, too.
func follow(in model.Input, state model.State) []model.Input {
	all := []model.Input{in}
	state, _, _ = state.Step(in)
	for again := true; again; {
		again = false
		for i, inc := range state.Incarnations {
			next := model.Opened(i + 1)
			if inc.Work == model.WorkClosing && !got(state, i+1) {
				next = model.Released(i + 1)
			} else if inc.Work != model.WorkOpening {
				continue
			}
			state, _, _ = state.Step(next)
			all, again = append(all, next), true
		}
	}
	return all
}

// got reports whether a get returned the room of an incarnation. If so, the player attached the
// room.
func got(state model.State, incarnation int) bool {
	return slices.ContainsFunc(state.Calls, func(c model.Call) bool {
		return c.Outcome.Kind == model.OutcomeRoom && c.Outcome.Incarnation == incarnation
	})
}

// player plays one script.
type player struct {
	*Link
	chat    *ablychat.Client
	state   model.State
	gates   map[string]*ablytest.Gate // each gate holds the detaches of a name
	held    map[string]int            // how many detaches must have arrived at the server, by name
	counted map[int]bool              // incarnations whose detach is in held
	calls   Calls

	mu       sync.Mutex
	attached map[*ablychat.Room]bool // rooms whose attach succeeded
}

// names has the names that scripts use.
var names = []string{"a", "b"}

// Bounds returns the bounds of a script with the given number of calls: 2 names and 2 options.
func Bounds(calls int) model.Bounds {
	return model.Bounds{Calls: calls, Names: names, Options: []string{"x", "y"}}
}

// Play plays a script, in the link's bubble, and returns the trace of the Rooms. It compares the
// stack with the model after each step, and returns an error if they differ; from the first step
// that hurries on, it doesn't compare. It also returns an error if channels are still attached at
// the end.
func Play(l *Link, script []Step) (t trace.Trace, err error) {
	p := &player{Link: l, gates: map[string]*ablytest.Gate{}, held: map[string]int{}, counted: map[int]bool{},
		attached: map[*ablychat.Room]bool{}}
	recorder := judge.NewRecorder(time.Now())
	p.chat, err = ablychat.New(l.Client, ablychat.WithObserver(lifecycle.Observer{Rooms: recorder.Rooms(), States: true}))
	if err != nil {
		return t, err
	}
	p.calls = Calls{Rooms: p.chat.Rooms(), Got: p.attach}
	for _, n := range names {
		p.gates[n] = ablytest.NewGate()
	}
	hurried := false
	for i, s := range script {
		p.step(s)
		if hurried = hurried || s.Hurry; !hurried {
			if err = p.check(); err != nil {
				err = fmt.Errorf("after step %d: %w\n%s", i+1, err, print(script))
				break
			}
		} else if !s.Hurry {
			synctest.Wait()
		}
	}
	synctest.Wait()
	traces, traceErr := recorder.Traces("stack")
	return traces[0], errors.Join(err, traceErr, p.end())
}

func print(script []Step) string {
	var b strings.Builder
	for i, s := range script {
		fmt.Fprintf(&b, "%3d  %v", i+1, s.Input)
		if s.Refuse {
			b.WriteString(", refused")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// step makes the stack take a step of the model.
func (p *player) step(s Step) {
	in := s.Input
	p.Server.ClearFaults()
	for _, n := range names {
		p.Server.Fault(ablytest.ToServer(ablytest.ActionDetach).OnChannel(ablychat.ChannelName(n)), ablytest.Hold(p.gates[n]))
	}
	if s.Refuse {
		action, refused := ablytest.ActionAttach, ablytest.NewError(40160, 401, "refused")
		effect := ablytest.Refuse(refused)
		if in.Kind == model.KindRelease { // the server sends an ERROR, and then answers the DETACH
			action = ablytest.ActionDetach
			effect = ablytest.Call(func(f ablytest.Frame) { p.Server.FailChannel(f.Channel, refused) })
		}
		p.Server.Fault(ablytest.ToServer(action).OnChannel(ablychat.ChannelName(in.Name)).Once(), effect)
	}
	if in.Kind == model.KindReleased {
		p.gates[p.state.Incarnations[in.Incarnation-1].Name].Pass(1)
	} else {
		p.calls.Take(in)
	}
	for _, in := range follow(in, p.state) {
		p.state, _, _ = p.state.Step(in)
	}
}

// attach attaches a room that a get returned, so that the room's release has something to detach.
func (p *player) attach(room *ablychat.Room) {
	err := room.Attach(context.Background())
	if err != nil { // try again if the first attach was refused
		err = room.Attach(context.Background())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attached[room] = p.attached[room] || err == nil
}

// check compares the stack with the model. The same calls must be settled, with the same outcomes
// and rooms. The detaches of rooms that are being released must wait at the server. The channels of
// attached rooms must be attached at the server.
func (p *player) check() error {
	difference := ""
	if !await(func() bool {
		difference = p.calls.difference(p.state)
		return difference == "" || strings.Contains(difference, "ended")
	}) || difference != "" {
		return errors.New(difference)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for i, inc := range p.state.Incarnations {
		if inc.Work != model.WorkClosing {
			continue
		}
		if !p.counted[i+1] {
			p.counted[i+1] = true
			p.held[inc.Name]++
		}
		if err := p.gates[inc.Name].Await(ctx, p.held[inc.Name]); err != nil {
			return fmt.Errorf("#%d (%s) does not detach: %w", i+1, inc.Name, err)
		}
	}
	for _, n := range names {
		want := p.state.BeingReleased(n) != 0 || p.isAttached(p.state.InUse(n))
		if !await(func() bool { return p.Server.State().Attached(ablychat.ChannelName(n)) == want }) {
			return fmt.Errorf("%s is attached at the server: %t, expected %t", n, !want, want)
		}
	}
	return nil
}

// isAttached reports whether the attach of an incarnation's room succeeded.
func (p *player) isAttached(incarnation int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for room, i := range p.calls.of {
		if i == incarnation && p.attached[room] {
			return true
		}
	}
	return false
}

// end ends all calls, and returns an error if channels are still attached.
func (p *player) end() error {
	p.Server.ClearFaults()
	for _, g := range p.gates {
		g.Open()
	}
	var errs []error
	if err := p.chat.Dispose(context.Background()); err != nil {
		errs = append(errs, fmt.Errorf("dispose: %w", err))
	}
	synctest.Wait()
	if left := p.Server.State().AttachedChannels(); len(left) > 0 {
		errs = append(errs, fmt.Errorf("the server has these channels attached: %v", left))
	}
	return errors.Join(errs...)
}
