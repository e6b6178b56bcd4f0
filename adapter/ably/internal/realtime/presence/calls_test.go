package presence_test

import (
	"slices"
	"testing"
	"time"

	. "ablyrooms.example/adapter/ably/internal/realtime/presence"

	"ablyrooms.example/internal/bubble"
)

// play passes inputs to a set, and returns the outputs of the last one.
func play(s *Set[int], ins ...Input[int]) (out []string) {
	for _, in := range ins {
		out = lines(s.Step(in, nil))
	}
	return out
}

// P7: messages that came back from a connection that was not resumed are sent before messages that
// were queued in the meantime, in the old order.
func TestWhatCameBackIsSentFirst(t *testing.T) {
	bubble.Ends(t, 10*time.Second, func() {
		s := &Set[int]{}
		ask := func(c Call) Input[int] { return Input[int]{Kind: CallUpdate, Call: c, Client: "me", Payload: int(c)} }
		back := func(c Call) Input[int] { return Input[int]{Kind: Returned, Call: c} }
		got := play(s, Input[int]{Kind: ChannelAttached}, ask(1), ask(2), ask(3),
			Input[int]{Kind: ChannelState, State: Attaching}, ask(4), ask(5), back(1), back(2), ask(6), back(3),
			Input[int]{Kind: ChannelAttached})
		want := []string{"send 1 4 me 1 id=", "send 2 4 me 2 id=", "send 3 4 me 3 id=", "send 4 4 me 4 id=",
			"send 5 4 me 5 id=", "send 6 4 me 6 id="}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		// The same again, from another connection.
		got = play(s, Input[int]{Kind: ChannelState, State: Attaching}, back(2), ask(7), back(3),
			Input[int]{Kind: ChannelAttached})
		if want := []string{want[1], want[2], "send 7 4 me 7 id="}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
