package channel

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

// stack is a room over a channel: the machine of a room, whose port is the machine of a channel.
// RoomStatus.tla assumes that the port keeps a promise. The tests check this promise in every step
// of a stack.
type stack struct {
	room    model.RoomRun
	channel pair
	// what the room has requested and the port has not begun; 0 for nothing
	asked model.RoomOutputKind
	// the request that the channel works on and has not settled; 0 for nothing
	called model.RoomOutputKind

	// What the room and its users have seen. The promise is about these facts.
	// own says that the operation may succeed. Since the request, the channel has emitted attached,
	// for an attach, or detached or initialized, for a detach. For a detach of a channel that was
	// initialized or detached, it is true at once.
	own      bool
	attached bool // an attach has succeeded
	detached bool // a user's detach has succeeded, and no attach after it
	gone     bool // the channel was given back

	// a planted fault, or nil
	spoil func(in model.ChannelInput, outputs []model.ChannelOutput) []model.ChannelOutput
}

func (s stack) key() string {
	return fmt.Sprint(s.room.Key(), "|", s.channel.model.Key(), s.asked, s.called, s.own, s.attached, s.detached, s.gone)
}

// tell gives the room an input from its port. It returns an error if the port breaks its promise,
// or if a property of the room fails.
func (s *stack) tell(in model.RoomInput) ([]model.RoomOutput, error) {
	if (in == model.AttachEnded(0) || in == model.DetachEnded(0)) && !s.own {
		return nil, fmt.Errorf("the port's promise is broken: %v before the channel emitted an event for this operation", in)
	}
	before := s.room
	next, outputs, err := s.room.Step(in)
	if err != nil {
		return nil, err
	}
	s.room = next
	for _, p := range model.RoomProperties() {
		if err := p.Check(before, in, outputs, next); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	for _, o := range outputs {
		switch o.Kind {
		case model.OutputAttachChannel, model.OutputDetachChannel, model.OutputGiveBackChannel:
			s.asked = o.Kind
			s.own = o.Kind == model.OutputDetachChannel &&
				(next.RoomState.Channel == model.ChannelInitialized || next.RoomState.Channel == model.ChannelDetached)
		}
	}
	return outputs, nil
}

// events gives the room the outputs of a step of the channel, in order. It returns how many
// discontinuities the room published.
func (s *stack) events(outputs []model.ChannelOutput) (losses int, err error) {
	for _, o := range outputs {
		var in model.RoomInput
		switch o.Kind {
		case model.OutputChannelState:
			in = model.RoomInput{Kind: model.KindChannelEvent, Channel: o.State, Resumed: o.Resumed, Err: o.Err}
			s.own = s.own || s.room.Phase == model.PhaseInAttach && o.State == model.ChannelAttached ||
				s.room.Phase == model.PhaseInDetach && (o.State == model.ChannelDetached || o.State == model.ChannelInitialized)
		case model.OutputUpdate:
			in = model.ChannelUpdated(false, o.Err)
		case model.OutputChannelSettle:
			failed := 0
			if o.Outcome != model.OutcomeChannelDone {
				failed = 1
			}
			in = map[model.RoomOutputKind]model.RoomInput{model.OutputAttachChannel: model.AttachEnded(failed),
				model.OutputDetachChannel: model.DetachEnded(failed)}[s.called]
			if failed == 0 {
				s.attached = s.attached || s.called == model.OutputAttachChannel
				s.detached = s.called == model.OutputDetachChannel && s.room.Op == model.OpDetach
			}
			s.called = 0
		default:
			continue
		}
		if s.gone {
			return losses, fmt.Errorf("the port's promise is broken: %v after the channel was given back", in)
		}
		told, err := s.tell(in)
		if err != nil {
			return losses, err
		}
		for _, o := range told {
			if o.Kind == model.OutputDiscontinuity {
				losses++
			}
		}
	}
	return losses, nil
}

// channelStep gives the channel an input. If an attach has succeeded and no detach has since, the
// room must publish a discontinuity in two cases: the input is an ATTACHED without RESUMED, or a
// detach was not answered in time. In all other cases it must publish none.
func (s stack) channelStep(in model.ChannelInput) (stack, bool, error) {
	next, outputs, refused, err := s.channel.step(in)
	if err != nil || refused {
		return s, false, err
	}
	want := 0
	taken := false
	for _, o := range outputs {
		taken = taken || o.Kind == model.OutputApply && !o.Resumed
	}
	back := in.Kind == model.KindRequestTimeout && s.channel.model.State == model.ChannelDetaching && next.model.State == model.ChannelAttached
	if (taken || back) && s.attached && !s.detached && s.room.Status != model.StatusReleased {
		want = 1
	}
	s.channel = next
	if s.spoil != nil {
		outputs = s.spoil(in, slices.Clone(outputs))
	}
	losses, err := s.events(outputs)
	if err == nil && losses != want {
		err = fmt.Errorf("the room published %d discontinuities, expected %d", losses, want)
	}
	return s, true, err
}

// steps returns the steps that may happen next: their names, and the stack after each.
func (s stack) steps(alphabet []model.ChannelInput, b model.ChannelBounds, calls []model.RoomInput) (names []string, next []stack, err error) {
	add := func(name string, n stack, taken bool, e error) {
		if e != nil && err == nil {
			err = fmt.Errorf("%s: %w", name, e)
		}
		if taken {
			names, next = append(names, name), append(next, n)
		}
	}
	for _, in := range calls {
		if _, _, refused := s.room.Step(in); refused == nil {
			n := s
			_, e := n.tell(in)
			add(in.String(), n, true, e)
		}
	}
	switch {
	case s.asked == model.OutputGiveBackChannel:
		n, _, e := s.channelStep(model.ChannelInput{Kind: model.KindGiveBack})
		n.asked, n.gone = 0, true
		if e == nil {
			_, e = n.tell(model.GiveBackEnded(0))
		}
		add("the port gives back", n, true, e)
	case s.asked != 0:
		kind := map[model.RoomOutputKind]model.ChannelKind{model.OutputAttachChannel: model.KindChannelAttach,
			model.OutputDetachChannel: model.KindChannelDetach}[s.asked]
		n := s
		n.asked, n.called = 0, s.asked
		n, _, e := n.channelStep(model.ChannelInput{Kind: kind, Call: s.channel.model.Last + 1})
		add("the port does "+kind.String(), n, true, e)
	}
	for _, in := range alphabet {
		if in.Call == 0 && in.Kind != model.KindGiveBack && in.Kind != model.KindRenew && s.channel.model.Possible(in, b) {
			n, taken, e := s.channelStep(in)
			add(in.String(), n, taken, e)
		}
	}
	return names, next, err
}

// renumber gives the channel's next call the number 1 again, if no call is pending. Without this, a
// release that tries again and again would have infinitely many states.
func (s *stack) renumber(t *testing.T) {
	if s.called != 0 || s.channel.model.Last == 0 {
		return
	}
	var state fsm.ChannelCoreState[int]
	core := s.channel.core.Clone()
	core.StateInto(&state)
	state.LastCall = 0
	if err := core.Restore(state); err != nil {
		t.Fatal(err)
	}
	s.channel.core, s.channel.model.Last = core, 0
}

// walkStack visits every state of a room with two calls over a channel. It returns the number of
// states, and the first error.
func walkStack(t *testing.T, spoil func(model.ChannelInput, []model.ChannelOutput) []model.ChannelOutput) (states int, err error) {
	t.Helper()
	b := model.ChannelBounds{Errors: 1, Wire: 2}
	alphabet := model.ChannelAlphabet(b)
	var calls []model.RoomInput
	for _, in := range model.RoomAlphabet(model.RoomBounds{Calls: 2, Errors: 1}) {
		switch in.Kind {
		case model.KindRoomAttach, model.KindRoomDetach, model.KindRoomRelease, model.KindRoomGiveUp, model.KindRetryDue:
			calls = append(calls, in)
		}
	}
	type reached struct {
		stack
		from int
		by   string
	}
	found := []reached{{stack: stack{channel: newPair(), spoil: spoil}, from: -1}}
	seen := map[string]bool{found[0].key(): true}
	for at := 0; at < len(found); at++ {
		names, next, err := found[at].steps(alphabet, b, calls)
		if err != nil {
			var script []string
			for i := at; found[i].from >= 0; i = found[i].from {
				script = append([]string{found[i].by}, script...)
			}
			return len(found), fmt.Errorf("after %s: %w\n%v\n%v", strings.Join(script, "; "), err, found[at].room, found[at].channel.model)
		}
		for i, n := range next {
			n.renumber(t)
			if key := n.key(); !seen[key] {
				seen[key] = true
				found = append(found, reached{n, at, names[i]})
			}
		}
	}
	return len(found), nil
}

// A room over a channel must keep four rules, whatever the server and the connection do. An
// operation succeeds only after an event of its own. A discontinuity is published if and only if
// continuity was lost. Nothing comes after the room has given the channel back. Every property of
// the room holds, also those that need the port's promise. So the channel keeps the promise that
// RoomStatus.tla assumes of its port.
func TestARoomOverAChannelKeepsThePortsPromise(t *testing.T) {
	t.Parallel()
	states, err := walkStack(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("EVIDENCE room_over_channel states=%d\n", states)
	if states != 22755 {
		t.Errorf("the stack has %d states, expected 22755", states)
	}
}

// TestAChannelThatBreaksThePromiseIsSeen: a channel must not have these faults, since a room over
// it would break its rules. The walk must report each of them.
func TestAChannelThatBreaksThePromiseIsSeen(t *testing.T) {
	t.Parallel()
	type outputs = []model.ChannelOutput
	for name, f := range map[string]struct {
		want  string
		spoil func(in model.ChannelInput, o outputs) outputs
	}{
		"a call is settled before its event": {"before the channel emitted an event for this operation", func(_ model.ChannelInput, o outputs) outputs {
			slices.SortStableFunc(o, func(a, b model.ChannelOutput) int {
				return int(b.Outcome) - int(a.Outcome)
			})
			return o
		}},
		"an update is lost": {"published 0 discontinuities, expected 1", func(_ model.ChannelInput, o outputs) outputs {
			return slices.DeleteFunc(o, func(o model.ChannelOutput) bool { return o.Kind == model.OutputUpdate })
		}},
		"a channel's state event lacks RESUMED": {"published 1 discontinuities, expected 0", func(_ model.ChannelInput, o outputs) outputs {
			for i := range o {
				o[i].Resumed = o[i].Resumed && o[i].Kind != model.OutputChannelState
			}
			return o
		}},
		"an event comes after giving back": {"after the channel was given back", func(in model.ChannelInput, o outputs) outputs {
			if in.Kind == model.KindError && len(o) == 0 {
				return outputs{{Kind: model.OutputChannelState, State: model.ChannelFailed, Err: in.Err}}
			}
			return o
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := walkStack(t, f.spoil); err == nil || !strings.Contains(err.Error(), f.want) {
				t.Errorf("got the error %v, want one that contains %q", err, f.want)
			}
		})
	}
}
