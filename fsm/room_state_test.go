package fsm

import (
	"reflect"
	"testing"
)

// Restore puts one core into every state that a few calls lead to. In each state, that core must do
// the same as the core whose state it is.
func TestRestoreGivesTheSameRoom(t *testing.T) {
	t.Parallel()
	const calls = 3
	appendError := func(dst []byte, e int) []byte { return append(dst, byte(e)) }
	inputs := func(next Call) (all []RoomInput[int]) {
		for kind := CallRoomAttach; kind <= CallRoomRelease && next <= calls; kind++ {
			all = append(all, RoomInput[int]{Kind: kind, Call: next})
		}
		for n := Call(1); n <= calls; n++ {
			all = append(all, RoomInput[int]{Kind: RoomGiveUp, Call: n})
		}
		for state := ChannelInitialized; state <= ChannelFailed; state++ {
			all = append(all, RoomInput[int]{Kind: ChannelEvent, Channel: state, Err: int(state) % 2})
		}
		for kind := AttachEnded; kind <= GiveBackEnded; kind++ {
			all = append(all, RoomInput[int]{Kind: kind}, RoomInput[int]{Kind: kind, Err: 1})
		}
		return all
	}
	first, restored := NewRoom[int](), NewRoom[int]()
	seen := map[string]bool{string(first.AppendKey(nil, appendError)): true}
	var state RoomState[int]
	for queue := []*Room[int]{first}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		at.StateInto(&state)
		for _, in := range inputs(at.NextCall()) {
			want := at.Clone()
			wantOuts, wantErr := want.Step(in, nil)
			if err := restored.Restore(state); err != nil || !restored.Equal(at) {
				t.Fatalf("%+v is restored as %+v: %v", state, restored, err)
			}
			outs, err := restored.Step(in, nil)
			if !reflect.DeepEqual(outs, wantOuts) || !reflect.DeepEqual(err, wantErr) || !restored.Equal(want) {
				t.Fatalf("%v after restoring %+v: %v, %v, expected %v, %v", in, state, outs, err, wantOuts, wantErr)
			}
			if key := string(want.AppendKey(nil, appendError)); !seen[key] {
				seen[key] = true
				queue = append(queue, want)
			}
		}
	}
	if len(seen) < 2000 {
		t.Errorf("only %d states were restored", len(seen))
	}
}

func TestRestoreRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	good := RoomState[int]{LastCall: 2, Status: StatusAttaching, Operation: OpAttach, Caller: 1, Phase: InAttach,
		Waiting: []WaitingOperation{{OpDetach, 2}}}
	r := NewRoom[int]()
	if err := r.Restore(good); err != nil {
		t.Fatal(err)
	}
	kept := r.Clone()
	for name, spoil := range map[string]func(*RoomState[int]){
		"status":      func(s *RoomState[int]) { s.Status = StatusReleased + 1 },
		"channel":     func(s *RoomState[int]) { s.Channel = ChannelFailed + 1 },
		"operation":   func(s *RoomState[int]) { s.Operation = OpRelease + 1 },
		"phase":       func(s *RoomState[int]) { s.Phase = InGiveBack + 1 },
		"idle":        func(s *RoomState[int]) { s.Phase = Idle },
		"nobody runs": func(s *RoomState[int]) { s.Operation, s.Phase = NoOperation, Idle },
		"caller":      func(s *RoomState[int]) { s.Caller = 3 },
		"twice":       func(s *RoomState[int]) { s.Waiting = []WaitingOperation{{OpDetach, 1}} },
		"for nothing": func(s *RoomState[int]) { s.Waiting = []WaitingOperation{{NoOperation, 2}} },
	} {
		bad := good
		spoil(&bad)
		if err := r.Restore(bad); err == nil || !r.Equal(kept) {
			t.Errorf("%s: restored %+v: %v", name, bad, err)
		}
	}
}
