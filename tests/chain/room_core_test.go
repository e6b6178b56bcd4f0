package chain

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

// roomStep takes a step of the room's core.
type roomStep func(*fsm.Room[int], fsm.RoomInput[int]) ([]fsm.RoomOutput[int], error)

func coreStep(core *fsm.Room[int], in fsm.RoomInput[int]) ([]fsm.RoomOutput[int], error) {
	return core.Step(in, nil)
}

// odd are events that the alphabet leaves out, since only an attached channel is taken to have updates and to be resumed. Some clients
// emit them all the same.
func odd(errs int) (all []model.RoomInput) {
	for state := model.ChannelInitialized; state <= model.ChannelFailed; state++ {
		if state == model.ChannelAttached {
			continue
		}
		for err := 0; err <= errs; err++ {
			all = append(all, model.RoomInput{Kind: model.KindChannelEvent, Channel: state, Update: true, Err: err},
				model.RoomInput{Kind: model.KindChannelEvent, Channel: state, Resumed: true, Err: err})
		}
	}
	return all
}

// compareRoom gives an input to both, in the states that they are in, and returns those after it, or where the core does otherwise.
func compareRoom(state model.RoomState, core *fsm.Room[int], in model.RoomInput, step roomStep) (model.RoomState, *fsm.Room[int], error) {
	next, want, refused := state.Step(in)
	after := core.Clone()
	outs, err := step(after, ToRoomCore(in, Same))
	if refused != nil {
		if !errors.As(err, new(*fsm.RefusedError)) {
			return next, after, fmt.Errorf("the model refuses %v, the core takes it: %v, %v", in, outs, err)
		}
		if len(outs) > 0 || !after.Equal(core) {
			return next, after, fmt.Errorf("the core refuses %v and changes all the same", in)
		}
		return next, after, nil
	}
	if err != nil {
		return next, after, fmt.Errorf("the model takes %v, the core: %w", in, err)
	}
	var got []model.RoomOutput
	for _, out := range outs {
		got = append(got, FromRoomCore(out, Same))
	}
	if !slices.Equal(got, want) {
		return next, after, fmt.Errorf("by %v %v\n  the core puts out  %v\n  the model          %v", state.Explain(in), in, got, want)
	}
	var s fsm.RoomState[int]
	after.StateInto(&s)
	if mapped := FromRoomState(s, Same); !mapped.Equal(next) {
		return next, after, fmt.Errorf("by %v after %v\n  the core is in the state  %v\n  the model in              %v", state.Explain(in), in, mapped, next)
	}
	if status, e := after.Status(); status != s.Status || e != s.Err || after.NextCall() != s.LastCall+1 {
		return next, after, fmt.Errorf("after %v the core says it is %v with error %d", in, status, e)
	}
	return next, after, nil
}

// roomEverywhere walks every state within the bounds, and tries every input in each. It returns the first difference.
func roomEverywhere(b model.RoomBounds, step roomStep) (states, edges, refusals int, err error) {
	type node struct {
		state model.RoomState
		core  *fsm.Room[int]
	}
	key := func(core *fsm.Room[int]) string {
		return string(core.AppendKey(nil, func(dst []byte, e int) []byte { return append(dst, byte(e)) }))
	}
	inputs := append(model.RoomAlphabet(b), odd(b.Errors)...)
	queue := []node{{core: fsm.NewRoom[int]()}}
	seen := map[string]string{model.RoomState{}.Key(): key(queue[0].core)} // the model's key to the core's
	back := map[string]bool{key(queue[0].core): true}
	for ; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		for _, in := range inputs {
			next, core, err := compareRoom(n.state, n.core, in, step)
			if err != nil {
				return len(seen), edges, refusals, fmt.Errorf("in the state %v: %w", n.state, err)
			}
			if _, _, refused := n.state.Step(in); refused != nil {
				refusals++
				continue
			}
			edges++
			k, known := seen[next.Key()]
			switch {
			case known && k != key(core):
				return len(seen), edges, refusals, fmt.Errorf("two keys of the core for the model's state %v", next)
			case !known:
				if back[key(core)] {
					return len(seen), edges, refusals, fmt.Errorf("one key of the core for two of the model's states, one of them %v", next)
				}
				seen[next.Key()], back[key(core)] = key(core), true
				queue = append(queue, node{next, core})
			}
		}
	}
	return len(seen), edges, refusals, nil
}

// TestRoomCoreAgainstModelEverywhere walks every state of small configurations, and tries every input in each.
func TestRoomCoreAgainstModelEverywhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bounds        model.RoomBounds
		states, edges int
	}{{model.RoomBounds{Calls: 3, Errors: 1}, 7424, 353499}, {model.RoomBounds{Calls: 2, Errors: 2}, 2168, 150354}} {
		states, edges, refusals, err := roomEverywhere(c.bounds, coreStep)
		if err != nil {
			t.Fatal(err)
		}
		if states != c.states || edges != c.edges {
			t.Errorf("%+v: %d states and %d steps, want %d and %d", c.bounds, states, edges, c.states, c.edges)
		}
		fmt.Printf("EVIDENCE room_core_against_model calls=%d errors=%d states=%d steps=%d refusals=%d\n", c.bounds.Calls, c.bounds.Errors, states, edges, refusals)
	}
}

// scriptOfRoom draws a script of a room. Ends are drawn more often than their share, so that operations come to an end.
func scriptOfRoom(t *rapid.T, b model.RoomBounds, longest int) (script []model.RoomInput) {
	var s model.RoomState
	for range rapid.IntRange(1, longest).Draw(t, "length") {
		enabled := s.Enabled(b)
		var some []model.RoomInput
		groups := [][]model.RoomKind{{model.KindRoomAttach, model.KindRoomDetach, model.KindRoomRelease}, {model.KindRoomGiveUp}, {model.KindChannelEvent},
			{model.KindAttachEnded, model.KindDetachEnded, model.KindRetryDue, model.KindGiveBackEnded}}
		group := rapid.SampledFrom([]int{0, 0, 1, 2, 2, 3, 3, 3}).Draw(t, "group")
		for _, in := range enabled {
			if slices.Contains(groups[group], in.Kind) {
				some = append(some, in)
			}
		}
		if len(some) == 0 {
			some = enabled
		}
		in := rapid.SampledFrom(some).Draw(t, "input")
		s, _, _ = s.Step(in)
		script = append(script, in)
	}
	return script
}

// runRoomCore takes a script through the core, with every refusal in every state, and returns where it first did otherwise.
func runRoomCore(script []model.RoomInput, b model.RoomBounds, step roomStep) error {
	var state model.RoomState
	core := fsm.NewRoom[int]()
	for i, in := range script {
		for _, other := range append(model.RoomAlphabet(b), odd(b.Errors)...) {
			if _, _, err := compareRoom(state, core, other, step); err != nil {
				return fmt.Errorf("after %d inputs: %w", i, err)
			}
		}
		var err error
		if state, core, err = compareRoom(state, core, in, step); err != nil {
			return err
		}
	}
	return nil
}

func TestRoomCoreAgainstModel(t *testing.T) {
	t.Parallel()
	b := model.RoomBounds{Calls: 12, Errors: 3}
	rapid.Check(t, func(t *rapid.T) {
		script := scriptOfRoom(t, b, 60)
		if err := runRoomCore(script, b, coreStep); err != nil {
			t.Fatalf("%v\nscript:\n%s", err, roomText(script))
		}
	})
}

func roomText(script []model.RoomInput) string {
	var b strings.Builder
	var s model.RoomState
	for i, in := range script {
		next, outs, _ := s.Step(in)
		fmt.Fprintf(&b, "%3d  %v %v %v\n", i+1, in, s.Explain(in), outs)
		s = next
	}
	return b.String()
}

// Faults of the core are seen: each by an output, a state or a refusal that is not the model's.
func TestRoomCoreFaultsAreSeen(t *testing.T) {
	t.Parallel()
	tampered := func(f func(s *fsm.RoomState[int], in fsm.RoomInput[int])) roomStep {
		return func(core *fsm.Room[int], in fsm.RoomInput[int]) ([]fsm.RoomOutput[int], error) {
			outs, err := core.Step(in, nil)
			var s fsm.RoomState[int]
			core.StateInto(&s)
			f(&s, in)
			if bad := core.Restore(s); bad != nil {
				return nil, bad
			}
			return outs, err
		}
	}
	for name, step := range map[string]roomStep{
		"a state that differs": tampered(func(s *fsm.RoomState[int], in fsm.RoomInput[int]) {
			if in.Kind == fsm.DetachEnded && in.Err == 0 && s.Operation == fsm.NoOperation && s.Status == fsm.StatusDetached {
				s.ExplicitlyDetached = false
			}
		}),
		"a refused input that changes the state": tampered(func(s *fsm.RoomState[int], in fsm.RoomInput[int]) {
			if in.Kind == fsm.RetryDue && s.Phase == fsm.InGiveBack {
				s.ChannelErr ^= 1
			}
		}),
		"an output that is missing": func(core *fsm.Room[int], in fsm.RoomInput[int]) ([]fsm.RoomOutput[int], error) {
			outs, err := core.Step(in, nil)
			return slices.DeleteFunc(outs, func(o fsm.RoomOutput[int]) bool { return o.Kind == fsm.PublishDiscontinuity && in.Update }), err
		},
		"outputs in another order": func(core *fsm.Room[int], in fsm.RoomInput[int]) ([]fsm.RoomOutput[int], error) {
			outs, err := core.Step(in, nil)
			if in.Kind == fsm.GiveBackEnded {
				slices.Reverse(outs)
			}
			return outs, err
		},
		"an input that is taken": func(core *fsm.Room[int], in fsm.RoomInput[int]) ([]fsm.RoomOutput[int], error) {
			outs, err := core.Step(in, nil)
			if in.Kind == fsm.RetryDue {
				err = nil
			}
			return outs, err
		},
		"an odd event that counts": func(core *fsm.Room[int], in fsm.RoomInput[int]) ([]fsm.RoomOutput[int], error) {
			in.Resumed = in.Resumed && in.Channel == fsm.ChannelAttached
			in.Update = in.Update && in.Channel == fsm.ChannelAttached
			return core.Step(in, nil)
		},
	} {
		if _, _, _, err := roomEverywhere(model.RoomBounds{Calls: 2, Errors: 1}, step); err == nil {
			t.Errorf("%s is not seen", name)
		}
	}
}
