// Package roommachine is the machine of one room for package explore: the core of package fsm together with what the world around it
// remembers, and the reference model, at the same bounds; what must hold of the room, written from docs/room.md; and faults to plant.
package roommachine

import (
	"errors"
	"fmt"
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/chain"
)

// MaxCalls is the most calls that Bounds may have.
const MaxCalls = 8

// Bounds make the machine finite: so many calls, and errors up to that number.
type Bounds struct {
	Calls, Errors int
	// Bare leaves out what the world remembers, so that the states are those of the room alone; what must hold can't be asked of them.
	Bare bool
	// Promised has the port keep its promise: an attach ends well only after an attached event of its own. Without it, any end may
	// come at any time.
	Promised bool
}

// String prints the bounds as they are cited: "(3 calls, 1 errors)".
func (b Bounds) String() string {
	s := fmt.Sprintf("(%d calls, %d errors", b.Calls, b.Errors)
	if b.Promised {
		s += ", promised"
	}
	if b.Bare {
		s += ", bare"
	}
	return s + ")"
}

// Check returns an error for bounds that are out of range: 1 to 8 calls, errors up to 3.
func (b Bounds) Check() error {
	if b.Calls < 1 || b.Calls > MaxCalls || b.Errors < 0 || b.Errors > 3 {
		return fmt.Errorf("bounds %v are out of range: 1 to %d calls, errors up to 3", b, MaxCalls)
	}
	if b.Bare && b.Promised {
		return errors.New("the port's promise is the world's to keep: it goes with no bare room")
	}
	return nil
}

// Input is an input of the room.
type Input = model.RoomInput

// Output is an output of the room.
type Output = model.RoomOutput

// State is the core's state, in the model's words, together with its environment: what the world knows and the core forgets.
type State struct {
	Room model.RoomState
	World
}

// World is what the callers, the listeners and the channel know between them.
type World struct {
	Kinds     [MaxCalls]model.RoomOp // what call n+1 is, until it is settled
	Settled   uint8                  // the calls that are settled, as a set
	Running   [4]uint8               // how many attaches, detaches, pauses and givings back were asked for and have not ended
	GivenBack uint8                  // how many givings back were asked for, ever
	Attached  bool                   // an attach has succeeded
	Detached  bool                   // since then, a detach has
	Own       bool                   // the channel has become attached since the attach that runs was asked for
	Before    bool                   // it has since the beginning, or the last detach that succeeded
}

// which of Running an output begins, or an input ends.
var (
	begins = map[model.RoomOutputKind]int{model.OutputAttachChannel: 0, model.OutputDetachChannel: 1, model.OutputStartRetryPause: 2, model.OutputGiveBackChannel: 3}
	ends   = map[model.RoomKind]int{model.KindAttachEnded: 0, model.KindDetachEnded: 1, model.KindRetryDue: 2, model.KindGiveBackEnded: 3}
)

func (w *World) settled(call int) bool { return w.Settled&(1<<(call-1)) != 0 }

// errTold is that the core says what the world can't make sense of.
var errTold = errors.New("the core settles a call that never began")

// record has the world take down a step: the input, seen before the room did anything, and then the outputs.
func (s *State) record(before *State, in Input, outs []Output, b Bounds) error {
	if b.Bare {
		return nil
	}
	w := &s.World
	switch in.Kind {
	case model.KindRoomAttach, model.KindRoomDetach, model.KindRoomRelease:
		w.Kinds[in.Call-1] = map[model.RoomKind]model.RoomOp{model.KindRoomAttach: model.OpAttach, model.KindRoomDetach: model.OpDetach,
			model.KindRoomRelease: model.OpRelease}[in.Kind]
	case model.KindChannelEvent:
		if in.Channel == model.ChannelAttached && !in.Update {
			w.Own, w.Before = true, true
		}
	}
	if i, ok := ends[in.Kind]; ok {
		if w.Running[i] > 0 {
			w.Running[i]--
		}
		switch {
		case in == model.AttachEnded(0):
			w.Attached, w.Detached = true, false
		case in == model.DetachEnded(0) && before.Room.Op == model.OpDetach:
			w.Detached, w.Before = true, before.Room.Channel == model.ChannelAttached
		}
	}
	for _, o := range outs {
		if i, ok := begins[o.Kind]; ok {
			w.Running[i]++
			switch o.Kind {
			case model.OutputAttachChannel:
				w.Own = false
			case model.OutputGiveBackChannel:
				w.GivenBack++
			}
		}
		if o.Kind == model.OutputRoomSettle {
			if o.Call < 1 || o.Call > s.Room.Last {
				return errTold
			}
			w.Settled |= 1 << (o.Call - 1)
			w.Kinds[o.Call-1] = model.OpNone
		}
	}
	if s.Room.Status == model.StatusReleased { // nothing is asked of these any more
		w.Own, w.Before = false, false
	}
	if w.GivenBack > 15 || max(w.Running[0], w.Running[1], w.Running[2], w.Running[3]) > 15 {
		return errors.New("the core asks for the same thing again and again")
	}
	return nil
}

// appendKey appends all of the state.
func (s *State) appendKey(dst []byte) []byte {
	r := &s.Room
	flags := byte(0)
	for i, f := range []bool{r.AttachedOnce, r.Explicit, s.Attached, s.Detached, s.Own, s.Before} {
		if f {
			flags |= 1 << i
		}
	}
	dst = append(dst, byte(r.Last), byte(r.Status)|byte(r.Err)<<4, byte(r.Channel)|byte(r.ChErr)<<4, byte(r.Op)|byte(r.Phase)<<4, byte(r.Caller),
		flags, s.Settled, s.Running[0]|s.Running[1]<<4, s.Running[2]|s.Running[3]<<4, s.GivenBack)
	for _, k := range s.Kinds[:r.Last] {
		dst = append(dst, byte(k))
	}
	for _, e := range r.Queue {
		dst = append(dst, byte(e.Op)|byte(e.Caller)<<4)
	}
	return dst
}

// load reads what appendKey wrote.
func (s *State) load(key []byte) error {
	const fixed = 10
	if len(key) < fixed || key[0] > MaxCalls || len(key) < fixed+int(key[0]) {
		return errors.New("no key of a state")
	}
	queue := s.Room.Queue[:0]
	*s = State{Room: model.RoomState{Last: int(key[0]), Status: model.RoomStatus(key[1] & 15), Err: int(key[1] >> 4),
		Channel: model.ChannelState(key[2] & 15), ChErr: int(key[2] >> 4), Op: model.RoomOp(key[3] & 15), Phase: model.RoomPhase(key[3] >> 4),
		Caller: int(key[4])}}
	for i, f := range []*bool{&s.Room.AttachedOnce, &s.Room.Explicit, &s.Attached, &s.Detached, &s.Own, &s.Before} {
		*f = key[5]&(1<<i) != 0
	}
	s.Settled, s.GivenBack = key[6], key[9]
	s.Running = [4]uint8{key[7] & 15, key[7] >> 4, key[8] & 15, key[8] >> 4}
	for i, k := range key[fixed : fixed+int(key[0])] {
		s.Kinds[i] = model.RoomOp(k)
	}
	for _, e := range key[fixed+int(key[0]):] {
		queue = append(queue, model.RoomEntry{Op: model.RoomOp(e & 15), Caller: int(e >> 4)})
	}
	s.Room.Queue = queue
	return nil
}

// likely tells what the environment expects to be taken.
func (s *State) likely(in Input) bool {
	r := &s.Room
	switch in.Kind {
	case model.KindRoomGiveUp:
		return in.Call == r.Caller || slices.ContainsFunc(r.Queue, func(e model.RoomEntry) bool { return e.Caller == in.Call })
	case model.KindChannelEvent:
		return true
	case model.KindAttachEnded:
		return r.Phase == model.PhaseInAttach
	case model.KindDetachEnded:
		return r.Phase == model.PhaseInDetach
	case model.KindRetryDue:
		return r.Phase == model.PhaseInRetryPause
	case model.KindGiveBackEnded:
		return r.Phase == model.PhaseInGiveBack
	}
	return in.Call == r.Last+1
}

// allowed tells whether the port may give the input.
func (s *State) allowed(b Bounds, in Input) bool {
	return !b.Promised || in != model.AttachEnded(0) || s.Own
}

// base is what the machines have in common.
type base struct {
	bounds   Bounds
	alphabet []*Input
}

func newBase(b Bounds) base {
	if err := b.Check(); err != nil {
		panic(err)
	}
	m := base{bounds: b}
	for _, in := range model.RoomAlphabet(model.RoomBounds{Calls: b.Calls, Errors: b.Errors}) {
		m.alphabet = append(m.alphabet, &in)
	}
	return m
}

// Alphabet returns every input within the bounds.
func (m base) Alphabet() []*Input { return m.alphabet }

// Action returns the kind of an input.
func (m base) Action(in *Input) string { return in.Kind.String() }

// InputText prints an input as the reference model does.
func (m base) InputText(in *Input) string { return in.String() }

// OutputText prints an output as the reference model does.
func (m base) OutputText(out Output) string { return out.String() }

// StateText prints a state, as the reference model does, with what the world knows of it if that is not left out.
func (m base) StateText(s *State) string {
	if m.bounds.Bare {
		return s.Room.String()
	}
	return fmt.Sprintf("%v; %+v", s.Room, s.World)
}

var same = chain.Same
